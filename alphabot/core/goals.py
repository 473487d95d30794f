"""What a strategy is to reach, and when it may trade for it: once, or anew every UTC day."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from alphabot.core.days import DAY_MS
from alphabot.core.exact import ZERO
from alphabot.core.progress import StrategyProgress

__all__ = ["Goal", "points_volume"]

LATER_MS = 2_000
"""The exchange tells its time in whole seconds. A round that begins before midnight by mistake
would be worth what the token's multiplier of yesterday makes of it, and count for yesterday."""


@dataclass(frozen=True, slots=True)
class Goal:
    """A target in credited volume; ``now_ms`` is the exchange's time wherever it is asked for."""

    target: Decimal
    daily: bool = False
    """Whether it is reached anew every UTC day."""
    start_ms: int = 0
    """When the trading of a day begins, after 00:00 UTC."""

    def credited(self, progress: StrategyProgress, now_ms: int) -> Decimal:
        """Return what counts toward the target at this moment."""
        if not self.daily:
            return progress.credited
        return progress.credited_by_day.get(now_ms // DAY_MS, ZERO)

    def reached(self, progress: StrategyProgress, now_ms: int) -> bool:
        """Return whether nothing more is to be bought, for good or for this day."""
        return self.credited(progress, now_ms) >= self.target

    def missing(self, progress: StrategyProgress, now_ms: int) -> Decimal:
        """Return how much is still to be credited."""
        return max(ZERO, self.target - self.credited(progress, now_ms))

    def opens_in_ms(self, progress: StrategyProgress, now_ms: int) -> int:
        """Return how long a daily strategy waits before it buys again; 0 if it may now."""
        if not self.daily:
            return 0
        opens_ms = now_ms // DAY_MS * DAY_MS + self.start_ms + LATER_MS
        if now_ms < opens_ms:
            return opens_ms - now_ms
        return opens_ms + DAY_MS - now_ms if self.reached(progress, now_ms) else 0


def points_volume(points: int) -> Decimal:
    """Return the points volume in USD that these points take: 2 for 1, 4 for 2, 8 for 3.

    (Protocol section 8: the points of a day are the whole part of its logarithm to base 2.)
    """
    return Decimal(2**points)
