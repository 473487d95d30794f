"""The outbox: what must be heard, kept until somebody has heard it, also over restarts.

It lies in the journal's database and is written by its one connection, but no order hangs on it: a
row that cannot be written for want of room, or while the file is locked, leaves the journal as
usable as it was. Where the disk itself failed the journal is given up as after any such error.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from alphabot.core.notices import Notice
from alphabot.errors import JournalError
from alphabot.store.database import Database

__all__ = ["SqliteOutbox", "check_outbox", "undelivered_in"]

_PUT = (
    "INSERT INTO outbox (cause, notifier, at_ms, notice) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
_MARK = (
    "INSERT INTO outbox (cause, notifier, at_ms, notice, delivered_at_ms) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT DO UPDATE SET delivered_at_ms = excluded.delivered_at_ms"
    " WHERE delivered_at_ms IS NULL"
)
# What somebody has heard by another way is not told again by one that came later.
_ADOPT = (
    "INSERT INTO outbox (cause, notifier, at_ms, notice)"
    " SELECT cause, ?, min(at_ms), min(notice) FROM outbox"
    " GROUP BY cause HAVING max(delivered_at_ms) IS NULL"
    " ON CONFLICT DO NOTHING"
)
_PENDING = (
    "SELECT notice FROM outbox WHERE notifier = ? AND delivered_at_ms IS NULL ORDER BY at_ms, cause"
)
_UNHEARD = "SELECT cause FROM outbox GROUP BY cause HAVING max(delivered_at_ms) IS NULL"


class SqliteOutbox:
    """An :class:`alphabot.ports.Outbox`; every method raises JournalError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __repr__(self) -> str:
        return f"<SqliteOutbox of {self._database.name}>"

    def put(self, notice: Notice, notifiers: Sequence[str]) -> None:
        """Make it durable that these notifiers are to tell it; once for each cause."""
        text = msgspec.json.encode(notice).decode()
        with self._database.attempt() as connection:
            for name in notifiers:
                connection.execute(_PUT, (notice.cause, name, notice.at_ms, text))

    def mark(self, notice: Notice, notifier: str, now_ms: int) -> None:
        """Make it durable that a notifier has told it."""
        text = msgspec.json.encode(notice).decode()
        with self._database.attempt() as connection:
            connection.execute(_MARK, (notice.cause, notifier, notice.at_ms, text, now_ms))

    def pending(self, notifier: str) -> list[Notice]:
        """Return what a notifier has still to tell, oldest first.

        That includes what other notifiers, also former ones, were to tell and nobody has told.
        """
        with self._database.attempt() as connection:
            connection.execute(_ADOPT, (notifier,))
            rows: list[Any] = connection.execute(_PENDING, (notifier,)).fetchall()
        return [_notice(text, self._database.name) for (text,) in rows]

    def heard(self, cause: str) -> bool:
        """Return whether any notifier has told what is of this cause."""
        query = "SELECT 1 FROM outbox WHERE cause = ? AND delivered_at_ms IS NOT NULL LIMIT 1"
        with self._database.attempt() as connection:
            return connection.execute(query, (cause,)).fetchone() is not None


def undelivered_in(database: Database) -> int:
    """Return how many causes nobody has heard of yet, also of a database from before the outbox."""
    tables = database.rows("SELECT name FROM sqlite_schema WHERE name = 'outbox'")
    return len(database.rows(_UNHEARD)) if tables else 0


def check_outbox(database: Database) -> None:
    """Read every notice that is kept; raises JournalError for one that cannot be."""
    if database.rows("SELECT name FROM sqlite_schema WHERE name = 'outbox'"):
        for (text,) in database.rows("SELECT notice FROM outbox"):
            _notice(text, database.name)


def _notice(text: str, name: str) -> Notice:
    try:
        return msgspec.json.decode(text, type=Notice)
    except msgspec.MsgspecError as cause:
        raise JournalError(f"{name}: a notice in the outbox cannot be read: {cause}") from cause
