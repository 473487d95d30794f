"""How many requests are too many: a count for each second of the exchange's clock."""

from __future__ import annotations

from typing import Final

__all__ = ["RETRY_AFTER_SECONDS", "Throttle"]

RETRY_AFTER_SECONDS: Final = 1
"""By then the second in which there were too many is over."""


class Throttle:
    """Admits so many requests in each second; with a limit of 0, all."""

    def __init__(self, per_second_max: int) -> None:
        self._per_second_max = per_second_max
        self._second = 0
        self._requests = 0

    @property
    def limited(self) -> bool:
        """Whether there is a limit."""
        return self._per_second_max > 0

    def admits(self, now_ms: int) -> bool:
        """Return whether one more request is not too many; it is counted if so."""
        if now_ms // 1000 != self._second:
            self._second, self._requests = now_ms // 1000, 0
        self._requests += 1
        return not self.limited or self._requests <= self._per_second_max
