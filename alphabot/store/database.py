"""The one connection that writes: how it is set up, fenced, and given up for good.

Whatever SQLite raises becomes a JournalError with a sentence for a person, here and nowhere else.
After the first such error the connection is of no further use, not even for another try: when an
fsync has failed the kernel may have dropped the pages, and a second fsync that succeeds would lie.
The way on is a new process, which reads what is really there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import apsw

from alphabot.errors import JournalError

__all__ = ["IN_MEMORY", "RESTORE", "Database", "damaged", "extended_code", "sentence_for"]

IN_MEMORY = ":memory:"

# Everything in the process waits while SQLite waits for another program's lock.
_BUSY_WAIT_MS = 200

RESTORE = "put a sound copy of the whole folder back while alphabot is stopped"
"""How to go on from a database that is not what was written."""

_PASSING = (apsw.FullError, apsw.BusyError, apsw.LockedError, apsw.ConstraintError)
"""Errors after which nothing is in doubt but what was to be written."""

_CARRY_ON = "the next start carries on where the journal ends"
_SENTENCES: tuple[tuple[type[apsw.Error], str, str], ...] = (
    (apsw.FullError, "the disk is full, or the file may not grow", f"make room; {_CARRY_ON}"),
    (apsw.BusyError, "another program holds the database locked", f"end that program; {_CARRY_ON}"),
    (
        apsw.LockedError,
        "another program holds the database locked",
        f"end that program; {_CARRY_ON}",
    ),
    (apsw.ReadOnlyError, "the file or its folder may not be written to", _CARRY_ON),
    (apsw.PermissionsError, "the file or its folder may not be written to", _CARRY_ON),
    (apsw.CantOpenError, "the file could not be opened in its folder", _CARRY_ON),
    (apsw.CorruptError, "the file is damaged", RESTORE),
    (apsw.NotADBError, "the file is damaged, or no database", RESTORE),
    (apsw.FormatError, "the file is damaged, or no database", RESTORE),
    (
        apsw.IOError,
        "the disk failed while it was read or written",
        f"look at the disk; {_CARRY_ON}",
    ),
    (apsw.NoMemError, "there was not enough memory", _CARRY_ON),
)


def damaged(what: str) -> JournalError:
    """Return the error for a database that is not what was written, with what can be done."""
    return JournalError(f"{what}; {RESTORE}")


def extended_code(error: apsw.Error) -> int:
    """Return SQLite's extended result code; 0 where apsw itself raised the error."""
    code: int | None = getattr(error, "extendedresult", None)
    return code or 0


def sentence_for(error: apsw.Error) -> str:
    """Return what an error of SQLite means, for a person, and how to go on."""
    found = (row[1:] for row in _SENTENCES if isinstance(error, row[0]))
    said, remedy = next(found, ("SQLite refused", RESTORE))
    code = apsw.mapping_extended_result_codes.get(extended_code(error))
    return f"{said} ({code}: {error}); {remedy}" if code else f"{said} ({error}); {remedy}"


