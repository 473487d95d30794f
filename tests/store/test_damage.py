"""A damaged journal is noticed: it reads back exactly what was written, or it is refused."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from _pytest.mark import ParameterSet

from alphabot.core.records import encode
from alphabot.errors import HistoryDamaged, JournalError
from alphabot.store.chain import Chain, genesis, link
from tests.store.conftest import Opener
from tests.store.hurt import (
    History,
    fill,
    flip,
    is_honest,
    is_refusal,
    looked_at,
    owned,
    read,
)
from tests.store.samples import OTHER, USER, latched, not_sent, pair, write

State = Literal["at rest", "killed"]


async def _abandon(reopen: Opener, folder: Path, copy: Path) -> History:
    """Fill a database and copy it as a killed process would leave it, with all in the -wal."""
    with reopen() as journal:
        for user_id in (USER, OTHER):
            journal.users.ensure_simulated_user(user_id)
            for number in range(10):
                await write(journal, user_id, pair(f"{number}"))
                await write(journal, user_id, not_sent(f"{number}"))
        shutil.copytree(folder, copy)
        return {user_id: await journal.records(user_id) for user_id in (USER, OTHER)}


async def _left(state: State, reopen: Opener, folder: Path) -> History:
    """Leave a journal as its state says, with a copy beside it, and return what it says."""
    copy = folder.with_name("sound")
    if state == "killed":
        written = await _abandon(reopen, folder, copy)
        _put_back(folder)
        return written
    written = await fill(reopen)
    shutil.copytree(folder, copy)
    return written


def _put_back(folder: Path) -> None:
    shutil.rmtree(folder)
    shutil.copytree(folder.with_name("sound"), folder)


def _sweep(sample: int, everything: int) -> list[ParameterSet]:
    """Return a few seeds for every run of the tests, and the rest for `just kill`."""
    rest = [pytest.param(seed, marks=pytest.mark.kill) for seed in range(sample, everything)]
    return [*(pytest.param(seed) for seed in range(sample)), *rest]


@pytest.mark.parametrize("seed", _sweep(1, 10))
@pytest.mark.parametrize(
    ("state", "name"),
    [("at rest", "simulated.db"), ("killed", "simulated.db-wal"), ("killed", "simulated.db")],
)
async def test_a_flipped_byte_changes_nothing_or_is_refused(
    reopen: Opener, folder: Path, state: State, name: str, seed: int
) -> None:
    written = await _left(state, reopen, folder)
    draw, verdicts = random.Random(f"{seed} {name} {state}"), []
    size = (folder / name).stat().st_size
    for _ in range(40):
        _put_back(folder)
        flip(folder / name, draw.randrange(size), 1 << draw.randrange(8))
        if draw.random() < 0.5:  # what the log's users share is lost with the machine's memory
            (folder / "simulated.db-shm").unlink(missing_ok=True)
        seen = looked_at(folder)
        found = await owned(reopen)
        assert is_honest(found, written)
        # Whoever looks first is told what the next owner will be told.
        assert is_refusal(seen) == is_refusal(found)
        assert isinstance(seen, str) or seen == found
        verdicts.append(found)
    refusals = sum(map(is_refusal, verdicts))
    assert refusals > 5 or (state, name) == ("killed", "simulated.db")  # all of it is in the log


@pytest.mark.parametrize("seed", _sweep(1, 5))
async def test_a_flipped_byte_of_a_record_stops_its_user_alone(
    reopen: Opener, folder: Path, seed: int
) -> None:
    written = await _left("at rest", reopen, folder)
    draw, stopped = random.Random(seed), set()
    path = folder / "simulated.db"
    sound = path.read_bytes()
    for _ in range(30):
        _put_back(folder)
        user_id = draw.choice((USER, OTHER))
        record = draw.choice(written[user_id])
        raw = encode(record)
        within = draw.choice([at for at in range(len(sound)) if sound.startswith(raw, at)])
        flip(path, within + draw.randrange(len(raw)), 1 << draw.randrange(7))
        found = await owned(reopen)
        assert not isinstance(found, str)
        damaged = {user for user, told in found.items() if isinstance(told, str)}
        # Both users have such a record, and where the tree was split lies one that nobody reads.
        assert len(damaged) <= 1
        assert {**written, **found} == {**written, **{user: found[user] for user in damaged}}
        stopped |= damaged
    assert stopped == {USER, OTHER}


@pytest.mark.parametrize("step", [29, pytest.param(1, marks=pytest.mark.kill)])
@pytest.mark.parametrize(
    ("state", "name"), [("at rest", "simulated.db"), ("killed", "simulated.db-wal")]
)
async def test_a_file_cut_short_is_refused(
    reopen: Opener, folder: Path, state: State, name: str, step: int
) -> None:
    written = await _left(state, reopen, folder)
    size = (folder / name).stat().st_size
    for length in range(0, size, step * size // 1000):
        _put_back(folder)
        with (folder / name).open("r+b") as file:
            file.truncate(length)
        seen = looked_at(folder)
        found = await owned(reopen)
        assert is_refusal(found), f"cut at {length} of {size}"
        assert is_refusal(seen)
        assert is_honest(found, written)
    _put_back(folder)
    assert looked_at(folder) == written
    assert await read(reopen) == written


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
    with pytest.raises(HistoryDamaged, match="record 1 of user 1 cannot be read"):
        chain.follow(1, raw, link(chain.tip, USER, 1, raw))
    assert chain == Chain(USER, genesis("live"))
