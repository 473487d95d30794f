"""Orders of a user whom nobody follows any more keep the others away while they may come."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
import trio
from trio.testing import MockClock

from alphabot.rehearsal.clock import JumpingClock
from alphabot.runtime.board import Ending
from alphabot.simulator import ExchangeSettings
from alphabot.simulator.ledger import Entry, Request, RequestKind
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
