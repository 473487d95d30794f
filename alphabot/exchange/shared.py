"""One answer for all who ask the same question at the same time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import trio

from alphabot.errors import ExchangeError

__all__ = ["Shared"]

T = TypeVar("T")


class Shared(Generic[T]):
    """An answer of the exchange that is kept, and asked for again when it is too old.

    Whoever finds it too old asks, in their own task; the others wait for that answer, or for
    that failure. If the one who asks is cancelled, the next in line asks.
    """

    def __init__(self, ask: Callable[[], Awaitable[T]]) -> None:
        self._ask = ask
        self._turn = trio.Lock()
        self._answer: tuple[float, T] | None = None
        self._failure: tuple[float, ExchangeError] | None = None

    async def get(self, max_age_seconds: float) -> T:
        """Return an answer that was asked for at most so long ago.

        Raises what asking raised, also to those who waited meanwhile.
        """
        came_at = trio.current_time()
        async with self._turn:
            if self._answer is not None and came_at - self._answer[0] <= max_age_seconds:
                return self._answer[1]
            if self._failure is not None and self._failure[0] >= came_at:
                raise self._failure[1]
            asked_at = trio.current_time()
            try:
                answer = await self._ask()
            except ExchangeError as failure:
                self._failure = (trio.current_time(), failure)
                raise
            self._answer = (asked_at, answer)
            return answer
