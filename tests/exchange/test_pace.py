"""A pace per user, one pause for all."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock

from alphabot.exchange.pace import Pace, Pause


async def moments(pace: Pace, turns: int) -> list[float]:
    found = []
    for _ in range(turns):
        await pace.turn()
        found.append(round(trio.current_time(), 6))
    return found


async def test_a_burst_and_then_a_steady_pace(autojump_clock: MockClock) -> None:
    pace = Pace(2, 3)
    assert await moments(pace, 6) == [0, 0, 0, 0.5, 1.0, 1.5]
    await trio.sleep(10)
    assert await moments(pace, 4) == [11.5, 11.5, 11.5, 12.0]


async def test_first_come_first_served(autojump_clock: MockClock) -> None:
    pace = Pace(1, 1)
    order: list[tuple[int, float]] = []

    async def wait(number: int) -> None:
        await pace.turn()
        order.append((number, trio.current_time()))

    async with trio.open_nursery() as nursery:
        for number in range(4):
            nursery.start_soon(wait, number)
            await trio.testing.wait_all_tasks_blocked()
    assert order == [(0, 0), (1, 1), (2, 2), (3, 3)]


async def test_an_urgent_turn_waits_for_nobody_and_is_paid_for(autojump_clock: MockClock) -> None:
    pace = Pace(1, 1)
    await pace.turn()
    await pace.turn(urgent=True)
    assert trio.current_time() == 0
    assert await moments(pace, 1) == [2]


@pytest.mark.parametrize(("per_second", "burst"), [(0, 1), (-1, 1), (float("nan"), 1), (1, 0)])
def test_a_pace_that_is_none(per_second: float, burst: int) -> None:
    with pytest.raises(ValueError, match="pace"):
        Pace(per_second, burst)


async def test_a_pause_holds_everyone_and_can_only_grow(autojump_clock: MockClock) -> None:
    pause = Pause()
    await pause.over()
    assert (trio.current_time(), pause.remaining_seconds) == (0, 0)
    ended: list[float] = []

    async def wait() -> None:
        await pause.over()
        ended.append(trio.current_time())

    async with trio.open_nursery() as nursery:
        pause.begin(10)
        for _ in range(3):
            nursery.start_soon(wait)
        await trio.sleep(4)
        assert pause.remaining_seconds == 6
        pause.begin(1)
        assert pause.remaining_seconds == 6
        pause.begin(20)
    assert ended == [24, 24, 24]
