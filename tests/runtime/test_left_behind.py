"""What a run finds that it did not leave there itself: renamed strategies, foreign orders, bugs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from alphabot.config import PluginSettings, Settings
from alphabot.core.records import Leg, Settled
from alphabot.core.values import StrategyId
from alphabot.runtime.board import Ending, State
from alphabot.simulator import DEFAULT_TOKENS, ExchangeSettings
from alphabot.simulator.book import Side
from alphabot.simulator.ledger import RequestKind
from alphabot.simulator.orders import Order, Status
from tests.runtime.world import World, open_world, seen, settings_of


def pairs_placed(world: World, user_id: int) -> int:
    """Return how many pairs of a user the exchange accepted."""
    return sum(
        request.accepted
        for request in world.exchange.ledger.requests
        if request.kind is RequestKind.PLACE_PAIR and request.user_id == user_id
    )


def koge_as(strategy_id: str, **values: object) -> Settings:
    """Return settings with the KOGE strategy alone, under this name."""
    settings = settings_of()
    (koge,) = (s for s in settings.strategies if s.strategy_id == "koge")
    renamed = replace(koge, strategy_id=StrategyId(strategy_id), **values)  # type: ignore[arg-type]
    return replace(settings, strategies=(renamed,))


async def kill_when(world: World, settings: Settings, condition: Callable[[], bool]) -> None:
    """Run a service until something is seen, then end it as a killed process ends."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(world.run, settings)
        await seen(condition)
        nursery.cancel_scope.cancel()
    world.killed()


async def test_an_open_round_of_a_renamed_strategy_is_settled_under_its_own_name(
    autojump_clock: MockClock,
) -> None:
    async with open_world() as world:
        await kill_when(world, koge_as("old_name"), lambda: pairs_placed(world, 1) == 1)
        await world.run(koge_as("new_name"))
        assert world.row(1, "new_name").ending is Ending.REACHED
        records = await world.records(1)
        assert len({r.intent_id for r in records if isinstance(r, Settled)}) == pairs_placed(
            world, 1
        )
        rounds = world.row(1, "new_name").rounds
        assert rounds == pairs_placed(world, 1) - 1


# Nobody trades with an order that waits in the book; what crosses it fills.
LONELY = ExchangeSettings(volatility_percent=0, split_fill_percent=0, traffic_percent=0)


def sells_of(world: World, token: str) -> list[Order]:
    """Return user 1's SELLs of a token that rest in the book."""
    open_orders = world.exchange.model.desk.open_of[1].values()
    sells = [o for o in open_orders if (o.side, o.token.symbol) == (Side.SELL, token)]
    return [order for order in sells if order.state.status is Status.NEW]


async def test_what_a_renamed_strategy_waits_for_is_not_waited_for_for_ever(
    autojump_clock: MockClock,
) -> None:
    async with open_world(LONELY) as world:
        old = koge_as("old_name", pricing="patient")
        await kill_when(world, old, lambda: bool(sells_of(world, "KOGE")))
        (resting,) = sells_of(world, "KOGE")
        await world.run(koge_as("new_name", pricing="patient"))
        assert world.row(1, "new_name").ending is Ending.REACHED
        assert resting.state.status is Status.CANCELED
        assert not sells_of(world, "KOGE")
        assert world.row(1, "new_name").leftover < 1


async def test_the_only_offer_of_a_token_nobody_trades_now_stays(
    autojump_clock: MockClock,
) -> None:
    async with open_world(LONELY) as world:
        old = koge_as("old_name", pricing="patient")
        await kill_when(world, old, lambda: bool(sells_of(world, "KOGE")))
        aop = replace(
            settings_of(),
            strategies=tuple(s for s in settings_of().strategies if s.strategy_id == "aop"),
        )
        await world.run(aop)
        assert world.row(1, "aop").ending is Ending.REACHED
        assert sells_of(world, "KOGE")


