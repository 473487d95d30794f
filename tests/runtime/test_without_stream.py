"""The stream is a hint and the lists are the truth: rounds end without a single push."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
import trio
from trio.testing import MockClock

from alphabot.runtime.board import Ending
from alphabot.simulator.book import Side
from alphabot.simulator.faults import (
    NEVER_LEFT,
    REFUSED,
    Direction,
    Fault,
    FaultKind,
    ScriptedFaults,
)
from alphabot.simulator.faulty_net import open_faulty_net
from tests.runtime.test_reconcile import STREAM_PORT, over, pairs
from tests.runtime.world import World, open_world, settings_of

SETTINGS = settings_of()
WITHOUT = replace(SETTINGS, stream_required=False)
HELD = Fault(FaultKind.HELD, Direction.IN)


def broken(how: str) -> ScriptedFaults:
    """Return a world in which no frame of the order stream ever comes."""
    script = ScriptedFaults()
    match how:
        case "no key":
            script.on_request(b"/get-listen-key", NEVER_LEFT, times=100_000)
        case "no connection":
            script.on_open(REFUSED, port=STREAM_PORT, times=100_000)
        case _:
            script.on_open(HELD, port=STREAM_PORT, times=100_000)
    return script


def volume_at_exchange(world: World) -> Decimal:
    """Return what the users' BUYs cost by the exchange's own books."""
    orders = world.exchange.model.desk.orders.values()
    bought = (order.state.quote for order in orders if order.side is Side.BUY)
    return sum(bought, Decimal())


@pytest.mark.parametrize("how", ["no key", "no connection", "no frame"])
async def test_rounds_end_correctly_without_a_frame(autojump_clock: MockClock, how: str) -> None:
    async with open_world() as world, open_faulty_net(world.net, broken(how)) as net:
        with trio.fail_after(600):
            board = await world.run(WITHOUT, over(world, net))
        assert [row.ending for row in board.rows] == [Ending.REACHED] * 3
        assert {row.connection for row in board.rows} == {"connecting"}
        for row in board.rows:
            assert row.volume_usdt == row.exchange_volume_usdt
        assert sum(row.volume_usdt for row in board.rows) == volume_at_exchange(world)


@pytest.mark.parametrize("how", ["no key", "no connection", "no frame"])
async def test_nothing_trades_where_the_stream_is_required(
    autojump_clock: MockClock, how: str
) -> None:
    async with open_world() as world, open_faulty_net(world.net, broken(how)) as net:
        with trio.fail_after(600):
            board = await world.run(SETTINGS, over(world, net))
        assert {row.ending for row in board.rows} == {Ending.FAILED}
        assert not pairs(world)
