"""Users with settings of their own, in a service: the gate knows whose order it looks at."""

from __future__ import annotations

from decimal import Decimal

import pytest
from trio.testing import MockClock

from alphabot.core.records import Configured, Intended
from alphabot.runtime.board import Ending
from alphabot.simulator import ExchangeSettings
from tests.runtime.steered import steered, user_of
from tests.runtime.world import open_world, seen, settings_of

BOTH = """
[exchange]
mode = "simulated"

[global_settings]
order_timeout_seconds = 60
failure_backoff_factor = 1

{limits}

[[strategies]]
strategy_id = "koge"
target_token = "KOGE"
target_chain = "BSC"
target_volume = 100
user_ids = [1, 2]
{koge}
"""

OWN = {
    "max_daily_loss_usdt": "3",
    "max_exposure_usdt": "30",
    "max_total_exposure_usdt": "100",
    "max_round_loss_percent": "10",
    "max_spread_bp": "0.01",
    "max_orders_per_minute": "1",
    "max_rounds": "1",
    "price_collar_percent": "10",
    "max_source_deviation_percent": "0.01",
}
"""Figures that user 2 must meet on the way to the target."""


@pytest.mark.parametrize("name", OWN)
async def test_a_limit_holds_the_orders_of_that_user_alone(
    autojump_clock: MockClock, name: str
) -> None:
    text = BOTH + f"[users.2.limits]\n{name} = {OWN[name]}\n"
    if name == "max_total_exposure_usdt":  # 30 of user 2 beside dust of both: more than 30
        text = BOTH + f"[users.2.limits]\nmax_exposure_usdt = 30\n{name} = 30\n"
    volatility = 100
    if name == "price_collar_percent":  # as wide as the offset: only a price that moves exceeds it
        volatility, text = 500, text.replace("target_volume = 100", "target_volume = 1600")
    market = ExchangeSettings(fill_delay_ms=(20, 200), volatility_percent=volatility)
    async with open_world(market) as world:
        async with steered(world, settings_of(text)) as asked:
            await seen(lambda: world.row(1, "koge").ending is not None)
            await seen(lambda: name in world.row(2, "koge").refusals)
            shown = {
                limit.name: limit.most
                for limit in (
                    *user_of(await asked.status(), 2).limits,
                    *user_of(await asked.status(), 2).strategies[0].limits,
                )
            }
            assert shown.get(name, Decimal(OWN[name])) == Decimal(OWN[name])
            world.stop.now()
        assert world.row(1, "koge").ending is Ending.REACHED
        assert name not in world.row(1, "koge").refusals


async def test_each_buys_for_the_own_amount_up_to_the_own_target(
    autojump_clock: MockClock,
) -> None:
    text = BOTH + "[users.2]\nsingle_trade_amount_usdt = 12.5\ntarget_volume = 40\n"
    async with open_world() as world:
        board = await world.run(settings_of(text))
        assert [row.ending for row in board.rows] == [Ending.REACHED] * 2
        amounts = {
            user_id: {
                record.round_amount_usdt
                for record in await world.records(user_id)
                if isinstance(record, Intended) and record.is_pair
            }
            for user_id in (1, 2)
        }
        assert amounts == {1: {Decimal(30)}, 2: {Decimal("12.5")}}
        assert 100 <= board.rows[0].credited < 130
        assert 40 <= board.rows[1].credited < Decimal("52.5")
        assert board.rows[1].target == 40
        (snapshot,) = (r.snapshot for r in await world.records(2) if isinstance(r, Configured))
        assert '"single_trade_amount_usdt":"12.5"' in snapshot
