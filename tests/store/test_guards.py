"""What a person with a SQLite shell can do to a journal: refused by the database, or noticed."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import apsw
import pytest

from alphabot.core.records import Leg, Record
from alphabot.core.values import Symbol, UserId
from alphabot.errors import HistoryDamaged, JournalError
from alphabot.store import VenueIdentity, VenueMode
from tests.store.conftest import Opener
from tests.store.hurt import contents, fill, flip, is_honest, is_refusal, looked_at, owned, read
from tests.store.samples import BR, KOGE, OTHER, USER, latched, not_sent, pair, settled


def tamper(folder: Path, statements: str) -> None:
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
        (
            "UPDATE records SET hash = zeroblob(32) WHERE position = 5",
            "record 5 of user 1 does not match its hash",
        ),
        (
            "UPDATE records SET record = '{}' WHERE user_id = 1 AND sequence > 7",
            "record 8 of user 1 does not match its hash",
        ),
        (
            "UPDATE records SET sequence = 40 WHERE position = 18",
            "record 18 of user 1 is missing",
        ),
    ],
)
async def test_an_edit_of_one_users_records_is_noticed_and_concerns_nobody_else(
    reopen: Opener, folder: Path, statements: str, complaint: str
) -> None:
    written = await fill(reopen)
    tamper(folder, statements)
    assert looked_at(folder) == {USER: complaint, OTHER: written[OTHER]}
    with reopen() as journal:
        for attempt in (journal.records(USER), journal.append(USER, latched())):
            with pytest.raises(HistoryDamaged, match=complaint):
                await attempt
        with pytest.raises(HistoryDamaged, match=complaint):
            await journal.commit_intent(USER, pair("new"))
        assert await journal.records(OTHER) == written[OTHER]
        await journal.commit_intent(OTHER, pair("new"))
        await journal.append(OTHER, not_sent("new"))
    # What the others wrote meanwhile does not cover it up.
    assert (await owned(reopen)) == looked_at(folder)
    assert is_honest(looked_at(folder), {**written, OTHER: await _of(reopen, OTHER)})
    assert is_refusal(looked_at(folder))


async def _of(reopen: Opener, user_id: UserId) -> Sequence[Record]:
    with reopen() as journal:
        return await journal.records(user_id)


@pytest.mark.parametrize(
    ("statements", "complaint"),
    [
        ("DELETE FROM records WHERE position = 4", "record 4 of all users is missing"),
        ("DELETE FROM records WHERE position = 37", "it had 37 records of 1 runs and has 36"),
        (
            "DELETE FROM records WHERE position = 4;"
            "UPDATE records SET position = position - 1 WHERE position > 4",
            "it had 37 records of 1 runs and has 36",
        ),
        (
            "UPDATE records SET user_id = 2, sequence = 20 WHERE position = 37;"
            "UPDATE records SET user_id = 1, sequence = 19 WHERE position = 37",
            "record 37 of all users is one of user 2 and stands under user 1",
        ),
        (
            "UPDATE records SET record = '{}' WHERE sequence = 1",
            "record 1 of user 1 does not match its hash, and so it is with every user",
        ),
        ("DELETE FROM users WHERE user_id = 2", "a row names a user that is not there"),
        ("UPDATE intents SET open_legs = 1 WHERE user_id = 1 AND intent_id = '1-0'", "1-0"),
        ("DELETE FROM intents WHERE user_id = 2 AND intent_id = '1-5'", "intent 1-5"),
        ("INSERT INTO intents VALUES (1, 'x', 'Y', 1)", "intent x"),
        ("UPDATE intents SET symbol = CAST(x'ff' AS TEXT) WHERE intent_id = '1-0'", "is none"),
        ("UPDATE users SET name = CAST(x'ff' AS TEXT)", "a text in it is none"),
        ("UPDATE venue SET hosts = '{'", "names no venue"),
        ("UPDATE ownership SET epoch = 0", "older copy"),
        ("PRAGMA user_version = 0", "its version is missing"),
        ("PRAGMA user_version = 9", "was written by a newer alphabot"),
        ("PRAGMA application_id = 1", "is not a database of alphabot"),
    ],
)
async def test_an_edit_of_what_belongs_to_all_is_noticed(
    reopen: Opener, folder: Path, statements: str, complaint: str
) -> None:
    await fill(reopen)
    tamper(folder, statements)
    told = looked_at(folder)
    with pytest.raises(JournalError, match=complaint) as refused:
        await read(reopen)
    # The one who only looks reads no names of users.
    assert str(refused.value) == told or "name" in statements


async def test_a_damaged_user_may_have_orders_wherever_nothing_says_otherwise(
    reopen: Opener, folder: Path
) -> None:
    """Once the table and all records that can be read agree that it ended, and not before."""
    with reopen() as journal:
        journal.users.ensure_simulated_user(USER)
        for name, symbol in (("a", KOGE), ("b", BR)):
            await journal.commit_intent(USER, pair(name, symbol))
            await journal.append(USER, settled(name, Leg.WORKING))
        assert journal.may_be_open(USER) == {KOGE, BR}
        await journal.append(USER, settled("a", Leg.PENDING))
        assert journal.may_be_open(USER) == {BR}
    sound = contents(folder)

    def may_be_open(statements: str) -> frozenset[Symbol]:
        for name, raw in sound.items():
            (folder / name).write_bytes(raw)
        tamper(folder, statements)
        with reopen() as journal:
            return journal.may_be_open(USER)

    garble = "UPDATE records SET record = '{{}}' WHERE position IN ({})"
    # Its own beginning, its own end, or something else: the table still says that "a" has ended.
    for position in (1, 2, 3, 5):
        assert may_be_open(garble.format(position)) == {BR}
    assert may_be_open("UPDATE records SET hash = zeroblob(32) WHERE position = 2") == {BR}
    # One lost record can have ended one intent, so here the table lies about the other.
    close_b = "UPDATE intents SET open_legs = 0 WHERE intent_id = 'b'"
    assert may_be_open(f"{garble.format(5)}; {close_b}") == {KOGE, BR}
    assert may_be_open("; ".join([garble.format(5), "DELETE FROM intents"])) == {KOGE, BR}
    assert may_be_open(f"{garble.format('4, 5')}; {close_b}") == frozenset()


async def test_a_dropped_guard_is_noticed(reopen: Opener, folder: Path) -> None:
    await fill(reopen)
    with apsw.Connection(str(folder / "simulated.db")) as connection:
        connection.execute("DROP TRIGGER records_never_change")
    connection.close()
    with pytest.raises(JournalError, match="records_never_change"):
        await read(reopen)


async def test_records_of_one_venue_mean_nothing_in_another(reopen: Opener, folder: Path) -> None:
    await fill(reopen)
    tamper(folder, "UPDATE venue SET mode = 'live', hosts = '[\"www.example.com\"]'")
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
            connection.execute("DROP TRIGGER records_go_when_folded")
            connection.execute("DELETE FROM records WHERE position = 37")
        connection.close()
        with pytest.raises(JournalError, match="user 2 is number 18, not 19"):
            await journal.records(OTHER)
        with pytest.raises(JournalError, match="user 2 is number 18, not 19"):
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


def put_aside(folder: Path, *, only_files: bool) -> None:
    """Rename the folder of a journal, or all that is in it."""
    if only_files:
        for path in tuple(folder.iterdir()):
            path.rename(path.with_name(f"old-{path.name}"))
    else:
        folder.rename(folder.with_name("elsewhere"))


@pytest.mark.parametrize("what", ["folder", "file", "nothing comes back"])
async def test_who_writes_to_what_was_replaced_orders_nothing_more(
    reopen: Opener, folder: Path, what: str
) -> None:
    """The lock of another file keeps nobody out, so two processes could trade one account."""
    with reopen() as journal:
        journal.users.ensure_simulated_user(USER)
        await journal.commit_intent(USER, pair("mine"))
        put_aside(folder, only_files=what == "file")
        with reopen() if what != "nothing comes back" else nullcontext() as another:
            if another is not None:
                another.users.ensure_simulated_user(USER)
                await another.commit_intent(USER, pair("theirs", BR))
            with pytest.raises(JournalError, match="was removed or replaced"):
                await journal.append(USER, not_sent("mine"))
            with pytest.raises(JournalError, match="was removed or replaced"):  # for good
                await journal.commit_intent(USER, pair("more", BR))
            if another is not None:
                await another.append(USER, not_sent("theirs"))
