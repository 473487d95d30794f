"""Where wall time comes from: the system's clock, or trio's own when time is virtual."""

from __future__ import annotations

import time

import trio

__all__ = ["SystemClock", "TrioClock", "seconds_with_sleep"]


class SystemClock:
    """The machine's wall clock; it labels records and never measures a duration."""

    def now_ms(self) -> int:
        """Return milliseconds since 1970-01-01 UTC."""
        return time.time_ns() // 1_000_000


def seconds_with_sleep() -> float:
    """Return seconds that go on while the machine sleeps; only their differences mean anything."""
    # Where there is no such clock (macOS), the monotonic one counts sleep already.
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class TrioClock:
    """Wall time that follows trio's clock from a fixed moment: for rehearsals and tests."""

    def __init__(self, start_ms: int = 1_800_000_000_000) -> None:
        self._start_ms = start_ms
        self._origin = trio.current_time()

    def now_ms(self) -> int:
        """Return the virtual milliseconds since 1970-01-01 UTC."""
        return self._start_ms + round((trio.current_time() - self._origin) * 1000)
