"""One notifier and everything it may do: each is survived, and what must be heard is delivered."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, cast

import pytest
import trio
import trio.lowlevel
from trio.testing import MockClock

from alphabot.core.chat import ChatAnswer, ChatQuestion
from alphabot.core.notices import Notice, NoticeKind
from alphabot.core.values import UserId
from alphabot.errors import NotDelivered
from alphabot.log import register_secret
from alphabot.ports import ChatDoor, Notifier
from alphabot.runtime.delivery import (
    DELIVER_SECONDS,
    OPEN_SECONDS,
    RETRY_AFTER_SECONDS_MAX,
    WAITING_NOTICES_MAX,
    Delivery,
)

HALT = Notice(
    kind=NoticeKind.LATCHED, cause="latched/1/5", at_ms=5, title="halt", needs_human=True,
    user_id=UserId(1),
)  # fmt: skip


def started(number: int) -> Notice:
    return Notice(kind=NoticeKind.STARTED, cause=f"started/{number}", at_ms=0, title=f"s{number}")


class Unheard(BaseException):
    """What no handler for exceptions catches."""


Act = Callable[[Notice], Awaitable[object]]


@dataclass
class Phone:
    """A notifier that does what is in ``acts``, one for each call, and then what it should."""

    acts: list[Act] = field(default_factory=list)
    told: list[tuple[float, Notice]] = field(default_factory=list)
    tries: list[float] = field(default_factory=list)
    opened: int = 0
    closed: int = 0

    async def deliver(self, notice: Notice) -> Any:
        self.tries.append(trio.current_time())
        if self.acts:
            return await self.acts.pop(0)(notice)
        await trio.sleep(0.1)
        self.told.append((trio.current_time(), notice))
        return None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Notifier]:
        self.opened += 1
        yield self
        await trio.lowlevel.checkpoint()
        self.closed += 1

    @property
    def titles(self) -> list[str]:
        return [notice.title for _, notice in self.told]


def raising(error: BaseException) -> Act:
    async def act(_notice: Notice) -> None:
        await trio.lowlevel.checkpoint()
        raise error

    return act


async def hanging(_notice: Notice) -> None:
    await trio.sleep_forever()


async def unawaited(notice: Notice) -> object:
    await trio.lowlevel.checkpoint()
    return hanging(notice)


async def in_a_group(_notice: Notice) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.sleep_forever)
        nursery.start_soon(raising(RuntimeError("in a task of its own")), _notice)


@asynccontextmanager
async def delivering(
    factory: Any, door: ChatDoor | None = None
) -> AsyncIterator[tuple[Delivery, list[str]]]:
    heard: list[str] = []
    delivery = Delivery("phone", factory, "en", lambda name, notice: heard.append(notice.cause))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(delivery.run, door)
        yield delivery, heard
        nursery.cancel_scope.cancel()


FAULTS: dict[str, Act] = {
    "not delivered": raising(NotDelivered("down")),
    "a bug": raising(RuntimeError("bug")),
    "SystemExit": raising(SystemExit(3)),
    "GeneratorExit": raising(GeneratorExit()),
    "no Exception at all": raising(Unheard("whatever")),
    "a group": in_a_group,
    "hangs": hanging,
    "a coroutine": unawaited,
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_whatever_it_does_a_halt_is_tried_until_it_is_delivered(
    fault: Act, autojump_clock: MockClock
) -> None:
    phone = Phone([fault] * 4)
    async with delivering(phone.open) as (delivery, heard):
        delivery.take(HALT)
        await trio.sleep(4 * DELIVER_SECONDS + 20)
        assert [notice for _, notice in phone.told] == [HALT]
        assert heard == [HALT.cause]
        waits = [after - before for before, after in pairwise(phone.tries)]
        assert waits == sorted(waits)
        assert waits[0] >= 1
        assert (delivery.status().state, delivery.status().waiting) == ("delivering", 0)


async def test_a_service_says_how_long_it_wants_to_be_left_alone(autojump_clock: MockClock) -> None:
    phone = Phone([raising(NotDelivered("429", retry_after_seconds=77))])
    async with delivering(phone.open) as (delivery, _):
        delivery.take(HALT)
        await trio.sleep(10)
        status = delivery.status()
        assert (status.state, status.problem) == ("backing_off", "429")
        assert status.seconds_left == pytest.approx(67, abs=0.1)
        await trio.sleep(70)
        assert phone.tries[1] - phone.tries[0] == pytest.approx(77)


@pytest.mark.parametrize("asked", [float("nan"), float("inf"), -5.0, "soon", 10**9])
async def test_a_wait_that_cannot_be_meant_is_bounded(
    asked: object, autojump_clock: MockClock
) -> None:
    phone = Phone([raising(NotDelivered("429", retry_after_seconds=cast(float, asked)))])
    async with delivering(phone.open) as (delivery, _):
        delivery.take(HALT)
        await trio.sleep(RETRY_AFTER_SECONDS_MAX + 5)
        assert phone.titles == ["halt"]


async def test_what_is_pointless_is_not_tried_again_until_something_was_taken(
    autojump_clock: MockClock,
) -> None:
    phone = Phone([raising(NotDelivered("revoked", pointless=True))] * 2)
    async with delivering(phone.open) as (delivery, heard):
        delivery.take(HALT)
        delivery.take(started(1))
        await trio.sleep(10_000)
        assert len(phone.tries) == 2
        status = delivery.status()
        assert (status.state, status.problem, status.dropped) == ("pointless", "revoked", 1)
        assert heard == []
        delivery.take(started(2))
        await trio.sleep(10)
        assert phone.titles == ["s2", "halt"]
        assert heard == [HALT.cause]


async def test_one_that_hangs_at_its_opening_is_opened_again(autojump_clock: MockClock) -> None:
    phone, openings = Phone(), []

    @asynccontextmanager
    async def opening() -> AsyncIterator[Notifier]:
        openings.append(trio.current_time())
        if len(openings) < 3:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(trio.sleep_forever)
                await trio.sleep_forever()
        yield phone

    async with delivering(opening) as (delivery, _):
        delivery.take(HALT)
        await trio.sleep(OPEN_SECONDS / 2)
        assert delivery.status().state == "opening"
        await trio.sleep(3 * OPEN_SECONDS)
        assert phone.titles == ["halt"]
        assert openings[1] == pytest.approx(OPEN_SECONDS + 1)


@asynccontextmanager
async def garbage() -> AsyncIterator[Any]:
    await trio.lowlevel.checkpoint()
    yield 42


@pytest.mark.parametrize("factory", [lambda: None, lambda: 1 / 0, garbage])
async def test_a_factory_of_nonsense_harms_nobody(factory: Any, autojump_clock: MockClock) -> None:
    async with delivering(factory) as (delivery, _):
        delivery.take(HALT)
        await trio.sleep(1000)
        assert delivery.status().state == "backing_off"
        assert delivery.status().waiting == 1


async def test_a_halt_goes_first_and_others_keep_their_pace(autojump_clock: MockClock) -> None:
    phone = Phone()
    async with delivering(phone.open) as (delivery, _):
        for number in range(3):
            delivery.take(started(number))
        delivery.take(HALT)
        await trio.sleep(20)
        assert phone.titles == ["halt", "s0", "s1", "s2"]
        times = [at for at, _ in phone.told]
        assert all(b - a >= 1 for a, b in pairwise(times[1:]))


async def test_beyond_the_bound_the_oldest_are_dropped_and_counted(
    autojump_clock: MockClock,
) -> None:
    phone = Phone([raising(NotDelivered("down"))] * 3)
    async with delivering(phone.open) as (delivery, _):
        for number in range(WAITING_NOTICES_MAX + 10):
            delivery.take(started(number))
        delivery.take(HALT)
        assert delivery.status().dropped == 11
        await trio.sleep(1000)
        assert phone.titles[0] == "halt"
        assert phone.titles[-1] == f"s{WAITING_NOTICES_MAX + 9}"
        assert len(phone.titles) == WAITING_NOTICES_MAX


async def test_no_secret_and_no_escape_code_leaves(autojump_clock: MockClock) -> None:
    register_secret("CANARY-cookie-of-somebody")
    phone = Phone()
    async with delivering(phone.open) as (delivery, _):
        text = "cookie CANARY-cookie-of-somebody \x1b[31m"
        delivery.take(
            Notice(kind=NoticeKind.STARTED, cause="c", at_ms=0, title=text, figures=((text, text),))
        )
        await trio.sleep(5)
        ((_, told),) = phone.told
        said = repr((told.title, told.figures))
        assert "CANARY" not in said
        assert "\x1b" not in told.title
        assert "***" in said


async def test_who_leaves_has_delivered_and_is_closed(autojump_clock: MockClock) -> None:
    phone = Phone()
    async with delivering(phone.open) as (delivery, _):
        delivery.take(started(1))
        delivery.take(started(2))
        delivery.leave()
        await delivery.ended.wait()
        assert phone.titles == ["s1", "s2"]
        assert (phone.opened, phone.closed) == (1, 1)


class _Door:
    """A door that is never knocked at."""

    async def ask(self, question: ChatQuestion) -> ChatAnswer | None:
        raise AssertionError(question)


class _Ear(Phone):
    """A phone that listens as well, and fails at it."""

    listened = 0

    async def listen(self, door: ChatDoor) -> None:
        await trio.lowlevel.checkpoint()
        self.listened += 1
        if self.listened == 1:
            raise SystemExit(3)
        if self.listened == 2:
            return
        await trio.sleep_forever()


async def test_a_listener_that_fails_is_started_again_and_delivers_meanwhile(
    autojump_clock: MockClock,
) -> None:
    ear = _Ear()
    async with delivering(ear.open, _Door()) as (delivery, _):
        delivery.take(HALT)
        await trio.sleep(60)
        assert (ear.listened, ear.titles, ear.opened) == (3, ["halt"], 1)
    deaf = _Ear()
    async with delivering(deaf.open, None):
        await trio.sleep(60)
        assert deaf.listened == 0, "nobody may ask, so nobody listens"
