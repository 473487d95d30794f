"""A damaged journal is noticed: it reads back exactly what was written, or it is refused."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from alphabot.core.records import encode
from alphabot.errors import AlphabotError, JournalError
from alphabot.store.chain import Chain, genesis, link
from tests.store.conftest import Opener
from tests.store.hurt import History, fill, flip, read
from tests.store.samples import OTHER, USER, latched, not_sent, pair, write


async def _abandon(reopen: Opener, folder: Path, copy: Path) -> History:
    """Fill a database and copy it as a killed process would leave it, with all in the -wal."""
    with reopen() as journal:
        journal.users.ensure_simulated_user(USER)
        for number in range(20):
            await write(journal, USER, pair(f"{number}"))
            await write(journal, USER, not_sent(f"{number}"))
        shutil.copytree(folder, copy)
        return {USER: await journal.records(USER)}


async def _outcome(reopen: Opener) -> History | str:
    try:
        return await read(reopen)
    except AlphabotError as error:
        return str(error)


@pytest.mark.parametrize("seed", range(2))
async def test_a_flipped_byte_of_the_database_changes_nothing_or_is_refused(
    reopen: Opener, folder: Path, seed: int
) -> None:
    written = await fill(reopen)
    path = folder / "simulated.db"
    sound = folder.with_name("sound")
    shutil.copytree(folder, sound)
    draw, refusals = random.Random(seed), 0
    size = path.stat().st_size
    for _ in range(60):
        shutil.copytree(sound, folder, dirs_exist_ok=True)
        flip(path, draw.randrange(size), 1 << draw.randrange(8))
        found = await _outcome(reopen)
        refusals += isinstance(found, str)
        assert isinstance(found, str) or found == written
    assert refusals > 10


async def test_a_flipped_byte_of_the_log_of_a_killed_process_changes_nothing_or_is_refused(
    reopen: Opener, folder: Path
) -> None:
    written = await _abandon(reopen, folder, folder.with_name("killed"))
    wal = folder.with_name("killed") / "simulated.db-wal"
    draw, refusals = random.Random(1), 0
    size = wal.stat().st_size
    for _ in range(60):
        shutil.copytree(folder.with_name("killed"), folder, dirs_exist_ok=True)
        flip(folder / wal.name, draw.randrange(size), 1 << draw.randrange(8))
        (folder / "simulated.db-shm").unlink(missing_ok=True)
        found = await _outcome(reopen)
        refusals += isinstance(found, str)
        assert isinstance(found, str) or found == written
    assert refusals > 10


async def test_a_refused_journal_is_left_as_it_was_found(reopen: Opener, folder: Path) -> None:
    await _abandon(reopen, folder, folder.with_name("killed"))
    shutil.rmtree(folder)
    shutil.copytree(folder.with_name("killed"), folder)
    wal = folder / "simulated.db-wal"
    flip(wal, wal.stat().st_size // 2, 1)
    found = {path: path.read_bytes() for path in (folder / "simulated.db", wal)}
    for _ in range(2):
        with pytest.raises(JournalError, match="is not what was written"):
            await read(reopen)
        # A person may want what is left of the log.
        assert {path: path.read_bytes() for path in found} == found


async def test_a_log_cut_short_changes_nothing_or_is_refused(reopen: Opener, folder: Path) -> None:
    written = await _abandon(reopen, folder, folder.with_name("killed"))
    size = (folder.with_name("killed") / "simulated.db-wal").stat().st_size
    for length in range(0, size, size // 25):
        shutil.rmtree(folder)
        shutil.copytree(folder.with_name("killed"), folder)
        with (folder / "simulated.db-wal").open("r+b") as wal:
            wal.truncate(length)
        found = await _outcome(reopen)
        assert isinstance(found, str), f"cut at {length} of {size}"
    shutil.rmtree(folder)
    shutil.copytree(folder.with_name("killed"), folder)
    assert await read(reopen) == written


async def test_a_deleted_log_is_noticed(reopen: Opener, folder: Path) -> None:
    await _abandon(reopen, folder, folder.with_name("killed"))
    shutil.rmtree(folder)
    shutil.copytree(folder.with_name("killed"), folder)
    (folder / "simulated.db-wal").unlink()
    with pytest.raises(JournalError, match="-wal file removed"):
        await read(reopen)


async def test_an_older_copy_put_in_place_is_noticed(reopen: Opener, folder: Path) -> None:
    await fill(reopen)
    older = (folder / "simulated.db").read_bytes()
    with reopen() as journal:
        await journal.append(USER, latched())
    (folder / "simulated.db").write_bytes(older)
    with pytest.raises(JournalError, match="it had 38 records of 2 runs and has 37 of 1"):
        await read(reopen)


async def test_an_older_copy_of_equal_length_is_noticed_by_its_epoch(
    reopen: Opener, folder: Path
) -> None:
    await fill(reopen)
    older = (folder / "simulated.db").read_bytes()
    with reopen():
        pass
    (folder / "simulated.db").write_bytes(older)
    with pytest.raises(JournalError, match="older copy"):
        await read(reopen)


async def test_a_removed_database_is_not_taken_for_a_new_one(reopen: Opener, folder: Path) -> None:
    await fill(reopen)
    (folder / "simulated.db").unlink()
    with pytest.raises(JournalError, match="it had 37 records"):
        await read(reopen)


async def test_a_database_that_moved_without_its_mark_is_read(reopen: Opener, folder: Path) -> None:
    written = await fill(reopen)
    (folder / "simulated.mark").unlink()
    assert await read(reopen) == written


@pytest.mark.parametrize("raw", [b"junk", b"\xff" * 134, b"epoch 1 position 2 hash ab 0\n"])
async def test_a_damaged_mark_is_refused(reopen: Opener, folder: Path, raw: bytes) -> None:
    await fill(reopen)
    (folder / "simulated.mark").write_bytes(raw)
    with pytest.raises(JournalError, match=r"simulated\.mark is damaged"):
        await read(reopen)


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (lambda path: path.write_bytes(b"x" * 5000), "damaged, or no database"),
        (lambda path: path.write_bytes(path.read_bytes()[:9000]), "damaged"),
    ],
)
async def test_junk_is_refused_with_a_sentence(
    reopen: Opener, folder: Path, damage: Callable[[Path], object], complaint: str
) -> None:
    await fill(reopen)
    damage(folder / "simulated.db")
    with pytest.raises(JournalError, match=complaint):
        await read(reopen)


def test_a_hash_covers_venue_user_number_and_bytes() -> None:
    start = genesis("live")
    raw = encode(latched())
    hashes = {
        link(start, USER, 1, raw),
        link(genesis("simulated"), USER, 1, raw),
        link(start, OTHER, 1, raw),
        link(start, USER, 2, raw),
        link(start, USER, 1, raw + b" "),
    }
    assert len(hashes) == 5


@pytest.mark.parametrize("raw", [b"", b"{}", b'{"type":"latched"}', b"\xff", b"[1e999999999]"])
def test_a_record_that_fits_its_hash_and_cannot_be_read_is_named(raw: bytes) -> None:
    chain = Chain(USER, genesis("live"))
    with pytest.raises(JournalError, match="record 1 of user 1 cannot be read"):
        chain.follow(1, raw, link(chain.tip, USER, 1, raw))
    assert chain == Chain(USER, genesis("live"))
