"""The public REST answers: tokens, trading rules, prices and fees (protocol section 2).

Where an answer lists many things, one bad row must not hide the others, nor be traded on: it is
kept apart, with what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Final, Generic, TypeVar

import msgspec

from alphabot.core.exact import ZERO, Exact
from alphabot.core.values import AlphaId, FeeRate, Grid, Level, Symbol, Token
from alphabot.errors import UnexpectedReply
from alphabot.exchange.wire.envelope import Reply, shaped, unwrap
from alphabot.exchange.wire.numbers import Number, Word, not_negative, positive

__all__ = [
    "ALPHA_LIST_PATH",
    "EXCHANGE_INFO_BYTES_MAX",
    "EXCHANGE_INFO_PATH",
    "FEE_RATE_PATH",
    "FULL_DEPTH_PATH",
    "TICKER_PATH",
    "Depth",
    "Listing",
    "SymbolRules",
    "exchange_info",
    "fee_rate",
    "full_depth",
    "last_price",
    "symbol_of",
    "token_list",
]

_ALPHA_TRADE = "/bapi/defi/v1/public/alpha-trade"
ALPHA_LIST_PATH: Final = "/bapi/defi/v1/public/wallet-direct/buw/wallet/cex/alpha/all/token/list"
EXCHANGE_INFO_PATH: Final = f"{_ALPHA_TRADE}/get-exchange-info"
TICKER_PATH: Final = f"{_ALPHA_TRADE}/ticker"
FULL_DEPTH_PATH: Final = f"{_ALPHA_TRADE}/fullDepth"
FEE_RATE_PATH: Final = f"{_ALPHA_TRADE}/get-fee-rate"

EXCHANGE_INFO_BYTES_MAX: Final = 8 << 20
"""685 symbols with every filter padded to sixteen keys are near 2 MB."""

_QUOTE_ASSET = "USDT"
_FEE_UNIT_PLACES = 6
_NO_LIMIT_USDT = Decimal(10**15)
"""For a symbol that announces no largest notional (the compact form has none)."""

Key = TypeVar("Key", bound=str)
Thing = TypeVar("Thing")
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Listing(Generic[Key, Thing]):
    """What a list said: the rows that could be read, and why others are refused, by their key."""

    readable: Mapping[Key, Thing]
    refused: Mapping[Key, str]

    def find(self, key: Key) -> Thing:
        """Return the row of a key; raises UnexpectedReply if it is refused or not there."""
        if key in self.refused:
            raise UnexpectedReply(f"{key}: {self.refused[key]}")
        if key not in self.readable:
            raise UnexpectedReply(f"{key}: the exchange does not list it")
        return self.readable[key]


@dataclass(frozen=True, slots=True)
class SymbolRules(Exact):
    """What exchange info says of one symbol."""

    grid: Grid
    trading: bool
    """Whether its status is TRADING and the exchange takes limit orders and OTO pairs."""


@dataclass(frozen=True, slots=True)
class Depth(Exact):
    """Both sides of a book, best first; a snapshot may be crossed (protocol section 2)."""

    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


def symbol_of(alpha_id: AlphaId) -> Symbol:
    """Return the symbol in which a token trades against USDT."""
    return Symbol(alpha_id + _QUOTE_ASSET)


def token_list(reply: Reply) -> Listing[AlphaId, Token]:
    """Return the tokens of the token list or of aggTicker24, which share one row.

    A row without ``mulPoint`` means 1 (rows of 2025-07); one whose ``mulPoint`` is not a whole
    number of at least 1 is refused. Raises UnexpectedReply if there is no list.
    """
    return unwrap(reply, list[Any], lambda rows: _listing(rows, "alphaId", _TokenRow, _token))


def exchange_info(reply: Reply) -> Listing[Symbol, SymbolRules]:
    """Return the trading rules of every symbol, from padded and compact filters alike.

    A symbol with an unknown filter, two of one kind, or none of a needed kind is refused. Raises
    UnexpectedReply if there is no list.
    """
    return unwrap(reply, _ExchangeInfo, _symbols, size_max=EXCHANGE_INFO_BYTES_MAX)


def full_depth(reply: Reply, symbol: Symbol) -> Depth:
    """Return the levels of a symbol's book; quantities are in tokens.

    Raises UnexpectedReply for another symbol's book, an empty side, and prices or quantities
    that are none. A crossed book is returned as it is: one was recorded.
    """

    def build(found: _FullDepth) -> Depth:
        _same_symbol(found.symbol, symbol)
        bids = sorted(_levels(found.bids), key=lambda level: level.price, reverse=True)
        asks = sorted(_levels(found.asks), key=lambda level: level.price)
        if not bids or not asks:
            raise ValueError("one side of the book was empty")
        return Depth(tuple(bids), tuple(asks))

    return unwrap(reply, _FullDepth, build)


def last_price(reply: Reply, symbol: Symbol) -> Decimal:
    """Return the price of a symbol's last trade, from ``ticker``.

    Raises UnexpectedReply for another symbol's, and for a price that is not above zero.
    """

    def build(found: _Ticker) -> Decimal:
        _same_symbol(found.symbol, symbol)
        return positive(found.last_price)

    return unwrap(reply, _Ticker, build)


def fee_rate(reply: Reply) -> FeeRate:
    """Return the fees as fractions; on the wire they are in units of 1e-6."""
    return unwrap(
        reply,
        _FeeRate,
        lambda found: FeeRate(_fraction(found.buyer), _fraction(found.seller)),
    )


class _TokenRow(msgspec.Struct, rename="camel"):
    alpha_id: Word
    symbol: str
    chain_id: Word
    offline: bool
    offsell: bool
    chain_name: str | None = None
    mul_point: Annotated[int, msgspec.Meta(ge=1)] = 1
    fully_delisted: bool | None = None
    listing_time: int | None = None


class _ExchangeInfo(msgspec.Struct, rename="camel"):
    symbols: list[Any]
    oto_enabled: bool = True


class _SymbolRow(msgspec.Struct, rename="camel"):
    status: str
    base_asset_precision: Annotated[int, msgspec.Meta(ge=0, le=30)]
    filters: list[_Filter]
    order_types: list[str]


class _Filter(msgspec.Struct, rename="camel"):
    filter_type: str
    tick_size: Number | None = None
    step_size: Number | None = None
    min_qty: Number | None = None
    max_qty: Number | None = None
    min_notional: Number | None = None
    max_notional: Number | None = None


class _FullDepth(msgspec.Struct):
    symbol: str
    bids: list[tuple[Number, Number]]
    asks: list[tuple[Number, Number]]


class _Ticker(msgspec.Struct, rename="camel"):
    symbol: str
    last_price: Number


class _FeeRate(msgspec.Struct):
    buyer: Number = msgspec.field(name="buyerCommission")
    seller: Number = msgspec.field(name="sellerCommission")


def _listing(
    rows: Sequence[Any], key_name: str, shape: type[Row], build: Callable[[Row], Thing]
) -> Listing[Any, Thing]:
    """Read each row for itself; a row whose key is no text cannot be asked for and is left out."""
    readable: dict[str, Thing] = {}
    refused: dict[str, str] = {}
    for row in rows:
        key = row.get(key_name) if isinstance(row, dict) else None
        if not isinstance(key, str):
            continue
        try:
            thing = shaped(row, shape, build)
        except UnexpectedReply as problem:
            refused[key] = str(problem)
            continue
        if key in readable:
            refused[key] = "the exchange lists it twice"
        readable[key] = thing
    return Listing(readable, refused)


def _token(row: _TokenRow) -> Token:
    return Token(
        alpha_id=AlphaId(row.alpha_id),
        name=row.symbol,
        chain_id=row.chain_id,
        chain_name=row.chain_name or "",
        mul_point=row.mul_point,
        tradable=not (row.offline or row.offsell or row.fully_delisted),
        listed_at_ms=row.listing_time or 0,
    )


def _symbols(info: _ExchangeInfo) -> Listing[Symbol, SymbolRules]:
    def build(row: _SymbolRow) -> SymbolRules:
        trading = row.status == "TRADING" and "LIMIT" in row.order_types and info.oto_enabled
        return SymbolRules(_grid(row), trading)

    return _listing(info.symbols, "symbol", _SymbolRow, build)


_FILTERS: Final = frozenset(
    {
        "PRICE_FILTER",
        "LOT_SIZE",
        "MAX_NUM_ORDERS",
        "MIN_NOTIONAL",
        "MAX_NOTIONAL",
        "NOTIONAL",
        "PERCENT_PRICE",
        "PERCENT_PRICE_BY_SIDE",
    }
)


def _grid(row: _SymbolRow) -> Grid:
    filters = {found.filter_type: found for found in row.filters}
    if unknown := filters.keys() - _FILTERS:
        raise ValueError(f"unknown filters {sorted(unknown)}")
    if len(filters) != len(row.filters):
        raise ValueError("two filters of one kind")
    lot = _needed(filters, "LOT_SIZE")
    return Grid(
        tick_size=positive(_given(_needed(filters, "PRICE_FILTER").tick_size)),
        step_size=positive(_given(lot.step_size)),
        min_quantity=positive(_given(lot.min_qty)),
        max_quantity=positive(_given(lot.max_qty)),
        min_notional_usdt=max(
            [not_negative(f.min_notional) for f in row.filters if f.min_notional is not None],
            default=ZERO,
        ),
        max_notional_usdt=min(
            [positive(f.max_notional) for f in row.filters if f.max_notional is not None],
            default=_NO_LIMIT_USDT,
        ),
        base_precision=row.base_asset_precision,
    )


def _needed(filters: Mapping[str, _Filter], kind: str) -> _Filter:
    if kind not in filters:
        raise ValueError(f"the filter {kind} is missing")
    return filters[kind]


def _given(value: Number | None) -> Number:
    if value is None:
        raise ValueError("a filter lacks its number")
    return value


def _levels(rows: Sequence[tuple[Number, Number]]) -> list[Level]:
    levels = [Level(positive(price), not_negative(quantity)) for price, quantity in rows]
    return [level for level in levels if level.quantity]


def _same_symbol(found: str, asked: Symbol) -> None:
    if found != asked:
        raise ValueError(f"{asked} was asked for, the answer was about {found[:40]}")


def _fraction(value: Number) -> Decimal:
    fraction = not_negative(value).scaleb(-_FEE_UNIT_PLACES)
    if fraction >= 1:
        raise ValueError(f"a fee of less than everything was expected, was {fraction}")
    return fraction
