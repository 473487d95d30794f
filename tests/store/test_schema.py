"""The steps of the schema: whole or not at all, never backwards, never over another's file."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import apsw
import pytest

from alphabot.errors import JournalError
from alphabot.store import schema
from alphabot.store.schema import MIGRATIONS, Migration, migrate
from tests.store.conftest import Opener
from tests.store.samples import USER, latched

ADDED = "CREATE TABLE added (a TEXT) STRICT;"
NEXT = Migration(len(MIGRATIONS) + 1, ADDED)
BROKEN = Migration(NEXT.number, ADDED + "CREATE TABLE added (a TEXT) STRICT")


def _tables(connection: apsw.Connection) -> set[object]:
    return {row[0] for row in connection.execute("SELECT name FROM sqlite_schema")}


def test_steps_are_numbered_from_one_without_a_gap() -> None:
    assert [step.number for step in MIGRATIONS] == list(range(1, len(MIGRATIONS) + 1))


def test_a_step_that_fails_leaves_nothing_behind_and_can_be_taken_again() -> None:
    connection = apsw.Connection(":memory:")
    migrate(connection)
    before = _tables(connection)
    with pytest.raises(apsw.Error):
        migrate(connection, [*MIGRATIONS, BROKEN])
    assert _tables(connection) == before
    assert connection.pragma("user_version") == len(MIGRATIONS)
    migrate(connection, [*MIGRATIONS, NEXT])
    assert _tables(connection) == before | {"added"}
    assert connection.pragma("user_version") == NEXT.number


@pytest.mark.parametrize("after", [0, 30, 100, 300, 600, 900])
def test_a_first_start_that_was_interrupted_is_taken_up_again(
    folder: Path, reopen: Opener, after: int
) -> None:
    """The first step is interrupted after so many instructions of SQLite's virtual machine."""
    folder.mkdir()
    connection = apsw.Connection(str(folder / "simulated.db"))
    connection.pragma("journal_mode", "wal")
    instructions = count()
    connection.set_progress_handler(lambda: next(instructions) == after, 1)
    with pytest.raises(apsw.InterruptError):
        migrate(connection)
    connection.set_progress_handler(None)
    assert _tables(connection) == set()
    connection.close()
    with reopen() as journal:
        journal.users.ensure_simulated_user(USER)


async def test_a_newer_schema_is_refused_untouched(folder: Path, reopen: Opener) -> None:
    with reopen() as journal:
        journal.users.ensure_simulated_user(USER)
        await journal.append(USER, latched())
    path = folder / "simulated.db"
    with apsw.Connection(str(path)) as connection:
        connection.pragma("user_version", len(MIGRATIONS) + 1)
    connection.close()
    before = path.read_bytes()
    with pytest.raises(JournalError, match="written by a newer alphabot"), reopen():
        pass
    assert path.read_bytes() == before


@pytest.mark.parametrize("statement", ["CREATE TABLE theirs (a)", "PRAGMA user_version = 1"])
def test_a_database_of_another_program_is_refused_untouched(
    folder: Path, reopen: Opener, statement: str
) -> None:
    folder.mkdir()
    path = folder / "simulated.db"
    with apsw.Connection(str(path)) as connection:
        connection.execute(statement)
    connection.close()
    before = path.read_bytes()
    with pytest.raises(JournalError, match="is not a database of alphabot"), reopen():
        pass
    assert path.read_bytes() == before


def test_every_table_is_strict_and_no_column_can_hold_a_float() -> None:
    connection = apsw.Connection(":memory:")
    migrate(connection)
    query = "SELECT name, strict FROM pragma_table_list WHERE name NOT LIKE 'sqlite%'"
    for name, strict in connection.execute(query):
        assert strict, name
        kinds = {
            row[0] for row in connection.execute("SELECT type FROM pragma_table_info(?)", (name,))
        }
        assert kinds <= {"INTEGER", "TEXT", "BLOB"}, name


def test_check_names_what_is_not_ours() -> None:
    connection = apsw.Connection(":memory:")
    migrate(connection)
    schema.check(connection, "x.db")
    connection.execute("CREATE INDEX extra ON users (name)")
    with pytest.raises(JournalError, match=r"x\.db are not as alphabot made them: extra"):
        schema.check(connection, "x.db")
