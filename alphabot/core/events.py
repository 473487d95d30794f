"""What happened, for people: facts in figures, before anybody has put them into words.

An event is small and finished when it is made: whoever tells of it later needs nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from alphabot.core.exact import ZERO
from alphabot.core.notices import NoticeKind
from alphabot.core.values import StrategyId, UserId

__all__ = ["DayOfUser", "Event", "Figures", "progress_step", "seconds_left"]


@dataclass(frozen=True, slots=True)
class Figures:
    """How far a strategy of a user has come; money in USDT."""

    token: str
    target: Decimal
    credited: Decimal
    volume_usdt: Decimal = ZERO
    wear_usdt: Decimal = ZERO
    rounds: int = 0
    leftover: Decimal = ZERO
    seconds_left: float | None = None
    """Until the target at the pace of this run; None while there is none."""

    @property
    def share(self) -> float:
        """How much of the target is credited, 0 to 1."""
        return min(1.0, float(self.credited / self.target)) if self.target else 1.0

    @property
    def wear_bp(self) -> Decimal:
        """Wear in basis points of the raw volume."""
        return self.wear_usdt / self.volume_usdt * 10000 if self.volume_usdt else ZERO


@dataclass(frozen=True, slots=True)
class DayOfUser:
    """What a user did between 00:00 and 24:00 UTC; money in USDT."""

    user_id: UserId
    volume_usdt: Decimal
    wear_usdt: Decimal
    rounds: int


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, of a kind that people may choose to hear of."""

    kind: NoticeKind
    cause: str
    """The same for every telling of the same thing, also by a later process."""
    at_ms: int
    user_id: UserId | None = None
    strategy_id: StrategyId | None = None
    subject: str = ""
    """What it is about where that is neither user nor strategy: a token, a plugin, an ending."""
    reason: str = ""
    clears: str = ""
    """What a person can do about it."""
    held: str = ""
    """Tokens that were bought and are not sold."""
    open: str = ""
    """Intents whose orders have not ended."""
    figures: Figures | None = None
    days: Sequence[DayOfUser] = ()
    needs_human: bool = False


def progress_step(credited: Decimal, target: Decimal, step_percent: int) -> int:
    """Return how many whole steps of the target are credited; one that is reached has all."""
    percent = min(Decimal(100), credited / target * 100) if target else Decimal(100)
    return int(percent // step_percent)


def seconds_left(figures: Figures, gained: Decimal, seconds: float) -> float | None:
    """Return how long the rest takes if it goes on as it did: ``gained`` in ``seconds``."""
    rest = max(ZERO, figures.target - figures.credited)
    if gained <= 0 or seconds <= 0:
        return None
    return float(rest / gained) * seconds
