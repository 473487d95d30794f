"""Figures of a day, from the market stream: of a symbol, short and long, and of all tokens."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import msgspec

from alphabot.core.exact import Exact, exact
from alphabot.core.values import Symbol
from alphabot.exchange.wire.ids import Contract, contract
from alphabot.exchange.wire.numbers import Count, Number, Word, not_negative, positive, whole
from alphabot.exchange.wire.stream import Event, read_event

__all__ = ["MiniTicker", "Ticker", "TokenTicker", "mini_ticker", "ticker", "token_tickers"]


@dataclass(frozen=True, slots=True)
class MiniTicker(Exact):
    """What a symbol did in a day; ``volume`` is in tokens, ``quote_volume`` in what pays them."""

    symbol: Symbol
    at_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    last: Decimal
    volume: Decimal
    quote_volume: Decimal


@dataclass(frozen=True, slots=True)
class Ticker(Exact):
    """The same with the change since a day ago, which may be below zero, and the trades' ids."""

    day: MiniTicker
    change: Decimal
    change_percent: Decimal
    weighted_average: Decimal
    last_quantity: Decimal
    opened_at_ms: int
    closed_at_ms: int
    first_id: int
    last_id: int
    trades: int


@dataclass(frozen=True, slots=True)
class TokenTicker(Exact):
    """A token's day over all of its chain: aggregates, off the book's grid."""

    contract: Contract
    at_ms: int
    price: Decimal
    change_percent: Decimal
    volume_usd: Decimal
    market_cap_usd: Decimal
    fully_diluted_usd: Decimal
    liquidity_usd: Decimal
    holders: int
    trades: int


def mini_ticker(event: Event) -> MiniTicker:
    """Return what a ``24hrMiniTicker`` says; raises UnexpectedReply for what cannot be read."""
    return read_event(event, _Day, _mini_ticker)


def ticker(event: Event) -> Ticker:
    """Return what a ``24hrTicker`` says; raises UnexpectedReply for what cannot be read."""
    return read_event(event, _Ticker, _ticker)


def token_tickers(event: Event) -> tuple[TokenTicker, ...]:
    """Return the rows of a ``tickerList``; raises UnexpectedReply if one cannot be read."""
    return read_event(event, _TokenTickers, lambda found: tuple(map(_token_ticker, found.rows)))


_DAY = {
    "symbol": "s",
    "at_ms": "E",
    "open": "o",
    "high": "h",
    "low": "l",
    "last": "c",
    "volume": "v",
    "quote_volume": "q",
}


class _Day(msgspec.Struct, rename=_DAY):
    symbol: Word
    at_ms: Count
    open: Number
    high: Number
    low: Number
    last: Number
    volume: Number
    quote_volume: Number


class _Ticker(
    _Day,
    rename=_DAY
    | {
        "change": "p",
        "change_percent": "P",
        "weighted_average": "w",
        "last_quantity": "Q",
        "opened_at_ms": "O",
        "closed_at_ms": "C",
        "first_id": "F",
        "last_id": "L",
        "trades": "n",
    },
):
    change: Number
    change_percent: Number
    weighted_average: Number
    last_quantity: Number
    opened_at_ms: Count
    closed_at_ms: Count
    first_id: Count
    last_id: Count
    trades: Count


class _TokenTicker(
    msgspec.Struct,
    rename={
        "contract": "ca",
        "at_ms": "t",
        "price": "p",
        "change_percent": "pc24",
        "volume_usd": "vol24",
        "market_cap_usd": "mc",
        "fully_diluted_usd": "fdv",
        "liquidity_usd": "liq",
        "holders": "hc",
        "trades": "cnt24",
    },
):
    contract: str
    at_ms: Count
    price: Number
    change_percent: Number
    volume_usd: Number
    market_cap_usd: Number
    fully_diluted_usd: Number
    liquidity_usd: Number
    holders: str
    trades: Count


class _TokenTickers(msgspec.Struct):
    rows: list[_TokenTicker] = msgspec.field(name="d")


def _mini_ticker(found: _Day) -> MiniTicker:
    high, low, last = positive(found.high), positive(found.low), positive(found.last)
    if not low <= last <= high:
        raise ValueError(f"a last price between {low} and {high} was expected, was {last}")
    return MiniTicker(
        symbol=Symbol(found.symbol),
        at_ms=found.at_ms,
        open=positive(found.open),
        high=high,
        low=low,
        last=last,
        volume=not_negative(found.volume),
        quote_volume=not_negative(found.quote_volume),
    )


def _ticker(found: _Ticker) -> Ticker:
    return Ticker(
        day=_mini_ticker(found),
        change=exact(found.change),
        change_percent=exact(found.change_percent),
        weighted_average=positive(found.weighted_average),
        last_quantity=not_negative(found.last_quantity),
        opened_at_ms=found.opened_at_ms,
        closed_at_ms=found.closed_at_ms,
        first_id=found.first_id,
        last_id=found.last_id,
        trades=found.trades,
    )


def _token_ticker(row: _TokenTicker) -> TokenTicker:
    return TokenTicker(
        contract=contract(row.contract),
        at_ms=row.at_ms,
        price=positive(row.price),
        change_percent=exact(row.change_percent),
        volume_usd=not_negative(row.volume_usd),
        market_cap_usd=not_negative(row.market_cap_usd),
        fully_diluted_usd=not_negative(row.fully_diluted_usd),
        liquidity_usd=not_negative(row.liquidity_usd),
        holders=whole(row.holders),
        trades=row.trades,
    )
