"""What a round on a token costs now, and which token comes first."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphabot.core.planning import Unplannable
from alphabot.core.ranking import (
    Cost,
    RankedToken,
    cost_of_a_round,
    ranked,
    window_days_left,
)
from tests.core.markets import Market, levels, markets, plain_market, quote_of
from tests.core.samples import NOON_MS, instrument, token

DAY_MS = 86_400_000


def cost(spread: str = "5", bought: str = "30") -> Cost:
    return Cost(Decimal(spread), Decimal(0), Decimal(2), Decimal(0), Decimal(bought))


def priced(name: str, spread: str, *, credited: str = "30") -> RankedToken:
    return RankedToken(token(f"ALPHA_{name}", name), cost(spread), Decimal(credited))


def test_by_hand() -> None:
    book = quote_of(levels(("99", "0.2"), ("98", "9")), levels(("101", "0.2"), ("102", "9")))
    found = cost_of_a_round(instrument(step="0.01", fee="0.0001"), book, Decimal(30))
    # 30 USDT reach the second ask: 0.29 tokens, of which 0.28 can be sold.
    bought = Decimal("0.2") * 101 + Decimal("0.09") * 102
    assert found.bought_usdt == bought
    brought = Decimal("0.2") * 99 + Decimal("0.08") * 98
    spread = Decimal("0.28") * 2 / bought * 10_000
    assert abs(found.spread_bp - spread) < Decimal("1E-20")
    fees = found.fees_bp / 10_000 * bought
    assert abs(fees - Decimal("0.0001") * (bought + brought)) < Decimal("0.00000001")
    assert abs(found.cost_usdt - (bought - brought * Decimal("0.9999"))) < Decimal("0.00000001")
    assert found.dust_bp > 300
    assert 0 < found.slippage_bp < 100


def test_within_the_best_prices_there_is_no_slippage() -> None:
    market = plain_market()
    found = cost_of_a_round(market.instrument, market.quote, Decimal(30))
    assert abs(found.slippage_bp) < Decimal("0.001")


def test_without_depth_bid_and_ask_are_what_there_is() -> None:
    market = plain_market()
    shallow = replace(market.quote, bids=(), asks=())
    of = market.instrument
    assert cost_of_a_round(of, shallow, Decimal(30)) == cost_of_a_round(
        of, market.quote, Decimal(30)
    )


@pytest.mark.parametrize(
    ("bids", "asks"), [(("99", "0.1"), ("101", "9")), (("99", "9"), ("101", "0.1"))]
)
def test_a_thin_book_has_no_cost(bids: tuple[str, str], asks: tuple[str, str]) -> None:
    with pytest.raises(Unplannable, match="thin_book"):
        cost_of_a_round(instrument(), quote_of(levels(bids), levels(asks)), Decimal(30))


def test_too_little_has_no_cost() -> None:
    market = plain_market()
    with pytest.raises(Unplannable, match="below_minimum"):
        cost_of_a_round(market.instrument, market.quote, Decimal("0.09"))


@given(markets(), st.decimals("0.1", 1000, places=2))
def test_a_round_never_costs_less_than_its_fees(market: Market, amount: Decimal) -> None:
    try:
        found = cost_of_a_round(market.instrument, market.quote, amount)
    except Unplannable:
        return
    assert 0 < found.bought_usdt <= amount
    # Half a unit of the last place is what the seller's fee may be rounded by.
    tolerance = Decimal("0.00000001") / found.bought_usdt * 10_000
    assert found.spread_bp >= 0
    assert found.slippage_bp >= -tolerance
    assert found.total_bp >= found.fees_bp - tolerance


def test_the_cheapest_credited_volume_comes_first() -> None:
    dear_but_doubled = priced("C", "9", credited="60")
    expected = [dear_but_doubled, priced("A", "5"), priced("B", "6")]
    assert list(ranked(reversed(expected))) == expected
    assert dear_but_doubled.usdt_per_credited == Decimal("0.033") * 1000 / 60


def test_who_has_no_cost_comes_last_and_who_does_not_trade_after_that() -> None:
    closed = RankedToken(token("ALPHA_1", "A"), None, Decimal(0), "not_trading")
    thin = RankedToken(token("ALPHA_2", "B"), None, Decimal(0), "thin_book")
    worthless = priced("C", "1", credited="0")
    found = ranked([closed, worthless, thin, priced("D", "900")])
    assert [one.token.name for one in found] == ["D", "B", "C", "A"]
    assert worthless.usdt_per_credited is None


@pytest.mark.parametrize(
    ("mul_point", "age_days", "left"),
    [(4, 0, "30"), (4, 12.5, "17.5"), (2, 30, "0"), (4, 400, "0"), (1, 3, None)],
)
def test_days_left(mul_point: int, age_days: float, left: str | None) -> None:
    listed = NOON_MS - round(age_days * DAY_MS)
    found = window_days_left(token(mul_point=mul_point, listed_at_ms=listed), NOON_MS)
    assert found == (None if left is None else Decimal(left))


def test_who_does_not_say_when_it_was_listed_has_no_days() -> None:
    assert window_days_left(token(mul_point=4), NOON_MS) is None
