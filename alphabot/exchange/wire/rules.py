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
from alphabot.exchange.wire.envelope import Reply, open_long, shaped
from alphabot.exchange.wire.listing import Listing, read_rows
from alphabot.exchange.wire.numbers import Number, not_negative, positive
from alphabot.exchange.wire.pieces import Bounds
from alphabot.exchange.wire.steps import Steps

__all__ = ["EXCHANGE_INFO_BYTES_MAX", "EXCHANGE_INFO_PATH", "SymbolRules", "exchange_info"]

EXCHANGE_INFO_PATH: Final = "/bapi/defi/v1/public/alpha-trade/get-exchange-info"
EXCHANGE_INFO_BYTES_MAX: Final = 8 << 20
_BOUNDS: Final = Bounds(EXCHANGE_INFO_BYTES_MAX, values_max=400_000, levels=3)
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


def exchange_info(reply: Reply) -> Steps[Listing[Symbol, SymbolRules]]:
    """Return the trading rules of every symbol, padded or compact filters alike; in steps.

    A symbol with an unknown filter, two of one kind, or none of a needed kind is refused. Raises
    UnexpectedReply if there is no list.
    """
    envelope = yield from open_long(reply, _BOUNDS)
    info = shaped(envelope.data, _ExchangeInfo, lambda found: found, reply.body)

    def build(row: _SymbolRow) -> SymbolRules:
        trading = row.status == "TRADING" and "LIMIT" in row.order_types and info.oto_enabled
        return SymbolRules(_grid(row), trading)

    return (yield from read_rows(info.symbols, "symbol", _SymbolRow, build))


_SHORT: Final = msgspec.Meta(max_length=64)
"""Eight filters and one order type were seen; what is longer is not worth reading."""


class _ExchangeInfo(msgspec.Struct, rename="camel"):
    symbols: list[Any]
    oto_enabled: bool = True


class _SymbolRow(msgspec.Struct, rename="camel"):
    status: str
    base_asset_precision: Annotated[int, msgspec.Meta(ge=0, le=30)]
    filters: Annotated[list[_Filter], _SHORT]
    order_types: Annotated[list[str], _SHORT]


class _Filter(msgspec.Struct, rename="camel"):
    filter_type: str
    tick_size: Number | None = None
    step_size: Number | None = None
    min_qty: Number | None = None
    max_qty: Number | None = None
    min_notional: Number | None = None
    max_notional: Number | None = None


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
