"""Candles: what traded in one interval, from REST and from the market stream (protocol 2 and 6).

Nothing trades on them; they are for whoever wants to look. Each source spells them differently:
rows of eleven strings and a zero, rows of seven strings, and two kinds of stream, one of which
sent JSON numbers in 2025.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import msgspec

from alphabot.core.exact import Exact
from alphabot.core.values import Symbol
from alphabot.exchange.wire.envelope import Reply, unwrap
from alphabot.exchange.wire.ids import Contract, contract
from alphabot.exchange.wire.numbers import (
    Count,
    Figure,
    Number,
    Word,
    not_negative,
    positive,
    whole,
)
from alphabot.exchange.wire.stream import Event, read_event

__all__ = ["Candle", "CandleEvent", "agg_candles", "candle_event", "candles"]


@dataclass(frozen=True, slots=True)
class Candle(Exact):
    """What traded from one moment to another, in epoch milliseconds.

    ``volume`` is in tokens where a symbol's book is meant, and whatever the aggregate over a
    chain means by it elsewhere. ``quote_volume`` and ``trades`` are not told everywhere.
    """

    opened_at_ms: int
    closed_at_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    quote_volume: Decimal | None = None
    trades: int | None = None


@dataclass(frozen=True, slots=True)
class CandleEvent:
    """A candle as it grows, of a symbol or of a contract on its chain; ``1s`` is an interval."""

    of: Symbol | Contract
    interval: str
    candle: Candle


def candles(reply: Reply) -> tuple[Candle, ...]:
    """Return the rows of ``klines``, in the order they came."""
    return unwrap(reply, list[_Row], lambda rows: tuple(map(_row, rows)))


def agg_candles(reply: Reply) -> tuple[Candle, ...]:
    """Return the rows of ``agg-klines``, in the order they came."""
    return unwrap(reply, _AggRows, lambda found: tuple(map(_agg_row, found.rows)))


def candle_event(event: Event) -> CandleEvent:
    """Return what a ``kline`` event says; raises UnexpectedReply for one that cannot be read."""
    if "ca" in event.data:
        return read_event(event, _CameEvent, _came_event)
    return read_event(event, _SymbolEvent, _symbol_event)


class _Row(msgspec.Struct, array_like=True):
    opened: str
    open: Number
    high: Number
    low: Number
    close: Number
    volume: Number
    closed: str
    quote_volume: Number
    trades: str


class _AggRow(msgspec.Struct, array_like=True):
    opened: str
    open: Number
    high: Number
    low: Number
    close: Number
    volume: Number
    closed: str


class _AggRows(msgspec.Struct):
    rows: list[_AggRow] = msgspec.field(name="klineInfos")


_FIGURES = {"interval": "i", "open": "o", "high": "h", "low": "l", "close": "c", "volume": "v"}


class _SymbolCandle(
    msgspec.Struct,
    rename=_FIGURES | {"opened": "t", "closed": "T", "quote_volume": "q", "trades": "n"},
):
    opened: Count
    closed: Count
    interval: Word
    open: Number
    high: Number
    low: Number
    close: Number
    volume: Number
    quote_volume: Number
    trades: Count


class _SymbolEvent(msgspec.Struct, rename={"symbol": "s", "candle": "k"}):
    symbol: Word
    candle: _SymbolCandle


class _CameCandle(msgspec.Struct, rename=_FIGURES | {"opened": "ot", "closed": "ct"}):
    opened: Count
    closed: Count
    interval: Word
    open: Figure
    high: Figure
    low: Figure
    close: Figure
    volume: Figure


class _CameEvent(msgspec.Struct, rename={"contract": "ca", "candle": "k"}):
    contract: str
    candle: _CameCandle


def _row(row: _Row) -> Candle:
    times = whole(row.opened), whole(row.closed)
    return _candle(times, _prices(row), row.volume, row.quote_volume, whole(row.trades))


def _agg_row(row: _AggRow) -> Candle:
    return _candle((whole(row.opened), whole(row.closed)), _prices(row), row.volume)


def _symbol_event(found: _SymbolEvent) -> CandleEvent:
    k = found.candle
    times = k.opened, k.closed
    candle = _candle(times, _prices(k), k.volume, k.quote_volume, k.trades)
    return CandleEvent(Symbol(found.symbol), k.interval, candle)


def _came_event(found: _CameEvent) -> CandleEvent:
    k = found.candle
    candle = _candle((k.opened, k.closed), _prices(k), k.volume)
    return CandleEvent(contract(found.contract), k.interval, candle)


def _prices(
    found: _Row | _AggRow | _SymbolCandle | _CameCandle,
) -> tuple[Figure, Figure, Figure, Figure]:
    return found.open, found.high, found.low, found.close


def _candle(
    times: tuple[int, int],
    prices: tuple[Figure, Figure, Figure, Figure],
    volume: Figure,
    quote_volume: Number | None = None,
    trades: int | None = None,
) -> Candle:
    opened, closed = times
    first, high, low, last = map(positive, prices)
    if opened > closed or not low <= min(first, last) <= max(first, last) <= high:
        raise ValueError("a candle from its opening to its close was expected")
    return Candle(
        opened_at_ms=opened,
        closed_at_ms=closed,
        open=first,
        high=high,
        low=low,
        close=last,
        volume=not_negative(volume),
        quote_volume=None if quote_volume is None else not_negative(quote_volume),
        trades=trades,
    )
