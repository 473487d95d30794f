"""What a journal promises to those who write and read it."""

from __future__ import annotations

import signal
from contextlib import suppress
from itertools import permutations
from pathlib import Path

import apsw
import pytest
import trio
from hypothesis import given

from alphabot.core.records import Intended, Leg, Record, UnknownRecord, encode
from alphabot.core.values import IntentId, UserId
from alphabot.errors import InvariantBroken, JournalError
from alphabot.ports import Journal
from alphabot.store import SqliteJournal, memory_journal
from alphabot.store.chain import link
from tests.store.conftest import Opener
from tests.store.samples import (
    BR,
    KOGE,
    OTHER,
    USER,
    FixedClock,
    histories,
    latched,
    not_sent,
    pair,
    refused,
    sale,
    settled,
    write,
)


def test_it_is_the_journal_that_the_runtime_asks_for(journal: SqliteJournal) -> None:
    port: Journal = journal
    assert port is journal


async def test_a_user_without_records_has_none(journal: SqliteJournal) -> None:
    assert list(await journal.records(USER)) == []
    assert list(await journal.records(UserId(99))) == []


async def test_records_come_back_in_order_after_reopening(reopen: Opener) -> None:
    with reopen() as journal:
        journal.users.ensure_simulated_user(USER)
        proof = await journal.commit_intent(USER, pair("a"))
        await journal.append(USER, settled("a", Leg.WORKING))
        await journal.append(USER, settled("a", Leg.PENDING))
        assert proof.sequence == 1
        written = await journal.records(USER)
    with reopen() as journal:
        assert await journal.records(USER) == written
        await journal.append(USER, latched())
        assert await journal.records(USER) == [*written, latched()]
    assert written[0] == proof.intended
    assert written[1:] == [settled("a", Leg.WORKING), settled("a", Leg.PENDING)]


async def test_an_end_written_before_fills_had_times_is_read_and_followed(
    folder: Path, reopen: Opener
) -> None:
    """Its bytes are another version's; its hash covers them as they are."""
    with reopen() as journal:
        journal.users.ensure_simulated_user(USER)
        await journal.commit_intent(USER, sale("a"))
    raw = encode(settled("a", Leg.SALE)).replace(b'"filled_at_ms":null,', b"")
    connection = apsw.Connection(str(folder / "simulated.db"))
    ((tip,),) = connection.execute("SELECT hash FROM records")
    assert isinstance(tip, bytes)
    row = (USER, raw.decode(), link(tip, USER, 2, raw))
    connection.execute("INSERT INTO records VALUES (2, ?, 2, ?, ?)", row)
    connection.execute("UPDATE intents SET open_legs = 0")
    connection.close()
    for _ in range(2):
        with reopen() as journal:
            assert (await journal.records(USER))[1] == settled("a", Leg.SALE)
            await journal.append(USER, latched())


async def test_an_intent_carries_the_epoch_of_the_owner_who_committed_it(reopen: Opener) -> None:
    for run in (1, 2, 3):
        with reopen() as journal:
            journal.users.ensure_simulated_user(USER)
            proof = await journal.commit_intent(USER, pair(f"run {run}"))
            assert proof.intended.owner_epoch == journal.epoch == run
            await journal.append(USER, not_sent(f"run {run}"))


@given(histories)
def test_what_was_accepted_is_read_back_equal_and_what_was_refused_left_no_trace(
    history: list[tuple[UserId, Record]],
) -> None:
    async def check() -> None:
        clock = FixedClock()
        journal = memory_journal(clock)
        accepted: dict[UserId, list[Record]] = {}
        for user_id, record in history:
            journal.users.ensure_simulated_user(user_id)
            written = accepted.setdefault(user_id, [])
            try:
                written.append(await write(journal, user_id, record))
            except InvariantBroken:
                assert _may_be_refused(written, record)
            else:
                assert not _may_be_refused(written[:-1], record)
        # A new owner follows every chain and compares the table of intents with the records.
        for reader in (journal, memory_journal(clock, after=journal)):
            for user_id, written in accepted.items():
                assert await reader.records(user_id) == written

    trio.run(check)


