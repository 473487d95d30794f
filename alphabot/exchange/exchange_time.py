"""How far this machine's clock is from the exchange's.

Orders are looked for by the times the exchange gave them, and days begin by its calendar, so a
machine whose clock is wrong, or was set while we ran, must not trade. Every HTTP answer carries
the time in its ``Date`` header (RFC 9110, to the second; ``Age`` where a cache has kept it).
"""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

import trio

from alphabot.ports import WallClock

__all__ = ["ExchangeTime"]


class ExchangeTime:
    """The exchange's clock as last told; one for all clients of a process."""

    def __init__(self, clock: WallClock) -> None:
        self._clock = clock
        self._told: tuple[float, float] | None = None

    @property
    def skew_seconds(self) -> float | None:
        """How far our clock is ahead now, to about a second; None while nothing was told.

        What has passed since is measured by trio's clock, which nobody sets.
        """
        if self._told is None:
            return None
        told_seconds, at = self._told
        return self._clock.now_ms() / 1000 - (told_seconds + trio.current_time() - at)

    def hear(self, headers: Mapping[str, str]) -> None:
        """Take in the headers of an answer; what is no date says nothing."""
        try:
            told = parsedate_to_datetime(headers["date"]).timestamp()
            told += max(int(headers.get("age", "0")), 0)
        except (KeyError, ValueError, TypeError, OverflowError):
            return
        # The header is cut to the second; half of one is the best guess of the rest.
        self._told = (told + 0.5, trio.current_time())
