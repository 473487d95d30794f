"""The last round before a target in points: no larger than what is still missing."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from alphabot.core.exact import ceil_to, divide, multiply
from alphabot.core.planning import Unplannable
from alphabot.core.values import Instrument, PairPlan, Proposal, Quote

__all__ = ["needed_usdt", "smallest_plan"]

_CENT = Decimal("0.01")


def needed_usdt(
    missing: Decimal, instrument: Instrument, proposal: Proposal, quote: Quote
) -> Decimal:
    """Return what to order so that about ``missing`` points volume fills, in USDT.

    A BUY above the market fills at the ask, so it takes more than it will cost; one step of the
    quantity is added for what the grid cuts off.
    """
    raw_usdt = divide(missing, Decimal(instrument.token.mul_point))
    fills_at = min(proposal.buy_price, quote.ask)
    if fills_at <= 0:
        return raw_usdt
    quantity = divide(raw_usdt, fills_at) + instrument.grid.step_size
    return ceil_to(multiply(quantity, proposal.buy_price), _CENT)


def smallest_plan(
    plan_for: Callable[[Decimal], PairPlan],
    needed: Decimal,
    full: Decimal,
    fits: Callable[[PairPlan], bool],
) -> PairPlan:
    """Return the plan for what is needed, or for twice as much and so on, up to the full amount.

    A small round may be below the exchange's minimum, or leave too much dust. Raises Unplannable
    if not even the full amount can be planned.
    """
    amount = needed
    while amount < full:
        try:
            plan = plan_for(amount)
        except Unplannable:
            pass
        else:
            if fits(plan):
                return plan
        amount *= 2
    return plan_for(full)
