"""A copy of a journal in one file: made beside whoever writes, and checked before it has its name.

SQLite's backup takes the pages of one moment, the write-ahead log's included. The copy is then
written anew from its rows: what was deleted, an old session among it, is not in it in any form.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import apsw

from alphabot.errors import ConfigError, JournalError
from alphabot.store.database import Database, damaged, sentence_for
from alphabot.store.mark import Mark
from alphabot.store.reading import JournalReading, read_file
from alphabot.store.venue import VenueIdentity, sync_folder

__all__ = ["copied", "refuse_damaged", "write_backup"]

_TRIES: Final = 5
"""How often a journal is copied that an owner who starts or ends moves about meanwhile."""


def write_backup(reading: JournalReading, identity: VenueIdentity, target: Path) -> Mark:
    """Copy a journal into a new file, for its user alone, and return how far it had come.

    The file is there whole and checked, or not at all. Raises ConfigError when there is such a
    file already or it cannot be made; JournalError when some user's records are damaged, and when
    no sound copy came about.
    """
    if os.path.lexists(target):
        raise _taken(target)
    with copied(reading, identity, target.parent, target.name) as copy:
        with read_file(copy, identity) as again:
            last = again.last
        try:
            os.link(copy, target)
            sync_folder(target.parent)
        except FileExistsError as cause:
            raise _taken(target) from cause
        except OSError as cause:
            raise ConfigError(f"cannot be written: {cause.strerror}", path=target) from cause
    return last


@contextmanager
def copied(
    reading: JournalReading, identity: VenueIdentity, folder: Path, name: str
) -> Iterator[Path]:
    """Lend a checked and durable copy, which goes with the block, under a name nobody can guess.

    Raises ConfigError and JournalError as :func:`write_backup` does.
    """
    refuse_damaged(reading)
    try:
        file, made = tempfile.mkstemp(prefix=f".{name}.", suffix=".db", dir=folder)
        os.close(file)
    except OSError as cause:
        raise ConfigError(f"cannot be used: {cause.strerror}", path=folder) from cause
    copy = Path(made)
    try:
        for attempt in range(_TRIES):
            _copy(reading.database, copy)
            try:
                with read_file(copy, identity) as again:
                    refuse_damaged(again)
                break
            except JournalError:
                if attempt == _TRIES - 1:
                    raise
        yield copy
    finally:
        for ending in (".db", ".db-journal", ".db-wal", ".db-shm", ".mark"):
            with suppress(OSError):
                copy.with_suffix(ending).unlink(missing_ok=True)


def refuse_damaged(reading: JournalReading) -> None:
    """Raise JournalError if some user's records do not fit together."""
    for history in reading.histories:
        if history.damage is not None:
            raise damaged(f"{reading.database.name} is damaged: {history.damage.error.what}")


def _copy(source: Database, target: Path) -> None:
    """Copy all pages, then write every row anew; synced when it returns."""
    try:
        with source.guarded() as connection, target.open("r+b") as file:
            file.truncate()
            copy = apsw.Connection(str(target))
            try:
                with copy.backup("main", connection, "main") as pages:
                    pages.step(-1)
                copy.pragma("journal_mode", "delete")
                copy.execute("VACUUM")
            finally:
                copy.close()
            os.fsync(file.fileno())
    except OSError as cause:
        raise ConfigError(f"cannot be written: {cause.strerror}", path=target.parent) from cause
    except apsw.Error as cause:
        raise JournalError(f"{target}: {sentence_for(cause)}") from cause


def _taken(target: Path) -> ConfigError:
    return ConfigError("is there already and is left as it is", path=target, hint="name a new file")
