"""The outbox: once per cause, until somebody has heard it, and never in the journal's way."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from alphabot.core.notices import Notice, NoticeKind
from alphabot.core.values import UserId
from alphabot.errors import JournalError
from alphabot.store import EMBEDDED, memory_journal, read_journal
from alphabot.store.schema import MIGRATIONS, migrate
from tests.store.conftest import Opener
from tests.store.samples import USER, latched

HALT = Notice(
    kind=NoticeKind.LATCHED,
    cause="latched/1/5",
    at_ms=5,
    title="用户1已停止",
    figures=(("why", "challenge"),),
    progress=0.25,
    needs_human=True,
    user_id=UserId(1),
)
OTHER = Notice(kind=NoticeKind.LEFTOVER, cause="leftover/1/1-1/6", at_ms=6, title="x")


class Clock:
    """A wall clock that stands still."""

    def now_ms(self) -> int:
        return 1_700_000_000_000


def test_a_cause_is_told_by_each_notifier_once() -> None:
    outbox = memory_journal(Clock()).outbox
    outbox.put(HALT, ["a", "b"])
    outbox.put(HALT, ["a", "b"])
    outbox.put(OTHER, ["a", "b"])
    assert outbox.pending("a") == [HALT, OTHER]
    assert not outbox.heard(HALT.cause)
    outbox.mark(HALT, "a", 7)
    outbox.mark(HALT, "a", 8)
    assert outbox.heard(HALT.cause)
    assert outbox.pending("a") == [OTHER]
    assert outbox.pending("b") == [HALT, OTHER]


def test_a_notifier_that_came_later_tells_what_nobody_has_heard() -> None:
    outbox = memory_journal(Clock()).outbox
    outbox.put(HALT, ["gone"])
    outbox.put(OTHER, ["gone"])
    outbox.mark(OTHER, "gone", 7)
    assert outbox.pending("new") == [HALT]


def test_what_was_delivered_without_a_row_has_one_afterwards() -> None:
    outbox = memory_journal(Clock()).outbox
    outbox.mark(HALT, "a", 7)
    outbox.put(HALT, ["a"])
    assert outbox.pending("a") == []


def test_it_outlives_the_process(reopen: Opener, folder: Path) -> None:
    with reopen() as journal:
        journal.outbox.put(HALT, ["a"])
    with reopen() as journal:
        assert journal.outbox.pending("a") == [HALT]
    with read_journal(folder, EMBEDDED) as reading:
        assert reading.undelivered == 1
    with reopen() as journal:
        journal.outbox.mark(HALT, "a", 7)
    with read_journal(folder, EMBEDDED) as reading:
        assert reading.undelivered == 0


async def test_a_database_from_before_it_gets_one_and_loses_nothing(
    reopen: Opener, folder: Path
) -> None:
    with reopen() as journal:
        journal.users.ensure_simulated_user(USER)
        await journal.append(USER, latched())
    path = folder / "simulated.db"
    newer = path.rename(path.with_suffix(".newer"))
    old = apsw.Connection(str(path))
    migrate(old, MIGRATIONS[:1])
    old.execute("ATTACH ? AS newer", (str(newer),))
    old.execute("UPDATE ownership SET epoch = (SELECT epoch FROM newer.ownership)")
    old.execute("INSERT INTO venue SELECT * FROM newer.venue")
    old.execute("INSERT INTO users SELECT * FROM newer.users")
    old.execute("INSERT INTO records SELECT * FROM newer.records")
    old.close()
    with read_journal(folder, EMBEDDED) as reading:
        assert reading.undelivered == 0
        assert [entry.record for entry in reading.entries()] == [latched()]
    with reopen() as journal:
        assert list(await journal.records(USER)) == [latched()]
        journal.outbox.put(HALT, ["a"])
        assert journal.outbox.pending("a") == [HALT]


def test_the_step_that_brings_it_is_taken_whole_or_not_at_all() -> None:
    connection = apsw.Connection(":memory:")
    migrate(connection, MIGRATIONS[:1])
    connection.set_commit_hook(lambda: True)
    with pytest.raises(apsw.Error):
        migrate(connection)
    connection.set_commit_hook(None)
    assert connection.pragma("user_version") == 1
    migrate(connection)
    assert connection.pragma("user_version") == len(MIGRATIONS)


@pytest.mark.parametrize("error", [apsw.FullError, apsw.BusyError, apsw.LockedError])
async def test_where_there_is_no_room_for_it_the_journal_goes_on(
    error: type[apsw.Error],
) -> None:
    journal = memory_journal(Clock())
    journal.users.ensure_simulated_user(USER)
    with journal.database.guarded() as connection:
        connection.set_commit_hook(lambda: _raise(error))
    with pytest.raises(JournalError):
        journal.outbox.put(HALT, ["a"])
    with journal.database.guarded() as connection:
        connection.set_commit_hook(None)
    assert journal.outbox.pending("a") == []
    await journal.append(USER, latched())
    assert list(await journal.records(USER)) == [latched()]


async def test_where_the_disk_failed_the_journal_is_given_up() -> None:
    journal = memory_journal(Clock())
    journal.users.ensure_simulated_user(USER)
    with journal.database.guarded() as connection:
        connection.set_commit_hook(lambda: _raise(apsw.IOError))
    with pytest.raises(JournalError):
        journal.outbox.put(HALT, ["a"])
    with pytest.raises(JournalError):
        await journal.append(USER, latched())


async def test_who_lost_the_ownership_writes_nothing() -> None:
    before = memory_journal(Clock())
    memory_journal(Clock(), after=before)
    with pytest.raises(JournalError, match="taken over"):
        before.outbox.put(HALT, ["a"])


async def test_what_was_delivered_stays_delivered_and_a_slip_of_ours_harms_no_order() -> None:
    journal = memory_journal(Clock())
    journal.users.ensure_simulated_user(USER)
    journal.outbox.mark(HALT, "a", 7)
    with (
        pytest.raises(JournalError, match="stays delivered"),
        journal.database.attempt() as connection,
    ):
        connection.execute("UPDATE outbox SET delivered_at_ms = NULL")
    assert journal.outbox.heard(HALT.cause)
    await journal.append(USER, latched())


def _raise(error: type[apsw.Error]) -> bool:
    raise error("as it was told to")


@pytest.mark.parametrize("notice", ["", "{}", "[1", '{"kind":"none"}'])
def test_a_notice_that_is_none_is_noticed(reopen: Opener, folder: Path, notice: str) -> None:
    with reopen() as journal:
        journal.outbox.put(HALT, ["a"])
    with read_journal(folder, EMBEDDED) as reading:
        reading.check_what_no_hash_covers()
    with apsw.Connection(str(folder / "simulated.db")) as connection:
        connection.execute("UPDATE outbox SET notice = ?", (notice,))
    connection.close()
    with (
        read_journal(folder, EMBEDDED) as reading,
        pytest.raises(JournalError, match="a notice in the outbox cannot be read"),
    ):
        reading.check_what_no_hash_covers()
    with reopen() as journal, pytest.raises(JournalError, match="cannot be read"):
        journal.outbox.pending("a")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE users SET enabled = 7",
        "UPDATE users SET name = CAST(x'ff' AS TEXT)",
        "INSERT INTO sealing VALUES (1, CAST(x'ff' AS TEXT), x'00', x'00', 1)",
    ],
)
def test_a_row_beside_the_records_that_cannot_be_is_noticed(
    reopen: Opener, folder: Path, statement: str
) -> None:
    with reopen() as journal:
        journal.users.ensure_simulated_user(USER)
    with apsw.Connection(str(folder / "simulated.db")) as connection:
        connection.pragma("ignore_check_constraints", True)
        connection.execute(statement)
    connection.close()
    with (
        pytest.raises(JournalError, match="is damaged"),
        read_journal(folder, EMBEDDED) as reading,
    ):
        reading.check_what_no_hash_covers()
