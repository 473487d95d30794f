"""The whole service, lied to: it goes on, places nothing on top, and reaches its target.

Each test is one world, in which the n-th answer (or message) of a kind is the n-th hostile case
of the corpus; the exchange itself is sound, and its books are the judge. Together they cover all
hostile answers about pairs, open orders, ended orders, fills and prices, and all hostile messages.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal

import pytest
import trio
from trio.testing import MockClock

from alphabot.config import Settings
from alphabot.core.records import NotSentRecord, PlacedRecord, UnknownRecord
from alphabot.errors import NotAuthorised, RateLimited, UnexpectedReply
from alphabot.runtime.board import Ending
from alphabot.simulator import ExchangeSettings
from tests.hostile.frames import FRAMES, HostileFrame, Message, Verdict
from tests.hostile.judge import PAIR_PATH, Judge
from tests.hostile.lying_net import FrameLie, Lie, LyingNet, websocket_frame
from tests.hostile.questions import QUESTIONS
from tests.hostile.replies import REPLIES, HostileReply, replies_to
from tests.runtime.world import World, open_world, settings_of

CALM = ExchangeSettings(step_ms=5000, funding_usdt=Decimal(1_000_000))
"""An exchange whose price moves every five seconds: waiting long costs little."""
ROUND_USDT = Decimal(30)


class Lied:
    """A world, the net that lies in it, and the judge."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.net = LyingNet(world.net)
        self.judge = Judge(world, self.net)

    async def trade(self, rounds: int, **values: object) -> None:
        """Let user 1 trade so many rounds, or somewhat more."""
        venue = replace(self.world.venue(), net=self.net)
        await self.world.run(one_user(rounds, **values), venue)

    async def count(self, kind: type[UnknownRecord | NotSentRecord]) -> int:
        """Return how often the journal has a record of this kind."""
        return sum(isinstance(record, kind) for record in await self.world.records(1))


@asynccontextmanager
async def lied_to() -> AsyncIterator[Lied]:
    async with open_world(CALM) as world:
        yield Lied(world)


def one_user(rounds: int, **values: object) -> Settings:
    """Return settings in which user 1 trades KOGE for so many rounds, backing off a second."""
    settings = settings_of()
    (koge,) = (s for s in settings.strategies if s.strategy_id == "koge")
    changes = {
        "target_volume": ROUND_USDT * rounds * Decimal("0.9"),
        "failure_backoff_factor": Decimal("0.001"),
    }
    return replace(settings, strategies=(replace(koge, **(changes | values)),))  # type: ignore[arg-type]


def lies(cases: Iterable[HostileReply]) -> list[Lie]:
    return [lambda _truth, case=case: case.reply for case in cases]


def between(told: Iterable[Lie]) -> Iterator[Lie | None]:
    """Let the truth through after each lie."""
    for lie in told:
        yield lie
        yield None


# --- placing ----------------------------------------------------------------------------------


async def test_an_order_whose_answer_lies_is_found_and_the_next_one_waits_for_that(
    autojump_clock: MockClock,
) -> None:
    told = lies(replies_to("pair"))
    async with lied_to() as lied:
        lied.net.lie(PAIR_PATH, told)
        await lied.trade(len(told) + 3)
        lied.judge.check()
        assert lied.world.row(1, "koge").ending is Ending.REACHED
        assert lied.net.left == 0
        assert await lied.count(UnknownRecord) == len(told)
        records = await lied.world.records(1)
        how = [record.how for record in records if isinstance(record, PlacedRecord)]
        assert how.count("matched") == len(told)


async def test_an_order_that_never_arrived_is_proven_absent_before_the_next(
    autojump_clock: MockClock,
) -> None:
    told = lies(replies_to("pair"))
    async with lied_to() as lied:
        lied.net.swallowed[PAIR_PATH].extend(told)
        await lied.trade(3)
        lied.judge.check(swallowed=len(told))
        assert lied.world.row(1, "koge").ending is Ending.REACHED
        assert await lied.count(UnknownRecord) == len(told)
        assert await lied.count(NotSentRecord) == len(told)
        # Absence is proven after the settle window, and never sooner.
        assert trio.current_time() > len(told) * lied.world.venue().settle_seconds