class Database:
    """A connection, the epoch of the owner who uses it, and whether it may still be used."""

    def __init__(self, connection: apsw.Connection, name: str, *, exclusive: bool = False) -> None:
        self.name = name
        self.epoch: int | None = None
        self._connection = connection
        self._exclusive = exclusive
        self._given_up: str | None = None
        self._file: tuple[int, int] | None = None

    def __repr__(self) -> str:
        state = "given up" if self._given_up else f"epoch {self.epoch}"
        return f"<Database {self.name}: {state}>"

    @classmethod
    def open(cls, path: str, *, exclusive: bool = False) -> Database:
        """Open an existing file, or a new database in memory; raises JournalError.

        ``exclusive`` is for disks on which memory cannot be shared: nobody can even read beside us.
        """
        try:
            connection = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READWRITE)
            if exclusive:
                connection.pragma("locking_mode", "exclusive")
        except apsw.Error as cause:
            raise JournalError(f"{path}: {sentence_for(cause)}") from cause
        name = "the journal in memory" if path == IN_MEMORY else path
        database = cls(connection, name, exclusive=exclusive)
        database._file = None if path == IN_MEMORY else _file_at(path)
        return database

    def prepare(self) -> None:
        """Set the connection up for durable writing; raises JournalError where that cannot be."""
        wanted = "delete" if self._exclusive else "wal"
        with self.guarded() as connection:
            connection.set_busy_timeout(_BUSY_WAIT_MS)
            connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
            connection.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
            mode = connection.pragma("journal_mode", wanted)
            connection.pragma("synchronous", "full")
            connection.pragma("foreign_keys", True)
            connection.pragma("cell_size_check", True)
            connection.pragma("mmap_size", 0)
        if mode not in (wanted, "memory"):
            raise JournalError(f"{self.name}: the file system does not support what WAL needs")

    @contextmanager
    def guarded(self) -> Iterator[apsw.Connection]:
        """Lend the connection; an error of SQLite inside becomes a JournalError.

        That error, or a JournalError raised inside, is final: every later use raises the same, so
        that whoever of many users hears it first says what it was.
        """
        if self._given_up is not None:
            raise JournalError(self._given_up)
        try:
            yield self._connection
        except JournalError as error:
            self._given_up = str(error)
            raise
        except apsw.Error as cause:
            self._given_up = f"{self.name}: {sentence_for(cause)}"
            raise JournalError(self._given_up) from cause
        except UnicodeDecodeError as cause:
            self._given_up = f"{self.name} is damaged: a text in it is none; {RESTORE}"
            raise JournalError(self._given_up) from cause

    @contextmanager
    def transaction(self) -> Iterator[apsw.Connection]:
        """Lend the connection for one durable transaction; raises JournalError.

        The transaction is undone when the block raises, and never begun by an owner whose epoch
        is no longer the database's, or whose file is no longer the one of its name: another
        process may by now own that.
        """
        with self.guarded() as connection, self._begun(connection):
            yield connection

    @contextmanager
    def attempt(self) -> Iterator[apsw.Connection]:
        """Lend the connection for a transaction that no order hangs on; raises JournalError.

        Where there is no room, the file is locked or a rule of the tables forbids it, SQLite has
        undone it and nothing else is in doubt: the connection stays of use. Any other error is
        final, as it always is.
        """
        passing: apsw.Error | None = None
        with self.guarded() as connection:
            try:
                with self._begun(connection):
                    yield connection
            except _PASSING as error:
                passing = error
        if passing is not None:
            raise JournalError(f"{self.name}: {sentence_for(passing)}") from passing

    def compact(self) -> None:
        """Give the room of what was deleted back to the disk; raises JournalError.

        Where that cannot be done now, nothing is changed and the connection stays of use.
        """
        passing: apsw.Error | None = None
        with self.guarded() as connection:
            try:
                connection.execute("VACUUM")
                # Only now does the file shrink; a reader beside us puts it off until later.
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            except _PASSING as error:
                passing = error
        if passing is not None:
            raise JournalError(f"{self.name}: {sentence_for(passing)}") from passing

    def take_ownership(self, now_ms: int) -> int:
        """Raise the epoch durably and return it; every earlier owner is fenced off from now on."""
        with self.transaction() as connection:
            epoch: int = connection.execute(
                "UPDATE ownership SET epoch = epoch + 1, since_ms = ? RETURNING epoch", (now_ms,)
            ).get
        self.epoch = epoch
        return epoch

    def for_next_owner(self) -> Database:
        """Return the same database as a new process would find it, with nothing given up."""
        return Database(self._connection, self.name)

    def rows(self, query: str, bindings: tuple[int, ...] = ()) -> list[Any]:
        """Return the rows of a query; raises JournalError."""
        with self.guarded() as connection:
            return connection.execute(query, bindings).fetchall()

    def close(self) -> None:
        """Close the connection, which moves the write-ahead log into the file.

        What was given up is left as it was found: the next process, or a person, needs the log.
        """
        given_up, self._given_up = self._given_up, f"{self.name}: it was closed"
        try:
            if given_up is not None:
                self._connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
            self._connection.close()
        except apsw.Error as cause:
            if given_up is None:
                raise JournalError(f"{self.name}: {sentence_for(cause)}") from cause

    @contextmanager
    def _begun(self, connection: apsw.Connection) -> Iterator[None]:
        # A deferred transaction that reads and then writes can fail without waiting at all.
        if self._file is not None and _file_at(self.name) != self._file:
            raise JournalError(
                f"{self.name} was removed or replaced while this process wrote to it, so nothing"
                " more is ordered; see that no other alphabot runs here, put the file back, and"
                " start again"
            )
        connection.execute("BEGIN IMMEDIATE")
        try:
            if self.epoch is not None:
                self._check_epoch(connection, self.epoch)
            yield
            connection.execute("COMMIT")
        finally:
            # Some errors, a full disk among them, have already rolled back.
            if connection.in_transaction:
                connection.execute("ROLLBACK")

    def _check_epoch(self, connection: apsw.Connection, epoch: int) -> None:
        found = connection.execute("SELECT epoch FROM ownership").get
        if found != epoch:
            raise JournalError(
                f"{self.name}: another process has taken over (epoch {found}, this one has {epoch})"
            )


def _file_at(path: str) -> tuple[int, int] | None:
    """Return which file has this name, whatever was renamed; None where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino
