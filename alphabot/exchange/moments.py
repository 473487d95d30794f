"""How long ago something was, told rightly even if the machine slept in between.

trio's clock stands still while a laptop is suspended, and a wall clock may be set back. The
larger of the two spans is the one to trust where too old must never be taken for fresh: a price
from before the lid was closed is an hour old, whatever trio says.
"""

from __future__ import annotations

from typing import NamedTuple

import trio

from alphabot.ports import WallClock

__all__ = ["Moment"]


class Moment(NamedTuple):
    """A point in time on both clocks."""

    trio_seconds: float
    wall_ms: int

    @classmethod
    def now(cls, clock: WallClock) -> Moment:
        """Return the present moment."""
        return cls(trio.current_time(), clock.now_ms())

    def since(self, earlier: Moment) -> float:
        """Return the seconds from an earlier moment to this one, never too few."""
        passed = (self.wall_ms - earlier.wall_ms) / 1000
        return max(self.trio_seconds - earlier.trio_seconds, passed)
