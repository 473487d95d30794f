"""Journals whose old records were folded away: shorter, and as well guarded as before."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import apsw
import pytest
import trio

from alphabot.core.folding import checkpoint_before
from alphabot.core.progress import UserState
from alphabot.core.records import Checkpointed, Folded, Leg, PlacedRecord, Record
from alphabot.core.values import IntentId, OrderId, UserId
from alphabot.errors import HistoryDamaged, InvariantBroken, JournalError
from alphabot.store import EMBEDDED, SqliteJournal, memory_journal, read_journal
from alphabot.store.copying import write_backup
from alphabot.store.schema import MIGRATIONS, migrate
from tests.store.conftest import Opener, child
from tests.store.hurt import contents, fill, looked_at, owned
from tests.store.samples import OTHER, USER, FixedClock, latched, not_sent, pair, settled
from tests.store.test_guards import tamper

NEVER_MS = 2**62


async def fold(journal: SqliteJournal, user_id: UserId = USER) -> None:
    """Fold all of a user's records that may go."""
    checkpoint = checkpoint_before(await journal.records(user_id), NEVER_MS)
    assert checkpoint is not None
    await journal.fold(user_id, checkpoint, 9)


async def filled_and_folded(reopen: Opener) -> dict[UserId, Sequence[Record]]:
    """Write two users' rounds, fold the old ones, trade on, and return what is to be read."""
    await fill(reopen)
    with reopen() as journal:
        for user_id in (USER, OTHER):
            await fold(journal, user_id)
            await journal.commit_intent(user_id, pair("later"))
        return {user_id: await journal.records(user_id) for user_id in (USER, OTHER)}


def state_of(records: Sequence[Record]) -> UserState:
    """Return what records mean."""
    state = UserState()
    for record in records:
        state.apply(record)
    state.intent_times_ms.clear()
    return state


async def test_what_is_left_means_what_all_of_it_meant(reopen: Opener, folder: Path) -> None:
    written = await fill(reopen)
    with reopen() as journal:
        for user_id in (USER, OTHER):
            before = journal.position
            await fold(journal, user_id)
            assert journal.position == before + 1
        assert journal.kept(USER) == 4
        left = {user_id: await journal.records(user_id) for user_id in (USER, OTHER)}
    for user_id, records in left.items():
        assert isinstance(records[0], Checkpointed)
        assert state_of(records) == state_of(written[user_id])
    assert await owned(reopen) == left
    assert looked_at(folder) == left


async def test_it_is_traded_on_and_folded_again(reopen: Opener, folder: Path) -> None:
    await filled_and_folded(reopen)
    with reopen() as journal:
        await journal.append(USER, not_sent("later"))
        for number in range(3):
            await journal.commit_intent(USER, pair(f"again-{number}"))
            await journal.append(USER, settled(f"again-{number}", Leg.WORKING))
            await journal.append(USER, settled(f"again-{number}", Leg.PENDING))
        before = state_of(await journal.records(USER))
        await fold(journal)
        left = await journal.records(USER)
        assert isinstance(left[0], Checkpointed)
        assert left[0].sequence > 18
        assert state_of(left) == before
        journal.database.compact()
    told = looked_at(folder)
    assert isinstance(told, dict)
    assert told[USER] == left
    assert await owned(reopen) == told


async def test_an_intent_that_is_open_stays_in_the_table(reopen: Opener) -> None:
    await filled_and_folded(reopen)
    with reopen() as journal:
        assert len(journal.may_be_open(USER)) == 1
        with pytest.raises(InvariantBroken, match="still open"):
            await journal.commit_intent(USER, pair("more"))


