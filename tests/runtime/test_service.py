"""The whole service against the simulated exchange, judged at the exchange.

Everything here is real but the wire, which is memory, and the clock, which is virtual.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from alphabot.config import Settings
from alphabot.core.exact import ZERO
from alphabot.core.records import Latched, Leg, NotSentRecord, PlacedRecord, Settled, UnknownRecord
from alphabot.core.values import OrderStatus
from alphabot.runtime.board import Ending, State
from alphabot.runtime.stop import Stop
from alphabot.simulator import DEFAULT_TOKENS, ExchangeSettings
from alphabot.simulator.faults import (
    ANSWER_LOST,
    CUT_OFF,
    NEVER_LEFT,
    REFUSED,
    ScriptedFaults,
)
from alphabot.simulator.faulty_net import open_faulty_net
from alphabot.simulator.ledger import Request, RequestKind
from tests.runtime.world import World, open_world, seen, settings_of

STREAM_PORT = 8080
PLACING = b"order/place"


def changed(settings: Settings, **values: Any) -> Settings:
    """Return settings whose strategies all have these values."""
    strategies = tuple(replace(strategy, **values) for strategy in settings.strategies)
    return replace(settings, strategies=strategies)


def only_koge(**values: Any) -> Settings:
    """Return settings in which user 1 trades KOGE and nobody anything else."""
    settings = settings_of()
    kept = tuple(s for s in settings.strategies if s.strategy_id == "koge")
    return changed(replace(settings, strategies=kept), **values)


def requests(world: World, *kinds: RequestKind, user_id: int | None = None) -> list[Request]:
    """Return the order requests of these kinds that reached the exchange."""
    return [
        request
        for request in world.exchange.ledger.requests
        if request.kind in kinds and user_id in (None, request.user_id)
    ]


async def run_until(world: World, settings: Settings, condition: Callable[[], bool]) -> None:
    """Run a service until something is seen, then end it the way a killed process ends."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(world.run, settings)
        await seen(condition)
        nursery.cancel_scope.cancel()
    world.killed()


async def settled(world: World, leg: Leg, user_id: int = 1) -> list[Settled]:
    """Return how the legs of this kind ended, by the journal."""
    records = await world.records(user_id)
    return [record for record in records if isinstance(record, Settled) and record.leg is leg]


# --- the good day -----------------------------------------------------------------------------


async def test_all_targets_are_reached_and_both_sides_count_alike(
    autojump_clock: MockClock,
) -> None:
    async with open_world() as world:
        board = await world.run()
        assert [row.ending for row in board.rows] == [Ending.REACHED] * 3
        for row in board.rows:
            assert row.credited >= row.target
            assert row.volume_usdt == row.exchange_volume_usdt
            assert row.state is State.ENDED
        assert world.row(1, "aop").credited == pytest.approx(
            world.row(1, "aop").volume_usdt / 4, abs=Decimal("0.0000001")
        )
        assert not world.exchange.ledger.self_crosses


async def test_a_reached_target_stays_reached(autojump_clock: MockClock) -> None:
    async with open_world() as world:
        await world.run()
        before = len(requests(world, RequestKind.PLACE_PAIR))
        board = await world.run()
        assert {row.ending for row in board.rows} == {Ending.ALREADY_REACHED}
        assert len(requests(world, RequestKind.PLACE_PAIR)) == before


async def test_partial_fills_are_counted_once_each(autojump_clock: MockClock) -> None:
    exchange = ExchangeSettings(level_usdt=(2, 8), split_fill_percent=100)
    async with open_world(exchange) as world:
        await world.run(only_koge())
        row = world.row(1, "koge")
        assert row.ending is Ending.REACHED
        assert row.volume_usdt == row.exchange_volume_usdt


async def test_basis_ordered_credits_the_round_amount(autojump_clock: MockClock) -> None:
    async with open_world() as world:
        settings = changed(settings_of(), volume_basis="ordered", target_volume=Decimal(30))
        await world.run(settings)
        assert world.row(1, "koge").credited == 30
        assert world.row(1, "aop").credited == 30
        assert world.row(1, "aop").rounds == 4


# --- timeouts and refusals --------------------------------------------------------------------


async def test_a_buy_that_does_not_fill_is_cancelled_and_backed_off_from(
    autojump_clock: MockClock,
) -> None:
    async with open_world() as world:
        # Five percent below the market nothing fills.
        settings = only_koge(buy_offset_percentage=Decimal(-5), order_timeout_seconds=10.0)
        began = trio.current_time()
        await world.run(settings)
        row = world.row(1, "koge")
        assert row.ending is Ending.FAILED
        assert row.credited == 0
        assert "max_consecutive_failures" in row.reason
        assert len(requests(world, RequestKind.PLACE_PAIR)) == 5
        assert len(requests(world, RequestKind.CANCEL)) == 5
        # Five times ten seconds of waiting, and twenty intervals after each.
        assert trio.current_time() - began > 5 * 10 + 4 * 20
        assert {r.status for r in await settled(world, Leg.WORKING)} == {OrderStatus.CANCELED}


