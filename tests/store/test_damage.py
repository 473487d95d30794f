"""A damaged journal is noticed: it reads back exactly what was written, or it is refused."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import apsw
import pytest

from alphabot.core.records import Leg, Record, encode
from alphabot.core.values import UserId
from alphabot.errors import AlphabotError, JournalError
from alphabot.store.chain import Chain, genesis, link
from tests.store.conftest import Opener
from tests.store.samples import OTHER, USER, latched, not_sent, pair, settled, write

History = dict[UserId, Sequence[Record]]


async def _fill(reopen: Opener, runs: int = 1) -> History:
    """Write two users' rounds and return what must be read back."""
    with reopen() as journal:
        for user_id in (USER, OTHER):
            journal.users.ensure_simulated_user(user_id)
            for number in range(6):
                name = f"{journal.epoch}-{number}"
                await journal.commit_intent(user_id, pair(name))
                await journal.append(user_id, settled(name, Leg.WORKING))
                await journal.append(user_id, settled(name, Leg.PENDING))
        await journal.append(OTHER, latched())
        return {user_id: await journal.records(user_id) for user_id in (USER, OTHER)}


async def _abandon(reopen: Opener, folder: Path, copy: Path) -> History:
    """Fill a database and copy it as a killed process would leave it, with all in the -wal."""
    with reopen() as journal:
        journal.users.ensure_simulated_user(USER)
        for number in range(20):
            await write(journal, USER, pair(f"{number}"))
            await write(journal, USER, not_sent(f"{number}"))
        shutil.copytree(folder, copy)
        return {USER: await journal.records(USER)}


async def _read(reopen: Opener) -> History:
    with reopen() as journal:
        return {user.user_id: await journal.records(user.user_id) for user in journal.users.all()}


async def _outcome(reopen: Opener) -> History | str:
    try:
        return await _read(reopen)
    except AlphabotError as error:
        return str(error)


def _flip(path: Path, offset: int, mask: int) -> None:
    raw = bytearray(path.read_bytes())
    raw[offset] ^= mask
    path.write_bytes(raw)


@pytest.mark.parametrize("seed", range(2))
async def test_a_flipped_byte_of_the_database_changes_nothing_or_is_refused(
    reopen: Opener, folder: Path, seed: int
) -> None:
    written = await _fill(reopen)
    path = folder / "simulated.db"
    sound = folder.with_name("sound")
    shutil.copytree(folder, sound)
    draw, refusals = random.Random(seed), 0
    size = path.stat().st_size
    for _ in range(60):
        shutil.copytree(sound, folder, dirs_exist_ok=True)
        _flip(path, draw.randrange(size), 1 << draw.randrange(8))
        found = await _outcome(reopen)
        refusals += isinstance(found, str)
        assert isinstance(found, str) or found == written
    assert refusals > 10


async def test_a_flipped_byte_of_the_log_of_a_killed_process_changes_nothing_or_is_refused(
    reopen: Opener, folder: Path, tmp_path: Path
) -> None:
    written = await _abandon(reopen, folder, tmp_path / "killed")
    wal = tmp_path / "killed" / "simulated.db-wal"
    draw, refusals = random.Random(1), 0
    size = wal.stat().st_size
    for _ in range(60):
        shutil.copytree(tmp_path / "killed", folder, dirs_exist_ok=True)
        _flip(folder / wal.name, draw.randrange(size), 1 << draw.randrange(8))
        (folder / "simulated.db-shm").unlink(missing_ok=True)
        found = await _outcome(reopen)
        refusals += isinstance(found, str)
        assert isinstance(found, str) or found == written
    assert refusals > 10


