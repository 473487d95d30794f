"""The tables of a database, and the numbered steps that lead to them.

Rules that a program could forget are kept by the database itself: records are only ever added, in
one unbroken sequence per user and over all users, and go only once a checkpoint stands for them; an
intent's legs only ever close; at most one intent per user and symbol is open; the owner's epoch
only rises; what was delivered stays delivered. Money lives inside the records, which are JSON text,
so no column ever turns it into a float.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import apsw

from alphabot.errors import JournalError
from alphabot.store.database import IN_MEMORY, damaged

__all__ = ["APPLICATION_ID", "MIGRATIONS", "Migration", "check", "migrate", "version_of"]

APPLICATION_ID = 0x616C7068
"""``alph``: marks a file as ours, so that no other program's database is ever written to."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema; all of it happens, or nothing."""

    number: int
    statements: str


_FIRST = """
CREATE TABLE venue (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    mode TEXT NOT NULL,
    hosts TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
) STRICT;
CREATE TRIGGER venue_never_changes BEFORE UPDATE ON venue
    BEGIN SELECT RAISE(ABORT, 'a database belongs to one venue for good'); END;
CREATE TRIGGER venue_never_goes BEFORE DELETE ON venue
    BEGIN SELECT RAISE(ABORT, 'a database belongs to one venue for good'); END;

CREATE TABLE ownership (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    epoch INTEGER NOT NULL CHECK (epoch >= 0),
    since_ms INTEGER NOT NULL
) STRICT;
INSERT INTO ownership VALUES (1, 0, 0);
CREATE TRIGGER epoch_only_rises BEFORE UPDATE ON ownership WHEN NEW.epoch <= OLD.epoch
    BEGIN SELECT RAISE(ABORT, 'an epoch only rises'); END;
CREATE TRIGGER ownership_never_goes BEFORE DELETE ON ownership
    BEGIN SELECT RAISE(ABORT, 'an epoch only rises'); END;

CREATE TABLE users (
    user_id INTEGER PRIMARY KEY CHECK (user_id > 0),
    name TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    enabled INTEGER NOT NULL CHECK (enabled IN (0, 1))
) STRICT;

CREATE TABLE records (
    position INTEGER PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users (user_id),
    sequence INTEGER NOT NULL,
    record TEXT NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    UNIQUE (user_id, sequence)
) STRICT;
CREATE TRIGGER records_are_added_in_order BEFORE INSERT ON records
    WHEN NEW.position <> (SELECT coalesce(max(position), 0) + 1 FROM records)
      OR NEW.sequence <>
         (SELECT coalesce(max(sequence), 0) + 1 FROM records WHERE user_id = NEW.user_id)
    BEGIN SELECT RAISE(ABORT, 'records are added without a gap'); END;
CREATE TRIGGER records_never_change BEFORE UPDATE ON records
    BEGIN SELECT RAISE(ABORT, 'records are only ever added'); END;
CREATE TRIGGER records_never_go BEFORE DELETE ON records
    BEGIN SELECT RAISE(ABORT, 'records are only ever added'); END;

CREATE TABLE intents (
    user_id INTEGER NOT NULL REFERENCES users (user_id),
    intent_id TEXT NOT NULL,
    symbol TEXT NOT NULL,
    open_legs INTEGER NOT NULL CHECK (open_legs BETWEEN 0 AND 7),
    PRIMARY KEY (user_id, intent_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX one_open_intent ON intents (user_id, symbol) WHERE open_legs <> 0;
CREATE TRIGGER legs_only_close BEFORE UPDATE ON intents
    WHEN NEW.open_legs & ~OLD.open_legs <> 0
      OR (NEW.user_id, NEW.intent_id, NEW.symbol) <> (OLD.user_id, OLD.intent_id, OLD.symbol)
    BEGIN SELECT RAISE(ABORT, 'the legs of an intent only ever close'); END;
CREATE TRIGGER intents_never_go BEFORE DELETE ON intents
    BEGIN SELECT RAISE(ABORT, 'intents are only ever added'); END;
"""