async def test_what_a_cancelled_buy_had_bought_is_credited_and_sold(
    autojump_clock: MockClock,
) -> None:
    # A thin book: the BUY takes what there is and then waits for sellers who come slowly.
    exchange = ExchangeSettings(level_usdt=(1, 2), traffic_percent=20, depth_levels=3)
    async with open_world(exchange) as world:
        settings = only_koge(order_timeout_seconds=3.0, single_trade_amount_usdt=Decimal(90))
        await world.run(settings)
        row = world.row(1, "koge")
        short = [r for r in await settled(world, Leg.WORKING) if r.status is OrderStatus.CANCELED]
        assert any(r.executed > 0 for r in short)
        assert row.credited == sum(
            r.credited or Decimal(0) for r in await settled(world, Leg.WORKING)
        )
        assert row.volume_usdt == sum(r.quote_usdt for r in await settled(world, Leg.WORKING))
        sold = await settled(world, Leg.SALE)
        assert sold
        bought = [*await settled(world, Leg.WORKING)]
        sold += await settled(world, Leg.PENDING)
        held = sum((r.executed - r.fee_base for r in bought), ZERO)
        held -= sum((r.executed for r in sold), ZERO)
        assert held == row.leftover


async def test_a_sell_that_does_not_fill_counts_its_buy_and_stops_buying(
    autojump_clock: MockClock,
) -> None:
    async with open_world() as world:
        settings = only_koge(
            buy_offset_percentage=Decimal(1),
            sell_profit_percentage=Decimal(-10),
            order_timeout_seconds=10.0,
        )
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.run, settings)
            await trio.sleep(300)
            row = world.row(1, "koge")
            assert row.credited > 27
            assert row.leftover > 0
            assert row.state is State.WAITING_SELL
            assert len(requests(world, RequestKind.PLACE_PAIR)) == 1
            assert not requests(world, RequestKind.CANCEL)
            world.stop.request()
        assert world.row(1, "koge").ending is Ending.OPEN


async def test_a_sell_that_a_human_closed_ends_the_buying(autojump_clock: MockClock) -> None:
    async with open_world() as world:
        settings = only_koge(buy_offset_percentage=Decimal(1), sell_profit_percentage=Decimal(-10))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.run, settings)
            await seen(
                lambda: bool(world.board.rows and world.row(1, "koge").state is State.WAITING_SELL)
            )
            world.exchange.model.cancel_all(1)
            world.exchange.catch_up()
        row = world.row(1, "koge")
        assert row.ending is Ending.OPEN
        assert row.leftover > 0
        assert len(requests(world, RequestKind.PLACE_PAIR)) == 1


async def test_a_refusal_is_recorded_with_its_code_and_ends_after_five(
    autojump_clock: MockClock,
) -> None:
    # Prices that this exchange takes for too high.
    tokens = tuple(replace(token, price_max=Decimal("0.0001")) for token in DEFAULT_TOKENS)
    async with open_world(ExchangeSettings(tokens=tokens)) as world:
        await world.run(only_koge())
        assert {r.code for r in requests(world, RequestKind.PLACE_PAIR)} == {"481002"}
        assert world.row(1, "koge").ending is Ending.FAILED
        assert len(requests(world, RequestKind.PLACE_PAIR)) == 5


# --- lost answers -----------------------------------------------------------------------------


async def test_an_order_whose_answer_was_lost_is_found_and_not_sent_again(
    autojump_clock: MockClock,
) -> None:
    script = ScriptedFaults()
    script.on_request(PLACING, ANSWER_LOST)
    async with open_world() as world, open_faulty_net(world.net, script) as net:
        await world.run(only_koge(), replace(world.venue(), net=net))
        row = world.row(1, "koge")
        records = await world.records(1)
        assert sum(isinstance(record, UnknownRecord) for record in records) == 1
        assert [r.how for r in records if isinstance(r, PlacedRecord)].count("matched") == 1
        assert row.ending is Ending.REACHED
        assert row.rounds == len(requests(world, RequestKind.PLACE_PAIR))
        assert row.volume_usdt == row.exchange_volume_usdt


async def test_an_order_that_never_left_is_known_not_to_exist(autojump_clock: MockClock) -> None:
    script = ScriptedFaults()
    script.on_request(PLACING, NEVER_LEFT)
    async with open_world() as world, open_faulty_net(world.net, script) as net:
        await world.run(only_koge(), replace(world.venue(), net=net))
        records = await world.records(1)
        assert sum(isinstance(record, NotSentRecord) for record in records) == 1
        assert not any(isinstance(record, UnknownRecord) for record in records)
        assert world.row(1, "koge").ending is Ending.REACHED


# --- the stream -------------------------------------------------------------------------------


