"""The volume that the exchange shows for today beside ours, and why the two may differ.

Its figure lags fills by one to two minutes, may be multiplied, and counts everything of the
account under a display symbol that several tokens may share (protocol section 4). So what ours
says of it is not one number but a range: at least what filled long enough ago, as it was bought;
at most all of it, times the tokens' multipliers. Outside of that the two disagree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from alphabot.core.days import DAY_MS, quote_by_day
from alphabot.core.exact import ZERO, Exact, multiply
from alphabot.core.records import Intended, Leg, Record, Settled
from alphabot.core.values import AlphaId, IntentId

__all__ = ["Bought", "Difference", "Purchases", "explain"]

LAG_MS = 180_000
"""Half as much again as the longest lag on record."""
TOLERANCE = Decimal("0.001")
"""Of a figure: the exchange's are binary fractions, and ours are cut."""


class Difference(StrEnum):
    """Why the exchange's figure is not ours, or that it is."""

    NONE = "none"
    """It is what our BUYs cost."""
    MULTIPLIED = "multiplied"
    """It is what they cost times the tokens' multipliers."""
    LATE = "late"
    """The newest fills are not in it yet, and it may be multiplied."""
    MORE = "more"
    """It holds what is none of ours."""
    LESS = "less"
    """It lacks what filled long ago."""

    @property
    def disagrees(self) -> bool:
        """Whether nothing that we know of explains it."""
        return self in (Difference.MORE, Difference.LESS)


@dataclass(frozen=True, slots=True)
class Bought(Exact):
    """What our BUYs of today come to, in USDT."""

    raw: Decimal = ZERO
    multiplied: Decimal = ZERO
    settled: Decimal = ZERO
    """Of the raw volume, what filled so long ago that the exchange must show it."""


def explain(shown: Decimal, ours: Bought) -> Difference:
    """Return how the exchange's figure and ours fit together."""
    if _alike(shown, ours.raw):
        return Difference.NONE
    if _alike(shown, ours.multiplied):
        return Difference.MULTIPLIED
    if shown > ours.multiplied:
        return Difference.MORE
    return Difference.LESS if shown < ours.settled else Difference.LATE


def _alike(shown: Decimal, ours: Decimal) -> bool:
    return abs(shown - ours) <= multiply(ours, TOLERANCE)


@dataclass(frozen=True, slots=True)
class _Purchase:
    alpha_id: AlphaId
    day: int
    at_ms: int
    raw: Decimal
    mul_point: int


class Purchases:
    """One user's BUYs of the last two days, from the records of its journal."""

    def __init__(self) -> None:
        self._intended: dict[IntentId, Intended] = {}
        self._purchases: list[_Purchase] = []

    def take(self, record: Record) -> None:
        """Take in the next record."""
        match record:
            case Intended(is_pair=True):
                self._intended[record.intent_id] = record
            case Settled(leg=Leg.WORKING):
                intended = self._intended.pop(record.intent_id, None)
                if intended is not None and record.executed:
                    self._buy(intended, record)
            case _:
                pass

    def of_day(self, day: int, alpha_ids: Sequence[AlphaId], now_ms: int) -> Bought:
        """Return what was bought of these tokens on a day since 1970-01-01 UTC."""
        found = [p for p in self._purchases if p.day == day and p.alpha_id in alpha_ids]
        return Bought(
            raw=sum((p.raw for p in found), ZERO),
            multiplied=sum((p.raw * p.mul_point for p in found), ZERO),
            settled=sum((p.raw for p in found if p.at_ms <= now_ms - LAG_MS), ZERO),
        )

    def _buy(self, intended: Intended, record: Settled) -> None:
        quotes = quote_by_day(record, intended.at_ms)
        self._purchases = [p for p in self._purchases if p.day >= max(quotes) - 1]
        at_ms = max(record.at_ms, record.filled_at_ms or 0)
        for day, raw in quotes.items():
            filled_by_ms = min(at_ms, (day + 1) * DAY_MS)
            one = _Purchase(intended.alpha_id, day, filled_by_ms, raw, intended.mul_point)
            self._purchases.append(one)