async def test_a_buy_that_never_had_a_sell_leaves_nothing_open(reopen: Opener) -> None:
    with reopen() as journal:
        journal.users.ensure(USER)
        await journal.commit_intent(USER, pair("short"))
        found = PlacedRecord(
            at_ms=1,
            intent_id=IntentId("short"),
            working_order_id=OrderId("1"),
            sell_order_id=None,
            how="matched",
        )
        await journal.append(USER, found)
        assert len(journal.may_be_open(USER)) == 1
        await journal.append(USER, settled("short", Leg.WORKING))
        assert not journal.may_be_open(USER)
        await journal.commit_intent(USER, pair("next"))
    with reopen() as journal:  # the table still agrees with the records
        assert found in await journal.records(USER)


async def test_nobody_writes_a_checkpoint_but_fold(journal: SqliteJournal) -> None:
    for record in (
        Folded(at_ms=1, through=1, digest=""),
        Checkpointed(at_ms=1, sequence=1, state=""),
    ):
        with pytest.raises(TypeError, match="written by fold alone"):
            await journal.append(USER, record)
    await journal.append(USER, latched())
    with pytest.raises(InvariantBroken, match="no record 5"):
        await journal.fold(USER, Checkpointed(at_ms=1, sequence=5, state="{}"), 1)
    assert await journal.records(USER) == [latched()]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM records WHERE user_id = 1",
        "DELETE FROM intents WHERE intent_id = 'later'",
        "DELETE FROM folded",
        "UPDATE folded SET sequence = sequence - 1",
        "UPDATE folded SET checkpoint = '{}'",
        "UPDATE folded SET user_id = 2, sequence = 99 WHERE user_id = 1",
        "INSERT INTO folded VALUES (3, 1, zeroblob(32), 1, '')",
    ],
)
async def test_the_database_refuses_what_would_lose_records(
    reopen: Opener, folder: Path, statement: str
) -> None:
    await filled_and_folded(reopen)
    connection = apsw.Connection(str(folder / "simulated.db"))
    with pytest.raises(apsw.ConstraintError):
        connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    ("statements", "complaint"),
    [
        (
            "UPDATE folded SET checkpoint = replace(checkpoint, '18', '19') WHERE user_id = 1",
            "is not in the checkpoint that was written",
        ),
        ("UPDATE folded SET checkpoint = '{}' WHERE user_id = 1", "is not in the checkpoint"),
        ("UPDATE folded SET hash = zeroblob(32) WHERE user_id = 1", "does not match its hash"),
    ],
)
async def test_an_edited_checkpoint_stops_its_user_alone(
    reopen: Opener, folder: Path, statements: str, complaint: str
) -> None:
    left = await filled_and_folded(reopen)
    tamper(folder, statements)
    told = looked_at(folder)
    assert isinstance(told, dict)
    assert complaint in str(told[USER])
    assert told[OTHER] == left[OTHER]
    with reopen() as journal:
        for attempt in (journal.records(USER), journal.append(USER, latched())):
            with pytest.raises(HistoryDamaged, match=complaint):
                await attempt
        assert await journal.records(OTHER) == left[OTHER]


@pytest.mark.parametrize(
    ("statements", "complaint"),
    [
        ("DELETE FROM folded", "of all users is missing"),
        ("DELETE FROM folded WHERE user_id = 1", "of all users is missing"),
        ("UPDATE folded SET sequence = sequence - 1 WHERE user_id = 1", "of all users is missing"),
        ("UPDATE folded SET sequence = sequence + 1 WHERE user_id = 1", "1 records are there"),
        ("DELETE FROM records WHERE user_id = 1", "of all users is missing"),
        (
            "DELETE FROM records WHERE position = (SELECT max(position) FROM records"
            " WHERE user_id = 1)",
            "of all users is missing",
        ),
        (
            "DELETE FROM records WHERE position = (SELECT max(position) FROM records)",
            "intent later",
        ),
    ],
)
async def test_what_is_missing_beside_is_noticed(
    reopen: Opener, folder: Path, statements: str, complaint: str
) -> None:
    await filled_and_folded(reopen)
    tamper(folder, statements)
    told = looked_at(folder)
    assert isinstance(told, str)
    assert complaint in told
    assert await owned(reopen) == told


