"""Stopping and pausing: a tree of stops, for the service, each user and each strategy.

::

    service ─┬─ user 1 ─┬─ strategy "koge"
             │          └─ strategy "aop"
             └─ user 2 ─── strategy "aop"

What is asked of a stop is asked of all below it, and a stop all of whose children were asked to
end has been asked as well. In order of urgency: :meth:`Stop.pause` holds new rounds back until
:meth:`Stop.resume`; :meth:`Stop.drain` lets the rounds under way finish; :meth:`Stop.request`
lets them finish within the grace; :meth:`Stop.now` ends everything.

Nothing polls. What may be cut short at any moment (pauses, back-offs, waiting for a turn) runs
inside :meth:`Stop.interruptible`; a round runs inside :meth:`Stop.round`, whose scope gets a
deadline when a stop is requested.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from types import TracebackType

import trio

__all__ = ["Stop", "StopScope"]


class Stop:
    """One stop for a whole service, or for a part of it."""

    def __init__(self, grace_seconds: float, parent: Stop | None = None) -> None:
        self.grace_seconds = grace_seconds
        # Dictionaries for their order: how a stop runs must not hang on where objects lie.
        self._interruptible: dict[trio.CancelScope, None] = {}
        self._rounds: dict[trio.CancelScope, None] = {}
        self._everything: dict[trio.CancelScope, None] = {}
        self._parent = parent
        self._children: dict[Hashable, Stop] = {}
        self._rounds_end_at = math.inf
        self._resumed: trio.Event | None = None
        self._held_back = trio.Event()
        self.requested = trio.Event()
        """Set once no further round begins here: by a drain, a stop, or now."""
        self.forced = False

    @property
    def children(self) -> Mapping[Hashable, Stop]:
        """The stops below this one, by the names they were asked for with."""
        return self._children

    @property
    def urgent(self) -> bool:
        """Whether the rounds under way have a deadline; a drain gives them none."""
        return self._rounds_end_at < math.inf

    @property
    def paused(self) -> bool:
        """Whether new rounds are held back."""
        return self._resumed is not None

    def child(self, name: Hashable) -> Stop:
        """Return the stop of a part, which is made when it is asked for first."""
        if name not in self._children:
            child = self._children[name] = Stop(self.grace_seconds, self)
            # What was asked of the whole before holds for the part.
            child._rounds_end_at = self._rounds_end_at
            child.forced = self.forced
            if self.requested.is_set():
                child.requested.set()
            if self.paused:
                child.pause()
        return self._children[name]

    def pause(self) -> None:
        """Begin no further round until resumed; what is under way goes on."""
        if self._resumed is None:
            self._resumed = trio.Event()
            self._held_back.set()
            self._held_back = trio.Event()
        for child in self._children.values():
            child.pause()

    def resume(self) -> None:
        """Begin rounds again; a part may be resumed while the others stay paused."""
        if self._resumed is not None:
            self._resumed.set()
            self._resumed = None
        for child in self._children.values():
            child.resume()

    async def wait_resumed(self) -> None:
        """Return once nothing holds new rounds back."""
        await trio.lowlevel.checkpoint()
        while self._resumed is not None:
            await self._resumed.wait()

    async def wait_paused(self) -> None:
        """Return once new rounds are held back."""
        await trio.lowlevel.checkpoint()
        while self._resumed is None:
            await self._held_back.wait()

    def drain(self) -> None:
        """Begin no further round; let the rounds under way finish, however long they take."""
        if not self.requested.is_set():
            self.requested.set()
            for scope in tuple(self._interruptible):
                scope.cancel()
        for child in self._children.values():
            child.drain()
        if self._parent is not None:
            self._parent._child_was_asked()

    def request(self) -> None:
        """Begin no further round; let the rounds under way finish within the grace."""
        self._end_rounds_at(trio.current_time() + self.grace_seconds)
        self.drain()

    def now(self) -> None:
        """End everything at once; what is open stays in the journal."""
        self._force()
        self.drain()

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

    def _end_rounds_at(self, moment: float) -> None:
        if not self.urgent:
            self._rounds_end_at = moment
            for scope in tuple(self._rounds):
                scope.deadline = min(scope.deadline, moment)
        for child in self._children.values():
            child._end_rounds_at(moment)

    def _force(self) -> None:
        self.forced = True
        self._rounds_end_at = -math.inf
        for scope in (*self._rounds, *self._everything):
            scope.cancel()
        for child in self._children.values():
            child._force()

    def _child_was_asked(self) -> None:
        """End as well once no part is left that would begin a round."""
        if self.requested.is_set():
            return
        if all(child.requested.is_set() for child in self._children.values()):
            self.drain()


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
