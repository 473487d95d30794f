"""What is known of a price, from two sources that overtake each other."""

from __future__ import annotations

from decimal import Decimal

from alphabot.core.values import Level, Symbol
from alphabot.exchange.moments import Moment
from alphabot.exchange.prices import Price
from alphabot.exchange.wire.depth import DepthChange
from alphabot.exchange.wire.market import Depth
from alphabot.exchange.wire.stream import AggTrade, BookTicker

SYMBOL = Symbol("ALPHA_22USDT")


def at(seconds: float) -> Moment:
    return Moment(seconds, round(seconds * 1000))


def level(price: int) -> Level:
    return Level(Decimal(price), Decimal(1))


def depth(bid: int, ask: int) -> Depth:
    return Depth((level(bid), level(bid - 1)), (level(ask), level(ask + 1)))


def book(bid: int, ask: int) -> BookTicker:
    return BookTicker(SYMBOL, Decimal(bid), Decimal(1), Decimal(ask), Decimal(1))


def trade(price: int) -> AggTrade:
    return AggTrade(SYMBOL, Decimal(price), Decimal(1))


def figures(price: Price, now: Moment) -> tuple[int, int, int, float, str]:
    quote = price.quote(now)
    return int(quote.last), int(quote.bid), int(quote.ask), quote.age_seconds, quote.source


def test_a_snapshot_is_as_old_as_the_question_and_brings_its_depth() -> None:
    price = Price(Decimal(10), depth(9, 11), asked_at=at(100))
    assert figures(price, at(101)) == (10, 9, 11, 1, "rest")
    assert price.quote(at(101)).bids == (level(9), level(8))


def test_it_is_as_old_as_its_older_figure() -> None:
    price = Price(Decimal(10), depth(9, 11), asked_at=at(100))
    price.saw_book(book(19, 21), at(105))
    assert figures(price, at(106)) == (10, 19, 21, 6, "stream")
    price.saw_trade(trade(20), at(106))
    assert figures(price, at(106)) == (20, 19, 21, 1, "stream")
    assert price.quote(at(106)).bids == (level(19),)


def test_a_snapshot_that_was_asked_for_before_the_stream_spoke_is_old() -> None:
    price = Price(Decimal(10), depth(9, 11), asked_at=at(100))
    price.saw_book(book(19, 21), at(105))
    price.saw_snapshot(Decimal(15), depth(14, 16), asked_at=at(104))
    assert figures(price, at(106)) == (15, 19, 21, 2, "stream")
    price.saw_trade(trade(20), at(105))
    price.saw_snapshot(Decimal(16), depth(15, 17), asked_at=at(104.5))
    assert figures(price, at(106)) == (20, 19, 21, 1, "stream")
    price.saw_snapshot(Decimal(17), depth(16, 18), asked_at=at(105.5))
    assert figures(price, at(106)) == (17, 16, 18, 0.5, "rest")


def test_figures_that_disagree_are_told_as_they_are() -> None:
    price = Price(Decimal(99), depth(12, 11), asked_at=at(100))
    assert figures(price, at(100)) == (99, 12, 11, 0, "rest")


def test_a_price_ages_while_the_machine_sleeps_and_never_grows_younger() -> None:
    price = Price(Decimal(10), depth(9, 11), asked_at=Moment(100, 100_000))
    assert price.age_seconds(Moment(101, 3_700_000)) == 3600
    assert price.age_seconds(Moment(101, 50_000)) == 1


# --- levels -------------------------------------------------------------------------------------


def frame(bids: list[tuple[int, int]], asks: list[tuple[int, int]]) -> DepthChange:
    sides = [tuple(Level(Decimal(p), Decimal(q)) for p, q in side) for side in (bids, asks)]
    return DepthChange(SYMBOL, 0, 2, 2, 1, sides[0], sides[1])


def prices(found: tuple[Level, ...]) -> list[int]:
    return [int(each.price) for each in found]


def test_levels_have_an_age_that_counts_for_who_asks_for_them() -> None:
    price = Price(Decimal(10), depth(9, 11), asked_at=at(100))
    price.saw_book(book(19, 21), at(105))
    price.saw_trade(trade(20), at(105))
    plain, deep = price.quote(at(106)), price.quote(at(106), depth=True)
    assert (plain.age_seconds, plain.depth_age_seconds, len(plain.asks)) == (1, None, 1)
    assert (deep.age_seconds, deep.depth_age_seconds) == (6, 6)
    assert (prices(deep.bids), prices(deep.asks)) == ([9, 8], [11, 12])
    assert (int(deep.bid), int(deep.ask)) == (19, 21)


def test_levels_of_the_stream_are_put_in_order_and_replace_the_old() -> None:
    price = Price(Decimal(10), depth(9, 11), asked_at=at(100))
    price.saw_levels(frame([(8, 1), (9, 1), (7, 0)], [(13, 1), (11, 1), (12, 0)]), at(104))
    deep = price.quote(at(105), depth=True)
    assert (prices(deep.bids), prices(deep.asks)) == ([9, 8], [11, 13])
    assert (deep.depth_age_seconds, deep.age_seconds) == (1, 5)


def test_an_empty_side_and_an_older_snapshot_are_not_believed() -> None:
    price = Price(Decimal(10), depth(9, 11), asked_at=at(100))
    price.saw_levels(frame([], [(11, 1)]), at(103))
    price.saw_levels(frame([(9, 0)], [(11, 1)]), at(103))
    assert price.quote(at(104), depth=True).depth_age_seconds == 4
    price.saw_levels(frame([(8, 1)], [(12, 1)]), at(105))
    price.saw_snapshot(Decimal(10), depth(5, 15), asked_at=at(104))
    assert prices(price.quote(at(106), depth=True).bids) == [8]
    price.saw_snapshot(Decimal(10), depth(5, 15), asked_at=at(106))
    assert prices(price.quote(at(106), depth=True).bids) == [5, 4]
