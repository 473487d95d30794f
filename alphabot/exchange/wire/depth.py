"""Levels of a book: changes from the ``fulldepth`` stream, whole ones from the ``depth`` streams.

Both have one shape (protocol section 6); a change names the one it follows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from alphabot.core.values import Level, Symbol
from alphabot.exchange.wire.numbers import Count, Number, Word, not_negative, positive
from alphabot.exchange.wire.stream import Event, read_event

__all__ = ["DEPTH_UPDATE", "DepthChange", "depth_change", "depth_stream"]

DEPTH_UPDATE: Final = "depthUpdate"
"""The name of the event."""


@dataclass(frozen=True, slots=True)
class DepthChange:
    """Levels that are new; a level without quantity is gone.

    A change whose ``previous_id`` is not the ``last_id`` of the one before means that some were
    missed, and that the book must be asked for again.
    """

    symbol: Symbol
    at_ms: int
    first_id: int
    last_id: int
    previous_id: int
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


def depth_stream(symbol: Symbol) -> str:
    """Return the name of the stream of a symbol's twenty best levels a side, twice a second."""
    return f"{symbol.lower()}@depth20@500ms"


def depth_change(event: Event) -> DepthChange:
    """Return what a ``depthUpdate`` says; raises UnexpectedReply for what cannot be read."""
    return read_event(event, _DepthUpdate, _depth_change)


class _DepthUpdate(
    msgspec.Struct,
    rename={
        "symbol": "s",
        "at_ms": "T",
        "first_id": "U",
        "last_id": "u",
        "previous_id": "pu",
        "bids": "b",
        "asks": "a",
    },
):
    symbol: Word
    at_ms: Count
    first_id: Count
    last_id: Count
    previous_id: Count
    bids: list[tuple[Number, Number]]
    asks: list[tuple[Number, Number]]


def _depth_change(found: _DepthUpdate) -> DepthChange:
    if not found.previous_id < found.first_id <= found.last_id:
        raise ValueError("updates whose ids rise were expected")
    return DepthChange(
        symbol=Symbol(found.symbol),
        at_ms=found.at_ms,
        first_id=found.first_id,
        last_id=found.last_id,
        previous_id=found.previous_id,
        bids=_levels(found.bids),
        asks=_levels(found.asks),
    )


def _levels(rows: Sequence[tuple[Number, Number]]) -> tuple[Level, ...]:
    return tuple(Level(positive(price), not_negative(quantity)) for price, quantity in rows)
