"""A service on a journal whose old records were folded away: it trades on as if they were there."""

from __future__ import annotations

from pathlib import Path

from trio.testing import MockClock

from alphabot.core.days import DAY_MS
from alphabot.core.records import Checkpointed, Restored
from alphabot.core.values import UserId
from alphabot.runtime.board import Ending
from alphabot.wiring.folding import fold_away
from tests.core.samples import fold
from tests.runtime.files import Files, open_files
from tests.runtime.test_older_journal import targets
from tests.runtime.world import World

LATER_MS = 4 * DAY_MS


async def fold_later(files: Files, later_ms: int = LATER_MS) -> None:
    """Fold as a start does that comes so much later, however few records there are."""
    with files.open() as journal:
        files.world.journal = journal
        before = fold(await files.world.records(1))
        kept = journal.kept(UserId(1))
        await fold_away(journal, files.world.clock.now_ms() + later_ms, fold_records=1)
        assert journal.kept(UserId(1)) < kept / 2
        records = await files.world.records(1)
        assert isinstance(records[0], Checkpointed)
        assert fold(records).strategies == before.strategies


def assert_counted_as_the_exchange_does(world: World) -> None:
    for row in world.board.rows:
        assert row.ending is Ending.REACHED
        assert row.volume_usdt == row.exchange_volume_usdt
        assert row.volume_usdt


async def test_volumes_are_the_exchanges_to_the_last_digit(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    async with open_files(tmp_path) as files:
        for times in (1, 2, 3):
            await files.run(targets(times))
            assert_counted_as_the_exchange_does(files.world)
            # Later each time: that it was folded is a record of its own moment.
            await fold_later(files, times * LATER_MS)


async def test_an_order_the_exchange_shows_again_is_known(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    async with open_files(tmp_path) as files:
        begin_ms = files.world.clock.now_ms()
        await files.run(targets(1))
        await fold_later(files)
        with files.open() as journal:
            for user_id in (1, 2):
                note = Restored(at_ms=begin_ms, known_until_ms=begin_ms)
                await journal.append(UserId(user_id), note)
        # Now all that was ever traded is compared with what the journal knows.
        await files.run(targets(2))
        assert_counted_as_the_exchange_does(files.world)


async def test_an_older_copy_of_a_folded_journal_is_noticed(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    async with open_files(tmp_path) as files:
        await files.run(targets(1))
        files.copy("older")
        await files.run(targets(2))
        files.put_back("older")
        await fold_later(files)
        orders = len(files.world.exchange.model.desk.orders)
        await files.run(targets(3))
        assert {row.ending for row in files.world.board.rows} == {Ending.LATCHED}
        assert len(files.world.exchange.model.desk.orders) == orders
