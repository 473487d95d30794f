"""Stopping: the first request lets rounds finish within the grace, the second ends everything.

Nothing polls. What may be cut short at any moment (pauses, back-offs, waiting for a turn) runs
inside :meth:`Stop.interruptible`; a round runs inside :meth:`Stop.round`, whose scope gets a
deadline when a stop is requested.
"""

from __future__ import annotations

import math
from types import TracebackType

import trio

__all__ = ["Stop", "StopScope"]


class Stop:
    """One stop for a whole service (or one strategy of it)."""

    def __init__(self, grace_seconds: float) -> None:
        self.grace_seconds = grace_seconds
        # Dictionaries for their order: how a stop runs must not hang on where objects lie.
        self._interruptible: dict[trio.CancelScope, None] = {}
        self._rounds: dict[trio.CancelScope, None] = {}
        self._everything: dict[trio.CancelScope, None] = {}
        self._rounds_end_at = math.inf
        self.requested = trio.Event()
        self.forced = False

    def request(self) -> None:
        """Begin no further round; let the rounds under way finish within the grace."""
        if self.requested.is_set():
            return
        self.requested.set()
        self._rounds_end_at = trio.current_time() + self.grace_seconds
        for scope in tuple(self._interruptible):
            scope.cancel()
        for scope in tuple(self._rounds):
            scope.deadline = min(scope.deadline, self._rounds_end_at)

    def now(self) -> None:
        """End everything at once; what is open stays in the journal."""
        self.forced = True
        self.request()
        self._rounds_end_at = -math.inf
        for scope in (*self._rounds, *self._everything):
            scope.cancel()

    def interruptible(self) -> StopScope:
        """Return a scope that a stop cuts short at once."""
        ends_at = -math.inf if self.requested.is_set() else math.inf
        return StopScope(self._interruptible, ends_at)

    def round(self) -> StopScope:
        """Return a scope that a stop cuts short after the grace, which is counted once."""
        return StopScope(self._rounds, self._rounds_end_at)

    def everything(self) -> StopScope:
        """Return a scope that only the second request cuts short."""
        return StopScope(self._everything, -math.inf if self.forced else math.inf)


class StopScope:
    """A cancel scope that is known to a :class:`Stop` while it is open."""

    def __init__(self, known: dict[trio.CancelScope, None], ends_at: float) -> None:
        self._known = known
        self._scope = trio.CancelScope(deadline=ends_at)

    def __enter__(self) -> trio.CancelScope:
        self._known[self._scope] = None
        return self._scope.__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        self._known.pop(self._scope, None)
        return self._scope.__exit__(kind, error, traceback)
