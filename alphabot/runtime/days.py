"""A daily strategy between two days: when it waits, until when, and what is said of it."""

from __future__ import annotations

import trio

from alphabot.config import StrategySettings
from alphabot.core.days import DAY_MS
from alphabot.core.exact import ZERO, plain, round_half_up
from alphabot.core.notices import NoticeKind
from alphabot.core.outlook import Sample, missing_at_midnight
from alphabot.core.progress import StrategyProgress
from alphabot.log import say
from alphabot.runtime.after import After
from alphabot.runtime.board import Row, State
from alphabot.runtime.desk import Desk

__all__ = ["Days"]


class Days:
    """The days of one strategy of one user; of one that runs once there are none."""

    def __init__(self, desk: Desk, strategy: StrategySettings, row: Row) -> None:
        self._desk = desk
        self._strategy = strategy
        self._row = row
        self._who = {"user_id": desk.user_id, "strategy_id": strategy.strategy_id}
        self._open_on: int | None = None
        """The day on which it was last seen to be free to buy."""
        self._said: tuple[int, bool] | None = None
        """The day of which it was last said that nothing is bought now, and whether its target was
        reached."""

        self._began = (0.0, 0, ZERO)
        """When this day's buying began in this run, and the rounds and volume of before."""
        self._reached_now = False
        self._behind_on: int | None = None
        """The day of which it was last said that its target will not be made."""

    def look_ahead(self, progress: StrategyProgress) -> None:
        """Show whether this day's target will be made, and say so once if it will not."""
        goal, now_ms = self._strategy.goal, self._desk.exchange_now_ms()
        day = now_ms // DAY_MS
        if not goal.daily or self._open_on != day:
            self._row.missing_at_midnight = None
            return
        began_at, rounds, credited = self._began
        sample = Sample(
            progress.rounds - rounds, progress.credited - credited, trio.current_time() - began_at
        )
        seconds_left = (DAY_MS - now_ms % DAY_MS) / 1000
        missing = missing_at_midnight(
            goal.target, goal.credited(progress, now_ms), sample, seconds_left
        )
        self._row.missing_at_midnight = missing
        if missing is None or self._behind_on == day:
            return
        self._behind_on = day
        short = plain(round_half_up(missing, 2))
        cycle = round(sample.cycle_seconds, 1)
        say("strategy.behind", missing=short, rounds=sample.rounds, cycle=cycle, **self._who)
        reason = f"about {short} of {plain(goal.target)} USDT will be missing at 00:00 UTC"
        self._desk.teller.warns(NoticeKind.BEHIND, self._strategy.strategy_id, reason)

    def was_reached_now(self) -> bool:
        """Return once for each day on which its target was reached that it was."""
        reached, self._reached_now = self._reached_now, False
        return reached

    def closed(self, progress: StrategyProgress) -> After | None:
        """Return the wait until it may buy again, or None if it may now."""
        goal, now_ms = self._strategy.goal, self._desk.exchange_now_ms()
        wait_ms, day = goal.opens_in_ms(progress, now_ms), now_ms // DAY_MS
        if not wait_ms:
            if goal.daily and self._open_on != day:
                self._open_on = day
                self._began = (trio.current_time(), progress.rounds, progress.credited)
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
        say("strategy.day_reached", credited=credited, start=start, **self._who)
        if self._open_on == now_ms // DAY_MS:  # else by an earlier run, which has told so
            self._desk.teller.reached_today(self._strategy.strategy_id)
            self._reached_now = True
