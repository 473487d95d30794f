"""What happened to accounts whose exchange lives in a process and is to outlive it.

One event is one line of text. Told again from the first on, by the same back office, they make
the same accounts and orders with the same ids: so nothing else has to be kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

import msgspec

from alphabot.simulator.book import Side
from alphabot.simulator.market import Execution
from alphabot.simulator.tokens import Token

__all__ = ["Cancelled", "Event", "Filled", "Keep", "Opened", "Placed", "Rested", "decode", "encode"]


class _Event(msgspec.Struct, frozen=True, tag_field="event"):
    at_ms: int


class Opened(_Event, frozen=True, tag="opened"):
    """A user's account was opened with so much in its funding wallet."""

    user_id: int
    funding_usdt: Decimal


class Placed(_Event, frozen=True, tag="placed"):
    """An order was accepted; with a pending price, a pair."""

    user_id: int
    token: Token
    side: Side
    price: Decimal
    quantity: Decimal
    pending_price: Decimal | None = None


class Rested(_Event, frozen=True, tag="rested"):
    """An order had what the book had for it, if anything, and began to wait."""

    order_id: int
    walked: bool


class Filled(_Event, frozen=True, tag="filled"):
    """An order was filled, wholly or in part."""

    execution: Execution


class Cancelled(_Event, frozen=True, tag="cancelled"):
    """An order was cancelled, and with a working leg its pair."""

    order_id: int


Event = Opened | Placed | Rested | Filled | Cancelled

Keep = Callable[[Sequence[str]], None]
"""Makes lines durable, all of them or none."""

_decoder = msgspec.json.Decoder(Event)


def encode(event: Event) -> str:
    """Return an event as a line of text."""
    return msgspec.json.encode(event).decode()


def decode(line: str) -> Event:
    """Return the event of a line; raises ValueError for one that is none."""
    try:
        event: Event = _decoder.decode(line)
    except msgspec.DecodeError as cause:
        raise ValueError(f"{line[:80]!r} is no event: {cause}") from cause
    return event
