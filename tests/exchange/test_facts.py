"""Public facts: long lists that hold nobody up, and rows that can be read only later."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from alphabot.core.values import Symbol
from alphabot.errors import NotSent, UnexpectedReply
from alphabot.exchange.facts import MISSED_RULES_SECONDS, RULES_SECONDS, PublicFacts
from alphabot.exchange.http import open_http
from alphabot.exchange.pace import Pause
from alphabot.exchange.wire.envelope import Reply
from alphabot.exchange.wire.market import token_list
from alphabot.exchange.wire.rules import exchange_info
from alphabot.exchange.wire.steps import Steps, finish
from tests.exchange.peers import Lines, answering_each, ok, scripted_bytes
from tests.exchange.simulated import VirtualClock
from tests.exchange.work import LongestWork, own_garbage_alone
from tests.wire.recorded import body, exchange_info_of, token_list_of

GOOD, BAD, ABSENT = map(Symbol, ("ALPHA_971USDT", "ALPHA_22USDT", "ALPHA_9USDT"))
STALL_SECONDS = 0.050
SLOW_MACHINE = 3


@asynccontextmanager
async def facts_of(answer: Callable[[str], bytes]) -> AsyncIterator[tuple[PublicFacts, Lines]]:
    """Open the facts of a host that answers each path's last part so."""
    async with scripted_bytes(answering_each(answer)) as net:
        lines = Lines(net)
        async with open_http(lines, "http://peer.test") as http:
            yield PublicFacts(http, VirtualClock(), Pause()), lines


class Rules:
    """Exchange info in which one symbol's row has lost its filters, until it is mended."""

    def __init__(self) -> None:
        self.asked = 0
        self.payload = body("exchange_info.response")
        self._row: dict[str, Any] = self.payload["data"]["symbols"][0]
        assert self._row["symbol"] == BAD
        self._filters = self._row.pop("filters")

    def mend(self) -> None:
        self._row["filters"] = self._filters

    def spoil(self) -> None:
        self._row.pop("filters")

    def answer(self, _path: str) -> bytes:
        self.asked += 1
        return ok(self.payload)


# Long lists

READING: dict[str, tuple[Callable[[Reply], Steps[object]], Reply, Callable[[Any], Any]]] = {
    "token list": (token_list, token_list_of(3 * 403), lambda facts: facts.tokens()),
    "exchange info": (
        exchange_info,
        exchange_info_of(3 * 685),
        lambda facts: facts.rules(Symbol("ALPHA_7USDT")),
    ),
}


async def ask(reply: Reply, question: Callable[[PublicFacts], Awaitable[object]]) -> None:
    async with facts_of(lambda _path: ok(reply.body)) as (facts, _):
        await question(facts)


@pytest.mark.parametrize("name", READING)
def test_reading_a_long_list_holds_nobody_up(name: str) -> None:
    read, reply, question = READING[name]
    longest, whole = [], []
    with own_garbage_alone():
        for _ in range(3):
            work = LongestWork()
            clock = MockClock(autojump_threshold=0)
            trio.run(partial(ask, reply, question), clock=clock, instruments=[work])
            longest.append((work.seconds, work.task))
            began = time.thread_time()
            finish(read(reply))
            whole.append(time.thread_time() - began)
    assert min(longest)[0] < min(whole) / 3, min(longest)
    assert min(longest)[0] < STALL_SECONDS * SLOW_MACHINE


# Rows that cannot be read


@pytest.mark.parametrize("symbol", [BAD, ABSENT])
async def test_a_symbol_without_rules_is_refused_alone_and_asked_for_again_soon(
    autojump_clock: MockClock, symbol: Symbol
) -> None:
    rules = Rules()
    async with facts_of(rules.answer) as (facts, _):
        for _ in range(5):
            assert (await facts.rules(GOOD)).trading
            with pytest.raises(UnexpectedReply, match=symbol):
                await facts.rules(symbol)
        assert rules.asked == 1
        await trio.sleep(MISSED_RULES_SECONDS + 1)
        await facts.rules(GOOD)
        assert rules.asked == 1
        with pytest.raises(UnexpectedReply, match=symbol):
            await facts.rules(symbol)
        assert rules.asked == 2


async def test_a_row_that_was_mended_is_used_a_minute_later(autojump_clock: MockClock) -> None:
    rules = Rules()
    async with facts_of(rules.answer) as (facts, _):
        with pytest.raises(UnexpectedReply, match=BAD):
            await facts.rules(BAD)
        rules.mend()
        await trio.sleep(MISSED_RULES_SECONDS + 1)
        assert (await facts.rules(BAD)).trading
        await trio.sleep(MISSED_RULES_SECONDS + 1)
        assert (await facts.rules(BAD)).trading
        assert rules.asked == 2


async def test_a_row_that_can_no_longer_be_read_is_not_remembered(
    autojump_clock: MockClock,
) -> None:
    rules = Rules()
    rules.mend()
    async with facts_of(rules.answer) as (facts, _):
        assert (await facts.rules(BAD)).trading
        rules.spoil()
        await trio.sleep(RULES_SECONDS + 1)
        assert (await facts.rules(GOOD)).trading
        with pytest.raises(UnexpectedReply, match=BAD):
            await facts.rules(BAD)
        assert rules.asked == 2


async def test_a_symbol_without_rules_stays_refused_while_nobody_answers(
    autojump_clock: MockClock,
) -> None:
    rules = Rules()
    async with facts_of(rules.answer) as (facts, lines):
        with pytest.raises(UnexpectedReply, match=BAD):
            await facts.rules(BAD)
        rules.mend()
        lines.cut(80)
        await trio.sleep(MISSED_RULES_SECONDS + 1)
        with pytest.raises(NotSent):
            await facts.rules(BAD)
        assert (await facts.rules(GOOD)).trading
