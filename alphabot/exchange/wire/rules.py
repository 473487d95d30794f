"""Exchange info: on which grid each symbol trades, and whether it does (protocol section 2).

Filters come padded with null keys or compact. What they do not say is no limit; a filter that is
not known may be one that matters, and refuses its symbol.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Final

import msgspec

from alphabot.core.exact import ZERO, Exact
from alphabot.core.values import Grid, Symbol
from alphabot.exchange.wire.envelope import Reply, unwrap
from alphabot.exchange.wire.listing import Listing, read_rows
from alphabot.exchange.wire.numbers import Number, not_negative, positive

__all__ = ["EXCHANGE_INFO_BYTES_MAX", "EXCHANGE_INFO_PATH", "SymbolRules", "exchange_info"]

EXCHANGE_INFO_PATH: Final = "/bapi/defi/v1/public/alpha-trade/get-exchange-info"
EXCHANGE_INFO_BYTES_MAX: Final = 8 << 20
_VALUES_MAX: Final = 400_000
"""The 685 symbols of 2025, every filter padded to sixteen keys, are near 2 MB and 100,000 values.
The list grows with every token, and one that is refused stops everybody."""

_NO_LIMIT_USDT = Decimal(10**15)
"""For a symbol that announces no largest notional (the compact form has none)."""


@dataclass(frozen=True, slots=True)
class SymbolRules(Exact):
    """What exchange info says of one symbol."""

    grid: Grid
    trading: bool
    """Whether its status is TRADING and the exchange takes limit orders and OTO pairs."""


def exchange_info(reply: Reply) -> Listing[Symbol, SymbolRules]:
    """Return the trading rules of every symbol, from padded and compact filters alike.

    A symbol with an unknown filter, two of one kind, or none of a needed kind is refused. Raises
    UnexpectedReply if there is no list.
    """
    return unwrap(
        reply,
        _ExchangeInfo,
        _symbols,
        size_max=EXCHANGE_INFO_BYTES_MAX,
        values_max=_VALUES_MAX,
    )


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


def _symbols(info: _ExchangeInfo) -> Listing[Symbol, SymbolRules]:
    def build(row: _SymbolRow) -> SymbolRules:
        trading = row.status == "TRADING" and "LIMIT" in row.order_types and info.oto_enabled
        return SymbolRules(_grid(row), trading)

    return read_rows(info.symbols, "symbol", _SymbolRow, build)


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
