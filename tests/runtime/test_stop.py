"""Stopping, under the virtual clock: what a first and a second request cut short, and when."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from alphabot.runtime.stop import Stop, StopScope

GRACE_SECONDS = 30.0
LONG_SECONDS = 1000.0

OpenScope = Callable[[Stop], StopScope]


class Sleeper:
    """A task that sleeps in a scope of a stop, and how that ended."""

    def __init__(self, scope: OpenScope) -> None:
        self._scope = scope
        self.ended_at: float | None = None
        self.cut_short = False

    async def run(self, stop: Stop) -> None:
        with self._scope(stop) as scope:
            await trio.sleep(LONG_SECONDS)
        self.cut_short = scope.cancelled_caught
        self.ended_at = trio.current_time()


async def ends(scope: OpenScope, *requests: tuple[float, Callable[[Stop], None]]) -> float:
    """Return after how many seconds a scope ends that is asked to stop at these moments."""
    began = trio.current_time()
    stop, sleeper = Stop(GRACE_SECONDS), Sleeper(scope)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(sleeper.run, stop)
        for seconds, request in requests:
            await trio.sleep_until(began + seconds)
            request(stop)
    assert sleeper.ended_at is not None
    assert sleeper.cut_short == (sleeper.ended_at - began < LONG_SECONDS)
    return sleeper.ended_at - began


@pytest.mark.parametrize(
    ("scope", "first_only", "second_later"),
    [
        (Stop.interruptible, 5, 5),
        (Stop.round, 35, 7),
        (Stop.everything, LONG_SECONDS, 7),
    ],
)
async def test_what_each_request_cuts_short(
    scope: OpenScope, first_only: float, second_later: float, autojump_clock: MockClock
) -> None:
    assert await ends(scope) == LONG_SECONDS
    assert await ends(scope, (5, Stop.request)) == first_only
    assert await ends(scope, (5, Stop.request), (6, Stop.request)) == first_only
    assert await ends(scope, (5, Stop.request), (7, Stop.now)) == second_later
    assert await ends(scope, (5, Stop.now), (6, Stop.now)) == 5


async def test_a_round_inside_everything_ends_at_once_when_forced(
    autojump_clock: MockClock,
) -> None:
    stop, sleeper = Stop(GRACE_SECONDS), Sleeper(Stop.round)

    async def user() -> None:
        with stop.everything() as scope:
            await sleeper.run(stop)
        assert scope.cancelled_caught

    async with trio.open_nursery() as nursery:
        nursery.start_soon(user)
        await trio.sleep(1)
        stop.request()
        await trio.sleep(1)
        stop.now()
    assert trio.current_time() == 2
    assert sleeper.ended_at is None


@pytest.mark.parametrize("request_stop", [Stop.request, Stop.now])
async def test_what_is_opened_after_the_request_is_cut_short_too(
    request_stop: Callable[[Stop], None], autojump_clock: MockClock
) -> None:
    stop = Stop(GRACE_SECONDS)
    request_stop(stop)
    with stop.interruptible() as scope:
        await trio.lowlevel.checkpoint()
        pytest.fail("the first checkpoint was passed")
    assert scope.cancelled_caught
    with stop.everything() as scope:
        await trio.lowlevel.checkpoint()
    assert scope.cancelled_caught == stop.forced
    with stop.round() as scope:
        await trio.lowlevel.checkpoint()
    assert scope.cancelled_caught == stop.forced
    assert trio.current_time() == 0


async def test_the_grace_is_counted_once(autojump_clock: MockClock) -> None:
    """Rounds that open one after another after the request share it."""
    stop = Stop(GRACE_SECONDS)
    stop.request()
    await trio.sleep(GRACE_SECONDS - 1)
    stop.request()
    for _ in range(3):
        with stop.round() as scope:
            await trio.sleep(LONG_SECONDS)
        assert scope.cancelled_caught
        assert trio.current_time() == GRACE_SECONDS


async def test_a_round_that_ends_within_the_grace_is_not_cut(autojump_clock: MockClock) -> None:
    stop = Stop(GRACE_SECONDS)
    with stop.round() as scope:
        await trio.sleep(1)
        stop.request()
        await trio.sleep(GRACE_SECONDS - 1)
    assert not scope.cancelled_caught
    with stop.round() as scope:
        await trio.sleep(0.5)
    assert not scope.cancelled_caught


async def test_a_round_keeps_a_deadline_that_is_nearer(autojump_clock: MockClock) -> None:
    stop = Stop(GRACE_SECONDS)
    with stop.round() as scope:
        scope.deadline = trio.current_time() + 3
        stop.request()
        await trio.sleep(LONG_SECONDS)
    assert trio.current_time() == 3


async def test_without_grace_a_round_ends_at_once(autojump_clock: MockClock) -> None:
    stop = Stop(0)
    async with trio.open_nursery() as nursery:
        sleeper = Sleeper(Stop.round)
        nursery.start_soon(sleeper.run, stop)
        await wait_all_tasks_blocked()
        stop.request()
    assert sleeper.ended_at == 0


async def test_a_scope_that_has_ended_is_forgotten(autojump_clock: MockClock) -> None:
    stop = Stop(GRACE_SECONDS)
    with stop.interruptible() as interruptible:
        pass
    with stop.everything() as everything:
        pass
    with pytest.raises(ValueError, match="from inside"), stop.round() as ended:
        raise ValueError("from inside")
    stop.now()
    assert not interruptible.cancel_called
    assert not everything.cancel_called
    assert ended.deadline > LONG_SECONDS


async def test_many_are_stopped_at_once(autojump_clock: MockClock) -> None:
    stop, sleepers = Stop(GRACE_SECONDS), [Sleeper(Stop.interruptible) for _ in range(1000)]
    async with trio.open_nursery() as nursery:
        for sleeper in sleepers:
            nursery.start_soon(sleeper.run, stop)
        await trio.sleep(1)
        stop.request()
    assert {sleeper.ended_at for sleeper in sleepers} == {1}


async def test_who_waits_for_a_request_hears_it(autojump_clock: MockClock) -> None:
    for request in (Stop.request, Stop.now):
        stop = Stop(GRACE_SECONDS)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(stop.requested.wait)
            nursery.start_soon(partial(trio.sleep, 1))
            request(stop)
        assert stop.requested.is_set()
        assert stop.forced == (request is Stop.now)
