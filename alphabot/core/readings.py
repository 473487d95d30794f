"""One complete reading of an account: what the exchange said of it at one moment."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from alphabot.core.values import Balances, OrderId, OrderReport

__all__ = ["Reading"]


@dataclass(frozen=True, slots=True)
class Reading:
    """Open orders of an account, the ended ones of some tokens, and what the wallet holds.

    The parts are asked for one after the other, open orders first: an order that ends in between
    is then in both lists, while the other way round it could be in neither. ``balances`` are None
    where nobody needs them.
    """

    open_orders: tuple[OrderReport, ...]
    history: tuple[OrderReport, ...]
    balances: Balances | None = None

    @property
    def all(self) -> tuple[OrderReport, ...]:
        """Every order of the reading; an order in both lists appears twice."""
        return (*self.open_orders, *self.history)

    def of(self, order_id: OrderId) -> list[OrderReport]:
        """Return what was read of one order."""
        return [report for report in self.all if report.order_id == order_id]

    def foreign(self, claimed: Collection[OrderId]) -> tuple[OrderReport, ...]:
        """Return the open orders that are none of ours: a human, or another program."""
        return tuple(report for report in self.open_orders if report.order_id not in claimed)
