"""What really happened, kept by the exchange for whoever judges a client afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

__all__ = ["Ledger", "PrivateCall", "Request", "RequestKind", "SelfCross"]


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


@dataclass(slots=True)
class Ledger:
    """Three records in order of time. They grow with the run; a long one may clear them."""

    requests: list[Request] = field(default_factory=list)
    calls: list[PrivateCall] = field(default_factory=list)
    self_crosses: list[SelfCross] = field(default_factory=list)