async def test_a_log_cut_short_changes_nothing_or_is_refused(
    reopen: Opener, folder: Path, tmp_path: Path
) -> None:
    written = await _abandon(reopen, folder, tmp_path / "killed")
    size = (tmp_path / "killed" / "simulated.db-wal").stat().st_size
    for length in range(0, size, size // 25):
        shutil.rmtree(folder)
        shutil.copytree(tmp_path / "killed", folder)
        with (folder / "simulated.db-wal").open("r+b") as wal:
            wal.truncate(length)
        found = await _outcome(reopen)
        assert isinstance(found, str), f"cut at {length} of {size}"
    shutil.rmtree(folder)
    shutil.copytree(tmp_path / "killed", folder)
    assert await _read(reopen) == written


async def test_a_deleted_log_is_noticed(reopen: Opener, folder: Path, tmp_path: Path) -> None:
    await _abandon(reopen, folder, tmp_path / "killed")
    shutil.rmtree(folder)
    shutil.copytree(tmp_path / "killed", folder)
    (folder / "simulated.db-wal").unlink()
    with pytest.raises(JournalError, match="-wal file removed"):
        await _read(reopen)


async def test_an_older_copy_put_in_place_is_noticed(reopen: Opener, folder: Path) -> None:
    await _fill(reopen)
    older = (folder / "simulated.db").read_bytes()
    with reopen() as journal:
        await journal.append(USER, latched())
    (folder / "simulated.db").write_bytes(older)
    with pytest.raises(JournalError, match="it had 38 records of 2 runs and has 37 of 1"):
        await _read(reopen)


async def test_an_older_copy_of_equal_length_is_noticed_by_its_epoch(
    reopen: Opener, folder: Path
) -> None:
    await _fill(reopen)
    older = (folder / "simulated.db").read_bytes()
    with reopen():
        pass
    (folder / "simulated.db").write_bytes(older)
    with pytest.raises(JournalError, match="older copy"):
        await _read(reopen)


async def test_a_removed_database_is_not_taken_for_a_new_one(reopen: Opener, folder: Path) -> None:
    await _fill(reopen)
    (folder / "simulated.db").unlink()
    with pytest.raises(JournalError, match="it had 37 records"):
        await _read(reopen)


async def test_a_database_that_moved_without_its_mark_is_read(reopen: Opener, folder: Path) -> None:
    written = await _fill(reopen)
    (folder / "simulated.mark").unlink()
    assert await _read(reopen) == written


@pytest.mark.parametrize("raw", [b"junk", b"\xff" * 134, b"epoch 1 position 2 hash ab 0\n"])
async def test_a_damaged_mark_is_refused(reopen: Opener, folder: Path, raw: bytes) -> None:
    await _fill(reopen)
    (folder / "simulated.mark").write_bytes(raw)
    with pytest.raises(JournalError, match=r"simulated\.mark is damaged"):
        await _read(reopen)


def _tamper(folder: Path, statements: str) -> None:
    """Do what a person with a SQLite shell could do: drop the guards first, then edit."""
    with apsw.Connection(str(folder / "simulated.db")) as connection:
        guards = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
        kept = list(guards)
        for name, _ in kept:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(statements)
        for _, sql in kept:
            connection.execute(sql)
    connection.close()


@pytest.mark.parametrize(
    ("statements", "complaint"),
    [
        (
            "UPDATE records SET record = replace(record, '27.27', '37.27') WHERE position = 3",
            "record 3 of user 1 does not match its hash",
        ),
        ("UPDATE records SET hash = zeroblob(32) WHERE position = 5", "record 5 of user 1 does"),
        ("DELETE FROM records WHERE position = 4", "record 4 is missing"),
        ("DELETE FROM records WHERE position = 37", "it had 37 records of 1 runs and has 36"),
        (
            "DELETE FROM records WHERE position = 4;"
            "UPDATE records SET position = position - 1 WHERE position > 4",
            "record 4 of user 1 is missing",
        ),
        (
            "UPDATE records SET user_id = 2, sequence = 20 WHERE position = 37;"
            "UPDATE records SET user_id = 1, sequence = 19 WHERE position = 37",
            "record 19 of user 1 does not match its hash",
        ),
        ("DELETE FROM users WHERE user_id = 2", "damaged"),
        ("UPDATE intents SET open_legs = 1 WHERE user_id = 1 AND intent_id = '1-0'", "1-0"),
        ("DELETE FROM intents WHERE user_id = 2 AND intent_id = '1-5'", "intent 1-5"),
        ("INSERT INTO intents VALUES (1, 'x', 'Y', 1)", "intent x"),
        ("UPDATE venue SET hosts = '{'", "names no venue"),
        ("UPDATE ownership SET epoch = 0", "older copy"),
    ],
)
async def test_an_edit_by_hand_is_noticed(
    reopen: Opener, folder: Path, statements: str, complaint: str
) -> None:
    await _fill(reopen)
    _tamper(folder, statements)
    with pytest.raises(JournalError, match=complaint):
        await _read(reopen)


async def test_a_dropped_guard_is_noticed(reopen: Opener, folder: Path) -> None:
    await _fill(reopen)
    with apsw.Connection(str(folder / "simulated.db")) as connection:
        connection.execute("DROP TRIGGER records_never_change")
    connection.close()
    with pytest.raises(JournalError, match="records_never_change"):
        await _read(reopen)


async def test_damage_while_it_runs_is_noticed_and_final(reopen: Opener, folder: Path) -> None:
    await _fill(reopen)
    with reopen() as journal:
        # The index that finds a user's records loses one, as a damaged page might.
        path = str(folder / "simulated.db")
        with apsw.Connection(path) as connection:
            connection.pragma("recursive_triggers", False)
            connection.execute("DROP TRIGGER records_never_go")
            connection.execute("DELETE FROM records WHERE position = 37")
        connection.close()
        with pytest.raises(JournalError, match="record 19 of user 2 is missing, 19 were written"):
            await journal.records(OTHER)
        with pytest.raises(JournalError, match="closed after an earlier failure"):
            await journal.append(USER, latched())


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE records SET record = '{}'",
        "UPDATE records SET sequence = 9 WHERE position = 1",
        "DELETE FROM records",
        "INSERT OR REPLACE INTO records VALUES (1, 1, 1, '{}', zeroblob(32))",
        "INSERT OR REPLACE INTO records VALUES (38, 1, 1, '{}', zeroblob(32))",
        "INSERT INTO records VALUES (39, 1, 19, '{}', zeroblob(32))",
        "INSERT INTO records VALUES (38, 1, 20, '{}', zeroblob(32))",
        "INSERT INTO records VALUES (38, 1, 19, '{}', 'no hash')",
        "INSERT INTO records VALUES (38, 7, 1, '{}', zeroblob(32))",
        "DELETE FROM intents",
        "UPDATE intents SET open_legs = 3",
        "UPDATE intents SET symbol = 'X'",
        "INSERT INTO intents VALUES (1, 'new', 'X', 1), (1, 'newer', 'X', 4)",
        "UPDATE ownership SET epoch = 0",
        "DELETE FROM ownership",
        "UPDATE venue SET mode = 'live'",
        "DELETE FROM venue",
        "DELETE FROM users",
    ],
)
async def test_the_database_itself_refuses_what_no_program_of_ours_does(
    reopen: Opener, folder: Path, statement: str
) -> None:
    written = await _fill(reopen)
    connection = apsw.Connection(str(folder / "simulated.db"))
    connection.pragma("foreign_keys", True)
    with pytest.raises(apsw.ConstraintError):
        connection.execute(statement)
    connection.close()
    assert await _read(reopen) == written


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
    await _fill(reopen)
    damage(folder / "simulated.db")
    with pytest.raises(JournalError, match=complaint):
        await _read(reopen)


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
