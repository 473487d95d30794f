"""Strategies that reach their target anew every UTC day, by the time of the fills."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import partial

import pytest
import trio
from trio.testing import MockClock

from alphabot.core.choosing import Wishes
from alphabot.core.days import DAY_MS
from alphabot.core.notices import NoticeKind
from alphabot.core.records import Intended, Leg, Settled
from alphabot.runtime.board import Ending, State
from alphabot.runtime.control import Request
from alphabot.simulator import ExchangeSettings
from tests.core.samples import fold
from tests.runtime.steered import steered, strategy_of
from tests.runtime.test_midnight import MIDNIGHT_MS
from tests.runtime.test_notices import HEAD, People
from tests.runtime.test_service import run_until
from tests.runtime.world import World, open_world, seen, settings_of

DAILY = """
[exchange]
mode = "simulated"

[global_settings]
order_timeout_seconds = 60
schedule = "daily"

[[strategies]]
strategy_id = "koge"
target_token = "KOGE"
target_chain = "BSC"
target_volume = 50
user_ids = [1]
{koge}
"""
SETTINGS = settings_of(DAILY)
TODAY = MIDNIGHT_MS // DAY_MS
HOUR_MS = 3_600_000


def waits(world: World) -> bool:
    return bool(world.board.rows) and world.row(1, "koge").state is State.WAITING_DAY


def traded(world: World) -> bool:
    return bool(world.board.rows) and world.row(1, "koge").rounds > 0


async def credited(world: World) -> dict[int, Decimal]:
    state = fold(await world.records(1))
    return {
        day - TODAY: volume
        for progress in state.strategies.values()
        for day, volume in progress.credited_by_day.items()
    }


async def bought(world: World) -> list[Settled]:
    return [
        record
        for record in await world.records(1)
        if isinstance(record, Settled) and record.leg is Leg.WORKING and record.executed
    ]


async def test_a_day_after_another_until_stopped(autojump_clock: MockClock) -> None:
    async with open_world(start_ms=MIDNIGHT_MS - 60_000) as world:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.run, SETTINGS)
            await seen(lambda: waits(world))
            assert list(await credited(world)) == [-1]
            row = world.row(1, "koge")
            assert row.waiting_until is not None
            left = row.waiting_until - trio.current_time()
            assert left == pytest.approx((MIDNIGHT_MS - world.clock.now_ms()) / 1000 + 2, abs=1)
            await trio.sleep(60)
            await seen(lambda: waits(world))
            days = await credited(world)
            assert list(days) == [-1, 0]
            assert all(50 <= volume < 80 for volume in days.values())
            assert row.credited == days[0]
            world.stop.request()
        assert row.ending is Ending.STOPPED
        assert row.volume_usdt == sum(record.quote_usdt for record in await bought(world))


@pytest.mark.parametrize("word", ["drain", "stop", "now"])
async def test_the_wait_ends_at_once(autojump_clock: MockClock, word: str) -> None:
    async with open_world(start_ms=MIDNIGHT_MS + HOUR_MS) as world:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.run, SETTINGS)
            await seen(lambda: waits(world))
            asked_at = trio.current_time()
            {"drain": world.stop.drain, "stop": world.stop.request, "now": world.stop.now}[word]()
        assert trio.current_time() - asked_at < 6  # what a service says good-bye with
        assert world.row(1, "koge").ending is Ending.STOPPED


async def test_a_pause_and_a_halt_are_seen_while_it_waits(autojump_clock: MockClock) -> None:
    halt = ""
    async with (
        open_world(start_ms=MIDNIGHT_MS + HOUR_MS) as world,
        steered(world, SETTINGS, halt=lambda: halt) as asked,
    ):
        await seen(lambda: waits(world))
        waiting = strategy_of(await asked.status(), 1, "koge")
        assert waiting.daily
        assert waiting.waits_for == "the target of this UTC day is reached"
        assert waiting.until_ms == pytest.approx(MIDNIGHT_MS + DAY_MS + 2000, abs=1000)
        await asked.ask(Request(command="pause"))
        await trio.sleep(2)
        assert world.row(1, "koge").state is State.PAUSED
        await asked.ask(Request(command="resume"))
        await trio.sleep(2)
        assert waits(world)
        halt = "a person said so"
        await trio.sleep(2)
        assert world.row(1, "koge").state is State.HALTED
        halt = ""
        await trio.sleep(2)
        assert waits(world)
        world.stop.now()


async def test_nothing_is_bought_before_the_start_time(autojump_clock: MockClock) -> None:
    settings = settings_of(DAILY, koge='start_time_utc = "00:01"')
    async with open_world(start_ms=MIDNIGHT_MS - 20_000) as world:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.run, settings)
            await seen(lambda: waits(world) and world.row(1, "koge").credited >= 50)
            assert world.clock.now_ms() < MIDNIGHT_MS  # of the day before: past its start
            await seen(lambda: world.row(1, "koge").waits_for == "trading begins at 00:01 UTC")
            await seen(lambda: world.clock.now_ms() > MIDNIGHT_MS + 70_000)
            world.stop.now()
        placed = [r.at_ms for r in await world.records(1) if isinstance(r, Intended)]
        assert min(at_ms for at_ms in placed if at_ms >= MIDNIGHT_MS) >= MIDNIGHT_MS + 60_000


async def test_a_buy_over_midnight_is_credited_to_both_days(autojump_clock: MockClock) -> None:
    """Its parts fill a second apart; the journal keeps what belongs to which day."""
    slow = ExchangeSettings(fill_delay_ms=(3_000, 3_000), split_fill_percent=100)
    for before_ms in range(4_000, 7_000, 250):
        async with open_world(slow, start_ms=MIDNIGHT_MS - before_ms) as world:
            await run_until(world, SETTINGS, partial(traded, world))
            (first, *_) = await bought(world)
            if first.filled_by_day is None:
                continue
            assert sum(first.filled_by_day.values()) == first.quote_usdt
            days = await credited(world)
            assert days[-1] == first.filled_by_day[str(TODAY - 1)]
            assert days[0] >= first.filled_by_day[str(TODAY)]
            return
    pytest.fail("no BUY filled on both sides of midnight")


@pytest.mark.parametrize("sleeps_seconds", [30, 300])
async def test_the_day_outlives_a_kill(autojump_clock: MockClock, sleeps_seconds: int) -> None:
    """Killed minutes before midnight; started again before it, or after it."""
    async with open_world(start_ms=MIDNIGHT_MS - 120_000) as world:
        await run_until(world, SETTINGS, lambda: traded(world))
        before = (await credited(world))[-1]
        world.killed()
        await trio.sleep(sleeps_seconds)
        await run_until(world, SETTINGS, lambda: waits(world))
        days = await credited(world)
        if sleeps_seconds == 30:
            assert list(days) == [-1]
            assert before < 50 <= days[-1] < 80
        else:
            assert days[-1] == before
            assert 50 <= days[0] < 80
        # And once more: what is reached stays so, and nothing is bought.
        world.killed()
        orders = len(world.exchange.model.desk.orders)
        await run_until(world, SETTINGS, lambda: waits(world))
        assert len(world.exchange.model.desk.orders) == orders


async def test_points_take_their_volume_and_the_last_round_no_more(
    autojump_clock: MockClock,
) -> None:
    """AOP counts four times: 256 of points volume are 64 bought, two rounds and a smaller one."""
    text = DAILY.replace("KOGE", "AOP").replace("target_volume = 50", "target_points = 8")
    async with open_world(start_ms=MIDNIGHT_MS + HOUR_MS) as world:
        await run_until(world, settings_of(text), lambda: waits(world))
        days = await credited(world)
        volumes = [record.quote_usdt for record in await bought(world)]
        assert days == {0: sum(volumes) * 4}
        assert 256 <= days[0] < 262
        assert volumes[0] > 27 > 12 > volumes[-1]


async def test_the_multiplier_is_read_again_after_midnight(autojump_clock: MockClock) -> None:
    async with open_world(start_ms=MIDNIGHT_MS - 20_000) as world:
        settings = settings_of(DAILY, koge='multiplier = "points"')
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.run, settings)
            await seen(lambda: waits(world))
            token = world.exchange.model.tokens["ALPHA_22"]
            world.exchange.model.relist(replace(token, mul_point=4))
            await trio.sleep(20)
            await seen(lambda: waits(world))
            world.stop.now()
        intents = [r for r in await world.records(1) if isinstance(r, Intended)]
        by_day: dict[bool, set[int]] = {True: set(), False: set()}
        for intended in intents:
            by_day[intended.at_ms >= MIDNIGHT_MS].add(intended.mul_point)
        assert by_day == {False: {1}, True: {4}}


async def test_a_target_that_will_be_missed_is_told_once_and_early(
    autojump_clock: MockClock,
) -> None:
    """Two minutes are left for 10,000, of which a round makes 27; people want quiet."""
    settings = settings_of(HEAD + DAILY.replace("target_volume = 50", "target_volume = 10_000"))
    quiet = replace(settings.notices, everyone=Wishes(quiet=True))
    people = People()
    async with (
        open_world(start_ms=MIDNIGHT_MS - 120_000) as world,
        steered(world, replace(settings, notices=quiet)) as asked,
    ):
        await seen(lambda: bool(world.board.rows) and world.row(1, "koge").rounds >= 3)
        assert strategy_of(await asked.status(), 1, "koge").missing_at_midnight is None
        await seen(lambda: world.row(1, "koge").missing_at_midnight is not None)
        assert world.row(1, "koge").rounds == 5
        assert world.clock.now_ms() < MIDNIGHT_MS - 60_000
        missing = strategy_of(await asked.status(), 1, "koge").missing_at_midnight
        assert missing is not None
        assert 5_000 < missing < 9_900
        await seen(lambda: world.row(1, "koge").rounds >= 7)
        (told,) = people.of(NoticeKind.BEHIND)
        assert told.title == "User 1: koge will not make its target of this UTC day"
        assert {notice.kind for notice in people.told} == {NoticeKind.BEHIND}
        world.stop.now()
