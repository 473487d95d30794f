"""What holds back everyone's orders: a halt that a person set, and a loop that stood still."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

import pytest
import trio
from trio.testing import MockClock

from alphabot.core.records import NotSentRecord
from alphabot.runtime.board import Ending, State
from alphabot.runtime.brake import BEAT_SECONDS, LOOK_SECONDS, STILL_SECONDS, Brake, Pulse
from alphabot.runtime.control import Request
from alphabot.simulator import ExchangeSettings
from alphabot.simulator.ledger import RequestKind
from tests.runtime.steered import steered, strategy_of
from tests.runtime.test_control import long_run, placed
from tests.runtime.world import open_world, seen

STREAM_SECONDS = 1.5
"""What a new key, a connection and its confirmation take at most here, after a pause of 1 s."""


@dataclass
class Machine:
    """A machine whose clock a test may move on: it slept, or the process was stopped."""

    slept_seconds: float = 0.0

    def clock(self) -> float:
        return trio.current_time() + self.slept_seconds


@dataclass
class Switch:
    """A halt as a test sets it."""

    reason: str = ""

    def __call__(self) -> str:
        return self.reason


# --- a halt -----------------------------------------------------------------------------------


async def test_a_halt_lets_no_order_leave_until_it_is_lifted(autojump_clock: MockClock) -> None:
    halt = Switch()
    async with open_world() as world:
        async with steered(world, long_run(), halt=halt) as asked:
            await seen(lambda: placed(world) >= 8)
            halt.reason = "by hand"
            halted_at = world.clock.now_ms()
            await trio.sleep(120)
            late = [r for r in world.exchange.ledger.requests if r.at_ms > halted_at + 2]
            assert late == []
            status = await asked.status()
            assert status.halted == "by hand"
            for user_id, strategy_id in (1, "koge"), (1, "aop"), (2, "aop"):
                strategy = strategy_of(status, user_id, strategy_id)
                assert (strategy.state, strategy.waits_for) == ("halted", "by hand")
                assert strategy.refusals["halted"] <= 2  # not asked again and again
            before = placed(world)
            halt.reason = ""
            await trio.sleep(LOOK_SECONDS + 1)
            assert placed(world) > before
        assert [row.ending for row in world.board.rows] == [Ending.REACHED] * 3


async def test_what_is_at_the_exchange_is_followed_and_cancelled_during_a_halt(
    autojump_clock: MockClock,
) -> None:
    stuck = long_run(buy_offset_percentage=Decimal(-5), order_timeout_seconds=20.0)
    halt = Switch()
    async with open_world() as world, steered(world, stuck, halt=halt):
        await seen(lambda: placed(world) == 2)
        halt.reason = "by hand"
        await trio.sleep(60)
        kinds = [r.kind for r in world.exchange.ledger.requests if r.accepted]
        assert kinds.count(RequestKind.CANCEL) == 2
        assert placed(world) == 2
        world.stop.now()


async def test_a_halted_leftover_is_not_sold_either(autojump_clock: MockClock) -> None:
    """A halt is for when nobody trusts what we do; a pause sells what was bought."""
    thin = ExchangeSettings(level_usdt=(1, 2), traffic_percent=20, depth_levels=3)
    settings = long_run(single_trade_amount_usdt=Decimal(90), order_timeout_seconds=3.0)
    settings = replace(settings, strategies=settings.strategies[:1])
    halt = Switch()
    async with open_world(thin) as world, steered(world, settings, halt=halt):
        await seen(lambda: world.row(1, "koge").state is State.CANCELLING)
        halt.reason = "by hand"
        await seen(lambda: world.row(1, "koge").state is State.HALTED)
        await trio.sleep(60)
        assert world.row(1, "koge").leftover_cost_usdt > 1
        assert placed(world) == 1
        halt.reason = ""
        await seen(lambda: world.row(1, "koge").leftover_cost_usdt < 1)
        world.stop.now()


async def test_what_waits_for_the_pace_does_not_leave_into_a_halt(
    autojump_clock: MockClock,
) -> None:
    """It had passed the gate before; the last word is said at its first byte."""
    halt = Switch()
    async with open_world() as world:
        venue = world.venue()
        slow = replace(venue, pace=replace(venue.pace, requests_per_second=0.2, request_burst=1))
        settings = replace(long_run(), strategies=long_run().strategies[:1])
        async with steered(world, settings, halt=halt, venue=slow):
            await seen(lambda: world.row(1, "koge").state is State.PLACING)
            halt.reason = "by hand"
            await seen(lambda: world.row(1, "koge").state is State.HALTED)
            assert placed(world) == 0
            world.stop.now()


async def test_a_service_that_starts_halted_waits_and_can_be_stopped(
    autojump_clock: MockClock,
) -> None:
    async with open_world() as world:
        async with steered(world, long_run(), halt=Switch("before")) as asked:
            await trio.sleep(60)
            assert {row.state for row in world.board.rows} == {State.HALTED}
            assert placed(world) == 0
            await asked.ask(Request(command="stop"))
        assert [row.ending for row in world.board.rows] == [Ending.STOPPED] * 3


# --- a standstill -----------------------------------------------------------------------------


async def test_a_brake_sees_a_standstill_before_anything_else_has_run(
    autojump_clock: MockClock,
) -> None:
    machine = Machine()
    pulse = Pulse(machine.clock)
    brake = Brake(pulse=pulse)
    distrusted: list[str] = []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(brake.keep_pulse, distrusted.append)
        await trio.sleep(10)
        assert (brake.reason(), distrusted) == ("", [])
        machine.slept_seconds += STILL_SECONDS - BEAT_SECONDS
        await trio.sleep(1)
        assert (brake.reason(), distrusted) == ("", [])
        machine.slept_seconds += 60
        assert "stood still" in brake.reason()  # nothing of ours has run since
        await trio.sleep(1.5 * BEAT_SECONDS)
        assert len(distrusted) == 1
        assert brake.reason() == ""
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("moment", range(6))
async def test_after_a_standstill_no_order_leaves_before_the_streams_are_new(
    moment: int, autojump_clock: MockClock
) -> None:
    machine = Machine()
    async with open_world() as world:
        async with steered(world, long_run(), pulse=Pulse(machine.clock)):
            await seen(lambda: placed(world) >= 4)
            await trio.sleep(moment * 0.21)
            machine.slept_seconds += 60
            woke_at = world.clock.now_ms()
            calls, requests = len(world.exchange.ledger.calls), len(world.exchange.ledger.requests)
            await trio.sleep(10)
            for user_id in (1, 2):
                keys = [
                    call.at_ms
                    for call in world.exchange.ledger.calls[calls:]
                    if call.user_id == user_id and call.path.endswith("/get-listen-key")
                ]
                orders = [
                    request.at_ms
                    for request in world.exchange.ledger.requests[requests:]
                    if request.user_id == user_id and request.at_ms > woke_at + 2
                ]
                assert keys
                assert orders
                assert min(orders) > keys[0]
                assert keys[0] - woke_at < (BEAT_SECONDS + STREAM_SECONDS) * 1000
        assert [row.ending for row in world.board.rows] == [Ending.REACHED] * 3
        assert not world.exchange.ledger.self_crosses


async def test_what_waits_for_its_turn_of_the_pace_is_stopped_by_a_standstill(
    autojump_clock: MockClock,
) -> None:
    """It had passed the gate before; the last word is said at its first byte."""
    machine = Machine()
    async with open_world() as world:
        slow = replace(world.venue().pace, requests_per_second=0.2, request_burst=1)
        venue = replace(world.venue(), pace=slow)
        settings = replace(long_run(), strategies=long_run().strategies[:1])
        async with steered(world, settings, pulse=Pulse(machine.clock), venue=venue):
            await seen(lambda: world.row(1, "koge").state is State.PLACING)
            machine.slept_seconds += 60
            calls = len(world.exchange.ledger.calls)
            await seen(lambda: world.row(1, "koge").state is State.BACKING_OFF)
            await seen(lambda: placed(world) == 1)
            paths = [c.path.rpartition("/")[2] for c in world.exchange.ledger.calls[calls:]]
            assert paths[:2] == ["get-listen-key", "get-open-order"]
            assert paths[-1] == "place"
            world.stop.now()
        assert [r.reason for r in await world.records(1) if isinstance(r, NotSentRecord)] != []