_OUTBOX = """
CREATE TABLE outbox (
    cause TEXT NOT NULL,
    notifier TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    notice TEXT NOT NULL,
    delivered_at_ms INTEGER,
    PRIMARY KEY (cause, notifier)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER what_was_told_stays_told BEFORE UPDATE ON outbox
    WHEN OLD.delivered_at_ms IS NOT NULL
      OR (NEW.cause, NEW.notifier, NEW.at_ms) <> (OLD.cause, OLD.notifier, OLD.at_ms)
    BEGIN SELECT RAISE(ABORT, 'what was delivered stays delivered'); END;
"""

_SEALED = """
CREATE TABLE sealing (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    source TEXT NOT NULL CHECK (source IN ('key file', 'passphrase')),
    salt BLOB NOT NULL,
    check_value BLOB NOT NULL,
    since_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE envelope_versions (
    user_id INTEGER NOT NULL REFERENCES users (user_id),
    purpose TEXT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (user_id, purpose)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER versions_only_rise BEFORE UPDATE ON envelope_versions
    WHEN NEW.version <= OLD.version OR (NEW.user_id, NEW.purpose) <> (OLD.user_id, OLD.purpose)
    BEGIN SELECT RAISE(ABORT, 'a version only rises'); END;
CREATE TRIGGER versions_never_go BEFORE DELETE ON envelope_versions
    BEGIN SELECT RAISE(ABORT, 'a version only rises'); END;

CREATE TABLE envelopes (
    user_id INTEGER NOT NULL,
    purpose TEXT NOT NULL,
    wrapped_key BLOB NOT NULL,
    sealed BLOB NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (user_id, purpose),
    FOREIGN KEY (user_id, purpose) REFERENCES envelope_versions (user_id, purpose)
) STRICT, WITHOUT ROWID;

CREATE TABLE agreements (
    terms BLOB PRIMARY KEY CHECK (length(terms) = 32),
    at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
"""

_DRY_RUN = """
CREATE TABLE dry_run_accounts (
    position INTEGER PRIMARY KEY,
    line TEXT NOT NULL
) STRICT;
CREATE TRIGGER lines_are_added_in_order BEFORE INSERT ON dry_run_accounts
    WHEN NEW.position <> (SELECT coalesce(max(position), 0) + 1 FROM dry_run_accounts)
    BEGIN SELECT RAISE(ABORT, 'lines are added without a gap'); END;
CREATE TRIGGER lines_never_change BEFORE UPDATE ON dry_run_accounts
    BEGIN SELECT RAISE(ABORT, 'lines are only ever added'); END;
CREATE TRIGGER lines_never_go BEFORE DELETE ON dry_run_accounts
    BEGIN SELECT RAISE(ABORT, 'lines are only ever added'); END;
"""

_FOLDED = """
CREATE TABLE folded (
    user_id INTEGER PRIMARY KEY REFERENCES users (user_id),
    sequence INTEGER NOT NULL CHECK (sequence > 0),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    position INTEGER NOT NULL CHECK (position > 0),
    checkpoint TEXT NOT NULL
) STRICT;
CREATE TRIGGER folded_is_what_is_there BEFORE INSERT ON folded
    WHEN NOT EXISTS (SELECT 1 FROM records WHERE (user_id, sequence, hash, position)
                     = (NEW.user_id, NEW.sequence, NEW.hash, NEW.position))
      OR NOT EXISTS (SELECT 1 FROM records
                     WHERE user_id = NEW.user_id AND sequence > NEW.sequence)
    BEGIN SELECT RAISE(ABORT, 'what is folded was written, and is not the last'); END;
CREATE TRIGGER folded_only_grows BEFORE UPDATE ON folded
    WHEN NEW.user_id <> OLD.user_id OR NEW.sequence <= OLD.sequence
    BEGIN SELECT RAISE(ABORT, 'what is folded away stays folded away'); END;
CREATE TRIGGER folded_never_goes BEFORE DELETE ON folded
    BEGIN SELECT RAISE(ABORT, 'what is folded away stays folded away'); END;

DROP TRIGGER records_never_go;
CREATE TRIGGER records_go_when_folded BEFORE DELETE ON records
    WHEN OLD.sequence >
         (SELECT coalesce(max(sequence), 0) FROM folded WHERE user_id = OLD.user_id)
    BEGIN SELECT RAISE(ABORT, 'records are only ever added'); END;
DROP TRIGGER intents_never_go;
CREATE TRIGGER intents_go_when_folded BEFORE DELETE ON intents
    WHEN OLD.open_legs <> 0 OR NOT EXISTS (SELECT 1 FROM folded WHERE user_id = OLD.user_id)
    BEGIN SELECT RAISE(ABORT, 'intents are only ever added'); END;
"""

MIGRATIONS: tuple[Migration, ...] = (
    Migration(1, _FIRST),
    Migration(2, _OUTBOX),
    Migration(3, _SEALED),
    Migration(4, _DRY_RUN),
    Migration(5, _FOLDED),
)
"""All steps, in order. A step that was released is never edited; what changes is a new step."""


def version_of(connection: apsw.Connection, name: str) -> int:
    """Return how many steps a database has taken; 0 is an empty file.

    Raises JournalError for a database of another program and for one that a newer alphabot wrote.
    """
    version: int = connection.pragma("user_version")
    if connection.pragma("application_id") != APPLICATION_ID:
        if version or connection.execute("SELECT count(*) FROM sqlite_schema").get:
            raise JournalError(f"{name} is not a database of alphabot")
        return 0
    if version == 0:  # it is written together with our id
        raise damaged(f"{name} is damaged: its version is missing")
    if not 0 < version <= len(MIGRATIONS):
        raise JournalError(
            f"{name} was written by a newer alphabot (schema {version}, this one knows"
            f" {len(MIGRATIONS)}): use that version, or keep the file and start another"
        )
    return version


def migrate(connection: apsw.Connection, migrations: Sequence[Migration] = MIGRATIONS) -> None:
    """Take the steps that are missing, each in a transaction of its own.

    A step that fails or is interrupted leaves the database as it was before that step.
    """
    for step in migrations[connection.pragma("user_version") :]:
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.execute(step.statements)
            connection.pragma("application_id", APPLICATION_ID)
            connection.pragma("user_version", step.number)
            connection.execute("COMMIT")
        finally:
            # Some errors, a full disk among them, have already rolled back.
            if connection.in_transaction:
                connection.execute("ROLLBACK")


def check(connection: apsw.Connection, name: str) -> None:
    """Raise JournalError unless the file is sound and its tables are those of our steps.

    A trigger that someone dropped, or that a damaged page lost, would be missed by nobody else.
    """
    expected, found = _pristine_shape(connection.pragma("user_version")), _shape(connection)
    if found != expected:
        names = ", ".join(sorted(str(row[1]) for row in expected ^ found))
        raise damaged(f"the tables of {name} are not as alphabot made them: {names}")
    complaint = connection.execute("PRAGMA integrity_check(1)").get
    if complaint != "ok":
        raise damaged(f"{name} is damaged: {' '.join(str(complaint).split())}")
    if connection.execute("PRAGMA foreign_key_check").get is not None:
        raise damaged(f"{name} is damaged: a row names a user that is not there")


@cache
def _pristine_shape(version: int) -> set[tuple[object, ...]]:
    pristine = apsw.Connection(IN_MEMORY)
    try:
        migrate(pristine, MIGRATIONS[:version])
        return _shape(pristine)
    finally:
        pristine.close()


def _shape(connection: apsw.Connection) -> set[tuple[object, ...]]:
    return set(connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema"))
