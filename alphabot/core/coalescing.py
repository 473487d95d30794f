"""What waits to be told, kept short: under load several notices of one user become one.

What needs a human is never dropped and never becomes part of another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from alphabot.core.notices import Notice, NoticeKind
from alphabot.core.values import UserId

__all__ = ["Waiting", "after_adding", "after_returning"]

_GROUPS = {
    NoticeKind.PROGRESS: "progress",
    NoticeKind.STREAM_LOST: "stream",
    NoticeKind.STREAM_BACK: "stream",
    NoticeKind.ROUND_FAILED: "failed",
}
"""Kinds of which the newest tells enough; lost and back are one story."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A notice that waits, and how many older ones it stands for."""

    notice: Notice
    merged: int = 0
    others: tuple[Notice, ...] = ()
    """The last merged one of each other strategy of the user."""


def after_adding(
    waiting: Sequence[Waiting], notice: Notice, *, most: int
) -> tuple[tuple[Waiting, ...], int]:
    """Return what waits once a notice has come, and how many were dropped for want of room.

    The newest of its group takes the others' place at the end. Where ``most`` wait already, the
    oldest that may be dropped goes; what needs a human may make it longer than that.
    """
    group = _group(notice)
    if group is None and any(each.notice.cause == notice.cause for each in waiting):
        return tuple(waiting), 0
    same = [each for each in waiting if group is not None and _group(each.notice) == group]
    kept = [each for each in waiting if each not in same]
    kept.append(_merged(same, notice))
    return _within(kept, most)


def after_returning(
    waiting: Sequence[Waiting], undelivered: Waiting, *, most: int
) -> tuple[tuple[Waiting, ...], int]:
    """Return what waits once one could not be delivered: first again, or part of a newer one."""
    group = _group(undelivered.notice)
    for number, each in enumerate(waiting):
        if group is not None and _group(each.notice) == group:
            newer = replace(
                each,
                merged=each.merged + undelivered.merged + 1,
                others=_others([undelivered, each], each.notice),
            )
            return (*waiting[:number], newer, *waiting[number + 1 :]), 0
    return _within([undelivered, *waiting], most)


def _within(waiting: list[Waiting], most: int) -> tuple[tuple[Waiting, ...], int]:
    dropped = 0
    while len(waiting) > most:
        oldest = next((e for e in waiting if not e.notice.needs_human), None)
        if oldest is None:
            break
        waiting.remove(oldest)
        dropped += 1 + oldest.merged
    return tuple(waiting), dropped


def _group(notice: Notice) -> tuple[UserId | None, str] | None:
    group = None if notice.needs_human else _GROUPS.get(notice.kind)
    return None if group is None else (notice.user_id, group)


def _merged(older: Sequence[Waiting], notice: Notice) -> Waiting:
    merged = sum(each.merged + 1 for each in older)
    return Waiting(notice, merged, _others(older, notice))


def _others(older: Sequence[Waiting], notice: Notice) -> tuple[Notice, ...]:
    """Return the last notice of each other strategy among those that are merged."""
    found: dict[object, Notice] = {}
    for each in older:
        for one in (*each.others, each.notice):
            if one.strategy_id is not None and one.strategy_id != notice.strategy_id:
                found[one.strategy_id] = one
    return tuple(found.values())
