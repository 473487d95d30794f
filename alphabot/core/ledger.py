"""A user's tokens as a ledger: where everything is that our own rounds bought."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from alphabot.core.exact import ZERO, Exact
from alphabot.core.progress import UserState
from alphabot.core.standing import on_sale
from alphabot.core.values import AlphaId

__all__ = ["LedgerLine", "ledger"]


@dataclass(frozen=True, slots=True)
class LedgerLine(Exact):
    """One token of one user: quantities in tokens, costs in USDT.

    ``bought`` (less the fee taken in the token) is ``sold + on_sells + leftover + unknown``.
    """

    alpha_id: AlphaId
    bought: Decimal
    sold: Decimal
    on_sells: Decimal
    """Held, and on SELLs of ours that have not been settled."""
    leftover: Decimal
    """Held, and on no order: dust, and what is still to be sold."""
    unknown: Decimal
    """Gone from the wallet, by no order of ours."""
    cost_usdt: Decimal
    """What everything that is held has cost."""
    leftover_cost_usdt: Decimal
    """What ``leftover`` has cost."""


def ledger(state: UserState) -> tuple[LedgerLine, ...]:
    """Return the tokens of which a user ever bought anything, the first one first."""
    lines = []
    for alpha_id, holding in state.holdings.items():
        if not holding.bought:
            continue
        offered = min(max(on_sale(state, alpha_id)[0], ZERO), holding.quantity)
        lines.append(
            LedgerLine(
                alpha_id=alpha_id,
                bought=holding.bought,
                sold=holding.sold,
                on_sells=offered,
                leftover=holding.quantity - offered,
                unknown=holding.unknown,
                cost_usdt=holding.cost_usdt,
                leftover_cost_usdt=holding.cost_usdt - holding.cost_of(offered),
            )
        )
    return tuple(lines)
