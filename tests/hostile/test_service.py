"""The whole service, lied to: it goes on, places nothing on top, and reaches its target.

Each test is one world, in which the n-th answer (or message) of a kind is the n-th hostile case
of the corpus; the exchange itself is sound, and its books are the judge. Each case costs a round or
a minute of the exchange's time, so every test takes an even part of its cases, some 650 together;
test_client.py and test_codec.py have them all.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from functools import partial

import pytest
import trio
from trio.testing import MockClock

from alphabot.config import Settings
from alphabot.core.records import NotSentRecord, PlacedRecord, UnknownRecord
from alphabot.errors import Challenged, NotAuthorised, RateLimited
from alphabot.exchange.wire.envelope import Reply
from alphabot.runtime.board import Ending
from alphabot.simulator import ExchangeSettings
from tests.hostile.frames import FRAMES, NO_WEBSOCKET, HostileFrame, Message, Verdict
from tests.hostile.judge import PAIR_PATH, Judge
from tests.hostile.lying_net import FrameLie, Lie, LyingNet, websocket_frame
from tests.hostile.questions import QUESTIONS
from tests.hostile.replies import REPLIES, HostileReply, replies_to
from tests.hostile.spoiled_text import SPOILERS
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
    """Return lies that are these cases, made of the recorded answers and not of the truth."""
    return [partial(_told, case) for case in cases]


def _told(case: HostileReply, _truth: bytes) -> Reply:
    return case.reply


def between(told: Iterable[Lie]) -> Iterator[Lie | None]:
    """Let the truth through after each lie."""
    for lie in told:
        yield lie
        yield None


# --- placing ----------------------------------------------------------------------------------


async def test_an_order_whose_answer_lies_is_found_and_the_next_one_waits_for_that(
    autojump_clock: MockClock,
) -> None:
    told = lies(replies_to("pair")[::3])
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
    told = lies(replies_to("pair")[1::6])
    async with lied_to() as lied:
        lied.net.swallowed[PAIR_PATH].extend(between(told))
        await lied.trade(len(told) + 3)
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


UNWELCOME = [*replies_to("pair", NotAuthorised), *replies_to("pair", Challenged)]


@pytest.mark.parametrize("number", range(len(UNWELCOME)))
async def test_a_lost_login_latches_the_user_and_leaves_the_other_alone(
    number: int, autojump_clock: MockClock
) -> None:
    case = UNWELCOME[number]
    async with lied_to() as lied:
        # One of the two: which of them asks first is the schedule's choice.
        lied.net.lie(PAIR_PATH, [None, *lies([case])])
        await lied.world.run(settings_of(), replace(lied.world.venue(), net=lied.net))
        endings = {
            user: {r.ending for r in lied.world.board.rows if r.user_id == user} for user in (1, 2)
        }
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
            lied.net.lie(path[name], lies(replies_to(name)[::4]))
        await lied.trade(3)
        lied.judge.check()
        assert lied.net.left == 0
        assert lied.world.row(1, "koge").ending is Ending.REACHED


async def test_a_leg_is_settled_by_fills_that_can_be_read(autojump_clock: MockClock) -> None:
    told = lies(replies_to("fills")[::4])
    async with lied_to() as lied:
        # An update that cannot be read takes the fills with it: they are asked for by REST.
        lied.net.frames[b'"TRADE"'].append(raw(websocket_frame(b"{")))
        lied.net.lie(QUESTIONS["fills"].path, told)
        await lied.trade(3)
        lied.judge.check()
        assert lied.net.left == 0


def wholly_unreadable(question: str) -> list[HostileReply]:
    """Return the answers of which no part is believed.

    A list with one bad row is kept for as long as a sound one, without that row.
    """
    return [case for case in replies_to(question) if case.name in SPOILERS or case.status != 200]


@pytest.mark.parametrize(
    ("names", "every", "seconds"),
    [(("token list", "last price", "book"), 6, 31), (("exchange info", "fees"), 30, 601)],
    ids=["tokens and prices", "rules and fees"],
)
async def test_a_fact_that_cannot_be_read_is_not_traded_on(
    names: tuple[str, ...], every: int, seconds: int, autojump_clock: MockClock
) -> None:
    told = {name: lies(wholly_unreadable(name)[::every]) for name in names}
    async with lied_to() as lied:
        # Without a stream every price is asked for.
        lied.net.silent = {b'"bookTicker"', b'"aggTrade"'}
        for name in names:
            # The first answer begins the run; later it is asked for anew in every round.
            lied.net.lie(QUESTIONS[name].path, [None, *between(told[name])])
        # Last price and book are asked for together: one lies first, then the other.
        lied.net.answers[QUESTIONS["book"].path].extendleft([None] * 2 * len(told[names[1]]))
        rounds = sum(map(len, told.values()))
        await lied.trade(rounds, trade_interval_seconds=Decimal(seconds))
        lied.judge.check()
        assert lied.net.left == 0
        # Not each costs a round: a price of the last ten seconds bridges an answer that is lost.
        assert lied.world.row(1, "koge").failed_rounds > rounds / 2


async def test_a_listen_key_that_cannot_be_read_keeps_the_gate_closed(
    autojump_clock: MockClock,
) -> None:
    told = lies([*replies_to("listen key")[::4], *replies_to("listen key", RateLimited)[:2]])
    async with lied_to() as lied:
        lied.net.frames[b'"TRADE"'].append(raw(websocket_frame(b"{")))
        lied.net.lie(QUESTIONS["listen key"].path, [None, *told])
        await lied.trade(3)
        lied.judge.check()
        assert lied.net.left == 0


# --- messages ---------------------------------------------------------------------------------


def refused_frames(*messages: Message) -> list[HostileFrame]:
    return [f for f in FRAMES if f.message in messages and f.verdict is Verdict.REFUSED]


def said(frames: Iterable[HostileFrame]) -> list[FrameLie]:
    """Return lies that say these instead of a message."""
    return [raw(websocket_frame(frame.text)) for frame in frames]


def ahead(text: bytes) -> FrameLie:
    """Return a lie that says this, and then the message itself."""
    return lambda message: websocket_frame(text) + websocket_frame(message)


def raw(data: bytes) -> FrameLie:
    """Return a lie that sends these bytes instead of a message."""
    return lambda _message: data


async def test_updates_that_cannot_be_read_lose_no_fill(autojump_clock: MockClock) -> None:
    refused = said(refused_frames(Message.REPORT)[::12])
    bytes_alone = list(map(raw, NO_WEBSOCKET.values()))
    async with lied_to() as lied:
        lied.net.one_a_stream = True
        lied.net.frames[b'"executionReport"'].extend([*bytes_alone, *refused])
        await lied.trade(len(refused) + len(bytes_alone))
        lied.judge.check()
        # Each of them ends its connection, and the next one begins with a listen key.
        ends = lied.net.told['"executionReport"']
        assert ends > 40
        assert lied.net.requests[QUESTIONS["listen key"].path] == 1 + ends


async def test_prices_that_cannot_be_read_stop_nobody(autojump_clock: MockClock) -> None:
    refused = said(refused_frames(Message.BOOK, Message.TRADE)[::8])
    async with lied_to() as lied:
        lied.net.frames[b'"bookTicker"'].extend(refused[::2])
        lied.net.frames[b'"aggTrade"'].extend(refused[1::2])
        await lied.trade(25, trade_interval_seconds=Decimal(20))
        lied.judge.check()
        assert lied.net.told.total() > 10


async def test_what_is_none_of_our_business_costs_nothing(autojump_clock: MockClock) -> None:
    ignored = [f.text for f in FRAMES if f.verdict is Verdict.IGNORED]
    async with lied_to() as lied:
        lied.net.frames[b'"executionReport"'].extend(map(ahead, ignored))
        await lied.trade(len(ignored) // 4)
        lied.judge.check()
        assert lied.net.left == 0
        assert lied.net.requests[QUESTIONS["listen key"].path] == 1
