"""What is happening now, one row per user and strategy, for whoever shows it to a person.

Tasks write their own row; screens, tables and ``status`` read it. Nothing is decided by it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from alphabot.core.exact import ZERO
from alphabot.core.goals import Goal
from alphabot.core.progress import UserState
from alphabot.core.shown_volume import Difference
from alphabot.core.values import AlphaId, StrategyId, UserId

__all__ = ["Board", "Ending", "Row", "State"]


class State(StrEnum):
    """What a strategy of a user is doing, or waiting for."""

    STARTING = "starting"
    RECONCILING = "reconciling"
    QUOTING = "quoting"
    WAITING_TURN = "waiting_turn"
    WAITING_LIMIT = "waiting_limit"
    WAITING_STREAM = "waiting_stream"
    PLACING = "placing"
    WAITING_BUY = "waiting_buy"
    WAITING_SELL = "waiting_sell"
    CANCELLING = "cancelling"
    SETTLING = "settling"
    PAUSING = "pausing"
    BACKING_OFF = "backing_off"
    WAITING_DAY = "waiting_day"
    """The target of this UTC day is reached, or its trading has not begun."""
    PAUSED = "paused"
    """Nothing is bought until a person resumes it."""
    HALTED = "halted"
    """No order leaves, for anyone; :mod:`alphabot.runtime.brake` says why."""
    ENDED = "ended"


class Ending(StrEnum):
    """How a strategy of a user ended."""

    REACHED = "reached"
    ALREADY_REACHED = "already_reached"
    STOPPED = "stopped"
    OPEN = "open"
    """Stopped with a pair or a leftover open."""
    LATCHED = "latched"
    FAILED = "failed"


@dataclass(slots=True)
class Row:
    """One user's strategy as a person sees it. Volumes and wear in USDT."""

    user_id: UserId
    strategy_id: StrategyId
    token: str
    target: Decimal
    goal: Goal | None = None
    """What is to be reached, and when; ``target`` is its volume."""
    alpha_id: AlphaId | None = None
    """Known once the exchange's list was read."""
    credited: Decimal = ZERO
    """Toward the target: of a daily strategy, what is credited to this UTC day."""
    volume_usdt: Decimal = ZERO
    """What the BUYs of this strategy really cost: the raw volume."""
    rounds: int = 0
    failed_rounds: int = 0
    wear_usdt: Decimal = ZERO
    leftover: Decimal = ZERO
    """Tokens bought and not sold, dust included."""
    leftover_cost_usdt: Decimal = ZERO
    state: State = State.STARTING
    waiting_until: float | None = None
    """trio time until which the present wait may last, if it is bounded."""
    waits_for: str = ""
    """Why the present pause is made, where the state alone does not say."""
    connection: str = "connecting"
    """Of the user's order stream: connecting, live or lost."""
    exchange_volume_usdt: Decimal | None = None
    """The same raw volume on the exchange's own count, read at the end."""
    missing_at_midnight: Decimal | None = None
    """What the target of this day will be short of at the present pace; None where it will not."""
    shown_volume: Decimal | None = None
    """What the exchange itself showed for today under the token's symbol, as last read."""
    shown_difference: Difference | None = None
    refusals: Counter[str] = field(default_factory=Counter)
    """How often the gate refused an order in this run, by the rule's name."""
    round_seconds_total: float = 0.0
    rounds_timed: int = 0
    """Rounds whose duration is in the total: those of this run."""
    ending: Ending | None = None
    reason: str = ""

    @property
    def progress(self) -> float:
        """How much of the target is credited, 0 to 1, for a progress bar."""
        return min(1.0, float(self.credited / self.target)) if self.target else 1.0

    @property
    def wear_bp(self) -> Decimal:
        """Wear in basis points of the raw volume."""
        return self.wear_usdt / self.volume_usdt * 10000 if self.volume_usdt else ZERO

    @property
    def round_seconds_mean(self) -> float:
        """How long a round of this run took on average, without the pauses."""
        return self.round_seconds_total / self.rounds_timed if self.rounds_timed else 0.0

    def show(self, state: UserState, now_ms: int) -> None:
        """Copy what a user's records say of this strategy; ``now_ms`` decides which day it is."""
        progress = state.strategy(self.strategy_id)
        if self.goal is not None:
            self.credited = self.goal.credited(progress, now_ms)
        self.volume_usdt = progress.volume_usdt
        self.rounds, self.wear_usdt = progress.rounds, progress.wear_usdt
        if self.alpha_id is not None:
            holding = state.holding(self.alpha_id)
            self.leftover, self.leftover_cost_usdt = holding.quantity, holding.cost_usdt

    def begin_anew(self) -> None:
        """Forget how the strategy ended: it starts again within the same run."""
        self.ending, self.reason = None, ""
        self.state, self.connection = State.STARTING, "connecting"
        self.waits_for, self.waiting_until = "", None


@dataclass(slots=True)
class Board:
    """All rows of one service, in the order of the configuration."""

    rows: list[Row] = field(default_factory=list)
    dry_run: bool = False
    """Whether none of it was traded for anybody."""

    def row(self, user_id: UserId, strategy_id: StrategyId) -> Row:
        """Return the row of a user's strategy; raises KeyError if there is none."""
        for row in self.rows:
            if row.user_id == user_id and row.strategy_id == strategy_id:
                return row
        raise KeyError((user_id, strategy_id))
