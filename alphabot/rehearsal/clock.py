"""The wall clock as a process reads it: it may be wrong, and may jump."""

from __future__ import annotations

from alphabot.ports import WallClock

__all__ = ["JumpingClock"]


class JumpingClock:
    """Another clock, off by as much as somebody has moved it."""

    def __init__(self, true: WallClock) -> None:
        self._true = true
        self._off_ms = 0

    def now_ms(self) -> int:
        """Return the milliseconds since 1970-01-01 UTC that this clock shows."""
        return self._true.now_ms() + self._off_ms

    def set_right(self) -> None:
        """Show the true time again."""
        self._off_ms = 0

    def jump(self, seconds: float) -> None:
        """Show a later time from now on, or an earlier one."""
        self._off_ms += round(seconds * 1000)
