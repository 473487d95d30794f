"""What a step of the trade loop leads to: a pause, a longer one, or the strategy's end."""

from __future__ import annotations

from dataclasses import dataclass

import trio

from alphabot.config import StrategySettings
from alphabot.core.exact import plain
from alphabot.core.limits import Refusal, Remedy
from alphabot.core.values import Token
from alphabot.errors import ExchangeError, PluginError, RateLimited, Refused
from alphabot.log import say
from alphabot.runtime.board import Ending, Row, State
from alphabot.runtime.desk import Desk
from alphabot.runtime.following import Followed

__all__ = ["After", "Afterwards"]

BACKOFF_SECONDS_MIN = 1.0
"""After a failure the pause is never shorter, whatever the configuration says."""
BACKOFF_SECONDS_MAX = 600.0
"""An outage doubles the pause each time, up to this; it ends by itself and never latches."""
WAIT_SECONDS = 1.0
"""How soon a refusal that is no failure is asked again; the same one again doubles the wait."""
WAIT_SECONDS_MAX = 15.0
HELD_BY = {"halted": State.HALTED, "paused": State.PAUSED}
"""Rules of the gate that a person set: no time is waited for, and nothing was wrong."""
SAY_AGAIN_SECONDS = 60.0
"""How long the same refusal is not said again; it is counted each time."""


@dataclass(frozen=True, slots=True)
class After:
    """What comes after a step: a pause, or the strategy's end."""

    pause_seconds: float = 0.0
    ending: Ending | None = None
    reason: str = ""
    state: State = State.PAUSING


class Afterwards:
    """Decides for one strategy what follows; counts outages and refusals on the way."""

    def __init__(self, desk: Desk, strategy: StrategySettings, token: Token, row: Row) -> None:
        self._desk = desk
        self._strategy = strategy
        self._token = token
        self._row = row
        self._outages = 0
        self._refusal = ""
        self._refusals = 0
        self._said_at = 0.0
        self._who = {"user_id": desk.user_id, "strategy_id": strategy.strategy_id}

    def placed(self) -> None:
        """Note that an order was placed: whatever stood in its way is over."""
        self._outages = 0
        self._refusal, self._refusals = "", 0

    def followed(self, followed: Followed) -> After:
        """Return what comes after a placed intent has ended."""
        match followed:
            case Followed.DONE | Followed.UNSOLD:
                return After(float(self._strategy.trade_interval_seconds))
            case Followed.WAITED:
                return After()
            case Followed.SHORT:
                self._row.failed_rounds += 1
                self._desk.teller.failed(self._strategy.strategy_id, "the BUY did not fill")
                return After(self._backoff_seconds(), state=State.BACKING_OFF)
            case Followed.ABANDONED:
                holding = self._desk.recorder.state.holding(self._token.alpha_id)
                return After(ending=Ending.OPEN, reason=f"{plain(holding.quantity)} not sold")

    def stopped(self) -> After:
        """Return how a strategy ends that was told to stop."""
        still_open = self._desk.recorder.state.open_of(self._strategy.strategy_id)
        if still_open:
            return After(ending=Ending.OPEN, reason=f"{len(still_open)} round(s) still open")
        return After(ending=Ending.STOPPED)

    def failed(self, error: Exception) -> After:
        """Back off after a refusal, an outage or a plan that cannot be; an outage ever longer."""
        self._row.failed_rounds += 1
        seconds = self._backoff_seconds()
        if isinstance(error, ExchangeError) and not isinstance(error, Refused):
            seconds = min(BACKOFF_SECONDS_MAX, seconds * 2**self._outages)
            self._outages += 1
        if isinstance(error, RateLimited):
            seconds = max(seconds, error.retry_after_seconds)
        match error:
            case ExchangeError():
                say("round.failed", reason=str(error), seconds=seconds, **self._who)
            case PluginError():
                plugin = self._desk.bench.failed(error, (self._desk.user_id, self._row.strategy_id))
                reason = f"{error.hook} {error.plugin}: {error.problem}"
                say("plugin.failed", plugin=plugin, reason=reason, seconds=seconds, **self._who)
                if benched := self._desk.bench.reason(self._strategy):
                    return After(ending=Ending.FAILED, reason=benched)
            case _:
                say("round.skipped", reason=str(error), seconds=seconds, **self._who)
        self._desk.teller.failed(self._strategy.strategy_id, str(error))
        return After(seconds, state=State.BACKING_OFF, reason=str(error))

    def refused(self, refusal: Refusal) -> After:
        """Return what a refusal of the gate means; the same one again is said but rarely."""
        self._row.refusals[refusal.name] += 1
        reason = f"{refusal.name}: {refusal.detail}"
        again = refusal.name == self._refusal
        self._refusals = self._refusals + 1 if again else 0
        self._refusal = refusal.name
        if not again or trio.current_time() >= self._said_at + SAY_AGAIN_SECONDS:
            self._said_at = trio.current_time()
            say("limit.refused", limit=refusal.name, detail=refusal.detail, **self._who)
        if refusal.name == "stopping":
            return self.stopped()
        if refusal.name in HELD_BY:
            return After(state=HELD_BY[refusal.name], reason=refusal.detail)
        match refusal.remedy:
            case Remedy.END:
                return After(ending=Ending.FAILED, reason=reason)
            case Remedy.WAIT:
                seconds = min(WAIT_SECONDS_MAX, WAIT_SECONDS * 2 ** min(self._refusals, 10))
                return After(seconds, state=State.WAITING_LIMIT, reason=reason)
            case Remedy.SKIP:
                return After(self._backoff_seconds(), state=State.BACKING_OFF, reason=reason)

    def _backoff_seconds(self) -> float:
        interval = float(self._strategy.trade_interval_seconds)
        return max(BACKOFF_SECONDS_MIN, float(self._strategy.failure_backoff_factor) * interval)
