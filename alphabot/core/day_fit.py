"""Whether the target of a day fits into its day, by the pace that was forecast."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from math import floor

from alphabot.core.forecast import DAY_SECONDS, Forecast
from alphabot.core.goals import LATER_MS, Goal

__all__ = ["ShortDay", "short_day"]


@dataclass(frozen=True, slots=True)
class ShortDay:
    """A day that is too short for its target: what it has, and what would be needed."""

    seconds: float
    """From its first round to 00:00 UTC."""
    needed_seconds: float
    rounds: int
    """How many fit, about."""
    needed_rounds: int
    credited: Decimal
    """What those that fit credit."""


def short_day(goal: Goal, forecast: Forecast) -> ShortDay | None:
    """Return by how much a daily target misses its day; None if it fits, or is of no day.

    A target that no number of rounds would reach is another matter.
    """
    needed_rounds, needed_seconds = forecast.way.rounds, forecast.pace.seconds
    seconds = DAY_SECONDS - (goal.start_ms + LATER_MS) / 1000
    if not goal.daily or needed_rounds is None or needed_seconds <= seconds:
        return None
    rounds = min(floor(needed_rounds * seconds / needed_seconds), needed_rounds - 1)
    return ShortDay(
        seconds=seconds,
        needed_seconds=needed_seconds,
        rounds=rounds,
        needed_rounds=needed_rounds,
        credited=forecast.way.credited * rounds,
    )
