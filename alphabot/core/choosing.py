"""Who hears what: a notice and what people wished for in, yes or no out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from alphabot.core.notices import Notice, NoticeKind
from alphabot.core.values import UserId

__all__ = ["Wishes", "is_wanted", "wishes_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What is to be told, of one user or of all."""

    kinds: tuple[NoticeKind, ...] = tuple(NoticeKind)
    quiet: bool = False
    """Only the daily summary, a target of the day that will not be made, and what needs a human."""
    progress_step_percent: int = 10


_TOLD_QUIETLY = (NoticeKind.DAILY_SUMMARY, NoticeKind.BEHIND)


def wishes_of(user_id: UserId | None, everyone: Wishes, users: Mapping[UserId, Wishes]) -> Wishes:
    """Return what was wished for about a user, or for what is about nobody in particular."""
    return everyone if user_id is None else users.get(user_id, everyone)


def is_wanted(notice: Notice, wishes: Wishes) -> bool:
    """Return whether a notice is to be told; what needs a human always is."""
    if notice.needs_human:
        return True
    if wishes.quiet:
        return notice.kind in _TOLD_QUIETLY
    return notice.kind in wishes.kinds
