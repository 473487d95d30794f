"""What a running service is like at this moment, for whoever asks."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

import trio

from alphabot.core.exact import ZERO
from alphabot.core.limit_values import Limits
from alphabot.core.standing import total_exposure_usdt
from alphabot.core.values import UserId
from alphabot.ports import WallClock
from alphabot.runtime.board import Row, State
from alphabot.runtime.brake import Brake
from alphabot.runtime.notice_status import NoticesStatus
from alphabot.runtime.roster import Roster
from alphabot.runtime.seat import Seat
from alphabot.runtime.status import (
    LimitStatus,
    Status,
    StrategyStatus,
    UserStatus,
    figure,
    strategy_limits,
    total_exposure,
    user_status,
)

__all__ = ["Describer"]

_SAYS_WHY = (State.BACKING_OFF, State.WAITING_LIMIT, State.HALTED, State.PAUSED, State.WAITING_DAY)
"""States whose reason stands in the row; in any other it is an earlier one's."""


@dataclass(frozen=True, slots=True)
class Describer:
    """Describes a service; calling it does."""

    roster: Roster
    venue: str
    limits: Limits
    """Of all users together."""
    limits_of: Callable[[UserId], Limits]
    brake: Brake
    clock: WallClock
    started_ms: int
    exchange_pause_seconds: Callable[[], float]
    notices: Callable[[], NoticesStatus]

    async def __call__(self) -> Status:
        """Return the status, letting others run between two users."""
        await trio.lowlevel.checkpoint()
        users = []
        for seat in self.roster.seats:
            await trio.lowlevel.checkpoint()
            users.append(self._user(seat))
        return Status(
            running=True,
            venue=self.venue,
            now_ms=self.clock.now_ms(),
            pid=os.getpid(),
            started_ms=self.started_ms,
            halted=self.brake.reason(),
            exchange_pause_seconds=round(self.exchange_pause_seconds(), 3),
            limits=(self._total(),),
            users=users,
            notices=self.notices(),
        )

    def _total(self) -> LimitStatus:
        """Return what all users have used, as the gate counts it."""
        seats, limits_of = self.roster.seats, self.limits_of
        foreign_usdt = sum((seat.stake().foreign_usdt for seat in seats if seat.running), ZERO)
        recorders = (*(seat.recorder for seat in seats), *self.roster.bystanders)
        exposures = [r.exposure_usdt(limits_of(r.user_id).max_exposure_usdt) for r in recorders]
        return total_exposure(total_exposure_usdt(exposures, foreign_usdt), self.limits)

    def _user(self, seat: Seat) -> UserStatus:
        return user_status(
            seat.user_id,
            seat.recorder.state,
            seat.stake(),
            self.limits_of(seat.user_id),
            self.clock.now_ms(),
            [self._strategy(seat, row) for row in seat.rows],
            bids=seat.bids,
            running=seat.running,
            connection=seat.rows[0].connection if seat.running else "",
            free_usdt=seat.free_usdt,
        )

    def _strategy(self, seat: Seat, row: Row) -> StrategyStatus:
        left = None if row.waiting_until is None else row.waiting_until - trio.current_time()
        stop = seat.stop.child(row.strategy_id)
        progress = seat.recorder.state.strategy(row.strategy_id)
        return StrategyStatus(
            strategy_id=row.strategy_id,
            token=row.token,
            state=row.state.value,
            waits_for=row.waits_for if row.state in _SAYS_WHY else "",
            seconds_left=None if left is None else round(max(0.0, left), 3),
            until_ms=None if left is None else self.clock.now_ms() + round(left * 1000),
            paused=stop.paused,
            stopping=stop.requested.is_set(),
            target=figure(row.target),
            credited=figure(row.credited),
            volume_usdt=figure(row.volume_usdt),
            wear_usdt=figure(row.wear_usdt),
            rounds=row.rounds,
            failed_rounds=row.failed_rounds,
            leftover=figure(row.leftover),
            leftover_cost_usdt=figure(row.leftover_cost_usdt),
            limits=strategy_limits(progress, self.limits_of(seat.user_id)),
            refusals=dict(row.refusals),
            shown_volume=None if row.shown_volume is None else figure(row.shown_volume),
            shown_difference=row.shown_difference or "",
            daily=row.goal is not None and row.goal.daily,
            missing_at_midnight=(
                None if row.missing_at_midnight is None else figure(row.missing_at_midnight)
            ),
            ending=None if row.ending is None else row.ending.value,
            reason=row.reason,
        )
