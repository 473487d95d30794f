"""What the records of an order's end say of it: when, whether it was meant to, and whose it was."""

from __future__ import annotations

from alphabot.core.records import Intended, Settled
from alphabot.core.values import IntentId, OrderStatus

__all__ = ["number_of", "sold_at_ms", "was_planned"]


def sold_at_ms(intended: Intended, settled: Settled) -> int:
    """Return when a SELL's last fill happened, by our clock as far as the two disagree.

    No fill is older than its intent or younger than its settlement: with the exchange's clock
    ahead, or wrong by years, its loss would else be on a day that is not yet, and limit nothing.
    """
    if settled.filled_at_ms is None:
        return settled.at_ms
    return min(max(settled.filled_at_ms, intended.at_ms), settled.at_ms)


def was_planned(intended: Intended, record: Settled) -> bool:
    """Whether an order may have ended because the wait that its rule planned was over."""
    return intended.wait_of(record.leg) is not None and record.status is OrderStatus.CANCELED


def number_of(intent_id: IntentId) -> int:
    """Return the number at the end of an id; numbers only rise, but one may be left out."""
    tail = intent_id.rpartition("-")[2]
    return int(tail) if tail.isdecimal() else 0
