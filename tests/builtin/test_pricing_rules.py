"""Our pricing rules: examples by table, and what holds for any book and any wait."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphabot.builtin.book_touch import REQUOTE_SECONDS, book_touch
from alphabot.builtin.patient import FOLLOW_SECONDS, PATIENCE_SECONDS, patient
from alphabot.builtin.percent_offset import percent_offset
from alphabot.core.limit_rules import reference_price
from alphabot.core.limits import may_buy, may_sell
from alphabot.core.planning import Unplannable, plan_pair, plan_sale
from alphabot.core.pricing import NoPrice, wants_depth
from alphabot.core.values import Level, PricingRequest, Proposal, Quote
from alphabot.ports import PricingRule
from alphabot.testing import check_pricing_rule
from tests.core.markets import Market, levels, markets, quote_of
from tests.core.samples import instrument
from tests.core.test_limits import BUY, SELL

RULES: Mapping[str, PricingRule] = {
    "percent_offset": percent_offset,
    "book_touch": book_touch,
    "patient": patient,
}
OURS = [book_touch, patient]
BOOK = quote_of(
    levels(("99", "1"), ("98", "2"), ("95", "10")), levels(("101", "1"), ("102", "2"), ("110", "9"))
)


def asked(quote: Quote = BOOK, amount: str = "30", **changes: Any) -> PricingRequest:
    plain = PricingRequest(quote, instrument(), Decimal(amount), Decimal(10), Decimal(10))
    return replace(plain, **changes)


def proposed(rule: PricingRule, **changes: Any) -> tuple[str, str, str]:
    proposal = rule(asked(**changes))
    wait = "-" if proposal.wait_seconds is None else str(proposal.wait_seconds)
    return str(proposal.buy_price), str(proposal.sell_price), wait


# --- examples -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "buy", "sell"),
    [("30", "101", "99"), ("101", "101", "99"), ("102", "102", "99"), ("306", "102", "98")],
)
def test_book_touch_reaches_as_far_as_the_amount_both_ways(
    amount: str, buy: str, sell: str
) -> None:
    assert proposed(book_touch, amount=amount) == (buy, sell, "5")


def test_book_touch_refuses_a_book_that_is_too_thin_on_either_side() -> None:
    with pytest.raises(NoPrice, match="thin_book: the asks"):
        book_touch(asked(amount="2000"))
    thin_below = replace(BOOK, bids=BOOK.bids[:1])
    with pytest.raises(NoPrice, match="thin_book: the bids"):
        book_touch(asked(thin_below, amount="200"))


def test_book_touch_sells_what_it_has_in_a_thin_book_too() -> None:
    assert proposed(book_touch, unsold=Decimal(3))[1] == "98"
    assert proposed(book_touch, unsold=Decimal(100))[1] == "95"


@pytest.mark.parametrize(
    ("waited", "unsold", "buy", "sell"),
    [
        ("0", "0", "99", "101"),
        ("29", "0", "99", "101"),
        ("30", "0", "102", "101"),
        ("0", "2", "99", "101"),
        ("30", "2", "99", "98"),
        ("300", "20", "99", "95"),
    ],
)
def test_patient_joins_first_and_crosses_then(
    waited: str, unsold: str, buy: str, sell: str
) -> None:
    changes = {"waited_seconds": Decimal(waited), "unsold": Decimal(unsold)}
    assert proposed(patient, amount="200", **changes) == (buy, sell, "10")


def test_patient_joins_a_thin_book_and_will_not_cross_it() -> None:
    assert proposed(patient, amount="5000") == ("99", "101", "10")
    with pytest.raises(NoPrice, match="thin_book"):
        patient(asked(amount="5000", waited_seconds=PATIENCE_SECONDS))


def test_their_waits_fit_into_the_timeout_that_ships() -> None:
    assert REQUOTE_SECONDS < 300
    assert FOLLOW_SECONDS < PATIENCE_SECONDS < 300
    assert [name for name, rule in RULES.items() if wants_depth(rule)] == ["book_touch", "patient"]


@pytest.mark.parametrize("name", RULES)
def test_they_keep_the_contract_of_plugins(name: str) -> None:
    assert check_pricing_rule(RULES[name]) > 50


# --- what holds for any book --------------------------------------------------------------------

requests = st.builds(
    asked,
    markets().map(lambda market: market.quote),
    st.sampled_from(["0.5", "30", "500", "90000"]),
    attempt=st.integers(1, 50),
    waited_seconds=st.decimals(0, 400, places=0),
    unsold=st.sampled_from([Decimal(0), Decimal("0.01"), Decimal(1), Decimal(10**7)]),
)


@st.composite
def _odd_quotes(draw: st.DrawFn) -> Quote:
    """Draw a quote whose parts need not agree: crossed, stale, without levels, out of order."""
    price = st.decimals("0.0001", 1000, places=6)
    some = st.lists(st.builds(Level, price, st.decimals(0, 10_000, places=2)), max_size=4)
    last, bid, ask = draw(price), draw(price), draw(price)
    return Quote(last, bid, ask, "test", 0.0, tuple(draw(some)), tuple(draw(some)))


def _answer(rule: PricingRule, request: PricingRequest) -> Proposal | None:
    try:
        return rule(request)
    except NoPrice:
        return None


@given(requests, st.sampled_from(sorted(RULES)))
def test_a_rule_is_pure_and_its_prices_are_positive(request: PricingRequest, name: str) -> None:
    before = copy.deepcopy(request)
    first = _answer(RULES[name], request)
    assert request == before
    assert _answer(RULES[name], copy.deepcopy(request)) == first
    if first is not None:
        assert min(first.buy_price, first.sell_price) > 0
    if request.unsold and name != "percent_offset":
        assert first is not None  # what was bought is always offered


@given(requests, _odd_quotes(), st.sampled_from(sorted(RULES)))
def test_a_book_that_cannot_be_right_gives_a_price_or_a_reason(
    request: PricingRequest, quote: Quote, name: str
) -> None:
    proposal = _answer(RULES[name], replace(request, quote=quote))
    assert proposal is None or min(proposal.buy_price, proposal.sell_price) > 0


@given(markets(), st.integers(1, 10**5), st.integers(1, 10**5))
def test_book_touch_never_narrows_for_more(market: Market, one: int, other: int) -> None:
    smaller, larger = sorted((one, other))
    wide = _answer(book_touch, asked(market.quote, str(larger)))
    if wide is None:
        return  # what more cannot be had, less may
    narrow = _answer(book_touch, asked(market.quote, str(smaller)))
    assert narrow is not None
    assert narrow.buy_price <= wide.buy_price
    # More tokens for less money a piece are still more tokens.
    if narrow.buy_price == wide.buy_price:
        assert narrow.sell_price >= wide.sell_price


@given(requests)
def test_while_it_waits_patient_never_crosses(request: PricingRequest) -> None:
    proposal = _answer(patient, replace(request, waited_seconds=Decimal(0)))
    assert proposal is not None
    assert proposal.buy_price <= request.quote.bid
    assert proposal.sell_price >= request.quote.ask


@given(requests, _odd_quotes(), st.booleans(), st.sampled_from(sorted(RULES)))
def test_no_limit_off_the_collar_passes_the_gate(
    request: PricingRequest, odd: Quote, is_odd: bool, name: str
) -> None:
    quote = odd if is_odd else request.quote
    proposal = _answer(RULES[name], replace(request, quote=quote))
    if proposal is None:
        return
    limits, middle = BUY.limits, reference_price(quote)
    try:
        pair = plan_pair(proposal, request.instrument, request.amount_usdt)
        sale = plan_sale(proposal.sell_price, request.instrument, Decimal(100))
    except Unplannable:
        return
    for case, gate, prices in (
        (replace(BUY, plan=pair, quote=quote), may_buy, (pair.buy_price, pair.sell_price)),
        (replace(SELL, plan=sale, quote=quote), may_sell, (sale.price,)),
    ):
        off = [p for p in prices if abs(p - middle) * 100 > limits.price_collar_percent * middle]
        assert not off or gate(case) is not None
