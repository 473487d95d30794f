"""Looking at a journal: beside an owner, after a kill, at rest; and leaving it as it was."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trio

from alphabot.core.records import encode
from alphabot.errors import ConfigError, JournalError
from alphabot.store import EMBEDDED, VenueIdentity, VenueMode, open_journal, read_journal
from tests.store.conftest import Opener, child, run_child
from tests.store.hurt import contents, fill, looked_at
from tests.store.samples import OTHER, USER, FixedClock, latched

NAMES = {"simulated.db", "simulated.lock", "simulated.mark"}


@contextmanager
def writer(folder: Path, records: int) -> Iterator[list[int]]:
    """Let another process write, as one owner after another; yield what it says is durable."""
    durable: list[int] = []
    with subprocess.Popen(
        child("write", folder, records), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        durable.append(int(process.stdout.readline()))
        listener = threading.Thread(target=lambda: durable.extend(map(int, process.stdout or ())))
        listener.start()
        yield durable
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait() == 0, "the owner never notices"
        listener.join()


def test_beside_an_owner_is_read_what_is_durable(folder: Path) -> None:
    """And the owner is not disturbed: neither locked out, nor fenced off, nor checkpointed."""
    with subprocess.Popen(
        child("write_and_hold", folder), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdin is not None
        assert owner.stdout is not None
        assert owner.stdout.readline() == "held\n"
        before = contents(folder)
        with read_journal(folder, EMBEDDED) as reading:
            owner.stdin.write("\n")
            owner.stdin.flush()
            assert owner.stdout.readline() == "written\n"
            assert [entry.record for entry in reading.entries()] == [latched()]
        after = contents(folder)
        assert looked_at(folder) == {USER: [latched(), latched()]}
        assert {name: after[name] for name in ("simulated.db", "simulated.lock")} == {
            name: before[name] for name in ("simulated.db", "simulated.lock")
        }
        assert after.keys() == before.keys()
    assert owner.returncode == 0


@pytest.mark.parametrize("records", [600, 3], ids=["few owners", "many owners"])
def test_a_reader_and_a_writer_do_not_notice_each_other(folder: Path, records: int) -> None:
    """Checkpoints, starts and ends of owners fall into the middle of readings."""
    run_child("write", folder, 1)
    with writer(folder, records) as durable:
        for _ in range(15):
            before = durable[-1]
            with read_journal(folder, EMBEDDED) as reading:
                (history,) = reading.histories
                assert history.damage is None
                assert before <= history.chain.length == reading.last.position
                entries = list(reading.entries())
            assert [entry.position for entry in entries] == list(range(1, len(entries) + 1))
            assert len(entries) == history.chain.length
            if len(entries) > 2000:
                break


async def test_what_a_killed_owner_left_is_read_and_left(reopen: Opener, folder: Path) -> None:
    killed = folder.with_name("killed")
    with reopen() as journal:
        journal.users.ensure_simulated_user(USER)
        await journal.append(USER, latched())
        shutil.copytree(folder, killed)
    assert (killed / "simulated.db-wal").stat().st_size > 0
    assert looked_at(killed) == {USER: [latched()]}
    (killed / "simulated.db-shm").unlink()
    assert looked_at(killed) == {USER: [latched()]}
    assert contents(killed).keys() == NAMES | {"simulated.db-wal"}


async def test_a_journal_at_rest_is_read_and_left(reopen: Opener, folder: Path) -> None:
    written = await fill(reopen)
    assert looked_at(folder) == written
    assert contents(folder).keys() == NAMES
    (folder / "simulated.db-wal").touch()  # as an owner makes it before the first word
    assert looked_at(folder) == written


async def test_an_entry_says_where_it_stands(reopen: Opener, folder: Path) -> None:
    written = await fill(reopen)
    with read_journal(folder, EMBEDDED) as reading:
        every, of_other = list(reading.entries()), list(reading.entries(OTHER))
        assert list(reading.entries(USER)) == [e for e in every if e.user_id == USER]
        assert {h.chain.user_id: h.chain.tip for h in reading.histories} == {
            entry.user_id: entry.hash for entry in every
        }
        assert reading.last.hash == every[-1].hash
    assert [entry.record for entry in of_other] == written[OTHER]
    assert [entry.sequence for entry in of_other] == list(range(1, 20))
    assert every[-1].position == 37
    assert every[-1].raw == encode(written[OTHER][-1])


async def test_a_user_without_records_is_seen(reopen: Opener, folder: Path) -> None:
    with reopen() as journal:
        journal.users.ensure_simulated_user(USER)
    with read_journal(folder, EMBEDDED) as reading:
        (history,) = reading.histories
    assert (history.chain.user_id, history.chain.length, history.last_at_ms) == (USER, 0, None)


def test_nothing_is_made_where_there_is_nothing(folder: Path) -> None:
    for _ in range(2):
        with pytest.raises(JournalError, match="does not exist"), read_journal(folder, EMBEDDED):
            pass
    assert not folder.exists()


async def test_a_journal_that_is_gone_is_missed(reopen: Opener, folder: Path) -> None:
    await fill(reopen)
    (folder / "simulated.db").unlink()
    with pytest.raises(JournalError, match="is gone"), read_journal(folder, EMBEDDED):
        pass
    assert contents(folder).keys() == NAMES - {"simulated.db"}


def test_an_empty_file_is_no_journal(folder: Path) -> None:
    folder.mkdir()
    (folder / "simulated.db").touch()
    with pytest.raises(JournalError, match="is empty"), read_journal(folder, EMBEDDED):
        pass


def test_of_another_exchange_nothing_is_read(folder: Path) -> None:
    live = [VenueIdentity(VenueMode.LIVE, (host,)) for host in ("a.example.com", "b.example.com")]
    with open_journal(folder, live[0], fresh=False, clock=FixedClock()):
        pass
    with pytest.raises(ConfigError, match=r"a\.example\.com"), read_journal(folder, live[1]):
        pass


async def test_a_write_that_a_reader_would_have_to_undo_is_left_alone(
    reopen: Opener, folder: Path
) -> None:
    """Where there is no write-ahead log, an interrupted write lies in the file itself."""
    await fill(reopen)
    (folder / "simulated.db-journal").write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" * 100)
    before = contents(folder)
    with pytest.raises(JournalError, match="is being written"), read_journal(folder, EMBEDDED):
        pass
    assert contents(folder) == before


def test_names_with_signs_that_mean_something_in_an_address(folder: Path) -> None:
    odd = folder / "a?b=c&d%20e#f üñ 金"
    with open_journal(odd, EMBEDDED, fresh=False, clock=FixedClock()) as journal:
        journal.users.ensure_simulated_user(USER)
    assert looked_at(odd) == {USER: []}


@pytest.mark.skipif(os.getuid() != 0, reason="only root may read everything as nobody else")
def test_who_may_not_read_is_told(reopen: Opener, folder: Path) -> None:
    trio.run(fill, reopen)
    assert run_child("look_as_nobody", folder).splitlines()[0] == "JournalError"
    folder.parent.chmod(0o755)
    folder.chmod(0o755)
    kind, sentence = run_child("look_as_nobody", folder).splitlines()
    assert kind == "JournalError"
    assert "could not be opened" in sentence
