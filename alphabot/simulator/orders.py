"""An order as the exchange keeps it: its terms, every state it was in, every fill it had."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from alphabot.simulator.amounts import ZERO, floor_places
from alphabot.simulator.book import Side
from alphabot.simulator.tokens import Token

__all__ = ["Fill", "Leg", "Order", "OrderState", "Pair", "Status"]


class Status(StrEnum):
    """Where an order stands, in the words of the wire (protocol: executionReport, X)."""

    PENDING = "PENDING"
    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"

    @property
    def is_final(self) -> bool:
        """Tell whether an order in this status never changes again."""
        return self in _FINAL

    @property
    def is_live(self) -> bool:
        """Tell whether an order in this status can trade."""
        return self in _LIVE


_FINAL = frozenset({Status.FILLED, Status.CANCELED, Status.EXPIRED})
_LIVE = frozenset({Status.NEW, Status.PARTIALLY_FILLED})


class Leg(StrEnum):
    """Which part of an OTO pair an order is (protocol: contingencyOrderPosition, cp)."""

    WORKING = "OTO_WORKING"
    PENDING = "OTO_PENDING"


@dataclass(frozen=True, slots=True)
class Pair:
    """What joins the two legs of an OTO; ids of a pair are consecutive, working first."""

    list_id: int
    leg: Leg
    partner_id: int


@dataclass(frozen=True, slots=True)
class Fill:
    """One fill of one order. Fills of one match share ``trade_id``; the other ids are unique."""

    trade_id: int
    event_id: int
    page_id: int
    price: Decimal
    quantity: Decimal
    quote: Decimal
    fee: Decimal
    fee_asset: str
    buyer_is_maker: bool
    completes: bool
    at_ms: int


@dataclass(frozen=True, slots=True)
class OrderState:
    """How an order stood from ``at_ms`` on; ``fills`` counts those that had happened."""

    at_ms: int
    status: Status
    quantity: Decimal
    executed: Decimal = ZERO
    quote: Decimal = ZERO
    fills: int = 0
    working_ms: int = 0

    @property
    def open_quantity(self) -> Decimal:
        """What is still to be filled."""
        return self.quantity - self.executed


@dataclass(slots=True, eq=False)
class Order:
    """One order of one user. ``locked`` is what its wallet holds back for it."""

    user_id: int
    order_id: int
    client_order_id: str
    token: Token
    side: Side
    price: Decimal
    created_ms: int
    pair: Pair | None
    states: list[OrderState]
    fills: list[Fill] = field(default_factory=list)
    locked: Decimal = ZERO

    @property
    def state(self) -> OrderState:
        """How the order stands now."""
        return self.states[-1]

    def state_at(self, at_ms: int) -> OrderState | None:
        """Return how the order stood at a time, None if it was not yet placed."""
        for state in reversed(self.states):
            if state.at_ms <= at_ms:
                return state
        return None

    def enter(self, state: OrderState) -> None:
        """Go on to a new state; raises RuntimeError if the order had already ended."""
        if self.state.status.is_final:
            raise RuntimeError(f"order {self.order_id} ended as {self.state.status}")
        self.states.append(state)

    @property
    def fees_base(self) -> Decimal:
        """What its fills cost in the token; only purchases pay in it."""
        return sum((fill.fee for fill in self.fills), ZERO) if self.side is Side.BUY else ZERO

    @property
    def bought(self) -> Decimal:
        """What a purchase brought after fees, at the token's precision."""
        return floor_places(self.state.executed - self.fees_base, self.token.base_precision)

    def __repr__(self) -> str:
        return (
            f"<Order {self.order_id} user {self.user_id} {self.side} {self.token.pair} "
            f"{self.state.executed}/{self.state.quantity} at {self.price} {self.state.status}>"
        )
