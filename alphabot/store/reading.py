"""A journal for those who only look: beside a running owner, after a kill, or long at rest.

Nothing is locked, written or made: not even the ``-shm`` file in which SQLite's readers of a
write-ahead log usually sign in, and no log is moved into the file when the last reader closes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import apsw

from alphabot.core.records import Record
from alphabot.core.values import UserId
from alphabot.errors import HistoryDamaged, JournalError
from alphabot.store import schema
from alphabot.store.audit import Audit, History, audit
from alphabot.store.chain import Chain, genesis
from alphabot.store.database import Database, damaged, sentence_for
from alphabot.store.folding import Base
from alphabot.store.mark import read_mark
from alphabot.store.outbox import check_outbox, undelivered_in
from alphabot.store.venue import VenueIdentity, check_identity

__all__ = ["Entry", "JournalReading", "read_file", "read_journal"]

_PATIENCE_SECONDS: Final = 5.0
"""How long a file that is written to meanwhile is read again, before it counts as damaged."""
_PAUSE_SECONDS: Final = 0.001
"""Between two attempts: whoever waits longer meets the next owner, where many come and go."""
_PASSING = (apsw.BusyError, apsw.ReadOnlyError)
"""What SQLite says to a reader while an owner starts: the second because it may not help it."""
_READ_ONLY: Final = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI

_PAGE = (
    "SELECT position, user_id, sequence, CAST(record AS BLOB), hash FROM records"
    " WHERE position > ? AND position <= ? AND user_id BETWEEN ? AND ? ORDER BY position LIMIT 1000"
)
_USER_ID_MAX: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Entry:
    """A record where it stands; ``position`` counts over all users. ``raw`` is its JSON text.

    A checkpoint stands where the last record stood that was folded into it, and has its hash.
    """

    position: int
    user_id: UserId
    sequence: int
    hash: bytes
    raw: bytes
    record: Record


class JournalReading:
    """What a journal said when it was opened, checked as its owner checks it.

    Made by :func:`read_journal`. Every method raises JournalError when the file cannot be read.
    """

    def __init__(self, database: Database, start: bytes, found: Audit) -> None:
        self.last = found.last
        self.database = database
        """The connection, which changes nothing."""
        self.start = start
        self._histories = found.histories

    @property
    def histories(self) -> list[History]:
        """Every user's history, also of users without a record, in the order of their ids."""
        known = [row[0] for row in self.database.rows("SELECT user_id FROM users")]
        return [
            self._histories.get(user_id) or History(Chain(user_id, self.start))
            for user_id in sorted({*known, *self._histories})
        ]

    @property
    def names(self) -> list[tuple[UserId, str, bool]]:
        """Every user's id, name, and whether it is enabled."""
        rows = self.database.rows("SELECT user_id, name, enabled FROM users ORDER BY user_id")
        return [(user_id, name, bool(enabled)) for user_id, name, enabled in rows]

    @property
    def undelivered(self) -> int:
        """How many notices that must be heard nobody has heard yet."""
        return undelivered_in(self.database)

    def check_what_no_hash_covers(self) -> None:
        """Read the tables beside the records whole; raises JournalError for a row that cannot be.

        Whether they say what was written nobody can tell: they are in no chain.
        """
        tables = self.database.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")
        for (table,) in tables:
            if table != "records":
                self.database.rows(f'SELECT * FROM "{table}"')  # noqa: S608 - a name of our own
        # SQLite's own check passes over such a rule in a file that nobody writes to.
        if self.database.rows("SELECT 1 FROM users WHERE enabled NOT IN (0, 1)"):
            raise damaged(f"{self.database.name} is damaged: a user is neither enabled nor not")
        check_outbox(self.database)

    def entries(self, user_id: UserId | None = None) -> Iterator[Entry]:
        """Yield the records of a user, or of all, oldest first, as far as they fit together.

        Whoever takes them one by one may take long about it: an owner who goes on writing is not
        held up, and what is written meanwhile is not among them.
        """
        chains: dict[UserId, Chain] = {}
        for base in self._bases(user_id):
            chains[base.user_id] = base.chain
            checkpoint = base.checkpoint()
            yield Entry(base.position, base.user_id, base.sequence, base.hash, base.raw, checkpoint)
        users = (1, _USER_ID_MAX) if user_id is None else (user_id, user_id)
        position = 0
        while page := self.database.rows(_PAGE, (position, self.last.position, *users)):
            for position, owner, sequence, raw, digest in page:
                chain = chains.setdefault(owner, Chain(owner, self.start))
                if sequence <= self._histories[owner].chain.length:
                    record = self._next(chain, sequence, raw, digest)
                    yield Entry(position, owner, sequence, digest, raw, record)

    def _next(self, chain: Chain, sequence: int, raw: bytes, digest: bytes) -> Record:
        try:
            return chain.follow(sequence, raw, digest)
        except HistoryDamaged as cause:
            raise JournalError(
                f"{self.database.name} was changed while it was read (a start folds the oldest"
                f" records away): read it again ({cause.what})"
            ) from cause

    def _bases(self, user_id: UserId | None) -> list[Base]:
        """Return what sound records go on from, by their places."""
        histories = self._histories.values()
        found = [h.base for h in histories if h.base and h.chain.length >= h.base.sequence]
        chosen = [base for base in found if user_id in (None, base.user_id)]
        return sorted(chosen, key=lambda base: base.position)