def _may_be_refused(before: list[Record], record: Record) -> bool:
    """The rule about intents once more, told record by record without a table."""
    name = getattr(record, "intent_id", None)
    known = [r for r in before if isinstance(r, Intended)]
    if not isinstance(record, Intended):
        return name is not None and name not in {r.intent_id for r in known}
    return any(
        r.intent_id == name or (r.symbol == record.symbol and _open(before, r)) for r in known
    )


def _open(before: list[Record], intended: Intended) -> bool:
    legs = {Leg.WORKING, Leg.PENDING} if intended.is_pair else {Leg.SALE}
    for record in before:
        if getattr(record, "intent_id", None) == intended.intent_id:
            match type(record).__name__:
                case "NotSentRecord" | "RefusedRecord":
                    return False
                case "Settled":
                    legs.discard(record.leg)  # type: ignore[union-attr]  # matched by name above
    return bool(legs)


@given(histories)
def test_a_users_records_do_not_depend_on_who_wrote_in_between(
    history: list[tuple[UserId, Record]],
) -> None:
    async def written_by(those: list[tuple[UserId, Record]]) -> dict[UserId, list[Record]]:
        journal = memory_journal(FixedClock())
        result: dict[UserId, list[Record]] = {}
        for user_id, record in those:
            journal.users.ensure_simulated_user(user_id)
            with suppress(InvariantBroken):
                await write(journal, user_id, record)
            result[user_id] = list(await journal.records(user_id))
        return result

    async def check() -> None:
        together = await written_by(history)
        for user_id in together:
            alone = await written_by([entry for entry in history if entry[0] == user_id])
            assert alone[user_id] == together[user_id]

    trio.run(check)


class TestOneOpenIntent:
    """At most one intent of a user and symbol is open, and only evidence closes it."""

    async def test_a_second_one_is_refused_and_the_journal_stays_usable(
        self, journal: SqliteJournal
    ) -> None:
        await journal.commit_intent(USER, pair("a"))
        before = await journal.records(USER)
        for second in (pair("b"), sale("c")):
            with pytest.raises(InvariantBroken, match=r"user 1 .*ALPHA_22USDT"):
                await journal.commit_intent(USER, second)
        assert await journal.records(USER) == before
        await journal.append(USER, latched())

    async def test_another_symbol_and_another_user_are_free(self, journal: SqliteJournal) -> None:
        await journal.commit_intent(USER, pair("a", KOGE))
        await journal.commit_intent(USER, pair("b", BR))
        await journal.commit_intent(OTHER, pair("a", KOGE))

    @pytest.mark.parametrize("legs", list(permutations([Leg.WORKING, Leg.PENDING])))
    async def test_a_pair_is_closed_by_both_legs_in_any_order(
        self, journal: SqliteJournal, legs: tuple[Leg, Leg]
    ) -> None:
        await journal.commit_intent(USER, pair("a"))
        await journal.append(USER, settled("a", legs[0]))
        await journal.append(USER, settled("a", legs[0]))
        with pytest.raises(InvariantBroken):
            await journal.commit_intent(USER, sale("b"))
        await journal.append(USER, settled("a", legs[1]))
        await journal.commit_intent(USER, sale("b"))

    async def test_a_sale_is_closed_by_its_one_leg(self, journal: SqliteJournal) -> None:
        await journal.commit_intent(USER, sale("a"))
        await journal.append(USER, settled("a", Leg.SALE))
        await journal.commit_intent(USER, pair("b"))

    @pytest.mark.parametrize("end", [refused("a"), not_sent("a")])
    @pytest.mark.parametrize("begin", [pair("a"), sale("a")])
    async def test_either_is_closed_by_a_no_or_by_proof_of_absence(
        self, journal: SqliteJournal, begin: Intended, end: Record
    ) -> None:
        await journal.commit_intent(USER, begin)
        await journal.append(USER, end)
        await journal.commit_intent(USER, pair("b"))

    async def test_an_unknown_outcome_closes_nothing(self, journal: SqliteJournal) -> None:
        await journal.commit_intent(USER, pair("a"))
        unknown = UnknownRecord(at_ms=2, intent_id=IntentId("a"), reason="cut")
        await journal.append(USER, unknown)
        with pytest.raises(InvariantBroken):
            await journal.commit_intent(USER, pair("b"))

    async def test_a_restart_closes_nothing(self, reopen: Opener) -> None:
        with reopen() as journal:
            journal.users.ensure_simulated_user(USER)
            await journal.commit_intent(USER, pair("a"))
        with reopen() as journal, pytest.raises(InvariantBroken):
            await journal.commit_intent(USER, pair("b"))

    async def test_an_id_is_used_once(self, journal: SqliteJournal) -> None:
        await journal.commit_intent(USER, pair("a"))
        await journal.append(USER, not_sent("a"))
        with pytest.raises(InvariantBroken, match="used before"):
            await journal.commit_intent(USER, pair("a", BR))

    async def test_an_outcome_without_an_intent_is_refused(self, journal: SqliteJournal) -> None:
        with pytest.raises(InvariantBroken, match="no intent a was committed"):
            await journal.append(USER, settled("a", Leg.SALE))
        with pytest.raises(TypeError):
            await journal.append(USER, pair("a"))
        assert list(await journal.records(USER)) == []

    async def test_a_user_nobody_knows_is_refused(self, journal: SqliteJournal) -> None:
        with pytest.raises(InvariantBroken, match="no user 99"):
            await journal.append(UserId(99), latched())
        await journal.append(USER, latched())


