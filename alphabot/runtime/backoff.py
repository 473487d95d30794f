"""A growing pause between tries."""

from __future__ import annotations

import trio

__all__ = ["Backoff"]


class Backoff:
    """Doubles its pause from ``first_seconds`` up to ``most_seconds``; ``reset`` starts anew."""

    def __init__(self, *, first_seconds: float, most_seconds: float) -> None:
        self._first_seconds = first_seconds
        self._most_seconds = most_seconds
        self._seconds = first_seconds

    def reset(self) -> None:
        """Begin again with the shortest pause."""
        self._seconds = self._first_seconds

    @property
    def seconds(self) -> float:
        """The pause that :meth:`wait` would make now."""
        return self._seconds

    async def wait(self) -> None:
        """Pause, and double the next pause."""
        seconds = self._seconds
        self._seconds = min(self._seconds * 2, self._most_seconds)
        await trio.sleep(seconds)
