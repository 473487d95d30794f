"""Rounds over midnight: a loss is the loss of the day on which the exchange filled the SELL."""

from __future__ import annotations

from decimal import Decimal

import trio
from trio.testing import MockClock

from alphabot.core.progress import DAY_MS, UserState
from alphabot.core.records import Leg, Settled
from alphabot.runtime.board import Ending
from alphabot.simulator import ExchangeSettings
from alphabot.simulator.book import Side
from tests.core.samples import fold
from tests.runtime.test_service import only_koge, run_until, settled
from tests.runtime.world import World, open_world

MIDNIGHT_MS = 1_800_057_600_000
"""2027-01-16, 0:00 UTC."""
YESTERDAY = MIDNIGHT_MS // DAY_MS - 1
ONE_ROUND = only_koge(target_volume=Decimal(20))
LATE_NEWS = ExchangeSettings(push_delay_ms=(10_000, 10_000))


async def past(world: World) -> UserState:
    return fold(await world.records(1))


async def round_of(world: World) -> tuple[Settled, Settled]:
    """Return how the BUY and the SELL of the one round ended, by the journal."""
    (bought,), (sold,) = await settled(world, Leg.WORKING), await settled(world, Leg.PENDING)
    return bought, sold


def assert_lost_on(day: int, state: UserState) -> None:
    wear = sum(progress.wear_usdt for progress in state.strategies.values())
    assert wear
    assert state.loss_by_day_usdt == {day: wear}


def sold_at_the_exchange(world: World) -> bool:
    orders = world.exchange.model.desk.orders.values()
    return any(order.side is Side.SELL and order.fills for order in orders)


async def test_a_fill_before_midnight_that_is_settled_after_it(autojump_clock: MockClock) -> None:
    async with open_world(LATE_NEWS, start_ms=MIDNIGHT_MS - 5_000) as world:
        await world.run(ONE_ROUND)
        _, sold = await round_of(world)
        assert sold.filled_at_ms is not None
        assert sold.filled_at_ms < MIDNIGHT_MS < sold.at_ms
        assert_lost_on(YESTERDAY, state := await past(world))
        assert state.loss_today_usdt(world.clock.now_ms()) == 0


async def test_a_fill_before_midnight_that_the_next_run_finds_after_it(
    autojump_clock: MockClock,
) -> None:
    """The killed process never heard of it; the next one reads the fills by REST."""
    async with open_world(LATE_NEWS, start_ms=MIDNIGHT_MS - 5_000) as world:
        await run_until(world, ONE_ROUND, lambda: sold_at_the_exchange(world))
        assert not await settled(world, Leg.PENDING)
        assert world.clock.now_ms() < MIDNIGHT_MS
        await trio.sleep(3600)
        await world.run(ONE_ROUND)
        assert world.row(1, "koge").ending is Ending.ALREADY_REACHED
        _, sold = await round_of(world)
        assert sold.at_ms > MIDNIGHT_MS
        assert_lost_on(YESTERDAY, await past(world))
        # And so it is for whoever reads the journal anew.
        world.killed()
        assert_lost_on(YESTERDAY, await past(world))


async def test_a_round_that_buys_before_midnight_and_sells_after_it(
    autojump_clock: MockClock,
) -> None:
    slow = ExchangeSettings(fill_delay_ms=(3_000, 3_000), split_fill_percent=0)
    async with open_world(slow, start_ms=MIDNIGHT_MS - 4_700) as world:
        await world.run(ONE_ROUND)
        bought, sold = await round_of(world)
        assert bought.filled_at_ms is not None
        assert sold.filled_at_ms is not None
        assert bought.at_ms < MIDNIGHT_MS
        assert bought.filled_at_ms < MIDNIGHT_MS < sold.filled_at_ms
        assert_lost_on(YESTERDAY + 1, await past(world))
