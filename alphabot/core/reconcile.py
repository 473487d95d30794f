"""What an exchange's answers prove about an intent whose outcome is not known.

An intent whose request may have left is never sent again. It is *matched* to an order the
exchange lists, or *proven absent* by several complete reads over the settle window; until one
of both, nothing new leaves for that account. Only an unclaimed order of the same symbol, side,
price and quantity, created in the right window, is a match; two of them are no match but a
question for a human.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import Enum, auto

from alphabot.core.exact import ZERO
from alphabot.core.orders import Legs
from alphabot.core.records import Intended, Leg
from alphabot.core.values import OrderId, OrderReport, OrderStatus, Side

__all__ = ["Match", "Reading", "absent_leg", "find_orders", "is_proven_absent"]

SKEW_MS = 60_000
"""How far the exchange's clock may run behind ours; its order times are compared with our own."""
READS_MIN = 3
"""How many complete readings without a match prove absence, the last after the settle window."""


class Match(Enum):
    """How a search for an intent's orders ended."""

    NONE = auto()
    ONE = auto()
    SEVERAL = auto()


@dataclass(frozen=True, slots=True)
class Reading:
    """One complete reading of an account: its open orders, and the ended ones of a token."""

    open_orders: tuple[OrderReport, ...]
    history: tuple[OrderReport, ...]

    @property
    def all(self) -> tuple[OrderReport, ...]:
        """Every order of the reading; an order in both lists appears twice."""
        return (*self.open_orders, *self.history)

    def of(self, order_id: OrderId) -> list[OrderReport]:
        """Return what was read of one order."""
        return [report for report in self.all if report.order_id == order_id]


def find_orders(
    intended: Intended, reading: Reading, claimed: Collection[OrderId]
) -> tuple[Match, dict[Side, OrderReport]]:
    """Return whether the intent's order was read, and the reports of its legs by side.

    The leg that proves a pair is its BUY; its SELL is the unclaimed one of the same list id.
    """
    side, price = (
        (Side.BUY, intended.buy_price) if intended.is_pair else (Side.SELL, intended.sell_price)
    )
    found = {
        report.order_id: report
        for report in reading.all
        if report.order_id not in claimed
        and report.symbol == intended.symbol
        and report.side is side
        and report.price == price
        and report.quantity == intended.quantity
        and report.created_at_ms >= intended.at_ms - SKEW_MS
    }
    if len(found) != 1:
        return (Match.SEVERAL if found else Match.NONE), {}
    (first,) = found.values()
    if not intended.is_pair:
        return Match.ONE, {side: first}
    second = _other_leg(first, reading.all, claimed)
    return (Match.ONE, {Side.BUY: first, Side.SELL: second}) if second else (Match.SEVERAL, {})


def _other_leg(
    working: OrderReport, reports: Iterable[OrderReport], claimed: Collection[OrderId]
) -> OrderReport | None:
    for report in reports:
        same_list = report.order_list_id == working.order_list_id is not None
        if same_list and report.side is Side.SELL and report.order_id not in claimed:
            return report
    return None


def is_proven_absent(reads: int, seconds_since_send: float, settle_seconds: float) -> bool:
    """Whether this many complete readings without a match, over that time, prove absence."""
    return reads >= READS_MIN and seconds_since_send >= settle_seconds


def absent_leg(legs: Legs, reading: Reading) -> OrderReport | None:
    """Return the report that a never released SELL is gone, if the reading proves it.

    The exchange's last word on a pending leg whose BUY was cancelled was never observed
    (protocol sections 7 and 12). A BUY that ended without filling wholly releases nothing, so a
    SELL that a complete reading lists neither as open nor as ended has gone with it.
    """
    if Leg.PENDING not in legs.orders:
        return None
    working, pending = legs[Leg.WORKING], legs[Leg.PENDING]
    dropped = working.terminal and working.status is not OrderStatus.FILLED
    waiting = pending.status is OrderStatus.PENDING
    if not dropped or not waiting or reading.of(pending.order_id):
        return None
    return OrderReport(
        order_id=pending.order_id,
        symbol=pending.symbol,
        side=pending.side,
        status=OrderStatus.EXPIRED,
        price=pending.price,
        quantity=pending.quantity,
        executed=ZERO,
        quote_usdt=ZERO,
        source="absence",
    )
