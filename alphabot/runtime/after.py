"""What a step of the trade loop leads to."""

from __future__ import annotations

from dataclasses import dataclass

from alphabot.runtime.board import Ending, State

__all__ = ["After"]


@dataclass(frozen=True, slots=True)
class After:
    """What comes after a step: a pause, or the strategy's end."""

    pause_seconds: float = 0.0
    ending: Ending | None = None
    reason: str = ""
    state: State = State.PAUSING
