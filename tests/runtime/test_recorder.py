"""The recorder: what is durable is known, what is known is durable, and no intent is lost."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec
import pytest
import trio
from trio.testing import MockClock

from alphabot.core.progress import UserState
from alphabot.core.records import Intended, Latched, Record
from alphabot.core.values import IntentId, StrategyId, UserId
from alphabot.errors import HistoryDamaged, JournalError
from alphabot.ports import CommittedIntent
from alphabot.runtime.recorder import Recorder
from tests.core.samples import NOON_MS, fold, pair, placed

ANN, BOB = UserId(1), UserId(2)
LATCHED = Latched(at_ms=NOON_MS, reason="challenge", clears="alphabot clear 1")


class StandingClock:
    """A wall clock that stands still."""

    def now_ms(self) -> int:
        return NOON_MS


class ListJournal:
    """A journal that takes its time, keeps records in a list, and fails when told to."""

    def __init__(self, *, seconds: float = 0.0) -> None:
        self.kept: dict[UserId, list[Record]] = {}
        self.seconds = seconds
        self.broken = False

    async def append(self, user_id: UserId, record: Record) -> None:
        await trio.sleep(self.seconds)
        if self.broken:
            raise JournalError("the disk is full")
        self.kept.setdefault(user_id, []).append(record)

    async def commit_intent(self, user_id: UserId, intended: Intended) -> CommittedIntent:
        stamped = msgspec.structs.replace(intended, owner_epoch=7)
        await self.append(user_id, stamped)
        return CommittedIntent(stamped, len(self.kept[user_id]))

    async def records(self, user_id: UserId) -> Sequence[Record]:
        await trio.sleep(self.seconds)
        return list(self.kept.get(user_id, []))


def recorder(journal: ListJournal, user_id: UserId = ANN) -> Recorder:
    return Recorder(journal, user_id, StandingClock())


async def replayed(journal: ListJournal, user_id: UserId = ANN) -> UserState:
    again = recorder(journal, user_id)
    await again.replay()
    return again.state


async def test_what_is_written_is_known_and_kept(autojump_clock: MockClock) -> None:
    journal = ListJournal()
    writer = recorder(journal)
    committed = await writer.intend(pair())
    await writer.write(placed())
    assert committed == CommittedIntent(pair(owner_epoch=7), 1)
    assert journal.kept[ANN] == [pair(owner_epoch=7), placed()]
    assert writer.state.open_intents[IntentId("1-1")].placed == placed()
    assert writer.now_ms() == NOON_MS
    state = await replayed(journal)
    assert state == fold(journal.kept[ANN])
    assert state.claimed == writer.state.claimed


async def test_users_are_kept_apart(autojump_clock: MockClock) -> None:
    journal = ListJournal()
    await recorder(journal, ANN).write(LATCHED)
    assert (await replayed(journal, ANN)).latched == LATCHED
    assert (await replayed(journal, BOB)).latched is None


async def test_what_could_not_be_written_is_not_known(autojump_clock: MockClock) -> None:
    journal = ListJournal()
    journal.broken = True
    writer = recorder(journal)
    with pytest.raises(JournalError):
        await writer.write(LATCHED)
    with pytest.raises(JournalError):
        await writer.intend(pair())
    assert writer.state.latched is None
    assert writer.state.open_intents == {}
    assert journal.kept == {}


async def test_a_cancel_interrupts_no_record(autojump_clock: MockClock) -> None:
    journal = ListJournal(seconds=5)
    writer = recorder(journal)
    with trio.move_on_after(1):
        await writer.intend(pair())
        await trio.lowlevel.checkpoint()
        pytest.fail("the deadline was passed")
    with trio.CancelScope() as stopped:
        stopped.cancel()
        await writer.write(placed())
    assert journal.kept[ANN] == [pair(owner_epoch=7), placed()]
    assert writer.state.open_intents[IntentId("1-1")].placed == placed()


async def test_an_intent_counts_while_it_is_being_committed(autojump_clock: MockClock) -> None:
    """The gate looks at this state: what it allowed must be seen by whoever asks next."""
    journal = ListJournal(seconds=5)
    writer = recorder(journal)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(writer.intend, pair())
        await trio.sleep(1)
        assert journal.kept == {}
        assert writer.state.exposure_usdt() == pair().amount_usdt
        assert writer.state.orders_last_minute(NOON_MS) == 1
        assert writer.state.open_of(pair().strategy_id)


async def test_strategies_that_intend_at_once_use_different_ids(autojump_clock: MockClock) -> None:
    journal = ListJournal(seconds=5)
    writer = recorder(journal)

    async def trade(name: str) -> None:
        for _ in range(3):
            await writer.intend(pair(writer.next_intent_id(), strategy_id=StrategyId(name)))

    async with trio.open_nursery() as nursery:
        for name in ("koge", "aop", "br"):
            nursery.start_soon(trade, name)
    used = [record.intent_id for record in journal.kept[ANN] if isinstance(record, Intended)]
    assert sorted(used) == [f"1-{number}" for number in range(1, 10)]


async def test_ids_go_on_where_the_journal_ends(autojump_clock: MockClock) -> None:
    journal = ListJournal()
    writer = recorder(journal)
    assert writer.next_intent_id() == "1-1"
    await writer.intend(pair(writer.next_intent_id()))
    assert writer.next_intent_id() == "1-2"
    again = recorder(journal)
    await again.replay()
    assert again.next_intent_id() == "1-2"
    assert recorder(journal, BOB).next_intent_id() == "2-1"


async def test_an_id_is_not_used_again_after_another_was_never_committed(
    autojump_clock: MockClock,
) -> None:
    journal = ListJournal()
    writer = recorder(journal)
    journal.broken = True
    with pytest.raises(JournalError):
        await writer.intend(pair(writer.next_intent_id()))
    journal.broken = False
    await writer.intend(pair(writer.next_intent_id()))
    used = {record.intent_id for record in journal.kept[ANN] if isinstance(record, Intended)}
    again = recorder(journal)
    await again.replay()
    assert again.next_intent_id() not in used


async def test_a_past_that_cannot_be_ends_all_writing(autojump_clock: MockClock) -> None:
    """Records that each fit their hash may still tell a story that cannot have been."""
    journal = ListJournal()
    journal.kept[ANN] = [LATCHED, placed()]
    writer = recorder(journal)
    with pytest.raises(HistoryDamaged, match=r"record 2 of user 1 cannot follow .*1-1"):
        await writer.replay()
    with pytest.raises(HistoryDamaged, match="record 2 of user 1"):
        await writer.write(LATCHED)
    with pytest.raises(HistoryDamaged, match="record 2 of user 1"):
        await writer.intend(pair())
    assert journal.kept[ANN] == [LATCHED, placed()]
    assert writer.state.open_intents == {}


async def test_whose_past_is_not_known_counts_with_all_that_is_allowed(
    autojump_clock: MockClock,
) -> None:
    journal = ListJournal()
    sound, damaged = recorder(journal, ANN), recorder(journal, BOB)
    journal.kept[BOB] = [placed()]
    with pytest.raises(HistoryDamaged):
        await damaged.replay()
    await sound.intend(pair())
    assert sound.exposure_usdt(Decimal(100)) == pair().amount_usdt
    assert damaged.exposure_usdt(Decimal(100)) == 100
