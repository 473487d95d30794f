"""Stops of parts: a strategy, a user, a service; and pausing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from alphabot.runtime.stop import Stop

GRACE_SECONDS = 30.0
LONG_SECONDS = 1000.0


def tree() -> tuple[Stop, Stop, Stop, Stop]:
    """Return a service, its user 1 with the strategies a and b, and these two."""
    service = Stop(GRACE_SECONDS)
    user = service.child(1)
    service.child(2).child("a")
    return service, user, user.child("a"), user.child("b")


async def round_ends(stop: Stop, *requests: tuple[float, Callable[[], None]]) -> float:
    """Return when a round of a stop ends while these are made, each after so many seconds."""
    began, ended = trio.current_time(), 0.0

    async def a_round() -> None:
        nonlocal ended
        with stop.round():
            await trio.sleep(LONG_SECONDS)
        ended = trio.current_time() - began

    async with trio.open_nursery() as nursery:
        nursery.start_soon(a_round)
        for seconds, request in requests:
            await trio.sleep_until(began + seconds)
            request()
    return ended


async def test_a_part_is_the_same_one_each_time() -> None:
    service, user, a, _ = tree()
    assert service.child(1) is user
    assert user.child("a") is a


async def test_what_is_asked_of_the_whole_holds_for_every_part(autojump_clock: MockClock) -> None:
    for whole in (0, 1):
        stops = tree()
        assert await round_ends(stops[2], (5, stops[whole].request)) == 35
        assert stops[2].requested.is_set()
        assert stops[3].requested.is_set()
    service, _, a, _ = tree()
    assert await round_ends(a, (5, service.drain), (9, service.now)) == 9
    assert a.forced


async def test_a_part_ends_alone(autojump_clock: MockClock) -> None:
    service, user, a, b = tree()
    assert await round_ends(a, (5, a.request)) == 35
    assert not b.requested.is_set()
    assert not user.requested.is_set()
    assert await round_ends(b, (5, a.now)) == LONG_SECONDS
    assert not service.requested.is_set()


async def test_who_has_no_part_left_that_goes_on_is_asked_as_well(
    autojump_clock: MockClock,
) -> None:
    service, user, a, b = tree()
    async with trio.open_nursery() as nursery:

        async def connecting() -> None:
            with user.interruptible():
                await trio.sleep(LONG_SECONDS)

        nursery.start_soon(connecting)
        await wait_all_tasks_blocked()
        a.request()
        b.drain()
    assert trio.current_time() == 0
    assert user.requested.is_set()
    assert not service.requested.is_set()
    service.child(2).request()
    assert service.requested.is_set()


async def test_a_drain_gives_no_deadline_and_a_stop_after_it_does(
    autojump_clock: MockClock,
) -> None:
    service, _, a, _ = tree()
    assert await round_ends(a, (5, service.drain)) == LONG_SECONDS
    assert a.requested.is_set()
    assert not service.urgent
    service, _, a, _ = tree()
    assert await round_ends(a, (5, service.drain), (50, service.request)) == 80
    assert service.urgent


async def test_a_stop_that_came_first_keeps_its_deadline(autojump_clock: MockClock) -> None:
    service, _, a, _ = tree()
    assert await round_ends(a, (5, a.request), (20, service.request)) == 35


@pytest.mark.parametrize("asked", [Stop.drain, Stop.request, Stop.now])
async def test_a_part_that_joins_later_has_been_asked_too(
    asked: Callable[[Stop], None], autojump_clock: MockClock
) -> None:
    service = Stop(GRACE_SECONDS)
    asked(service)
    late = service.child(1).child("a")
    assert late.requested.is_set()
    assert late.urgent == service.urgent
    assert late.forced == service.forced


async def test_a_pause_holds_until_it_is_resumed(autojump_clock: MockClock) -> None:
    service, user, a, b = tree()
    service.pause()
    assert (service.child(2).child("a").paused, a.paused, b.paused) == (True, True, True)
    resumed: list[float] = []

    async def wait() -> None:
        await a.wait_resumed()
        resumed.append(trio.current_time())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait)
        await trio.sleep(5)
        b.resume()
        await trio.sleep(5)
        user.resume()
    assert resumed == [10]
    assert service.child(2).child("a").paused
    await a.wait_resumed()


async def test_who_is_paused_can_be_stopped(autojump_clock: MockClock) -> None:
    service, _, a, _ = tree()
    service.pause()
    async with trio.open_nursery() as nursery:

        async def paused() -> None:
            with a.interruptible():
                await a.wait_resumed()

        nursery.start_soon(paused)
        await trio.sleep(1)
        service.request()
    assert trio.current_time() == 1
