"""A disk that fails, fills up, is locked, or loses its power: nothing acknowledged is ever lost."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import apsw
import pytest

from alphabot.core.records import Leg, Record
from alphabot.errors import JournalError
from alphabot.store import SqliteJournal, memory_journal
from tests.store.conftest import Opener, run_child
from tests.store.faulty_disk import FaultyDisk, faulty_disk
from tests.store.samples import USER, FixedClock, latched, pair, settled, write

STORY: list[Record] = [
    pair("a"),
    settled("a", Leg.WORKING),
    latched(),
    settled("a", Leg.PENDING),
    pair("b"),
]


@pytest.fixture
def disk() -> Iterator[FaultyDisk]:
    with faulty_disk() as disk:
        yield disk


async def _tell(journal: SqliteJournal) -> int:
    """Write the story until the journal refuses, and return how much of it was acknowledged."""
    acknowledged = 0
    try:
        journal.users.ensure_simulated_user(USER)
        for record in STORY:
            await write(journal, USER, record)
            acknowledged += 1
    except JournalError as error:
        said = re.escape(str(error))
        with pytest.raises(JournalError, match=said):
            await journal.append(USER, latched())
        with pytest.raises(JournalError, match=said):
            await journal.records(USER)
    return acknowledged


@pytest.mark.parametrize("only", [None, "sync"])
@pytest.mark.parametrize("powerless", [False, True])
async def test_wherever_the_disk_fails_what_was_acknowledged_is_there(
    reopen: Opener, folder: Path, disk: FaultyDisk, only: str | None, powerless: bool
) -> None:
    disk.only = only
    finished = False
    for fail_at in range(1, 200):
        shutil.rmtree(folder, ignore_errors=True)
        disk.synced.clear()
        disk.deleted.clear()
        disk.operations, disk.fail_at = 0, fail_at
        acknowledged = 0
        try:
            with reopen() as journal:
                acknowledged = await _tell(journal)
        except JournalError:
            assert acknowledged in (0, len(STORY)), "refused at opening, or when it was closed"
        finished = disk.operations < fail_at
        disk.fail_at = None
        if powerless:
            disk.lose_power()
        with reopen() as journal:
            kept = [type(record) for record in await journal.records(USER)]
        assert acknowledged <= len(kept) <= acknowledged + 1
        assert kept == [type(record) for record in STORY[: len(kept)]]
        if finished:
            break
    assert finished
    assert fail_at > 20
    assert acknowledged == len(STORY)


async def test_losing_power_loses_nothing_acknowledged(
    reopen: Opener, folder: Path, disk: FaultyDisk
) -> None:
    synced: list[dict[Path, bytes]] = []
    with reopen() as journal:
        journal.users.ensure_simulated_user(USER)
        for record in STORY:
            await write(journal, USER, record)
            synced.append(dict(disk.synced))
        mark = (folder / "simulated.mark").read_bytes()
    for acknowledged, disk.synced in enumerate(synced, start=1):
        shutil.rmtree(folder)
        disk.lose_power()
        with reopen() as journal:
            assert len(await journal.records(USER)) == acknowledged
    # The mark is never synced: it may have reached the disk before the power went, or not.
    (folder / "simulated.mark").write_bytes(mark)
    with reopen() as journal:
        assert len(await journal.records(USER)) == len(STORY)


async def append_until_refused(journal: SqliteJournal) -> None:
    """Write without end."""
    while True:
        await journal.append(USER, latched())


async def test_a_full_disk_is_said_in_plain_words_and_final(reopen: Opener, folder: Path) -> None:
    with reopen() as journal:
        journal.users.ensure_simulated_user(USER)
        with journal.database.guarded() as connection:
            connection.pragma("max_page_count", connection.pragma("page_count") + 2)
        with pytest.raises(JournalError, match=r"simulated\.db: the disk is full"):
            await append_until_refused(journal)
        with pytest.raises(JournalError, match=r"simulated\.db: the disk is full"):
            await journal.commit_intent(USER, pair("a"))
        written = journal.position
    assert written > 0
    with reopen() as journal:
        assert len(await journal.records(USER)) == written
        await journal.commit_intent(USER, pair("a"))


async def test_a_file_that_may_not_grow_loses_nothing_acknowledged(
    reopen: Opener, folder: Path
) -> None:
    written, kind, sentence = run_child("fill", folder).splitlines()
    assert kind == "JournalError"
    assert "the disk" in sentence
    with reopen() as journal:
        assert len(await journal.records(USER)) == int(written) > 3


async def test_a_foreign_lock_is_waited_for_a_moment_only(reopen: Opener, folder: Path) -> None:
    with reopen() as journal:
        journal.users.ensure_simulated_user(USER)
        other = apsw.Connection(str(folder / "simulated.db"))
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalError, match="another program holds the database locked"):
            await journal.append(USER, latched())
        other.close()
        with pytest.raises(JournalError, match="another program holds the database locked"):
            await journal.append(USER, latched())


async def test_a_failing_mark_is_final(
    reopen: Opener, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with reopen() as journal:
        journal.users.ensure_simulated_user(USER)

        def fail(*_: object) -> int:
            raise OSError(5, "Input/output error")

        with monkeypatch.context() as patched:
            patched.setattr("os.pwrite", fail)
            with pytest.raises(JournalError, match=r"simulated\.mark could not be written"):
                await journal.append(USER, latched())
        with pytest.raises(JournalError, match=r"simulated\.mark could not be written"):
            await journal.append(USER, latched())
    with reopen() as journal:
        assert await journal.records(USER) == [latched()]


def test_a_folder_that_may_not_be_written_is_refused() -> None:
    # Not tmp_path: the user without rights could not even reach it.
    with TemporaryDirectory() as name:
        Path(name).chmod(0o555)
        kind, sentence = run_child("open_as_nobody", name).splitlines()
    assert kind == "JournalError"
    assert name in sentence


def test_a_folder_that_cannot_be_is_refused(reopen: Opener, folder: Path) -> None:
    folder.write_text("a file")
    with pytest.raises(JournalError, match="cannot be used as a folder"), reopen():
        pass


def test_what_writes_is_set_up_to_last(reopen: Opener) -> None:
    with reopen() as journal, journal.database.guarded() as connection:
        found = {
            name: connection.pragma(name)
            for name in ("journal_mode", "synchronous", "foreign_keys", "mmap_size", "busy_timeout")
        }
        assert connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, -1)
        assert not connection.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, -1)
        version = tuple(int(part) for part in apsw.sqlite_lib_version().split("."))
    # Everything stands still during a busy wait, so it is short; 2 is FULL.
    assert found.pop("busy_timeout") <= 250
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "mmap_size": 0}
    assert version >= (3, 51, 3), "older ones have the WAL-reset bug"


def test_a_file_system_without_what_wal_needs_is_refused(reopen: Opener) -> None:
    usual = apsw.vfs_names()[0]
    apsw.set_default_vfs("unix-none")
    try:
        with pytest.raises(JournalError, match="does not support what WAL needs"), reopen():
            pass
    finally:
        apsw.set_default_vfs(usual)


async def test_a_closed_journal_says_so(clock: FixedClock, journal: SqliteJournal) -> None:
    journal.database.close()
    with pytest.raises(JournalError, match="it was closed"):
        await journal.records(USER)
    with pytest.raises(JournalError, match="it was closed"):
        journal.users.all()
    with pytest.raises(JournalError):
        memory_journal(clock, after=journal)
