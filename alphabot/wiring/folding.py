"""Folding old records away at a start, so that no start takes longer than the one before."""

from __future__ import annotations

from typing import Final

import trio

from alphabot.core.days import DAY_MS
from alphabot.core.folding import checkpoint_before
from alphabot.core.records import Checkpointed
from alphabot.core.values import UserId
from alphabot.errors import HistoryDamaged, JournalError
from alphabot.log import say
from alphabot.wiring.journals import ServiceJournal

__all__ = ["FOLD_RECORDS", "KEPT_DAYS", "fold_away"]

FOLD_RECORDS: Final = 5_000
"""So many records of a user must have become old before they are folded: writing the file anew
for a few would cost each start more than it saves."""
KEPT_DAYS: Final = 2
"""UTC days before the present one whose records stay as they were written: what is told of today
and yesterday is told from them, and so is a halt that nobody has heard of yet."""


async def fold_away(
    journal: ServiceJournal, now_ms: int, *, fold_records: int = FOLD_RECORDS
) -> None:
    """Fold the old records of every user, and give their room back to the disk.

    Where that is not possible now, a line says so and the records stay. To be called before
    anybody reads the past of a user.
    """
    await trio.lowlevel.checkpoint()
    try:
        folded = [
            await _fold(journal, u.user_id, now_ms, fold_records) for u in journal.users.all()
        ]
        if any(folded):
            journal.database.compact()
    except JournalError as error:
        # Whatever of this is final is said again by the first who reads or writes.
        say("journal.not_folded", reason=str(error))


async def _fold(journal: ServiceJournal, user_id: UserId, now_ms: int, fold_records: int) -> bool:
    await trio.lowlevel.checkpoint()
    kept = journal.kept(user_id)
    if kept < fold_records:
        return False
    try:
        records = await journal.records(user_id)
    except HistoryDamaged:
        return False  # said where it matters: nothing is traded for this user
    checkpoint = checkpoint_before(records, (now_ms // DAY_MS - KEPT_DAYS) * DAY_MS)
    if checkpoint is None:
        return False
    first = records[0]
    before = first.sequence if isinstance(first, Checkpointed) else 0
    going = checkpoint.sequence - before
    if going < fold_records:
        return False
    await journal.fold(user_id, checkpoint, now_ms)
    say("journal.folded", user_id=user_id, records=going, through=checkpoint.sequence)
    return True
