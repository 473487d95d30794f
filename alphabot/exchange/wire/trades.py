"""Trades of anyone, from ``agg-trades`` and from a symbol's ``trade`` stream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import msgspec

from alphabot.core.exact import Exact
from alphabot.core.values import Symbol
from alphabot.exchange.wire.envelope import Reply, unwrap
from alphabot.exchange.wire.numbers import Count, Number, Word, positive
from alphabot.exchange.wire.stream import Event, read_event

__all__ = ["Trade", "TradeEvent", "agg_trades", "trade_event"]


@dataclass(frozen=True, slots=True)
class Trade(Exact):
    """A match, or several of one moment and price; the quantity is in tokens."""

    trade_id: int
    price: Decimal
    quantity: Decimal
    at_ms: int
    buyer_is_maker: bool


@dataclass(frozen=True, slots=True)
class TradeEvent:
    """A trade of a symbol that was just made."""

    symbol: Symbol
    trade: Trade


def agg_trades(reply: Reply) -> tuple[Trade, ...]:
    """Return the rows of ``agg-trades``, whose ids must rise."""
    return unwrap(reply, list[_Row], _trades)


def trade_event(event: Event) -> TradeEvent:
    """Return what a ``trade`` event says; raises UnexpectedReply for one that cannot be read."""
    return read_event(event, _Event, _trade_event)


_MATCH = {"price": "p", "quantity": "q", "at_ms": "T", "buyer_is_maker": "m"}


class _Row(msgspec.Struct, rename=_MATCH | {"trade_id": "a"}):
    trade_id: Count
    price: Number
    quantity: Number
    at_ms: Count
    buyer_is_maker: bool


class _Event(msgspec.Struct, rename=_MATCH | {"trade_id": "t", "symbol": "s"}):
    symbol: Word
    trade_id: Count
    price: Number
    quantity: Number
    at_ms: Count
    buyer_is_maker: bool


def _trades(rows: Sequence[_Row]) -> tuple[Trade, ...]:
    trades = tuple(map(_trade, rows))
    ids = [trade.trade_id for trade in trades]
    if ids != sorted(set(ids)):
        raise ValueError("trades with rising ids were expected")
    return trades


def _trade_event(found: _Event) -> TradeEvent:
    return TradeEvent(Symbol(found.symbol), _trade(found))


def _trade(row: _Row | _Event) -> Trade:
    return Trade(
        trade_id=row.trade_id,
        price=positive(row.price),
        quantity=positive(row.quantity),
        at_ms=row.at_ms,
        buyer_is_maker=row.buyer_is_maker,
    )
