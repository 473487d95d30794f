"""What a pair or a SELL may do at its worst, judged when the exchange accepts it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from alphabot.simulator.book import Side
from alphabot.simulator.orders import Order

if TYPE_CHECKING:
    from alphabot.rehearsal.stakes import Stakes

__all__ = ["judge_pair", "judge_sale"]

_DAY_MS = 86_400_000
_HAIR = Decimal("0.000001")
_ZERO = Decimal(0)


def judge_pair(stakes: Stakes, orders: Sequence[Order], at_ms: int) -> None:
    """Look whether a pair may lose more than is left of a day, or is one round too many."""
    buy, sell = orders[0], orders[-1]
    if sell is buy:
        return
    lost = stakes.books.lost_usdt.get((buy.user_id, at_ms // _DAY_MS), _ZERO)
    worst = (buy.price - sell.price) * buy.state.quantity
    if lost + worst > stakes.rules.max_daily_loss_usdt + _HAIR:
        what = f"user {buy.user_id} lost {lost} USDT today and begins what may lose {worst} more"
        stakes.object_to("I-5", what)
    if not stakes.counts_rounds:
        return
    begun = [
        order
        for order in stakes.ours()
        if order.user_id == buy.user_id
        and order.token.alpha_id == buy.token.alpha_id
        and stakes.is_working(order)
        and order.state.executed
        and order is not buy
    ]
    if len(begun) >= stakes.rules.max_rounds:
        stakes.object_to("I-17", f"user {buy.user_id} begins round {len(begun) + 1}: {buy}")


def judge_sale(stakes: Stakes, sell: Order, others: Sequence[Order]) -> None:
    """Look whether a leftover is sold below its floor, or could meet a BUY of another user."""
    position = stakes.books.of(sell.user_id, sell.token.alpha_id)
    if position.quantity > 0:
        cost = position.cost_usdt / position.quantity
        floor = cost * (1 - stakes.rules.max_exit_loss_percent / 100)
        if sell.price < floor - sell.token.tick:
            stakes.object_to("I-5", f"what cost {cost:.8f} is sold below {floor:.8f}: {sell}")
    for order in others:
        meets = order.token.pair == sell.token.pair and order.side is Side.BUY
        if meets and order.state.status.is_live and order.price >= sell.price:
            stakes.object_to("I-16", f"{sell} could meet {order}")