async def test_a_rule_that_fails_skips_rounds_and_the_other_users_do_not_notice(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    (tmp_path / "moody.py").write_text(
        "import alphabot\n"
        "def rule(request):\n"
        "    raise RuntimeError('not today')\n"
        "@alphabot.hookimpl\n"
        "def register_pricing_rules(register):\n"
        "    register('moody', rule)\n"
    )
    settings = settings_of()
    strategies = tuple(
        replace(s, pricing="moody") if s.strategy_id == "koge" else s for s in settings.strategies
    )
    settings = replace(
        settings,
        strategies=strategies,
        plugins=PluginSettings(paths=(tmp_path,), enabled=("moody",), bench_after=5, tables={}),
    )
    async with open_world() as world, trio.open_nursery() as nursery:
        nursery.start_soon(world.run, settings)
        await trio.sleep(120)
        assert world.row(1, "aop").ending is Ending.REACHED
        assert world.row(2, "aop").ending is Ending.REACHED
        koge = world.row(1, "koge")
        assert koge.rounds == 0
        assert koge.failed_rounds >= 3
        world.stop.request()


async def test_a_multiplier_that_answers_nonsense_is_found_before_anything_is_bought(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    (tmp_path / "nonsense.py").write_text(
        "from decimal import Decimal\n"
        "import alphabot\n"
        "@alphabot.hookimpl\n"
        "def register_multipliers(register):\n"
        "    register('nonsense', lambda volume, mul_point: Decimal('NaN'))\n"
    )
    settings = replace(
        koge_as("koge", multiplier="nonsense"),
        plugins=PluginSettings(paths=(tmp_path,), enabled=("nonsense",), bench_after=5, tables={}),
    )
    async with open_world() as world, trio.open_nursery() as nursery:
        nursery.start_soon(world.run, settings)
        await trio.sleep(120)
        assert pairs_placed(world, 1) == 0
        world.stop.request()


async def test_three_users_of_one_token_take_turns_and_never_meet(
    autojump_clock: MockClock,
) -> None:
    settings = settings_of()
    (aop,) = (s for s in settings.strategies if s.strategy_id == "aop")
    everyone = replace(aop, user_ids=(1, 2, 3), target_volume=Decimal(15))  # type: ignore[arg-type]
    async with open_world() as world:
        board = await world.run(replace(settings, strategies=(everyone,)))
        assert [row.ending for row in board.rows] == [Ending.REACHED] * 3
        assert not world.exchange.ledger.self_crosses
        assert [row.rounds for row in board.rows] == [3, 3, 3]


async def test_dust_is_sold_or_ignored_and_never_holds_up_a_round(
    autojump_clock: MockClock,
) -> None:
    # Three steps of this are worth more than the minimum at the bid, and less at the SELL limit:
    # such dust comes up every few rounds, and is neither to be sold nor in the way.
    tokens = tuple(
        replace(token, step=Decimal("17.5")) if token.symbol == "KOGE" else token
        for token in DEFAULT_TOKENS
    )
    settings = koge_as(
        "koge",
        buy_offset_percentage=Decimal("0.5"),
        sell_profit_percentage=Decimal(11),
        target_volume=Decimal(1500),
    )
    settings = replace(settings, limits=replace(settings.limits, max_dust_bp=Decimal(50)))
    async with open_world(ExchangeSettings(tokens=tokens)) as world:
        await world.run(settings)
        row = world.row(1, "koge")
        assert row.ending is Ending.REACHED
        assert row.failed_rounds == 0
        assert [r for r in await world.records(1) if isinstance(r, Settled) and r.leg is Leg.SALE]


async def test_an_order_that_waits_for_its_pace_does_not_leave_after_a_stop(
    autojump_clock: MockClock,
) -> None:
    async with open_world() as world, trio.open_nursery() as nursery:
        slow = replace(world.venue().pace, requests_per_second=0.2, request_burst=1)
        nursery.start_soon(world.run, koge_as("koge"), replace(world.venue(), pace=slow))
        await seen(lambda: bool(world.board.rows) and world.row(1, "koge").state is State.PLACING)
        world.stop.request()
        before = pairs_placed(world, 1)
        await seen(lambda: world.row(1, "koge").ending is not None)
        assert pairs_placed(world, 1) == before == 0
        assert world.row(1, "koge").ending is Ending.STOPPED


async def test_the_sale_of_a_leftover_keeps_the_turn(autojump_clock: MockClock) -> None:
    # A thin book, so that BUYs are cut short and what they bought is sold by itself.
    thin = ExchangeSettings(level_usdt=(1, 2), traffic_percent=20, depth_levels=3)
    settings = settings_of()
    (aop,) = (s for s in settings.strategies if s.strategy_id == "aop")
    both = replace(
        aop,
        single_trade_amount_usdt=Decimal(90),
        order_timeout_seconds=3.0,
        multiplier="flat",
        target_volume=Decimal(100),
    )
    async with open_world(thin) as world:
        await world.run(replace(settings, strategies=(both,)))
        sales = [
            record
            for user_id in (1, 2)
            for record in await world.records(user_id)
            if isinstance(record, Settled) and record.leg is Leg.SALE
        ]
        assert len(sales) >= 2
        assert not world.exchange.ledger.self_crosses


def with_plugin(settings: Settings, folder: Path, name: str, source: str) -> Settings:
    """Return the settings with a drop-in plugin of this source."""
    (folder / f"{name}.py").write_text(source)
    return replace(
        settings, plugins=PluginSettings(paths=(folder,), enabled=(name,), bench_after=5, tables={})
    )


MOODY_MULTIPLIER = """
import alphabot

asked = []

def rule(volume_usdt, mul_point):
    asked.append(volume_usdt)
    if len(asked) > {answers}:
        raise {error}
    return volume_usdt

@alphabot.hookimpl
def register_multipliers(register):
    register("moody", rule)
"""


@pytest.mark.parametrize("error", ["RuntimeError('not today')", "SystemExit(3)"])
async def test_a_multiplier_that_fails_at_the_settlement_costs_no_volume(
    error: str, autojump_clock: MockClock, tmp_path: Path
) -> None:
    """It answers once, before the pair is placed, and not when the BUY has filled."""

    def moody(answers: int) -> Settings:
        folder = tmp_path / str(answers)
        folder.mkdir()
        source = MOODY_MULTIPLIER.format(answers=answers, error=error)
        return with_plugin(koge_as("koge", multiplier="moody"), folder, "moody", source)

    async with open_world(ExchangeSettings(split_fill_percent=0)) as world:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.run, moody(1))
            await seen(lambda: world.board.rows != [] and world.row(1, "koge").failed_rounds >= 3)
            assert pairs_placed(world, 1) == 1
            assert world.row(1, "koge").credited == 0
            world.stop.request()
        assert world.row(1, "koge").ending is Ending.STOPPED
        world.killed()
        await world.run(moody(1000))
        row = world.row(1, "koge")
        assert row.ending is Ending.REACHED
        assert row.credited == row.volume_usdt


async def test_a_rule_that_ends_the_process_skips_its_round(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    source = (
        "import alphabot\n"
        "@alphabot.hookimpl\n"
        "def register_pricing_rules(register):\n"
        "    register('leaver', lambda request: exit(3))\n"
        "    register('sleeper', lambda request: sleep())\n"
        "async def sleep():\n"
        "    pass\n"
    )
    for rule in ("leaver", "sleeper"):
        settings = with_plugin(koge_as("koge", pricing=rule), tmp_path, "both", source)
        async with open_world() as world, trio.open_nursery() as nursery:
            nursery.start_soon(world.run, settings)
            await seen(lambda: bool(world.board.rows))
            row = world.row(1, "koge")
            await seen(lambda: row.failed_rounds >= 2)  # noqa: B023
            assert not pairs_placed(world, 1)
            world.stop.request()
