"""Real processes: killed in the middle, started twice, and started carelessly."""

from __future__ import annotations

import fcntl
import os
import signal
import stat
import subprocess
from pathlib import Path

import apsw
import pytest
import trio

from alphabot.errors import HistoryDamaged, JournalError
from alphabot.store import EMBEDDED, open_journal
from tests.store.conftest import Opener, child, run_child
from tests.store.samples import USER, FixedClock, latched

KILLS = 40


def test_a_killed_process_loses_nothing_it_acknowledged(folder: Path, reopen: Opener) -> None:
    """The same database is killed again and again, each time elsewhere in its work."""
    acknowledged = 0
    with subprocess.Popen(
        child("write_again_and_again", folder), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        for kill in range(KILLS):
            parent.stdin.write(b"\n")
            parent.stdin.flush()
            writer = int(parent.stdout.readline())
            for _ in range(kill % 4):
                acknowledged = int(parent.stdout.readline())
            os.kill(writer, signal.SIGKILL)
            # What it said between our decision and its death counts as well.
            while (line := parent.stdout.readline()) != b"dead\n":
                acknowledged = int(line)
        parent.stdin.close()
    with reopen() as journal:
        records = trio.run(journal.records, USER)
    assert acknowledged <= len(records) <= acknowledged + KILLS


def test_a_second_process_is_refused_and_told_by_whom(folder: Path, reopen: Opener) -> None:
    with subprocess.Popen(
        child("hold", folder), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        said = rf"in use by process {holder.pid} since 2023-11-14 22:13:20 UTC"
        with pytest.raises(JournalError, match=said), reopen():
            pass
        # Not even a fresh start may take the files away from under it.
        with (
            pytest.raises(JournalError, match=said),
            open_journal(folder, EMBEDDED, fresh=True, clock=FixedClock()),
        ):
            pass
        holder.send_signal(signal.SIGSTOP)
        with pytest.raises(JournalError, match=said), reopen():
            pass
        holder.send_signal(signal.SIGKILL)
    with reopen() as journal:
        assert journal.epoch == 2


def test_a_second_owner_in_this_process_is_refused_too(folder: Path, reopen: Opener) -> None:
    folder.mkdir()
    (folder / "simulated.lock").write_text("signed by somebody long ago" * 10)
    said = f"in use by process {os.getpid()}"
    with reopen(), pytest.raises(JournalError, match=said), reopen():
        pass
    with reopen():
        pass


def test_a_lock_nobody_signed_is_still_a_lock(folder: Path, reopen: Opener) -> None:
    with reopen():
        (folder / "simulated.lock").write_text("{")
        with pytest.raises(JournalError, match="in use by another process"), reopen():
            pass


def test_whoever_was_the_owner_before_is_not_called_the_owner(folder: Path, reopen: Opener) -> None:
    """An owner has no name yet between locking the file and signing it."""
    lock = folder / "simulated.lock"
    with reopen():
        assert str(os.getpid()) in lock.read_text()
    assert lock.read_text() == ""
    with subprocess.Popen(
        child("hold", folder), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as killed:
        assert killed.stdout is not None
        assert killed.stdout.readline() == b"held\n"
        killed.send_signal(signal.SIGKILL)
    assert str(killed.pid) in lock.read_text()
    with lock.open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(JournalError, match="in use by another process"), reopen():
            pass


async def test_what_another_program_slipped_in_ends_it(folder: Path, reopen: Opener) -> None:
    with reopen() as journal:
        journal.users.ensure_simulated_user(USER)
        with apsw.Connection(str(folder / "simulated.db")) as other:
            other.execute("INSERT INTO records VALUES (1, 1, 1, '{}', zeroblob(32))")
        other.close()
        with pytest.raises(JournalError, match="records are added without a gap"):
            await journal.append(USER, latched())
        with pytest.raises(JournalError, match="records are added without a gap"):
            await journal.append(USER, latched())
    with reopen() as journal, pytest.raises(HistoryDamaged, match="record 1 of user 1"):
        await journal.records(USER)


async def test_nobody_can_take_over_in_the_middle_of_a_transaction(
    folder: Path, reopen: Opener
) -> None:
    with reopen() as journal:
        other = apsw.Connection(str(folder / "simulated.db"))
        with journal.database.transaction(), pytest.raises(apsw.BusyError):
            other.execute("UPDATE ownership SET epoch = epoch + 1")
        other.close()


async def test_a_stolen_lock_file_does_not_make_two_owners(folder: Path, reopen: Opener) -> None:
    with reopen() as first:
        first.users.ensure_simulated_user(USER)
        (folder / "simulated.lock").unlink()
        with reopen() as second:
            with pytest.raises(JournalError, match="another process has taken over"):
                await first.append(USER, latched("first"))
            await second.append(USER, latched("second"))
            assert await second.records(USER) == [latched("second")]


def test_files_are_for_their_user_alone_whatever_the_umask(folder: Path) -> None:
    run_child("open_with_umask_000", folder)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    names = {"simulated.db", "simulated.db-wal", "simulated.db-shm"}
    assert modes == dict.fromkeys(names | {"simulated.lock", "simulated.mark"}, 0o600)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_files_that_were_open_to_others_are_closed_to_them(folder: Path, reopen: Opener) -> None:
    with reopen():
        pass
    folder.chmod(0o755)
    for path in folder.iterdir():
        path.chmod(0o666)
    with reopen():
        assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
