"""What a person with a SQLite shell can do to a journal: refused by the database, or noticed."""

from __future__ import annotations

import shutil
from pathlib import Path

import apsw
import pytest

from alphabot.errors import JournalError
from alphabot.store import VenueIdentity, VenueMode
from tests.store.conftest import Opener
from tests.store.hurt import fill, flip, read
from tests.store.samples import OTHER, USER, latched


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
        ("UPDATE intents SET symbol = CAST(x'ff' AS TEXT) WHERE intent_id = '1-0'", "is none"),
        ("UPDATE users SET name = CAST(x'ff' AS TEXT)", "a text in it is none"),
        ("UPDATE venue SET hosts = '{'", "names no venue"),
        ("UPDATE ownership SET epoch = 0", "older copy"),
    ],
)
async def test_an_edit_by_hand_is_noticed(
    reopen: Opener, folder: Path, statements: str, complaint: str
) -> None:
    await fill(reopen)
    _tamper(folder, statements)
    with pytest.raises(JournalError, match=complaint):
        await read(reopen)


async def test_a_dropped_guard_is_noticed(reopen: Opener, folder: Path) -> None:
    await fill(reopen)
    with apsw.Connection(str(folder / "simulated.db")) as connection:
        connection.execute("DROP TRIGGER records_never_change")
    connection.close()
    with pytest.raises(JournalError, match="records_never_change"):
        await read(reopen)


async def test_records_of_one_venue_mean_nothing_in_another(reopen: Opener, folder: Path) -> None:
    await fill(reopen)
    _tamper(folder, "UPDATE venue SET mode = 'live', hosts = '[\"www.example.com\"]'")
    shutil.move(folder / "simulated.db", folder / "live.db")
    live = VenueIdentity(VenueMode.LIVE, ("www.example.com",))
    with pytest.raises(JournalError, match="record 1 of user 1 does not match"), reopen(live):
        pass


async def test_a_damaged_index_is_noticed_before_anyone_reads(reopen: Opener, folder: Path) -> None:
    await fill(reopen)
    with apsw.Connection(str(folder / "simulated.db")) as connection:
        query = "SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_records_1'"
        page = connection.execute(query).get
        page_size = connection.pragma("page_size")
    connection.close()
    # The number of entries on the index's first page: one less, and the last is not found.
    flip(folder / "simulated.db", (page - 1) * page_size + 4, 1)
    with pytest.raises(JournalError, match="is damaged"), reopen():
        pass


async def test_damage_while_it_runs_is_noticed_and_final(reopen: Opener, folder: Path) -> None:
    await fill(reopen)
    with reopen() as journal:
        # The index that finds a user's records loses one, as a damaged page might.
        path = str(folder / "simulated.db")
        with apsw.Connection(path) as connection:
            connection.pragma("recursive_triggers", False)
            connection.execute("DROP TRIGGER records_never_go")
            connection.execute("DELETE FROM records WHERE position = 37")
        connection.close()
        with pytest.raises(JournalError, match="user 2 is number 18, not 19"):
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
        "UPDATE intents SET open_legs = 3 WHERE user_id = 1 AND intent_id = '1-0'",
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
    written = await fill(reopen)
    connection = apsw.Connection(str(folder / "simulated.db"))
    connection.pragma("foreign_keys", True)
    with pytest.raises(apsw.ConstraintError):
        connection.execute(statement)
    connection.close()
    assert await read(reopen) == written
