"""What a committed intent asks of the exchange."""

from __future__ import annotations

from alphabot.core.records import Intended
from alphabot.core.values import PairPlan, SalePlan
from alphabot.errors import InvariantBroken

__all__ = ["pair_plan", "sale_plan"]


def pair_plan(intended: Intended) -> PairPlan:
    """Return the pair an intent is about; raises InvariantBroken if it is a sale."""
    if intended.buy_price is None or intended.amount_usdt is None:
        raise InvariantBroken(f"intent {intended.intent_id} is no pair")
    return PairPlan(
        alpha_id=intended.alpha_id,
        symbol=intended.symbol,
        buy_price=intended.buy_price,
        sell_price=intended.sell_price,
        quantity=intended.quantity,
        amount_usdt=intended.amount_usdt,
    )


def sale_plan(intended: Intended) -> SalePlan:
    """Return the sale an intent is about; raises InvariantBroken if it is a pair."""
    if intended.is_pair:
        raise InvariantBroken(f"intent {intended.intent_id} is no sale")
    return SalePlan(
        alpha_id=intended.alpha_id,
        symbol=intended.symbol,
        price=intended.sell_price,
        quantity=intended.quantity,
    )
