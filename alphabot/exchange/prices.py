"""What is known of one token's price, and when the exchange last confirmed each part of it.

Two sources feed it. The stream tells changes only, so its silence may mean that nothing happens,
that the stream is dead, or that only one of two subscriptions is: an age is therefore kept for
the last trade and for the book apart, the quote is as old as the older of them, and silence
makes it older. The REST snapshot confirms both at once. The levels beyond the best come on a
stream of their own, and have an age of their own: it counts for who asks for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from alphabot.core.values import Level, Quote
from alphabot.exchange.moments import Moment
from alphabot.exchange.wire.depth import DepthChange
from alphabot.exchange.wire.market import Depth
from alphabot.exchange.wire.stream import AggTrade, BookTicker

__all__ = ["Price"]

STREAM = "stream"
SNAPSHOT = "rest"


class _Book(NamedTuple):
    at: Moment
    source: str
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


class _Levels(NamedTuple):
    at: Moment
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


class _Last(NamedTuple):
    at: Moment
    price: Decimal


class Price:
    """The latest figures of one symbol, first known from REST."""

    def __init__(self, last: Decimal, depth: Depth, asked_at: Moment) -> None:
        self._last = _Last(asked_at, last)
        self._book = _Book(asked_at, SNAPSHOT, depth.bids, depth.asks)
        self._levels = _Levels(asked_at, depth.bids, depth.asks)

    def saw_trade(self, trade: AggTrade, at: Moment) -> None:
        """Take in a trade of the stream."""
        self._last = _Last(at, trade.price)

    def saw_book(self, ticker: BookTicker, at: Moment) -> None:
        """Take in the best prices of the stream."""
        bid = Level(ticker.bid, ticker.bid_quantity)
        ask = Level(ticker.ask, ticker.ask_quantity)
        self._book = _Book(at, STREAM, (bid,), (ask,))

    def saw_levels(self, change: DepthChange, at: Moment) -> None:
        """Take in the best levels of the stream, whole each time; an empty side is not believed."""
        bids = _standing(change.bids)[::-1]
        asks = _standing(change.asks)
        if bids and asks:
            self._levels = _Levels(at, bids, asks)

    def saw_snapshot(self, last: Decimal, depth: Depth, asked_at: Moment) -> None:
        """Take in a REST answer, unless the stream has been newer since it was asked for."""
        if self._last.at <= asked_at:
            self._last = _Last(asked_at, last)
        if self._book.at <= asked_at:
            self._book = _Book(asked_at, SNAPSHOT, depth.bids, depth.asks)
        if self._levels.at <= asked_at:
            self._levels = _Levels(asked_at, depth.bids, depth.asks)

    def age_seconds(self, now: Moment, *, depth: bool = False) -> float:
        """Return the time since the oldest figure was confirmed, of the levels too if asked."""
        oldest = min(self._book.at, self._last.at)
        return now.since(min(oldest, self._levels.at) if depth else oldest)

    def quote(self, now: Moment, *, depth: bool = False) -> Quote:
        """Return what is known, with its age.

        Figures that disagree (the last trade outside the book, a crossed book) are returned as
        they are: whether they may be traded on is decided by the gate.
        """
        return Quote(
            last=self._last.price,
            bid=self._book.bids[0].price,
            ask=self._book.asks[0].price,
            source=self._book.source,
            age_seconds=self.age_seconds(now, depth=depth),
            bids=self._levels.bids if depth else self._book.bids,
            asks=self._levels.asks if depth else self._book.asks,
            depth_age_seconds=now.since(self._levels.at) if depth else None,
        )


def _standing(levels: Sequence[Level]) -> tuple[Level, ...]:
    """Return the levels at which something is offered, lowest first."""
    return tuple(sorted((x for x in levels if x.quantity), key=lambda level: level.price))
