"""What ``alphabot status`` tells of notices: what is still to be heard, and how it is delivered."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

__all__ = ["NoticesStatus", "NotifierStatus"]


class NotifierStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How a notifier does."""

    name: str
    state: str
    """``opening``, ``delivering``, ``backing_off``, or ``pointless`` once retrying is in vain."""
    problem: str = ""
    seconds_left: float | None = None
    """Until it tries again, while it backs off."""
    waiting: int = 0
    delivered: int = 0
    dropped: int = 0
    """Notices that nobody will hear, for want of room or because they were never taken."""


class NoticesStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What people have still to hear, and how it is delivered."""

    undelivered: int = 0
    """Things that must be heard and that no notifier has delivered yet."""
    notifiers: Sequence[NotifierStatus] = ()
