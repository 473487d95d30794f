"""Our clock beside the exchange's, as its answers tell it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import trio
from trio.testing import MockClock

from alphabot.exchange.exchange_time import ExchangeTime

NOON = "Sun, 22 Nov 2026 12:00:00 GMT"
NOON_MS = 1_795_348_800_000


@dataclass
class SetClock:
    """A wall clock that somebody may set; it follows trio's otherwise."""

    set_to_ms: int = NOON_MS

    def now_ms(self) -> int:
        """Return the time."""
        return self.set_to_ms + round(trio.current_time() * 1000)


async def test_nobody_knows_before_an_answer_came() -> None:
    assert ExchangeTime(SetClock()).skew_seconds is None


@pytest.mark.parametrize(("ahead_ms", "skew"), [(0, -0.5), (500, 0.0), (3_600_000, 3599.5)])
async def test_the_skew_is_ours_minus_theirs(
    ahead_ms: int, skew: float, autojump_clock: MockClock
) -> None:
    time = ExchangeTime(SetClock(NOON_MS + ahead_ms))
    time.hear({"date": NOON})
    assert time.skew_seconds == pytest.approx(skew)
    await trio.sleep(100)
    assert time.skew_seconds == pytest.approx(skew)


async def test_a_clock_that_is_set_later_shows_at_once(autojump_clock: MockClock) -> None:
    clock = SetClock(NOON_MS + 500)
    time = ExchangeTime(clock)
    time.hear({"date": NOON})
    clock.set_to_ms -= 3_600_000
    assert time.skew_seconds == pytest.approx(-3600)


async def test_a_cache_says_how_old_its_answer_is(autojump_clock: MockClock) -> None:
    time = ExchangeTime(SetClock(NOON_MS + 60_500))
    time.hear({"date": NOON, "age": "60"})
    assert time.skew_seconds == pytest.approx(0)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"date": ""},
        {"date": "soon"},
        {"date": NOON, "age": "old"},
        {"date": NOON, "age": "9" * 400},
        {"age": "1"},
    ],
)
async def test_what_is_no_date_says_nothing(headers: dict[str, str]) -> None:
    time = ExchangeTime(SetClock())
    time.hear(headers)
    assert time.skew_seconds is None
