"""What our own rounds bought of a token and have not sold, and what became of the rest.

A holding is a ledger: what was bought (less the fee taken in the token) is sold, or still held,
or written off because the wallet no longer has it. Costs are averages, cut at eighteen places.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from alphabot.core.exact import ZERO, divide, floor_places, multiply

__all__ = ["Holding"]

_COST_PLACES = 18


@dataclass(slots=True)
class Holding:
    """One token of one user: quantities in tokens, cost in USDT.

    At any time ``bought == sold + quantity + unknown``.
    """

    quantity: Decimal = ZERO
    """Bought and not sold, on an order or not, dust included."""
    cost_usdt: Decimal = ZERO
    """What ``quantity`` has cost."""
    bought: Decimal = ZERO
    sold: Decimal = ZERO
    unknown: Decimal = ZERO
    """Gone from the wallet, by no order of ours."""
    abandoned: bool = False
    """A SELL of these ended without our asking; a human decides (policy ``wait``)."""
    tried: Decimal | None = None
    """The limit of the last SELL that ended without selling all."""

    def add(self, quantity: Decimal, cost_usdt: Decimal) -> None:
        """Take in bought tokens."""
        self.tried = None
        self.bought += quantity
        self.quantity += quantity
        self.cost_usdt += cost_usdt

    def take(self, quantity: Decimal) -> Decimal:
        """Take out sold tokens and return what they had cost, by average."""
        self.sold += quantity
        return self._out(quantity)

    def write_off(self, quantity: Decimal) -> Decimal:
        """Take out tokens that are gone without a sale and return what they had cost."""
        self.unknown += quantity
        return self._out(quantity)

    def cost_of(self, quantity: Decimal) -> Decimal:
        """Return what this many of the tokens have cost, by average; at most all of it."""
        if quantity >= self.quantity:
            return self.cost_usdt
        share = multiply(floor_places(self.cost_usdt, _COST_PLACES), quantity)
        return floor_places(divide(share, self.quantity), _COST_PLACES)

    def _out(self, quantity: Decimal) -> Decimal:
        cost = self.cost_of(quantity)
        self.quantity -= quantity
        self.cost_usdt -= cost
        return cost
