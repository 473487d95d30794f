"""Too many requests: 429 with the seconds to wait, for everybody, and nothing is done."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock

from alphabot.simulator import ExchangeSettings
from alphabot.simulator.throttle import Throttle
from tests.simulator.world import (
    PLACE,
    PUBLIC,
    USER_VOLUME,
    World,
    grid,
    memory_world,
    plain_body,
)


async def statuses(world: World, count: int) -> list[int]:
    return [(await world.user.get(f"{PUBLIC}/get-from-asset")).status for _ in range(count)]


async def test_what_is_too_much_in_a_second_is_answered_with_429(
    autojump_clock: MockClock,
) -> None:
    async with memory_world(ExchangeSettings(requests_per_second_max=5)) as world:
        assert await statuses(world, 7) == [200] * 5 + [429] * 2
        refused = await world.user.get(USER_VOLUME)
        assert (refused.status, refused.headers["retry-after"]) == (429, "1")
        await trio.sleep(1)
        assert await statuses(world, 7) == [200] * 5 + [429] * 2


async def test_an_order_that_is_too_much_is_not_placed(autojump_clock: MockClock) -> None:
    async with memory_world(ExchangeSettings(requests_per_second_max=1)) as world:
        price = grid(await world.last_price() / 2, "1e-8")
        body = plain_body("BUY", price, grid(30 / price, "0.01"))
        assert (await world.user.post(PLACE, body)).status == 429
        assert not world.exchange.ledger.requests
        await trio.sleep(1)
        assert (await world.user.post(PLACE, body)).status == 200


def test_a_count_begins_anew_with_each_second() -> None:
    throttle = Throttle(2)
    assert [throttle.admits(ms) for ms in (0, 500, 999, 1000, 1001, 1002, 5000)] == [
        True,
        True,
        False,
        True,
        True,
        False,
        True,
    ]
    assert all(Throttle(0).admits(0) for _ in range(1000))


def test_a_limit_below_zero_is_none() -> None:
    with pytest.raises(ValueError, match="requests_per_second_max"):
        ExchangeSettings(requests_per_second_max=-1)
