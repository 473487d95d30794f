"""Streams in memory keep trio's own rules for streams, and behave like a wire."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock, check_half_closeable_stream

from alphabot.simulator.links import LinkEnd, open_link

_DELAY_SECONDS = 0.25
_WINDOW_BYTES = 65_536


async def make() -> tuple[LinkEnd, LinkEnd]:
    """Return two connected ends."""
    return open_link(0)


async def make_clogged() -> tuple[LinkEnd, LinkEnd]:
    """Return two ends that cannot send."""
    ours, theirs = open_link(0)
    for end in (ours, theirs):
        await end.send_all(b"x" * _WINDOW_BYTES)
    return ours, theirs


async def test_trio_finds_nothing_wrong(autojump_clock: MockClock) -> None:
    await check_half_closeable_stream(make, make_clogged)


async def test_bytes_take_their_time(autojump_clock: MockClock) -> None:
    ours, theirs = open_link(_DELAY_SECONDS)
    await ours.send_all(b"hello")
    await trio.sleep(0.1)
    await ours.send_all(b" world")
    assert await theirs.receive_some() == b"hello"
    assert trio.current_time() == pytest.approx(_DELAY_SECONDS)
    assert await theirs.receive_some() == b" world"
    assert trio.current_time() == pytest.approx(_DELAY_SECONDS + 0.1)


async def test_the_end_comes_after_the_last_byte(autojump_clock: MockClock) -> None:
    ours, theirs = open_link(_DELAY_SECONDS)
    await ours.send_all(b"bye")
    await ours.aclose()
    assert await theirs.receive_some() == b"bye"
    assert await theirs.receive_some() == b""


async def test_a_sender_hears_late_that_nobody_receives(autojump_clock: MockClock) -> None:
    """The request that is sent while the other end closes: it leaves, and is lost."""
    ours, theirs = open_link(_DELAY_SECONDS)
    await theirs.aclose()
    await ours.send_all(b"too late")
    await trio.sleep(_DELAY_SECONDS)
    with pytest.raises(trio.BrokenResourceError):
        await ours.send_all(b"again")


async def test_a_full_window_waits_for_the_reader(autojump_clock: MockClock) -> None:
    ours, theirs = open_link(0)
    with trio.move_on_after(5) as waiting:
        await ours.send_all(b"x" * (_WINDOW_BYTES + 1))
    assert waiting.cancelled_caught
    async with trio.open_nursery() as nursery:
        nursery.start_soon(ours.send_all, b"y")
        received = b""
        while not received.endswith(b"y"):
            received += await theirs.receive_some(1000)
    assert received == b"x" * _WINDOW_BYTES + b"y"
