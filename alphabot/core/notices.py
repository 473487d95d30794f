"""What people are told: a notice is a fact for a human, already in words.

The host decides what is said, in which language and to whom; a notifier only lays it out for its
service and delivers it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from alphabot.core.values import StrategyId, UserId

__all__ = ["Notice", "NoticeKind"]


class NoticeKind(StrEnum):
    """What may be told; people choose among these by name."""

    STARTED = "started"
    PROGRESS = "progress"
    ROUND_FAILED = "round_failed"
    LATCHED = "latched"
    LEFTOVER = "leftover"
    STREAM_LOST = "stream_lost"
    STREAM_BACK = "stream_back"
    PLUGIN_BENCHED = "plugin_benched"
    TARGET_REACHED = "target_reached"
    BEHIND = "behind"
    """The target of this UTC day will not be made before it ends."""
    VOLUME_DISAGREES = "volume_disagrees"
    """The exchange's own volume of today is not explained by ours."""
    STOPPED = "stopped"
    DAILY_SUMMARY = "daily_summary"


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to people, in the configured language."""

    kind: NoticeKind
    cause: str
    """What it is about, once and for all: two notices of one cause are one notice."""
    at_ms: int
    title: str
    figures: tuple[tuple[str, str], ...] = ()
    """Names and values, in the order in which a person wants them; money carries its unit."""
    progress: float | None = None
    """How much of the target is credited, 0 to 1, for a progress bar."""
    needs_human: bool = False
    """Nothing goes on here until a person has acted."""
    user_id: UserId | None = None
    strategy_id: StrategyId | None = None
