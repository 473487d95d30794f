"""Orders of a user whom nobody follows any more keep the others away while they may come."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from functools import partial

import pytest
import trio
from trio.testing import MockClock

from alphabot.core.values import StrategyId, UserId
from alphabot.rehearsal.clock import JumpingClock
from alphabot.runtime.board import Ending
from alphabot.simulator import ExchangeSettings
from alphabot.simulator.ledger import Entry, Request, RequestKind
from tests.runtime.test_reconcile import body_of, pairs
from tests.runtime.world import open_world, seen, settings_of

SLOW = ExchangeSettings(fill_delay_ms=(50_000, 60_000))
"""Each order is on its way for about a minute before it trades, and no book shows it."""
USERS = (1, 2)


@pytest.mark.parametrize("off_seconds", [0, -3600, 3600])
async def test_what_a_latched_user_left_on_its_way_meets_nobody(
    off_seconds: int, autojump_clock: MockClock
) -> None:
    settings = settings_of()
    strategies = tuple(s for s in settings.strategies if s.strategy_id == "aop")
    async with open_world(SLOW) as world, trio.open_nursery() as nursery:
        clock = JumpingClock(world.clock)
        open_of = world.exchange.model.desk.open_of
        service = partial(world.run, replace(settings, strategies=strategies), clock=clock)
        nursery.start_soon(service)
        await seen(lambda: any(open_of[user_id] for user_id in USERS))
        (first,) = (user_id for user_id in USERS if open_of[user_id])
        left_open: list[int] = []
        placed = trio.Event()

        def look(entry: Entry) -> None:
            match entry:
                case Request(kind=RequestKind.PLACE_PAIR, user_id=who, code=None):
                    assert who != first
                    left_open.append(len(open_of[first]))
                    placed.set()

        world.exchange.ledger.onlookers.append(look)
        clock.jump(off_seconds)
        world.exchange.raise_challenge(first)
        await seen(lambda: world.row(first, "aop").ending is Ending.LATCHED)
        assert open_of[first]
        clock.set_right()
        await placed.wait()
        assert left_open == [0]
        nursery.cancel_scope.cancel()


async def test_what_a_user_left_who_no_longer_trades_here_meets_nobody_and_counts(
    autojump_clock: MockClock,
) -> None:
    settings = settings_of()
    (koge,) = (s for s in settings.strategies if s.strategy_id == "koge")
    dear = replace(
        koge,
        user_ids=(UserId(2),),
        buy_offset_percentage=Decimal(1),
        sell_profit_percentage=Decimal(-3),
        order_timeout_seconds=20.0,
    )
    high = replace(koge, user_ids=(UserId(1),), buy_offset_percentage=Decimal(5))
    quiet = ExchangeSettings(traffic_percent=0, volatility_percent=0, split_fill_percent=0)
    async with open_world(quiet) as world, trio.open_nursery() as nursery:
        nursery.start_soon(world.run, replace(settings, strategies=(dear,)))
        await seen(lambda: bool(world.board.rows))
        await seen(lambda: world.row(2, "koge").leftover > 0)
        await trio.sleep(30)
        world.stop.now()
        await seen(lambda: world.row(2, "koge").ending is Ending.OPEN)
        (order_id,) = world.exchange.model.desk.open_of[2]
        theirs = world.exchange.model.desk.orders[order_id]
        world.killed()
        # User 2 is taken out of the configuration, with a SELL that a BUY of user 1 would fill.
        nursery.start_soon(world.run, replace(settings, strategies=(high,)))
        await seen(lambda: any(row.user_id == 1 for row in world.board.rows))
        row = world.row(1, "koge")
        await seen(lambda: row.refusals["self_trade_guard"] >= 1)
        assert theirs.state.status.is_live
        world.stop.now()
        await seen(lambda: row.ending is not None)
        world.killed()
        # And what it bought counts towards the limit of all.
        own = settings.limits.max_exposure_usdt
        limits = replace(settings.limits, max_total_exposure_usdt=own, self_trade_guard=False)
        amount_usdt = own - Decimal(1)
        both = replace(high, single_trade_amount_usdt=amount_usdt)
        nursery.start_soon(world.run, replace(settings, strategies=(both,), limits=limits))
        await seen(lambda: world.row(1, "koge") is not row)
        row = world.row(1, "koge")
        await seen(lambda: row.refusals["max_total_exposure_usdt"] >= 1)
        world.stop.now()


async def test_what_a_person_bids_for_on_another_account_counts_towards_the_limit_of_all(
    autojump_clock: MockClock,
) -> None:
    settings = settings_of()
    by_id = {s.strategy_id: s for s in settings.strategies}
    rests = replace(by_id[StrategyId("koge")], user_ids=(UserId(1),), target_volume=Decimal(10**6))
    trades = replace(by_id[StrategyId("aop")], user_ids=(UserId(2),), target_volume=Decimal(10**6))
    limits = replace(settings.limits, max_total_exposure_usdt=Decimal(100))
    async with open_world() as world, trio.open_nursery() as nursery:
        mine = replace(settings, strategies=(rests, trades), limits=limits)
        nursery.start_soon(world.run, mine)
        await seen(lambda: len(pairs(world, 2)) >= 1)
        theirs = world.exchange.model.place(1, body_of("BUY", "0.001", "90000"))
        (order,) = theirs.orders
        await seen(lambda: world.row(2, "aop").refusals["max_total_exposure_usdt"] >= 1)
        world.exchange.model.cancel(1, json.dumps({"orderId": str(order.order_id)}).encode())
        before = len(pairs(world, 2))
        await seen(lambda: len(pairs(world, 2)) > before)
        world.stop.now()
