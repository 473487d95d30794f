"""One user's place in the service: its strategies' rows and stops, and who sits there now.

A user is made anew (account, feed, trade loops) whenever a person has cleared what stopped it; the
journal, the rows and the stops stay.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from decimal import Decimal

from alphabot.core.exact import ZERO
from alphabot.core.records import Intended
from alphabot.core.standing import Stake, stake
from alphabot.core.values import AlphaId, FeeRate, UserId
from alphabot.runtime.board import Ending, Row
from alphabot.runtime.brake import Brake
from alphabot.runtime.recorder import Recorder
from alphabot.runtime.stop import Stop
from alphabot.runtime.user import User

__all__ = ["Seat"]

_STARTS_ANEW = (Ending.LATCHED, Ending.OPEN, Ending.FAILED)


class Seat:
    """A user of the service over all its starts.

    ``open_user`` makes the user that trades for these rows; what it holds open ends with its block.
    """

    def __init__(
        self,
        recorder: Recorder,
        rows: Sequence[Row],
        stop: Stop,
        brake: Brake,
        open_user: Callable[[Seat, Sequence[Row]], AbstractAsyncContextManager[User]],
    ) -> None:
        self.user_id: UserId = recorder.user_id
        self.recorder = recorder
        self.rows = rows
        self.stop = stop
        self.running = False
        self._brake = brake
        self._open_user = open_user
        self._user: User | None = None

    def __repr__(self) -> str:
        return f"<Seat of user {self.user_id}, {'running' if self.running else 'ended'}>"

    def open(self) -> AbstractAsyncContextManager[User]:
        """Make the user for the first time, with all strategies."""
        return self._open_user(self, self.rows)

    async def run(self, user: User) -> None:
        """Let the user trade until all its strategies have ended; raises JournalError."""
        self._user, self.running = user, True
        try:
            await user.run()
        finally:
            self.running = False

    @property
    def bids(self) -> Mapping[AlphaId, Decimal]:
        """The bids by which the gate last valued what this user holds."""
        return {} if self._user is None else self._user.desk.bids

    @property
    def free_usdt(self) -> Decimal | None:
        """What the wallet that pays held free when it was last read; None before that."""
        return None if self._user is None else self._user.desk.reconciler.free_usdt

    def stake(self) -> Stake:
        """Return what this user has at stake, as its gate counts it."""
        if self._user is not None:
            return self._user.desk.stake()
        state, now_ms = self.recorder.state, self.recorder.now_ms()
        return stake(state, now_ms, {}, FeeRate(ZERO, ZERO), ())

    def may_start_anew(self) -> list[Row]:
        """Return the rows that would trade again, had the user nothing that stops it."""
        return [
            row
            for row in self.rows
            if row.ending in _STARTS_ANEW
            and not self.stop.child(row.strategy_id).requested.is_set()
        ]

    async def run_anew(self, rows: Sequence[Row]) -> None:
        """Make the user anew and let it trade for these rows; raises JournalError."""
        for row in rows:
            row.begin_anew()
        self.running = True
        try:
            async with self._open_user(self, rows) as user:
                await self.run(user)
        finally:
            self.running = False

    def distrust(self, reason: str) -> None:
        """Close this user's gate until what may have been missed was asked for."""
        if self._user is not None and self.running:
            self._user.distrust(reason)

    def forbidden(self, intended: Intended) -> str:
        """Return why the order of an intent may not leave at this moment, or nothing.

        The gate has looked at all of this already; the order may have waited for its turn since.
        After a stop or a pause only what lowers the risk may leave (safety: I-13).
        """
        if reason := self._brake.reason():
            return reason
        if self._user is None or not self._user.desk.router.live:
            return "the order stream is not connected"
        stop = self.stop.child(intended.strategy_id)
        if intended.is_pair and stop.requested.is_set():
            return "a stop was requested"
        if intended.is_pair and stop.paused:
            return "paused"
        return ""