class TestOneOwner:
    """Whoever lost the database cannot write another word."""

    async def test_an_earlier_owner_is_fenced_off_for_good(
        self, journal: SqliteJournal, clock: FixedClock
    ) -> None:
        await journal.append(USER, latched())
        heir = memory_journal(clock, after=journal)
        assert heir.epoch == journal.epoch + 1
        with pytest.raises(JournalError, match="another process has taken over"):
            await journal.commit_intent(USER, pair("a"))
        with pytest.raises(JournalError, match="another process has taken over"):
            await journal.append(USER, latched())
        with pytest.raises(JournalError, match="another process has taken over"):
            await journal.records(USER)
        assert await heir.records(USER) == [latched()]
        await heir.commit_intent(USER, pair("a"))


class TestCancellation:
    """An intent may be given up before it is written; what is known is always written."""

    async def test_a_cancelled_intent_was_not_written(self, journal: SqliteJournal) -> None:
        with trio.CancelScope() as scope:
            scope.cancel()
            await journal.commit_intent(USER, pair("a"))
        assert scope.cancelled_caught
        assert list(await journal.records(USER)) == []

    async def test_an_intent_once_written_is_returned(self, journal: SqliteJournal) -> None:
        with trio.CancelScope() as scope:
            proof = await journal.commit_intent(USER, pair("a"))
            scope.cancel()
            await journal.append(USER, not_sent("a"))
        assert not scope.cancelled_caught
        assert await journal.records(USER) == [proof.intended, not_sent("a")]

    async def test_writing_lets_the_others_run(self, journal: SqliteJournal) -> None:
        order: list[str] = []

        async def busy(name: str) -> None:
            for _ in range(2):
                await journal.append(USER, latched(name))
                order.append(name)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(busy, "a")
            nursery.start_soon(busy, "b")
        assert sorted(order[:2]) == ["a", "b"]
        assert len(await journal.records(USER)) == 4

    def test_ctrl_c_while_writing_waits_until_it_is_written(self, journal: SqliteJournal) -> None:
        def interrupt() -> bool:
            signal.raise_signal(signal.SIGINT)
            return False  # do not stop the commit

        with journal.database.guarded() as connection:
            connection.set_commit_hook(interrupt)
        with pytest.raises(KeyboardInterrupt):
            trio.run(journal.append, USER, latched())
        with journal.database.guarded() as connection:
            connection.set_commit_hook(None)
        trio.run(journal.append, USER, latched())
        assert trio.run(journal.records, USER) == [latched(), latched()]