async def test_without_a_stream_at_the_start_nothing_is_traded(autojump_clock: MockClock) -> None:
    script = ScriptedFaults()
    script.on_open(REFUSED, port=STREAM_PORT, times=math.inf)
    async with open_world() as world, open_faulty_net(world.net, script) as net:
        board = await world.run(venue=replace(world.venue(), net=net))
        assert {row.ending for row in board.rows} == {Ending.FAILED}
        assert not world.exchange.ledger.requests


async def test_a_stream_lost_in_mid_round_loses_no_fill(autojump_clock: MockClock) -> None:
    async with open_world() as world, open_faulty_net(world.net, ScriptedFaults()) as net:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.run, only_koge(), replace(world.venue(), net=net))
            for _ in range(12):
                await trio.sleep(0.37)
                net.strike(CUT_OFF, port=STREAM_PORT)
        row = world.row(1, "koge")
        assert row.ending is Ending.REACHED
        assert row.volume_usdt == row.exchange_volume_usdt


# --- one user's trouble -----------------------------------------------------------------------


@pytest.mark.parametrize("trouble", ["expired", "challenged"])
async def test_an_unwelcome_user_is_silent_and_latched_and_the_others_go_on(
    trouble: str, autojump_clock: MockClock
) -> None:
    async with open_world() as world:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.run)
            await seen(lambda: len(requests(world, RequestKind.PLACE_PAIR, user_id=1)) >= 2)
            calls = world.exchange.ledger.calls
            if trouble == "expired":
                world.exchange.expire_session(1)
            else:
                world.exchange.raise_challenge(1)
            before = len([call for call in calls if call.user_id == 1])
        assert world.row(1, "koge").ending is Ending.LATCHED
        assert world.row(1, "aop").ending is Ending.LATCHED
        assert world.row(2, "aop").ending is Ending.REACHED
        assert isinstance((await world.records(1))[-1], Latched)
        after = len([call for call in calls if call.user_id == 1])
        # What was under way when it happened may still arrive; nothing new does.
        assert after - before <= 2
        await world.run()
        assert len([call for call in calls if call.user_id == 1]) == after
        assert world.row(1, "koge").ending is Ending.LATCHED


# --- stopping and starting again --------------------------------------------------------------


async def test_a_stop_between_rounds_is_immediate(autojump_clock: MockClock) -> None:
    async with open_world() as world:
        settings = only_koge(trade_interval_seconds=1000.0)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.run, settings)
            await trio.sleep(20)
            assert world.row(1, "koge").state is State.PAUSING
            began = trio.current_time()
            world.stop.request()
        assert world.row(1, "koge").ending is Ending.STOPPED
        assert trio.current_time() - began < 1.5
        assert world.row(1, "koge").rounds == 1


async def test_a_stop_in_mid_round_lets_it_finish(autojump_clock: MockClock) -> None:
    async with open_world() as world:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.run, only_koge())
            await seen(lambda: bool(requests(world, RequestKind.PLACE_PAIR)))
            world.stop.request()
        row = world.row(1, "koge")
        assert (row.ending, row.rounds) == (Ending.STOPPED, 1)
        assert len(await settled(world, Leg.PENDING)) == 1
        assert len(requests(world, RequestKind.PLACE_PAIR)) == 1


async def test_the_grace_is_not_exceeded_and_the_next_run_settles_what_was_open(
    autojump_clock: MockClock,
) -> None:
    async with open_world() as world:
        world.stop = Stop(grace_seconds=5)
        stuck = only_koge(buy_offset_percentage=Decimal(-5))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.run, stuck)
            await seen(lambda: bool(requests(world, RequestKind.PLACE_PAIR)))
            began = trio.current_time()
            world.stop.request()
        assert 5 <= trio.current_time() - began < 8
        assert world.row(1, "koge").ending is Ending.OPEN
        world.killed()
        await world.run(only_koge(order_timeout_seconds=5.0))
        row = world.row(1, "koge")
        assert row.ending is Ending.REACHED
        assert row.volume_usdt == row.exchange_volume_usdt
        assert len(requests(world, RequestKind.CANCEL)) == 1


async def test_a_second_stop_ends_at_once(autojump_clock: MockClock) -> None:
    async with open_world() as world:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.run, only_koge(buy_offset_percentage=Decimal(-5)))
            await seen(lambda: bool(requests(world, RequestKind.PLACE_PAIR)))
            began = trio.current_time()
            world.stop.request()
            world.stop.now()
        assert trio.current_time() - began < 2
        assert world.row(1, "koge").ending is Ending.OPEN


@pytest.mark.parametrize("moment", range(0, 3000, 125))
async def test_a_killed_run_is_carried_on_without_a_doubled_or_lost_order(
    moment: int, autojump_clock: MockClock
) -> None:
    async with open_world() as world:
        began = trio.current_time()
        await run_until(world, only_koge(), lambda: trio.current_time() - began >= moment / 1000)
        await world.run(only_koge())
        row = world.row(1, "koge")
        assert row.ending is Ending.REACHED
        assert row.rounds == len(requests(world, RequestKind.PLACE_PAIR))
        assert row.volume_usdt == row.exchange_volume_usdt
        assert not world.exchange.ledger.self_crosses
