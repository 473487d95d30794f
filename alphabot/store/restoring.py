"""Putting a copy of a journal in the place of the present one, which is kept beside it.

Whatever moment this ends at, the next start finds the old journal, or the new one, or refuses
both because the mark of the one lies beside the other; done again, it then comes to its end.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import trio

from alphabot.core.progress import UserState
from alphabot.core.records import Folded, Record, Restored
from alphabot.core.values import UserId
from alphabot.errors import AlphabotError, JournalError
from alphabot.ports import WallClock
from alphabot.store.copying import copied
from alphabot.store.database import Database
from alphabot.store.journal import SqliteJournal
from alphabot.store.mark import HighWaterMark
from alphabot.store.ownership import owner_lock
from alphabot.store.reading import JournalReading, read_file
from alphabot.store.venue import VenueIdentity, make_folder, sync_folder, take_over

__all__ = ["Restoration", "restore_journal"]

_ENDINGS = (".db", ".db-wal", ".db-journal", ".mark")


@dataclass(frozen=True, slots=True)
class Restoration:
    """What came of it."""

    kept: Path | None
    """The folder in which what was replaced lies now; None where there was nothing."""
    users: Sequence[UserId]
    """Everyone who is compared with the exchange before the next order."""


async def restore_journal(
    reading: JournalReading,
    identity: VenueIdentity,
    folder: Path,
    clock: WallClock,
    named: Sequence[tuple[UserId, str]],
) -> Restoration:
    """Put the copy that is being read in the place of the venue's journal.

    Every user of either of the two, and of ``named``, is noted to be compared with the exchange
    before trading; who was disabled since the copy was made stays so. Raises JournalError, saying
    who has it, while another process owns the journal, and when the copy cannot be put there.
    """
    make_folder(folder)
    path = folder / f"{identity.file_stem}.db"
    with owner_lock(path.with_suffix(".lock"), clock):
        before = _users_of(path, identity)
        with copied(reading, identity, folder, "restoring") as copy:
            users = await _noted(copy, identity, clock, [*before, *((*n, True) for n in named)])
            kept = _kept(path, clock)
            _put(copy, path)
    return Restoration(kept, users)


async def _noted(
    copy: Path,
    identity: VenueIdentity,
    clock: WallClock,
    others: Sequence[tuple[UserId, str, bool]],
) -> Sequence[UserId]:
    """Write into the copy, as its owner, that it is one; return everyone in it."""
    await trio.lowlevel.checkpoint()
    with (
        closing(HighWaterMark(copy.with_suffix(".mark"))) as mark,
        closing(Database.open(str(copy))) as database,
    ):
        journal = take_over(database, identity, mark, clock)
        known = {user.user_id for user in journal.users.all()}
        for user_id, name, enabled in others:
            if user_id not in known:
                journal.users.add(user_id, name)
                known.add(user_id)
            if not enabled:
                journal.users.enable(user_id, enabled=False)
        histories = {user_id: await journal.records(user_id) for user_id in sorted(known)}
        ends = {user_id: _known_until_ms(records) for user_id, records in histories.items()}
        # Who had done nothing by then had done nothing while the others did.
        latest_ms = max((ms for ms in ends.values() if ms is not None), default=_made_ms(journal))
        for user_id, end_ms in ends.items():
            known_until_ms = latest_ms if end_ms is None else end_ms
            note = Restored(at_ms=clock.now_ms(), known_until_ms=known_until_ms)
            await journal.append(user_id, note)
    return sorted(known)


def _put(copy: Path, path: Path) -> None:
    """Put the copy and its mark in the place of the present files."""
    mark = copy.with_suffix(".mark")
    try:
        # A log or a rollback journal would be taken for the new file's.
        for ending in ("-wal", "-shm", "-journal"):
            Path(f"{path}{ending}").unlink(missing_ok=True)
        sync_folder(path.parent)
        copy.replace(path)
        mark.replace(path.with_suffix(".mark"))
        sync_folder(path.parent)
    except OSError as cause:
        raise JournalError(f"{path} cannot be replaced: {cause.strerror}") from cause


def _known_until_ms(records: Sequence[Record]) -> int | None:
    """Return until when these records know what was traded; None where they never knew a thing."""
    state = UserState()
    for record in records:
        state.apply(record)
    if state.restored is not None and not state.compared:
        return state.restored.known_until_ms
    return max((r.at_ms for r in records if not isinstance(r, Restored | Folded)), default=None)


def _made_ms(journal: SqliteJournal) -> int:
    ((at_ms,),) = journal.database.rows("SELECT created_at_ms FROM venue")
    return int(at_ms)


def _users_of(path: Path, identity: VenueIdentity) -> Sequence[tuple[UserId, str, bool]]:
    """Return who is in the journal that is to be replaced, as far as it can still be read."""
    try:
        with read_file(path, identity) as reading:
            return reading.names
    except AlphabotError:
        return ()


def _kept(path: Path, clock: WallClock) -> Path | None:
    """Give what is to be replaced a second name in a dated folder, durably; return the folder."""
    present = [e for e in _ENDINGS if path.with_suffix(e).exists()]
    if not present:
        return None
    now = datetime.fromtimestamp(clock.now_ms() / 1000, UTC)
    stem = path.with_suffix(f".replaced-{now:%Y%m%dT%H%M%S}Z")
    try:
        kept = next(k for k in (stem, *_numbered(stem)) if not os.path.lexists(k))
        kept.mkdir(mode=0o700)
        for ending in present:
            os.link(path.with_suffix(ending), kept / path.with_suffix(ending).name)
        sync_folder(kept)
        sync_folder(path.parent)
    except OSError as cause:
        raise JournalError(f"{path} cannot be kept aside: {cause.strerror}") from cause
    return kept


def _numbered(stem: Path) -> Sequence[Path]:
    return [stem.with_name(f"{stem.name}-{number}") for number in range(2, 1000)]