class _Patient(Database):
    """A connection that waits for an owner who starts or ends between two of its questions."""

    def rows(self, query: str, bindings: tuple[int, ...] = ()) -> list[Any]:
        """Return the rows of a query; raises JournalError."""
        give_up_at = time.monotonic() + _PATIENCE_SECONDS
        with self.guarded() as connection:
            while True:
                try:
                    return connection.execute(query, bindings).fetchall()
                except _PASSING:
                    if time.monotonic() > give_up_at:
                        raise
                time.sleep(_PAUSE_SECONDS)


@contextmanager
def read_journal(folder: Path, identity: VenueIdentity) -> Iterator[JournalReading]:
    """Open the venue's journal to look at it.

    Raises ConfigError when the file belongs to another venue; JournalError when there is none,
    when it cannot be read, and when what it says cannot be trusted for any user.
    """
    with read_file(folder / f"{identity.file_stem}.db", identity) as reading:
        yield reading


@contextmanager
def read_file(path: Path, identity: VenueIdentity) -> Iterator[JournalReading]:
    """Open a journal wherever it lies; raises what :func:`read_journal` raises."""
    give_up_at = time.monotonic() + _PATIENCE_SECONDS
    while True:
        before = _state(path)
        database = _open(path)
        try:
            reading = _read(database, path, identity)
        except JournalError as error:
            database.close()
            # An owner who starts or ends moves pages about under those who do not sign in, and has
            # what they share to itself until it has read the log.
            moving = before != _state(path) or isinstance(error.__cause__, _PASSING)
            if not moving or time.monotonic() > give_up_at:
                raise
            time.sleep(_PAUSE_SECONDS)
        else:
            break
    with closing(database):
        yield reading


def _read(database: Database, path: Path, identity: VenueIdentity) -> JournalReading:
    # Before anything else: it is written after each record, so it is never ahead of them.
    mark = read_mark(path.with_suffix(".mark"))
    start = genesis(identity.text)
    with database.guarded() as connection:
        connection.pragma("query_only", True)
        connection.pragma("cell_size_check", True)
        connection.execute("BEGIN")
        if not schema.version_of(connection, database.name):
            raise damaged(f"{database.name} is empty")
        check_identity(database, identity)
        schema.check(connection, database.name)
        found = audit(connection, database.name, start, mark)
        connection.execute("COMMIT")
        return JournalReading(database, start, found)


def _open(path: Path) -> Database:
    options, vfs = _how(path)
    try:
        connection = apsw.Connection(
            f"file:{quote(str(path))}?{options}", flags=_READ_ONLY, vfs=vfs
        )
        connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        if vfs is not None:
            connection.pragma("locking_mode", "exclusive")
    except apsw.Error as cause:
        raise JournalError(f"{path}: {sentence_for(cause)}") from cause
    return _Patient(connection, str(path))


def _how(path: Path) -> tuple[str, str | None]:
    """Return SQLite's options, and its way to the files, that leave everything as it is.

    Raises JournalError where there is nothing to be read.
    """
    if _size(path) is None:
        if _size(path.with_suffix(".mark")) is not None:
            raise damaged(f"{path} is gone, though there was a journal")
        raise JournalError(f"{path} does not exist: nothing was traded with this configuration yet")
    if _size(Path(f"{path}-journal")):
        raise JournalError(
            f"{path} is being written, or was when its process ended: it can be read once the"
            " service has started and ended again"
        )
    if not _size(Path(f"{path}-wal")):
        return "immutable=1", None
    if _size(Path(f"{path}-shm")) is not None:
        return "mode=ro&readonly_shm=1", None
    # A log without the file that its users share is nobody's: it is read in private.
    return "mode=ro", "unix-none"


def _size(path: Path) -> int | None:
    stat = _stat(path)
    return None if stat is None else stat.st_size


def _stat(path: Path) -> os.stat_result | None:
    """Return what is known of a file, or None where there is none; raises JournalError."""
    try:
        return path.stat()
    except FileNotFoundError:
        return None
    except OSError as cause:
        raise JournalError(f"{path} could not be read: {cause.strerror}") from cause


def _state(path: Path) -> list[tuple[int, int, int] | None]:
    """Return what changes whenever somebody writes to the files."""
    stats = [_stat(Path(f"{path}{ending}")) for ending in ("", "-wal", "-journal")]
    return [stat and (stat.st_ino, stat.st_size, stat.st_mtime_ns) for stat in stats]
