"""One answer for all who ask the same question at the same time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Generic, TypeVar

import trio

from alphabot.errors import ExchangeError
from alphabot.exchange.moments import Moment
from alphabot.ports import WallClock

__all__ = ["Shared"]

T = TypeVar("T")


class Shared(Generic[T]):
    """An answer of the exchange that is kept, and asked for again when it is too old.

    Whoever finds it too old asks, in their own task; the others wait for that answer, or for
    that failure. If the one who asks is cancelled, the next in line asks.
    """

    def __init__(self, ask: Callable[[], Awaitable[T]], clock: WallClock) -> None:
        self._ask = ask
        self._clock = clock
        self._turn = trio.Lock()
        self._answer: tuple[Moment, T] | None = None
        self._failures = 0
        self._failure: tuple[ExchangeError, TracebackType | None] | None = None

    async def get(self, max_age_seconds: float) -> T:
        """Return an answer that was asked for at most so long ago.

        Raises what asking raised, also to those who waited meanwhile.
        """
        came_at, failures = Moment.now(self._clock), self._failures
        # Before the turn is taken: a turn is kept for a pass of the loop, and hundreds of users who
        # want an answer that is there would pass it on, one to the next.
        if self._answer is not None and came_at.since(self._answer[0]) <= max_age_seconds:
            await trio.lowlevel.checkpoint()
            return self._answer[1]
        async with self._turn:
            if self._answer is not None and came_at.since(self._answer[0]) <= max_age_seconds:
                return self._answer[1]
            if self._failure is not None and self._failures != failures:
                # One error for many: its traceback must not grow with each of them.
                failure, traceback = self._failure
                raise failure.with_traceback(traceback)
            asked_at = Moment.now(self._clock)
            try:
                answer = await self._ask()
            except ExchangeError as failure:
                self._failures += 1
                self._failure = (failure, failure.__traceback__)
                raise
            self._answer = (asked_at, answer)
            return answer
