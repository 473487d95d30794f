"""Which levels of a book are believed, and how far into them an amount reaches."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphabot.core.exact import multiply
from alphabot.core.pricing import (
    NoPrice,
    asks_of,
    bids_of,
    buy_limit,
    deepest_bid,
    reads_depth,
    sell_limit,
    wants_depth,
)
from alphabot.core.values import PricingRequest, Proposal, Quote
from tests.core.markets import Market, levels, markets, quote_of

BIDS = levels(("99", "1"), ("98", "2"), ("95", "10"))
ASKS = levels(("101", "1"), ("102", "2"), ("110", "10"))
BOOK = quote_of(BIDS, ASKS)


def prices(found: object) -> list[int]:
    return [int(level.price) for level in found]  # type: ignore[attr-defined]


# --- which levels are believed ------------------------------------------------------------------


def test_levels_beyond_the_best_price_are_believed() -> None:
    assert prices(asks_of(BOOK)) == [101, 102, 110]
    assert prices(bids_of(BOOK)) == [99, 98, 95]


@pytest.mark.parametrize(
    ("bid", "ask", "bids", "asks"),
    [
        ("99", "102", [99, 98, 95], [102, 110]),  # the best ask has been taken since
        ("98", "101", [98, 95], [101, 102, 110]),
        ("90", "120", [], []),  # the market has left the whole book
    ],
)
def test_a_level_better_than_the_confirmed_best_is_stale(
    bid: str, ask: str, bids: list[int], asks: list[int]
) -> None:
    quote = replace(BOOK, bid=Decimal(bid), ask=Decimal(ask))
    assert (prices(bids_of(quote)), prices(asks_of(quote))) == (bids, asks)


@pytest.mark.parametrize(
    ("last", "bids", "asks"), [("100", [98], [101]), ("103", [103, 98], []), ("97", [], [97, 101])]
)
def test_of_a_crossed_book_the_last_trade_tells_which_side_is_gone(
    last: str, bids: list[int], asks: list[int]
) -> None:
    quote = quote_of(levels(("103", "5"), ("98", "1")), levels(("97", "5"), ("101", "1")), last)
    assert (prices(bids_of(quote)), prices(asks_of(quote))) == (bids, asks)


def test_a_level_where_nothing_is_left_is_none() -> None:
    quote = quote_of(levels(("99", "0"), ("98", "1")), levels(("101", "0"), ("102", "1")))
    assert (prices(bids_of(quote)), prices(asks_of(quote))) == ([98], [102])


# --- how far an amount reaches ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "limit"),
    [("1", 101), ("101", 101), ("101.01", 102), ("306", 102), ("306.01", 110), ("1430", 110)],
)
def test_a_buy_reaches_as_far_as_its_amount(amount: str, limit: int) -> None:
    assert buy_limit(BOOK, Decimal(amount)) == limit


@pytest.mark.parametrize(
    ("quantity", "limit"), [("0.1", 99), ("1", 99), ("1.1", 98), ("3", 98), ("13", 95)]
)
def test_a_sell_reaches_as_far_as_its_quantity(quantity: str, limit: int) -> None:
    assert sell_limit(BOOK, Decimal(quantity)) == limit
    assert deepest_bid(BOOK, Decimal(quantity)) == limit


def test_a_book_that_is_too_thin_is_said_with_its_figures() -> None:
    with pytest.raises(NoPrice, match=r"thin_book: the asks .* 1430.0+ of 1431 USDT") as refused:
        buy_limit(BOOK, Decimal(1431))
    assert refused.value.name == "thin_book"
    with pytest.raises(NoPrice, match=r"thin_book: the bids .* 13.0+ of 13.1"):
        sell_limit(BOOK, Decimal("13.1"))
    with pytest.raises(NoPrice):
        buy_limit(replace(BOOK, asks=()), Decimal(1))


def test_what_must_be_sold_goes_as_deep_as_the_book_is_known() -> None:
    assert deepest_bid(BOOK, Decimal(14)) == 95
    assert deepest_bid(replace(BOOK, bids=()), Decimal(14)) == 99


@given(markets(), st.decimals("0.01", 100_000, places=4), st.decimals("0.01", 100_000, places=4))
def test_the_limit_is_the_narrowest_that_holds_the_amount(
    market: Market, one: Decimal, other: Decimal
) -> None:
    quote = market.quote
    try:
        limit = buy_limit(quote, one)
    except NoPrice:
        assert _asked_usdt(quote, quote.asks[-1].price) < one
        return
    assert _asked_usdt(quote, limit) >= one
    assert all(_asked_usdt(quote, level.price) < one for level in quote.asks if level.price < limit)
    if other <= one:
        assert buy_limit(quote, other) <= limit


@given(markets(), st.decimals("0.01", 100_000, places=4), st.decimals("0.01", 100_000, places=4))
def test_a_larger_quantity_never_sells_higher(market: Market, one: Decimal, other: Decimal) -> None:
    smaller, larger = sorted((one, other))
    assert deepest_bid(market.quote, larger) <= deepest_bid(market.quote, smaller)


def _asked_usdt(quote: Quote, limit: Decimal) -> Decimal:
    held = sum((level.quantity for level in quote.asks if level.price <= limit), Decimal(0))
    return multiply(held, limit)


# --- the mark -----------------------------------------------------------------------------------


def test_a_rule_is_asked_with_levels_if_it_says_so() -> None:
    def plain(request: PricingRequest) -> Proposal:
        return Proposal(request.quote.bid, request.quote.bid)

    assert not wants_depth(plain)
    assert reads_depth(plain) is plain
    assert wants_depth(plain)
