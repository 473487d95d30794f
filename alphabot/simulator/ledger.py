"""What really happened, kept by the exchange for whoever judges a client afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

__all__ = [
    "Booking",
    "Entry",
    "Ledger",
    "PrivateCall",
    "Request",
    "RequestKind",
    "SelfCross",
    "Subscription",
]


class RequestKind(StrEnum):
    """What an order request asked for."""

    PLACE = "place"
    PLACE_PAIR = "place pair"
    CANCEL = "cancel"
    CANCEL_ALL = "cancel all"


@dataclass(frozen=True, slots=True)
class Request:
    """One order request as it arrived. ``code`` is the refusal's code, None if accepted.

    ``order_ids`` are the orders it made or cancelled.
    """

    at_ms: int
    user_id: int
    kind: RequestKind
    code: str | None
    order_ids: tuple[int, ...]

    @property
    def accepted(self) -> bool:
        """Tell whether the exchange did what was asked."""
        return self.code is None


@dataclass(frozen=True, slots=True)
class PrivateCall:
    """One authenticated call of any kind; ``user_id`` is None where nobody was recognised."""

    at_ms: int
    user_id: int | None
    method: str
    path: str


@dataclass(frozen=True, slots=True)
class SelfCross:
    """A match between two orders of users of this exchange, not with the crowd."""

    at_ms: int
    pair: str
    price: Decimal
    quantity: Decimal
    buyer_id: int
    seller_id: int
    buy_order_id: int
    sell_order_id: int


@dataclass(frozen=True, slots=True)
class Booking:
    """A fill that was booked; the order has it last."""

    at_ms: int
    user_id: int
    order_id: int


@dataclass(frozen=True, slots=True)
class Subscription:
    """A user's events begin to be carried on a connection."""

    at_ms: int
    user_id: int


Entry = Request | PrivateCall | SelfCross | Booking | Subscription


@dataclass(slots=True)
class Ledger:
    """Three records in order of time. They grow with the run; a long one may clear them.

    ``onlookers`` are told of each entry as it is made, of bookings and subscriptions too, which
    are not kept.
    """

    requests: list[Request] = field(default_factory=list)
    calls: list[PrivateCall] = field(default_factory=list)
    self_crosses: list[SelfCross] = field(default_factory=list)
    onlookers: list[Callable[[Entry], None]] = field(default_factory=list)

    def note(self, entry: Entry) -> None:
        """Keep an entry and tell whoever looks on."""
        match entry:
            case Request():
                self.requests.append(entry)
            case PrivateCall():
                self.calls.append(entry)
            case SelfCross():
                self.self_crosses.append(entry)
        for onlooker in self.onlookers:
            onlooker(entry)
