"""Buying and selling back at a book: by hand, and whatever the book."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from alphabot.core.round_trip import basis_points, round_trip, take
from tests.core.markets import Market, levels, markets, plain_market, quote_of
from tests.core.samples import instrument

# Any example will do.
SEARCH = settings(max_examples=2000, phases=[Phase.generate])


def test_by_hand() -> None:
    market = plain_market()
    trip = round_trip(market.plan, market.instrument, market.quote)
    # 30 / 110 cut to four places are bought at 100.5, not at 110; the fee is a ten-thousandth of
    # them, and what is left is cut to four places again.
    assert trip.bought == Decimal("0.2727")
    assert trip.bought_usdt == Decimal("27.40635")
    assert trip.sold == Decimal("0.2726")
    assert trip.dust == Decimal("0.00007273")
    assert trip.sold_usdt == Decimal("27.1237")
    assert trip.spread_usdt == Decimal("0.2726")
    assert trip.dust_usdt == trip.dust * Decimal("100.5")
    assert trip.fees_usdt == Decimal("0.00002727") * Decimal("100.5") + Decimal("0.00271237")
    assert trip.waiting == trip.unsold == 0
    assert Decimal(100) < trip.cost_bp < Decimal(105)


def test_an_amount_beyond_the_best_price_pays_for_the_depth() -> None:
    book = quote_of(levels(("100", "0.1"), ("99", "9")), levels(("100", "0.1"), ("101", "9")))
    trip = round_trip(plain_market().plan, instrument(), book)
    assert trip.bought_usdt == Decimal("0.1") * 100 + Decimal("0.1727") * 101
    assert trip.sold_usdt == Decimal("0.1") * 100 + Decimal("0.1727") * 99


def test_what_the_book_does_not_hold_waits_at_the_limit() -> None:
    thin = quote_of(levels(("100", "0.2"), ("98", "9")), levels(("100", "0.1"), ("111", "9")))
    trip = round_trip(plain_market().plan, instrument(), thin)
    assert trip.waiting == Decimal("0.1727")
    assert trip.bought_usdt == Decimal("0.1") * 100 + trip.waiting * 110
    assert trip.unsold == Decimal("0.0727")
    assert trip.sold_usdt == Decimal("0.2") * 100 + trip.unsold * 99


def test_without_depth_bid_and_ask_are_what_there_is() -> None:
    market = plain_market()
    shallow = replace(market.quote, bids=(), asks=())
    assert round_trip(market.plan, market.instrument, shallow) == round_trip(
        market.plan, market.instrument, market.quote
    )


def test_nothing_of_nothing_is_no_basis_point() -> None:
    assert basis_points(Decimal(0), Decimal(0)) == 0
    assert basis_points(Decimal(1), Decimal(1000)) == 10


@given(markets())
def test_the_parts_are_the_whole(market: Market) -> None:
    trip = round_trip(market.plan, market.instrument, market.quote)
    seller_fee = abs(trip.sold_usdt * market.instrument.fees.seller)
    missing = trip.bought_usdt - trip.sold_usdt + seller_fee
    assert abs(trip.cost_usdt - missing) <= Decimal("0.00000001")
    assert trip.bought == market.plan.quantity
    assert 0 <= trip.sold <= trip.bought
    assert min(trip.fees_usdt, trip.dust, trip.dust_usdt, trip.waiting, trip.unsold) >= 0


@given(markets())
def test_no_limit_is_broken(market: Market) -> None:
    trip = round_trip(market.plan, market.instrument, market.quote)
    plan = market.plan
    assert trip.bought_usdt <= plan.amount_usdt
    # The proceeds are cut to what the exchange counts in.
    assert trip.sold_usdt > plan.sell_price * trip.sold - Decimal("0.00000001")


@given(markets(), st.decimals("0.001", 10_000, places=3))
def test_a_book_gives_no_more_than_it_holds(market: Market, quantity: Decimal) -> None:
    asks = market.quote.asks
    taken = take(asks, quantity)
    assert taken.quantity == min(quantity, sum(level.quantity for level in asks))
    best, worst = asks[0].price, asks[-1].price
    assert taken.quantity * best <= taken.quote_usdt <= taken.quantity * worst


def test_markets_are_drawn_deep_and_thin() -> None:
    def waits(market: Market) -> bool:
        trip = round_trip(market.plan, market.instrument, market.quote)
        return trip.waiting > 0 and trip.unsold > 0

    def trades_at_once(market: Market) -> bool:
        trip = round_trip(market.plan, market.instrument, market.quote)
        return trip.waiting == trip.unsold == 0 and trip.dust > 0

    # Each raises if there is none.
    find(markets(), waits, settings=SEARCH)
    find(markets(), trades_at_once, settings=SEARCH)
