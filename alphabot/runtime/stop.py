"""Stopping: the first request lets rounds finish within the grace, the second ends everything.

Nothing polls. What may be cut short at any moment (pauses, back-offs, waiting for a turn) runs
inside :meth:`Stop.interruptible`; a round runs inside :meth:`Stop.round`, whose scope gets a
deadline when a stop is requested.
"""

from __future__ import annotations

from types import TracebackType

import trio

__all__ = ["Stop", "StopScope"]


class Stop:
    """One stop for a whole service (or one strategy of it)."""

    def __init__(self, grace_seconds: float) -> None:
        self.grace_seconds = grace_seconds
        self._interruptible: set[trio.CancelScope] = set()
        self._rounds: set[trio.CancelScope] = set()
        self._everything: set[trio.CancelScope] = set()
        self.requested = trio.Event()
        self.forced = False

    def request(self) -> None:
        """Begin no further round; let the rounds under way finish within the grace."""
        if self.requested.is_set():
            return
        self.requested.set()
        for scope in tuple(self._interruptible):
            scope.cancel()
        for scope in tuple(self._rounds):
            scope.deadline = min(scope.deadline, trio.current_time() + self.grace_seconds)

    def now(self) -> None:
        """End everything at once; what is open stays in the journal."""
        self.forced = True
        self.request()
        for scope in tuple(self._everything):
            scope.cancel()

    def interruptible(self) -> StopScope:
        """Return a scope that a stop cuts short at once."""
        return StopScope(self._interruptible, 0.0 if self.requested.is_set() else None)

    def round(self) -> StopScope:
        """Return a scope that a stop cuts short after the grace."""
        return StopScope(self._rounds, self.grace_seconds if self.requested.is_set() else None)

    def everything(self) -> StopScope:
        """Return a scope that only the second request cuts short."""
        return StopScope(self._everything, 0.0 if self.forced else None)


class StopScope:
    """A cancel scope that is known to a :class:`Stop` while it is open."""

    def __init__(self, known: set[trio.CancelScope], seconds_left: float | None) -> None:
        self._known = known
        self._seconds_left = seconds_left
        self._scope = trio.CancelScope()

    def __enter__(self) -> trio.CancelScope:
        if self._seconds_left is not None:
            self._scope.deadline = trio.current_time() + self._seconds_left
        self._known.add(self._scope)
        return self._scope.__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        self._known.discard(self._scope)
        return self._scope.__exit__(kind, error, traceback)
