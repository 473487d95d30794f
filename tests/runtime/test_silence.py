"""Lines that are open and carry nothing: they end nobody, and are noticed before long."""

from __future__ import annotations

from dataclasses import replace

import pytest
import trio
from trio.testing import MockClock

from alphabot.runtime.board import Ending
from alphabot.simulator.faults import Direction, Fault, FaultKind, ScriptedFaults
from alphabot.simulator.faulty_net import open_faulty_net
from tests.runtime.test_reconcile import koge, over, pairs
from tests.runtime.world import open_world, seen

SILENT = Fault(FaultKind.HELD, Direction.IN)


@pytest.mark.parametrize(
    "asked", [b"/order/get-open-order", b"/get-order-history-merge", b"/get-wallet-asset"]
)
async def test_an_answer_that_never_comes_is_asked_for_again(
    asked: bytes, autojump_clock: MockClock
) -> None:
    script = ScriptedFaults()
    script.on_request(asked, SILENT, times=2)
    async with open_world() as world, open_faulty_net(world.net, script) as net:
        with trio.fail_after(600):
            await world.run(koge(), over(world, net))
        assert world.row(1, "koge").ending is Ending.REACHED
        assert net.incidents


async def test_a_stream_that_says_nothing_of_a_whole_order_is_given_up(
    autojump_clock: MockClock,
) -> None:
    """Every BUY is given up after ten seconds, before anybody asks why nothing is heard."""
    settings = koge(order_timeout_seconds=10.0)
    # Without a limit on failures, for each of these BUYs is one.
    settings = replace(settings, limits=replace(settings.limits, max_consecutive_failures=1000))
    async with open_world() as world, trio.open_nursery() as nursery:
        nursery.start_soon(world.run, settings)
        await seen(lambda: bool(pairs(world)))
        world.exchange.expire_listen_keys(1)
        before = len(pairs(world))
        with trio.fail_after(60):
            await seen(lambda: world.exchange.hub.carries(1))
        assert len(pairs(world)) <= before + 2
        world.stop.request()
