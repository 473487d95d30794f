"""The journal as a process has it that can die, and whose disk can fail.

It stands around the real journal, on the real tables; only where a commit ends is it asked what
is to happen. A commit that does not come about is undone by SQLite itself, by way of its commit
hook, so that what survives is what a file would hold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum

import apsw
import trio

from alphabot.core.notices import Notice
from alphabot.core.records import (
    Checkpointed,
    Intended,
    Leg,
    PlacedRecord,
    Record,
    Settled,
    Updated,
)
from alphabot.core.values import Symbol, UserId
from alphabot.errors import JournalError
from alphabot.ports import CommittedIntent
from alphabot.rehearsal.life import KillPoint, Life
from alphabot.store import SqliteJournal, Users
from alphabot.store.database import Database
from alphabot.store.outbox import SqliteOutbox

__all__ = ["DiskFault", "MortalJournal"]


class DiskFault(StrEnum):
    """What a disk does instead of keeping a record."""

    FULL = "disk full"
    LOCKED = "database locked"
    UNSAID = "commit outcome unknown"


class _Undone(Exception):
    """A commit that the process did not live to see."""


class MortalJournal:
    """Passes on to a journal what a living process writes.

    ``disk`` is asked before each commit whether it fails, and how.
    """

    def __init__(
        self, journal: SqliteJournal, life: Life, disk: Callable[[Record], DiskFault | None]
    ) -> None:
        self.journal = journal
        self._life = life
        self._disk = disk
        self.intended: dict[UserId, list[Intended]] = {}
        """The intents of this life that are durable, by user."""
        self.unplaced: set[UserId] = set()
        """Users with an intent whose answer is not yet recorded."""

    @property
    def database(self) -> Database:
        """The connection beneath."""
        return self.journal.database

    def may_be_open(self, user_id: UserId) -> frozenset[Symbol]:
        """Return the symbols on which a user may have an order."""
        return frozenset(self.journal.may_be_open(user_id))

    @property
    def outbox(self) -> MortalOutbox:
        """What must be heard, as far as this process lives to write it."""
        return MortalOutbox(self.journal.outbox, self._life)

    @property
    def users(self) -> Users:
        """The users whose records it keeps."""
        return self.journal.users

    async def append(self, user_id: UserId, record: Record) -> None:
        """Make a record durable unless the process dies first; raises JournalError."""
        if isinstance(record, PlacedRecord):
            _die_if(self._life.passes(KillPoint.K7))
        _die_if(self._life.frozen)
        with self._committing(record):
            await self.journal.append(user_id, record)
        self._after(record)
        self.unplaced.discard(user_id)

    async def commit_intent(self, user_id: UserId, intended: Intended) -> CommittedIntent:
        """Make an intent durable unless the process dies first; raises JournalError."""
        await trio.lowlevel.checkpoint()
        _die_if(self._life.passes(KillPoint.K0))
        with self._committing(intended):
            committed = await self.journal.commit_intent(user_id, intended)
        self.intended.setdefault(user_id, []).append(intended)
        self.unplaced.add(user_id)
        self._after(intended)
        return committed

    async def records(self, user_id: UserId) -> Sequence[Record]:
        """Return all records of a user, oldest first."""
        return await self.journal.records(user_id)

    def kept(self, user_id: UserId) -> int:
        """Return how many records of a user are there that were not folded away."""
        return self.journal.kept(user_id)

    async def fold(self, user_id: UserId, checkpoint: Checkpointed, now_ms: int) -> None:
        """Fold a user's oldest records, which happens before there is anything to die of."""
        await self.journal.fold(user_id, checkpoint, now_ms)

    def _after(self, record: Record) -> None:
        match record:
            case Intended():
                point = KillPoint.K2
            case PlacedRecord():
                point = KillPoint.K9
            case Settled(leg=Leg.WORKING):
                point = KillPoint.K12
            case _:
                return
        _die_if(self._life.passes(point))

    def _committing(self, record: Record) -> _Commit:
        return _Commit(self.journal, self._life, _point_within(record), self._disk(record))


class MortalOutbox:
    """Passes on to an outbox what a living process writes."""

    def __init__(self, outbox: SqliteOutbox, life: Life) -> None:
        self._outbox = outbox
        self._life = life

    def put(self, notice: Notice, notifiers: Sequence[str]) -> None:
        """Make it durable what is to be told unless the process dies first."""
        _die_if(self._life.passes(KillPoint.K13))
        self._outbox.put(notice, notifiers)

    def mark(self, notice: Notice, notifier: str, now_ms: int) -> None:
        """Make it durable that it was told unless the process dies first."""
        _die_if(self._life.passes(KillPoint.K13))
        self._outbox.mark(notice, notifier, now_ms)

    def pending(self, notifier: str) -> Sequence[Notice]:
        """Return what a notifier has still to tell, oldest first."""
        _die_if(self._life.frozen)
        return self._outbox.pending(notifier)

    def heard(self, cause: str) -> bool:
        """Return whether any notifier has told what is of this cause."""
        _die_if(self._life.frozen)
        return self._outbox.heard(cause)


def _die_if(frozen: bool) -> None:
    if frozen:
        raise JournalError("the process was killed")


def _point_within(record: Record) -> KillPoint | None:
    match record:
        case Intended():
            return KillPoint.K1
        case PlacedRecord():
            return KillPoint.K8
        case Updated() | Settled(leg=Leg.WORKING):
            return KillPoint.K11
    return None


class _Commit:
    """One commit, with whatever ends it before its time."""

    def __init__(
        self, journal: SqliteJournal, life: Life, point: KillPoint | None, fault: DiskFault | None
    ) -> None:
        self._journal = journal
        self._life = life
        self._point = point
        self._fault = fault

    def __enter__(self) -> None:
        if self._fault in (DiskFault.FULL, DiskFault.LOCKED) or self._point is not None:
            with self._journal.database.guarded() as connection:
                connection.set_commit_hook(self._hook)

    def __exit__(self, kind: type[BaseException] | None, error: object, _traceback: object) -> None:
        if kind is JournalError:
            return  # the connection is of no further use, not even for taking the hook off
        with self._journal.database.guarded() as connection:
            connection.set_commit_hook(None)
        if kind is _Undone:
            raise JournalError("the process was killed")
        if kind is None and self._fault is DiskFault.UNSAID:
            # Raised within, it is what the database itself has failed of.
            with self._journal.database.guarded():
                raise JournalError("whether the last commit came about is not known")

    def _hook(self) -> bool:
        # Once: the connection outlives the process, and the next one's commits with it.
        fault, self._fault = self._fault, None
        point, self._point = self._point, None
        if fault is DiskFault.FULL:
            raise apsw.FullError("database or disk is full")
        if fault is DiskFault.LOCKED:
            raise apsw.BusyError("database is locked")
        if point is not None and self._life.passes(point):
            raise _Undone
        return False
