"""Whether a day's target will be made before 00:00 UTC, by what the rounds of this day took."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from math import floor

from alphabot.core.exact import ZERO, Exact

__all__ = ["Sample", "missing_at_midnight"]

ROUNDS_MIN = 5
"""Fewer rounds say nothing of the next ones."""
TOLERANCE = Decimal("0.01")
"""Of the target: a smaller lack is within what a single round varies by."""


@dataclass(frozen=True, slots=True)
class Sample(Exact):
    """What a strategy's rounds of this day have brought so far, pauses and failures included."""

    rounds: int
    credited: Decimal
    seconds: float

    @property
    def cycle_seconds(self) -> float:
        """From one round to the next."""
        return self.seconds / self.rounds


def missing_at_midnight(
    target: Decimal, credited: Decimal, sample: Sample, seconds_left: float
) -> Decimal | None:
    """Return what a day's target will be short of if the rounds go on as they did.

    None where it will be made, or where there are too few rounds to say.
    """
    if sample.rounds < ROUNDS_MIN or sample.seconds <= 0:
        return None
    rounds_left = floor(max(0.0, seconds_left) / sample.cycle_seconds)
    expected = credited + sample.credited * rounds_left / sample.rounds
    missing = max(ZERO, target - expected)
    return missing if missing > target * TOLERANCE else None
