"""The state of a stream, and the waits between its connections."""

from __future__ import annotations

import trio
from trio.testing import MockClock

from alphabot.errors import FeedLost, RateLimited
from alphabot.exchange.lifeline import Lifeline, Phase, StreamState


async def test_a_stream_tells_since_when_and_why(autojump_clock: MockClock) -> None:
    line = Lifeline()
    assert line.state == StreamState(Phase.CONNECTING)
    line.connecting()
    assert line.state == StreamState(Phase.CONNECTING, 0)
    await trio.sleep(1)
    line.live()
    await trio.sleep(1)
    line.live()
    assert line.state == StreamState(Phase.LIVE, 1)
    line.lost(FeedLost("cut"))
    await trio.sleep(1)
    line.lost(FeedLost("refused"))
    assert line.state == StreamState(Phase.LOST, 2, "refused")


async def test_pauses_double_to_a_minute(autojump_clock: MockClock) -> None:
    line = Lifeline()
    line.connecting()
    pauses = [line.lost(FeedLost("cut")) for _ in range(8)]
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]


async def test_only_a_connection_that_lasted_starts_them_anew(autojump_clock: MockClock) -> None:
    line = Lifeline()
    pauses = []
    for lived_seconds in (0, 59, 60, 0):
        line.live()
        await trio.sleep(lived_seconds)
        pauses.append(line.lost(FeedLost("cut")))
    assert pauses == [1, 2, 1, 2]


async def test_the_exchange_may_ask_for_more_but_not_for_less(autojump_clock: MockClock) -> None:
    line = Lifeline()
    assert line.lost(RateLimited("slowly", 300)) == 300
    assert line.lost(RateLimited("slowly", 0.5)) == 2
