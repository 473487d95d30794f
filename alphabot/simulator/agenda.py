"""What the exchange has to do later, in order of time."""

from __future__ import annotations

import heapq
from collections.abc import Callable

__all__ = ["Agenda"]

Action = Callable[[int], None]


class Agenda:
    """Actions and the millisecond at which each is due; of one ms, the first put in goes first."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Action]] = []
        self._count = 0

    def at(self, due_ms: int, action: Action) -> None:
        """Have ``action(due_ms)`` called when its time has come."""
        self._count += 1
        heapq.heappush(self._heap, (due_ms, self._count, action))

    @property
    def next_ms(self) -> int | None:
        """When the next action is due, None if there is none."""
        return self._heap[0][0] if self._heap else None

    def run(self, now_ms: int) -> None:
        """Do everything due by now, including what that adds, each at its own time."""
        while self._heap and self._heap[0][0] <= now_ms:
            due_ms, _, action = heapq.heappop(self._heap)
            action(due_ms)