async def test_a_copy_from_before_it_was_folded_is_noticed(reopen: Opener, folder: Path) -> None:
    await fill(reopen)
    older = contents(folder)
    with reopen() as journal:
        await fold(journal)
    (folder / "simulated.db").write_bytes(older["simulated.db"])
    assert "an older copy" in str(looked_at(folder))
    assert "an older copy" in str(await owned(reopen))


async def test_a_mark_of_the_moment_before_is_believed(reopen: Opener, folder: Path) -> None:
    """A process that dies between the commit and the mark leaves the mark before it."""
    await fill(reopen)
    mark = (folder / "simulated.mark").read_bytes()
    with reopen() as journal:
        await fold(journal, OTHER)
        await fold(journal, USER)
        left = {user_id: await journal.records(user_id) for user_id in (USER, OTHER)}
    (folder / "simulated.mark").write_bytes(mark)
    assert looked_at(folder) == left
    assert await owned(reopen) == left


async def test_it_is_folded_whole_or_not_at_all(journal: SqliteJournal) -> None:
    for number in range(4):
        await journal.commit_intent(USER, pair(f"1-{number}"))
        await journal.append(USER, not_sent(f"1-{number}"))
    before = await journal.records(USER)
    with journal.database.guarded() as connection:
        connection.set_commit_hook(lambda: True)
        with pytest.raises(JournalError):
            await fold(journal)
        connection.set_commit_hook(None)
        assert connection.execute("SELECT count(*) FROM folded").get == 0
    assert await journal.records(USER) == before
    await fold(journal)
    assert state_of(await journal.records(USER)) == state_of(before)
    again = memory_journal(FixedClock(), after=journal)
    assert await again.records(USER) == await journal.records(USER)


def test_a_process_killed_while_it_folds_loses_nothing(reopen: Opener, folder: Path) -> None:
    """Killed again and again, each time elsewhere: in the transaction, in the writing anew."""
    meaning = trio.run(_meaning_of_many, reopen)
    for kill in range(12):
        with subprocess.Popen(child("fold", folder), stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"begins\n"
            with suppress(subprocess.TimeoutExpired):
                process.wait(kill * 0.002)
            os.kill(process.pid, signal.SIGKILL)
        with reopen() as journal:
            assert state_of(trio.run(journal.records, USER)) == meaning


async def _meaning_of_many(reopen: Opener) -> UserState:
    await fill(reopen)
    with reopen() as journal:
        for number in range(300):
            await journal.commit_intent(USER, pair(f"more-{number}"))
            await journal.append(USER, not_sent(f"more-{number}"))
        return state_of(await journal.records(USER))


async def test_a_folded_journal_is_copied_and_shrinks(reopen: Opener, folder: Path) -> None:
    with reopen() as journal:
        journal.users.ensure_simulated_user(USER)
        for number in range(400):
            await journal.commit_intent(USER, pair(f"1-{number}"))
            await journal.append(USER, not_sent(f"1-{number}"))
    path = folder / "simulated.db"
    before = path.stat().st_size
    with reopen() as journal:
        await fold(journal)
        journal.database.compact()
        left = await journal.records(USER)
    assert path.stat().st_size < before / 2
    with read_journal(folder, EMBEDDED) as reading:
        write_backup(reading, EMBEDDED, folder / "copy.db")
    shutil.move(folder / "copy.db", path)
    assert looked_at(folder) == {USER: left}


def test_a_journal_of_before_there_were_checkpoints_is_read(folder: Path) -> None:
    folder.mkdir()
    old = apsw.Connection(str(folder / "simulated.db"))
    migrate(old, MIGRATIONS[:4])
    old.execute("INSERT INTO venue VALUES (1, 'simulated', '[]', 1)")
    old.close()
    assert looked_at(folder) == {}