async def test_a_success_as_it_should_be_is_one_whatever_else_it_says(
    autojump_clock: MockClock,
) -> None:
    harmless = [case for case in REPLIES if case.question.name == "pair" and case.error is None]
    async with lied_to() as lied:
        lied.net.lie(PAIR_PATH, [case.of for case in harmless])
        await lied.trade(len(harmless) + 1)
        lied.judge.check()
        assert lied.net.left == 0
        assert await lied.count(UnknownRecord) == 0


@pytest.mark.parametrize("number", range(len(replies_to("pair", NotAuthorised))))
async def test_a_lost_login_latches_the_user_and_leaves_the_other_alone(
    number: int, autojump_clock: MockClock
) -> None:
    case = replies_to("pair", NotAuthorised)[number]
    async with lied_to() as lied:
        # One of the two: which of them asks first is the schedule's choice.
        lied.net.lie(PAIR_PATH, [None, *lies([case])])
        await lied.world.run(settings_of(), replace(lied.world.venue(), net=lied.net))
        endings = {user: {r.ending for r in lied.world.board.rows if r.user_id == user} for user in (1, 2)}
        assert Ending.LATCHED in endings[1] | endings[2]
        assert Ending.FAILED not in endings[1] | endings[2]
        latched = 1 if Ending.LATCHED in endings[1] else 2
        assert endings[latched] == {Ending.LATCHED}
        assert endings[3 - latched] == {Ending.REACHED}


# --- asking -----------------------------------------------------------------------------------


async def test_lists_that_lie_prove_nothing_about_an_unknown_order(
    autojump_clock: MockClock,
) -> None:
    path = {name: QUESTIONS[name].path for name in ("open orders", "history")}
    (unknown, *_) = lies(replies_to("pair"))
    async with lied_to() as lied:
        lied.net.lie(PAIR_PATH, [unknown])
        for name in path:
            lied.net.lie(path[name], lies(replies_to(name)))
        await lied.trade(3)
        lied.judge.check()
        assert lied.net.left == 0
        assert lied.world.row(1, "koge").ending is Ending.REACHED


async def test_a_leg_is_settled_by_fills_that_can_be_read(autojump_clock: MockClock) -> None:
    told = lies(replies_to("fills"))
    async with lied_to() as lied:
        # An update that cannot be read takes the fills with it: they are asked for by REST.
        lied.net.frames[b'"TRADE"'].append(lambda _message: websocket_frame(b"{"))
        lied.net.lie(QUESTIONS["fills"].path, told)
        await lied.trade(3)
        lied.judge.check()
        assert lied.net.left == 0


async def test_a_price_that_cannot_be_read_is_not_traded_on(autojump_clock: MockClock) -> None:
    names = ("token list", "exchange info", "fees", "last price", "book")
    told = {name: lies(replies_to(name)) for name in names}
    async with lied_to() as lied:
        for name in names:
            # The first answers are needed to begin; every later one is asked for anew.
            lied.net.lie(QUESTIONS[name].path, [None, None, *between(told[name])])
        rounds = max(map(len, told.values()))
        await lied.trade(rounds, trade_interval_seconds=Decimal(601))
        lied.judge.check()


async def test_a_listen_key_that_cannot_be_read_keeps_the_gate_closed(
    autojump_clock: MockClock,
) -> None:
    told = lies([*replies_to("listen key"), *replies_to("listen key", RateLimited)[:2]])
    async with lied_to() as lied:
        lied.net.frames[b'"TRADE"'].append(lambda _message: websocket_frame(b"{"))
        lied.net.lie(QUESTIONS["listen key"].path, [None, *told])
        await lied.trade(3)
        lied.judge.check()
        assert lied.net.left == 0


# --- messages ---------------------------------------------------------------------------------
