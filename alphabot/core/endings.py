"""What the records of an order's end say of it: whether it was meant to, and whose it was."""

from __future__ import annotations

from alphabot.core.records import Intended, Settled
from alphabot.core.values import IntentId, OrderStatus

__all__ = ["number_of", "was_planned"]


def was_planned(intended: Intended, record: Settled) -> bool:
    """Whether an order may have ended because the wait that its rule planned was over."""
    return intended.wait_of(record.leg) is not None and record.status is OrderStatus.CANCELED


def number_of(intent_id: IntentId) -> int:
    """Return the number at the end of an id; numbers only rise, but one may be left out."""
    tail = intent_id.rpartition("-")[2]
    return int(tail) if tail.isdecimal() else 0
