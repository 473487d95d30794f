"""Everyone in the service, and which of them a person means."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import trio

from alphabot.core.values import StrategyId
from alphabot.log import say
from alphabot.runtime.board import Row
from alphabot.runtime.recorder import Recorder
from alphabot.runtime.seat import Seat
from alphabot.runtime.stop import Stop

__all__ = ["Roster"]


class Roster:
    """The seats of a service, and the nursery in which their users trade.

    ``bystanders`` are the recorders of users who do not trade in it and have something at stake.
    """

    def __init__(
        self, seats: Sequence[Seat], stop: Stop, bystanders: Sequence[Recorder] = ()
    ) -> None:
        self.seats = seats
        self.bystanders = bystanders
        self.stop = stop
        self._people: trio.Nursery | None = None

    def open(self, people: trio.Nursery) -> None:
        """Take in the nursery that users start anew in."""
        self._people = people

    def seat(self, user: int) -> Seat | None:
        """Return the seat of a user, if there is one."""
        return next((seat for seat in self.seats if seat.user_id == user), None)

    def rows(self, user: int | None, strategy: str | None) -> list[Row]:
        """Return the rows that are meant by a user, a strategy, both or neither."""
        return [
            row
            for seat in self.seats
            for row in seat.rows
            if user in (None, seat.user_id) and strategy in (None, row.strategy_id)
        ]

    def stops(self, user: int | None, strategy: str | None) -> list[Stop]:
        """Return the fewest stops that cover the same: the service's, a user's, or strategies'."""
        if strategy is not None:
            return [
                self.stop.child(row.user_id).child(StrategyId(strategy))
                for row in self.rows(user, strategy)
            ]
        if user is None:
            return [self.stop]
        return [seat.stop for seat in self.seats if seat.user_id == user]

    def distrust(self, reason: str) -> None:
        """Close everyone's gate until what may have been missed was asked for."""
        for seat in self.seats:
            seat.distrust(reason)

    async def clear(self, seat: Seat) -> bool:
        """Record that a person cleared a user; return whether it trades again within this run.

        It does unless it trades already, was told to stop, or the service is ending.
        """
        recorder = seat.recorder
        await recorder.clear("alphabot clear")
        say("user.cleared", user_id=seat.user_id)
        rows = seat.may_start_anew()
        # Without anybody in it the nursery is closing, and takes nobody in.
        ending = not any(other.running for other in self.seats)
        if self._people is None or ending or seat.running or not rows:
            return False
        seat.running = True
        self._people.start_soon(partial(seat.run_anew, rows))
        return True
