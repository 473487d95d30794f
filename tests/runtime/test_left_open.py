"""What a strategy leaves open when it ends is followed while others of its user trade on."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import trio
from trio.testing import MockClock

from alphabot.config import Settings
from alphabot.core.records import Intended, NotSentRecord, Settled, UnknownRecord
from alphabot.core.values import StrategyId, UserId
from alphabot.runtime.board import Ending, State
from alphabot.simulator import ExchangeSettings
from alphabot.simulator.faults import Direction, Fault, FaultKind, ScriptedFaults
from alphabot.simulator.faulty_net import open_faulty_net
from tests.runtime.test_reconcile import over, pairs
from tests.runtime.world import World, open_world, seen, settings_of

STILL = ExchangeSettings(traffic_percent=0, volatility_percent=0)
LOST_ON_ITS_WAY = Fault(FaultKind.HELD, Direction.OUT)


def both(**changes: object) -> Settings:
    """Return settings in which user 1 runs KOGE, so changed, and AOP beside it."""
    settings = settings_of()
    strategies = {s.strategy_id: replace(s, user_ids=(UserId(1),)) for s in settings.strategies}
    koge = replace(strategies[StrategyId("koge")], **changes)  # type: ignore[arg-type]
    aop = replace(strategies[StrategyId("aop")], target_volume=Decimal(3000))
    return replace(settings, strategies=(koge, aop))


def stop(world: World, strategy_id: str) -> None:
    """Have a person stop one strategy of user 1."""
    world.stop.child(UserId(1)).child(StrategyId(strategy_id)).request()


async def test_an_order_that_a_stopped_strategy_leaves_open_is_followed_to_its_end(
    autojump_clock: MockClock,
) -> None:
    waits = both(buy_offset_percentage=Decimal(-4), order_timeout_seconds=3000.0)
    async with open_world(STILL) as world, trio.open_nursery() as nursery:
        nursery.start_soon(world.run, waits)
        await seen(lambda: bool(world.board.rows))
        row = world.row(1, "koge")
        await seen(lambda: row.state is State.WAITING_BUY)
        stop(world, "koge")
        await seen(lambda: row.ending is Ending.OPEN)
        (working, _) = (
            order
            for order in world.exchange.model.desk.orders.values()
            if order.token.symbol == "KOGE"
        )
        assert working.state.status.is_live  # stopping cancels nothing
        # A person cancels it in the app, and the journal learns it while the other trades on.
        body = json.dumps({"orderId": str(working.order_id)}).encode()
        world.exchange.model.cancel(1, body)
        await trio.sleep(120)
        ended = [r for r in await world.records(1) if isinstance(r, Settled)]
        assert str(working.order_id) in {record.order_id for record in ended}
        assert world.row(1, "aop").ending is None
        world.stop.now()


async def test_a_request_that_a_stopped_strategy_knows_nothing_of_is_looked_for(
    autojump_clock: MockClock,
) -> None:
    script = ScriptedFaults()
    async with (
        open_world(STILL) as world,
        open_faulty_net(world.net, script) as net,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(world.run, replace(both(), settle_seconds=600.0), over(world, net))
        await seen(lambda: len(pairs(world)) >= 2)
        script.on_request(b"/oto-order/place", LOST_ON_ITS_WAY)
        unknown: list[UnknownRecord] = []
        while not unknown:
            await trio.sleep(1)
            unknown = [r for r in await world.records(1) if isinstance(r, UnknownRecord)]
        (lost,) = unknown
        (whose,) = (
            record.strategy_id
            for record in await world.records(1)
            if isinstance(record, Intended) and record.intent_id == lost.intent_id
        )
        other = "aop" if whose == "koge" else "koge"
        stop(world, whose)
        await seen(lambda: world.row(1, whose).ending is Ending.OPEN)
        before = len(pairs(world))
        await trio.sleep(1200)
        struck_off = [r for r in await world.records(1) if isinstance(r, NotSentRecord)]
        assert [record.intent_id for record in struck_off] == [lost.intent_id]
        assert world.row(1, other).ending is not None or len(pairs(world)) > before
        world.stop.now()
