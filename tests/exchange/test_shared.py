"""One answer for all who ask at the same time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
import trio
from trio.testing import MockClock

from alphabot.errors import NotSent
from alphabot.exchange.shared import Shared
from tests.exchange.simulated import VirtualClock


class Question:
    """Counts how often it is asked; takes a second, and fails while told to."""

    def __init__(self) -> None:
        self.asked = 0
        self.failing = False
        self.shared = Shared(self._ask, VirtualClock())

    async def _ask(self) -> int:
        self.asked += 1
        number = self.asked
        await trio.sleep(1)
        if self.failing:
            raise NotSent(f"failure {number}")
        return number


async def test_it_is_kept_until_it_is_too_old(autojump_clock: MockClock) -> None:
    question = Question()
    assert await question.shared.get(10) == 1
    await trio.sleep(9)
    assert await question.shared.get(10) == 1
    await trio.sleep(0.1)
    assert await question.shared.get(10) == 2
    assert await question.shared.get(0) == 3


async def test_all_who_wait_get_the_same_answer(autojump_clock: MockClock) -> None:
    question = Question()
    answers: list[int] = []

    async def ask() -> None:
        answers.append(await question.shared.get(0.5))

    async with trio.open_nursery() as nursery:
        for _ in range(100):
            nursery.start_soon(ask)
    assert answers == [1] * 100
    assert trio.current_time() == 1


async def test_all_who_wait_get_the_same_failure(autojump_clock: MockClock) -> None:
    question = Question()
    question.failing = True
    failures: list[str] = []

    async def ask() -> None:
        with pytest.raises(NotSent) as raised:
            await question.shared.get(10)
        failures.append(str(raised.value))

    async with trio.open_nursery() as nursery:
        for _ in range(100):
            nursery.start_soon(ask)
    assert failures == ["failure 1"] * 100
    question.failing = False
    assert await question.shared.get(10) == 2


async def test_a_failure_leaves_the_last_answer(autojump_clock: MockClock) -> None:
    question = Question()
    await question.shared.get(10)
    question.failing = True
    await trio.sleep(5)
    with pytest.raises(NotSent):
        await question.shared.get(1)
    assert await question.shared.get(10) == 1


async def test_if_the_one_who_asks_is_cancelled_the_next_asks(autojump_clock: MockClock) -> None:
    question = Question()
    answers: list[int] = []

    async def ask() -> None:
        answers.append(await question.shared.get(10))

    async with trio.open_nursery() as nursery:
        with trio.move_on_after(0.5):
            nursery.start_soon(_start_later, ask, nursery)
            await question.shared.get(10)
    assert answers == [2]
    assert trio.current_time() == 1.5


async def _start_later(ask: Callable[[], Awaitable[None]], nursery: trio.Nursery) -> None:
    await trio.sleep(0.1)
    nursery.start_soon(ask)
