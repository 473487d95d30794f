"""One database per venue: where it lies, to whom it belongs, and how it is opened.

Beside the database ``NAME.db`` lie ``NAME.lock`` (who owns it now) and ``NAME.mark`` (how far it
had come), all of them readable by their user alone.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from alphabot.errors import ConfigError, InvariantBroken, JournalError
from alphabot.ports import WallClock
from alphabot.store import schema
from alphabot.store.database import IN_MEMORY, Database, damaged
from alphabot.store.disks import MOUNTS, network_disk
from alphabot.store.journal import SqliteJournal
from alphabot.store.mark import HighWaterMark
from alphabot.store.ownership import owner_lock
from alphabot.store.users import Users

__all__ = [
    "EMBEDDED",
    "VenueIdentity",
    "VenueMode",
    "check_identity",
    "make_folder",
    "memory_journal",
    "open_journal",
    "sync_folder",
    "take_over",
]


class VenueMode(StrEnum):
    """Whether orders are real, and where their prices come from."""

    SIMULATED = "simulated"
    DRY_RUN = "dry-run"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class VenueIdentity:
    """Which exchange a database is about: the mode, and the hosts that are spoken to.

    A simulated exchange without hosts is the one embedded in this process.
    """

    mode: VenueMode
    hosts: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.mode} at {', '.join(self.hosts)}" if self.hosts else f"{self.mode}, embedded"

    @property
    def text(self) -> str:
        """The identity as canonical text, which the hash chains begin with."""
        return json.dumps([self.mode, *self.hosts])

    @property
    def embedded(self) -> bool:
        """Whether the exchange, and with it everything this database is about, ends with us."""
        return self.mode is VenueMode.SIMULATED and not self.hosts

    @property
    def file_stem(self) -> str:
        """The name of the database without its ending.

        Two identities may share a name; the second one is then refused when it is opened.
        """
        if self.mode is not VenueMode.SIMULATED or not self.hosts:
            return self.mode.value
        return f"simulated-{re.sub(r'[^a-z0-9.]+', '-', self.hosts[0].lower()).strip('-')[:80]}"


EMBEDDED = VenueIdentity(VenueMode.SIMULATED)
"""The simulated exchange inside this process."""


@contextmanager
def open_journal(
    folder: Path,
    identity: VenueIdentity,
    *,
    fresh: bool,
    clock: WallClock,
    on_network_disk: bool = False,
) -> Iterator[SqliteJournal]:
    """Open the venue's database, checked from end to end, as its only owner.

    ``fresh`` removes what an earlier run of the embedded exchange left; ``on_network_disk`` is the
    permission to lie on one. Raises ConfigError when the file belongs to another venue, and on a
    network disk without the permission; JournalError when another process owns it, when it cannot
    be written, and when what it says cannot be trusted for any user.
    """
    if fresh and not identity.embedded:
        raise InvariantBroken(f"a journal that must outlive us ({identity}) was to be removed")
    far = _is_far(folder, permitted=on_network_disk)
    with ExitStack() as stack:
        make_folder(folder)
        path = folder / f"{identity.file_stem}.db"
        stack.enter_context(owner_lock(path.with_suffix(".lock"), clock))
        if fresh:
            _remove(path)
        _make_file(path)
        mark = stack.enter_context(closing(HighWaterMark(path.with_suffix(".mark"))))
        database = stack.enter_context(closing(Database.open(str(path), exclusive=far)))
        yield take_over(database, identity, mark, clock)


def memory_journal(
    clock: WallClock, identity: VenueIdentity = EMBEDDED, *, after: SqliteJournal | None = None
) -> SqliteJournal:
    """Return a journal in memory: the same tables and rules, lost with the process.

    ``after`` is an earlier one whose records live on, as a file does when its process is killed;
    the earlier one is fenced off.
    """
    database = Database.open(IN_MEMORY) if after is None else after.database.for_next_owner()
    return take_over(database, identity, None, clock)


def take_over(
    database: Database, identity: VenueIdentity, mark: HighWaterMark | None, clock: WallClock
) -> SqliteJournal:
    """Return the journal of an open database, as its owner from now on.

    Raises ConfigError when it belongs to another venue, JournalError when it cannot be trusted.
    """
    with database.guarded() as connection:
        if schema.version_of(connection, database.name):
            check_identity(database, identity)
        database.prepare()
        schema.migrate(connection)
        schema.check(connection, database.name)
    now_ms = clock.now_ms()
    with database.transaction() as connection:
        connection.execute(
            "INSERT INTO venue VALUES (1, ?, ?, ?) ON CONFLICT DO NOTHING",
            (identity.mode, json.dumps(identity.hosts), now_ms),
        )
    users = Users(database, clock, simulated=identity.mode is not VenueMode.LIVE)
    journal = SqliteJournal(database, identity.text, users, mark)
    journal.take_over(now_ms)
    return journal


def check_identity(database: Database, identity: VenueIdentity) -> None:
    """Raise ConfigError if the database belongs to another venue, JournalError if to none."""
    for mode, hosts in database.rows("SELECT mode, hosts FROM venue"):
        try:
            found = VenueIdentity(VenueMode(mode), tuple(json.loads(hosts)))
        except (ValueError, TypeError) as cause:
            raise damaged(f"{database.name} is damaged: its first row names no venue") from cause
        if found != identity:
            raise ConfigError(
                f"this database belongs to another exchange ({found}), not to {identity}",
                path=Path(database.name),
                hint="restore the [exchange] section it was made with, or use another folder",
            )


def _is_far(folder: Path, *, permitted: bool) -> bool:
    """Return whether the folder is on a network disk; raises ConfigError unless permitted."""
    try:
        mounts = MOUNTS.read_text("utf-8", errors="surrogateescape")
    except OSError:  # no Linux, or nothing that tells
        return False
    kind = network_disk(Path(os.path.realpath(folder)), mounts)
    if kind is not None and not permitted:
        raise ConfigError(
            f"the journal would lie on a network disk ({kind}), where another machine could write"
            " to it and a lock may be no lock",
            path=folder,
            hint="move the folder of the configuration to a disk of this machine, or accept that"
            " with journal_on_network_disk = true in [global_settings]",
        )
    return kind is not None


def make_folder(folder: Path) -> None:
    """See that there is the folder, for its user alone; raises JournalError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # mkdir's mode is cut by the umask, and the folder may be older than this rule.
        if folder.stat().st_mode & 0o777 != 0o700:
            folder.chmod(0o700)
    except OSError as cause:
        raise JournalError(
            f"{folder} cannot be used as a folder: {cause.strerror}; it and its files must belong"
            " to the user who runs alphabot"
        ) from cause


def _make_file(path: Path) -> None:
    """Make the database, if need be, for its user alone; its -wal and -shm take after it."""
    try:
        new = not path.exists()
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            os.fchmod(file, 0o600)
        finally:
            os.close(file)
        if new:
            sync_folder(path.parent)
    except OSError as cause:
        raise JournalError(f"{path} cannot be written: {cause.strerror}") from cause


def _remove(path: Path) -> None:
    try:
        # The mark first: without it, a shorter database is not mistaken for a loss.
        path.with_suffix(".mark").unlink(missing_ok=True)
        for ending in ("", "-journal", "-wal", "-shm"):
            Path(f"{path}{ending}").unlink(missing_ok=True)
    except OSError as cause:
        raise JournalError(f"{path} cannot be removed: {cause.strerror}") from cause


def sync_folder(folder: Path) -> None:
    """Make the file's name as durable as its contents will be."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)
