"""A daily strategy between two days: when it waits, until when, and what is said of it."""

from __future__ import annotations

from alphabot.config import StrategySettings
from alphabot.core.days import DAY_MS
from alphabot.core.exact import plain
from alphabot.core.progress import StrategyProgress
from alphabot.log import say
from alphabot.runtime.after import After
from alphabot.runtime.board import State
from alphabot.runtime.desk import Desk

__all__ = ["Days"]


class Days:
    """The days of one strategy of one user; of one that runs once there are none."""

    def __init__(self, desk: Desk, strategy: StrategySettings) -> None:
        self._desk = desk
        self._strategy = strategy
        self._who = {"user_id": desk.user_id, "strategy_id": strategy.strategy_id}
        self._open_on: int | None = None
        """The day on which it was last seen to be free to buy."""
        self._said: tuple[int, bool] | None = None
        """The day of which it was last said that nothing is bought now, and whether its target was
        reached."""

    def closed(self, progress: StrategyProgress) -> After | None:
        """Return the wait until it may buy again, or None if it may now."""
        goal, now_ms = self._strategy.goal, self._desk.exchange_now_ms()
        wait_ms, day = goal.opens_in_ms(progress, now_ms), now_ms // DAY_MS
        if not wait_ms:
            if goal.daily and self._open_on != day:
                self._open_on = day
                self._desk.teller.began_a_day(self._strategy.strategy_id)
            return None
        if reason := self._desk.brake.reason():
            return After(state=State.HALTED, reason=reason)
        reached = goal.reached(progress, now_ms)
        if self._said != (day, reached):
            self._said = (day, reached)
            self._say_closed(progress, now_ms, reached=reached, seconds=wait_ms // 1000)
        reason = (
            "the target of this UTC day is reached"
            if reached
            else (f"trading begins at {self._strategy.start_time_utc} UTC")
        )
        return After(wait_ms / 1000, state=State.WAITING_DAY, reason=reason)

    def _say_closed(
        self, progress: StrategyProgress, now_ms: int, *, reached: bool, seconds: int
    ) -> None:
        goal, start = self._strategy.goal, self._strategy.start_time_utc
        if not reached:
            if goal.start_ms:  # else it is a moment after midnight
                say("strategy.before_start", start=start, seconds=seconds, **self._who)
            return
        credited = plain(goal.credited(progress, now_ms))
        if self._open_on == now_ms // DAY_MS:
            say("strategy.day_reached", credited=credited, start=start, **self._who)
            self._desk.teller.reached_today(self._strategy.strategy_id)
        else:
            say("strategy.day_already_reached", credited=credited, start=start, **self._who)
