"""The exchange's own volume of today beside ours, after each strategy."""

from __future__ import annotations

from decimal import Decimal

import pytest
import trio
from trio.testing import MockClock

from alphabot.core.records import Latched, Shown
from alphabot.core.shown_volume import Bought, Difference, explain
from alphabot.runtime.board import Ending
from alphabot.simulator import ExchangeSettings
from alphabot.simulator.faults import NEVER_LEFT, ScriptedFaults
from alphabot.simulator.faulty_net import open_faulty_net
from tests.runtime.test_reconcile import body_of, over
from tests.runtime.world import open_world, settings_of

SETTINGS = settings_of()
OURS = Bought(raw=Decimal(100), multiplied=Decimal(400), settled=Decimal(60))


@pytest.mark.parametrize(
    ("shown", "difference"),
    [
        ("100", Difference.NONE),
        ("100.09", Difference.NONE),
        ("400.3", Difference.MULTIPLIED),
        ("60", Difference.LATE),
        ("399", Difference.LATE),
        ("59.99", Difference.LESS),
        ("0", Difference.LESS),
        ("401", Difference.MORE),
    ],
)
def test_each_difference_has_one_reason(shown: str, difference: Difference) -> None:
    assert explain(Decimal(shown), OURS) is difference


@pytest.mark.parametrize(
    ("exchange", "difference"),
    [
        (ExchangeSettings(), Difference.LATE),
        (ExchangeSettings(user_volume_lag_ms=(0, 0)), Difference.MULTIPLIED),
        (
            ExchangeSettings(user_volume_lag_ms=(0, 0), user_volume_multiplied=False),
            Difference.NONE,
        ),
    ],
)
async def test_the_figure_is_shown_and_kept(
    autojump_clock: MockClock, exchange: ExchangeSettings, difference: Difference
) -> None:
    async with open_world(exchange) as world:
        board = await world.run(SETTINGS)
        assert [row.ending for row in board.rows] == [Ending.REACHED] * 3
        row = world.row(2, "aop")
        assert row.shown_difference is difference
        (kept,) = (r for r in await world.records(2) if isinstance(r, Shown))
        assert (kept.shown, kept.ours_usdt) == (row.shown_volume, row.volume_usdt)
        assert kept.multiplied_usdt == row.volume_usdt * 4


@pytest.mark.parametrize("halts", [False, True])
async def test_a_contradiction_is_told_and_halts_if_wanted(
    autojump_clock: MockClock, halts: bool
) -> None:
    text = """
[global_settings]
on_volume_mismatch = "{}"

[[strategies]]
strategy_id = "koge"
target_token = "KOGE"
target_chain = "BSC"
target_volume = 40
user_ids = [1]
""".replace("{}", "halt" if halts else "notify")
    settings = settings_of(text)
    async with open_world(ExchangeSettings(user_volume_lag_ms=(0, 0))) as world:
        # A person trades the same token with the account, in the app.
        world.exchange.catch_up()
        placed = world.exchange.model.place(1, body_of("BUY", "0.003", "10000"))
        assert placed.orders
        await trio.sleep(5)
        await world.run(settings)
        row = world.row(1, "koge")
        assert row.shown_difference is Difference.MORE
        assert row.ending is (Ending.LATCHED if halts else Ending.REACHED)
        latched = [r for r in await world.records(1) if isinstance(r, Latched)]
        assert bool(latched) is halts


async def test_without_an_answer_the_figure_is_missing_and_no_more(
    autojump_clock: MockClock,
) -> None:
    script = ScriptedFaults()
    script.on_request(b"/today/user-volume", NEVER_LEFT, times=40)
    async with open_world() as world, open_faulty_net(world.net, script) as net:
        board = await world.run(SETTINGS, over(world, net))
        assert [row.ending for row in board.rows] == [Ending.REACHED] * 3
        assert {row.shown_volume for row in board.rows} == {None}
