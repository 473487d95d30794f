"""The judge's own books: what the exchange's fills make of holdings, costs and losses.

Kept from the exchange's bookings alone, fill by fill, for the orders the service placed.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from alphabot.simulator.book import Side
from alphabot.simulator.orders import Order

__all__ = ["Books", "Position"]

_DAY_MS = 86_400_000
_ZERO = Decimal(0)


@dataclass(slots=True)
class Position:
    """What a user's own buying brought of a token and has not been sold, and its cost in USDT."""

    quantity: Decimal = _ZERO
    cost_usdt: Decimal = _ZERO


@dataclass(slots=True)
class Books:
    """Every user's positions and what was lost on each UTC day."""

    positions: defaultdict[tuple[int, str], Position] = field(
        default_factory=lambda: defaultdict(Position)
    )
    lost_usdt: defaultdict[tuple[int, int], Decimal] = field(
        default_factory=lambda: defaultdict(Decimal)
    )

    def book(self, order: Order, at_ms: int) -> Position:
        """Take in the latest fill of an order; return the position it changed."""
        fill = order.fills[-1]
        position = self.positions[order.user_id, order.token.alpha_id]
        if order.side is Side.BUY:
            position.quantity += fill.quantity - fill.fee
            position.cost_usdt += fill.quote
            return position
        held = position.quantity
        share = position.cost_usdt if fill.quantity >= held else _share(position, fill.quantity)
        position.quantity -= fill.quantity
        position.cost_usdt -= share
        self.lost_usdt[order.user_id, at_ms // _DAY_MS] += share - (fill.quote - fill.fee)
        return position

    def of(self, user_id: int, alpha_id: str) -> Position:
        """Return a position, empty if there was none."""
        return self.positions[user_id, alpha_id]

    def cost_usdt(self, user_id: int) -> Decimal:
        """Return what everything a user holds had cost."""
        return sum((p.cost_usdt for (u, _), p in self.positions.items() if u == user_id), _ZERO)


def _share(position: Position, quantity: Decimal) -> Decimal:
    return position.cost_usdt * quantity / position.quantity
