"""The ladder: at which limits a SELL that did not fill is offered again, and how low at most.

Each rung is a third of the allowed loss below the one before; the last is the floor, and there
the order stays. The floor is measured from what the tokens have cost on average, fees included.
"""

from __future__ import annotations

from decimal import Decimal

from alphabot.core.exact import ZERO, divide, percent_of
from alphabot.core.holdings import Holding

__all__ = ["RUNGS", "cost_price", "exit_floor", "next_limit"]

RUNGS = 3
"""How many steps lead from the cost down to the floor."""


def cost_price(holding: Holding) -> Decimal | None:
    """Return what one token has cost on average in USDT, None when nothing is held."""
    return divide(holding.cost_usdt, holding.quantity) if holding.quantity > 0 else None


def exit_floor(holding: Holding, exit_loss_percent: Decimal) -> Decimal:
    """Return the lowest limit at which these tokens may be offered; 0 when nothing is held."""
    cost = cost_price(holding)
    return ZERO if cost is None else percent_of(cost, -exit_loss_percent)


def next_limit(holding: Holding, exit_loss_percent: Decimal, proposed: Decimal) -> Decimal:
    """Return the limit to offer the tokens at now.

    The first is the rule's own, later ones are a rung below the one that did not fill; none is
    below the floor.
    """
    floor = exit_floor(holding, exit_loss_percent)
    if holding.tried is None:
        return max(floor, proposed)
    cost = cost_price(holding) or floor
    return max(floor, min(holding.tried, cost) - divide(cost - floor, Decimal(RUNGS)))
