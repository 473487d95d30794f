"""A SELL that does not fill: offered lower step by step, and never below the allowed loss."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import trio
from trio.testing import MockClock

from alphabot.config import Settings
from alphabot.core.records import Intended
from alphabot.runtime.board import Ending, State
from alphabot.simulator import ExchangeSettings
from tests.runtime.world import World, open_world, seen, settings_of

STILL = ExchangeSettings(volatility_percent=0, split_fill_percent=0)
"""A market that stands still: what is offered above it does not fill."""


def dear(percent: str, *, most: str = "3", above: str = "0.5") -> Settings:
    """Return settings that offer the SELL this far above the BUY's limit, and then ladder."""
    settings = settings_of(
        """
[global_settings]
order_timeout_seconds = 20
on_sell_timeout = "ladder"
[limits]
max_exit_loss_percent = {limits}
max_daily_loss_usdt = 50
[[strategies]]
strategy_id = "koge"
target_token = "KOGE"
target_chain = "BSC"
target_volume = 25
user_ids = [1]
""",
        limits=most,
    )
    (strategy,) = settings.strategies
    return replace(
        settings,
        strategies=(
            replace(
                strategy,
                buy_offset_percentage=Decimal(above),
                sell_profit_percentage=-Decimal(percent),
            ),
        ),
    )


async def sales(world: World) -> list[Intended]:
    return [r for r in await world.records(1) if isinstance(r, Intended) and not r.is_pair]


async def test_what_does_not_sell_is_offered_lower_until_it_does(
    autojump_clock: MockClock,
) -> None:
    async with open_world(STILL) as world:
        await world.run(dear("3"))
        row = world.row(1, "koge")
        assert row.ending is Ending.REACHED
        offered = [record.sell_price for record in await sales(world)]
        assert offered
        assert offered == sorted(offered, reverse=True)
        assert row.wear_bp <= 300
        assert row.volume_usdt == row.exchange_volume_usdt


async def test_the_last_rung_is_the_floor_and_there_the_order_stays(
    autojump_clock: MockClock,
) -> None:
    """The floor lies above the bid: the SELL waits there, and nothing is given away."""
    wide = replace(STILL, half_spread_bp=(80, 80), traffic_percent=0)
    async with open_world(wide) as world, trio.open_nursery() as nursery:
        nursery.start_soon(world.run, dear("3", most="0.01", above="1.5"))
        await seen(lambda: bool(world.board.rows) and world.row(1, "koge").leftover > 0)
        row = world.row(1, "koge")
        cost = row.leftover_cost_usdt / row.leftover
        await trio.sleep(600)
        assert row.state is State.WAITING_SELL
        offered = [record.sell_price for record in await sales(world)]
        assert 2 <= len(offered) <= 4  # the rungs, and then nothing is offered anew
        assert cost * Decimal("0.9999") <= min(offered) <= cost * Decimal("0.99999")
        assert row.rounds == 1
        world.stop.request()
