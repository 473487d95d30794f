"""The whole service against the simulated exchange, judged at the exchange."""

from __future__ import annotations

from decimal import Decimal

import pytest
from trio.testing import MockClock

from alphabot.runtime.board import Ending
from tests.runtime.world import open_world


async def test_all_targets_are_reached(autojump_clock: MockClock) -> None:
    async with open_world() as world:
        board = await world.run()
        assert [row.ending for row in board.rows] == [Ending.REACHED] * 3
        for row in board.rows:
            assert row.credited >= row.target
            assert row.volume_usdt == row.exchange_volume_usdt
