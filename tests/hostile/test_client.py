"""Every hostile reply through the real client: its HTTP, its order lane, its account.

One client is told all hostile answers to one question, one after the other; now and then, and at
the end, it is told the truth. It must raise what is due each time, and understand the truth. What
ends an account's requests for good (a lost login) is told to an account of its own.

So each test covers every case of one question: more than 4,000 in all.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from functools import partial

import pytest
from trio.testing import MockClock

from alphabot.core.values import AlphaId, OrderId, Symbol
from alphabot.errors import (
    Challenged,
    ExchangeError,
    NotAuthorised,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    Refused,
    UnexpectedReply,
)
from alphabot.exchange.account import Account, open_account
from alphabot.exchange.http import HttpClient, open_http
from alphabot.exchange.wire.rules import EXCHANGE_INFO_BYTES_MAX
from alphabot.ports import CommittedIntent, Net
from alphabot.simulator import ExchangeSettings
from tests.exchange.simulated import (
    FAST,
    VirtualClock,
    World,
    credentials,
    pair_intent,
    sale_intent,
    simulated,
)
from tests.hostile.lying_net import LyingNet
from tests.hostile.questions import QUESTIONS
from tests.hostile.replies import REPLIES, HostileReply

MOVING_MONEY = ("pair", "sale", "cancel")
PUBLIC = ("token list", "exchange info", "fees", "last price", "book")
PAIR: CommittedIntent = pair_intent("ALPHA_22USDT", "0.002", "0.0018", "1000", "2")
SALE: CommittedIntent = sale_intent("ALPHA_22USDT", "0.002", "1000")
SYMBOL, ORDER = Symbol("ALPHA_22USDT"), OrderId("10000001")
TRUTH_EVERY = 40


@dataclass(frozen=True)
class Client:
    """A client, the net that lies to it, and the exchange behind that."""

    account: Account
    http: HttpClient
    net: LyingNet
    world: World

    async def ask(self, question: str) -> object:
        """Ask one question as the service does, and once no pause forbids it."""
        if question in PUBLIC:
            asked = QUESTIONS[question]
            reply = await self.http.get(asked.path, body_bytes_max=EXCHANGE_INFO_BYTES_MAX)
            return asked.read(reply)
        await self.world.pause.over()
        account = self.account
        asking: dict[str, Callable[[], Awaitable[object]]] = {
            "pair": partial(account.place_pair, PAIR),
            "sale": partial(account.place_sale, SALE),
            "cancel": partial(account.cancel, ORDER, SYMBOL),
            "open orders": account.open_orders,
            "history": partial(account.order_history, AlphaId("ALPHA_971"), 0),
            "fills": partial(account.fills, ORDER, SYMBOL),
            "wallets": account.balances,
            "token wallet": account.balances,
            "listen key": account.listen_key,
            "volume": account.volume_today,
        }
        return await asking[question]()

    async def hear(self, case: HostileReply) -> None:
        """Be told a hostile answer, and raise what is due."""
        # Twice: where the connection broke over an answer, a read is asked once more.
        self.net.lie(case.question.path, [lambda _truth: case.reply] * 2)
        due = case.error
        if case.question.name in MOVING_MONEY and due in (UnexpectedReply, RateLimited):
            # Of a request that moves money only a known no, or a lost login, says anything.
            due = OutcomeUnknown
        assert due is not None
        with told(case), pytest.raises(due) as caught:
            await self.ask(case.question.name)
        assert type(caught.value) is due, str(case)
        assert self.net.left < 2, str(case)
        self.net.answers.clear()

    async def hear_the_truth(self, question: str) -> None:
        """Be told what the exchange really says, which may be a refusal."""
        if question in PUBLIC:
            assert (await self.http.get(QUESTIONS[question].path)).body.startswith(b"{")
            return
        try:
            await self.ask(question)
        except (Refused, OutcomeUnknown):
            assert question in MOVING_MONEY


@contextmanager
def told(case: HostileReply) -> Iterator[None]:
    """Name the case when something is raised that is not due, or nothing at all."""
    try:
        yield
    except (Exception, pytest.fail.Exception) as error:
        error.add_note(f"told: {case}")
        raise


@asynccontextmanager
async def open_client() -> AsyncIterator[Client]:
    """Open a client at a fresh exchange, with a net in between that can lie."""
    nets: list[LyingNet] = []

    def wrap(inner: Net) -> Net:
        nets.append(LyingNet(inner))
        return nets[-1]

    # A price that moves once a day: a pause of three days is over at once.
    async with (
        simulated(ExchangeSettings(step_ms=86_400_000), wrap=wrap) as world,
        open_http(world.door, world.net.addresses.rest_url) as http,
    ):
        yield Client(world.account, http, nets[-1], world)


@asynccontextmanager
async def another_account(client: Client) -> AsyncIterator[Client]:
    """Open one more account beside the first."""
    async with open_account(
        client.net,
        client.world.net.addresses.rest_url,
        credentials(),
        pause=client.world.pause,
        clock=VirtualClock(),
        settings=FAST,
    ) as account:
        yield replace(client, account=account)


def cases(question: str, *errors: type[ExchangeError]) -> list[HostileReply]:
    """Return the hostile answers to a question that must raise one of these."""
    return [case for case in REPLIES if case.question.name == question and case.error in errors]


@pytest.mark.parametrize("question", QUESTIONS)
async def test_a_client_understands_the_truth_after_every_hostile_answer(
    question: str, autojump_clock: MockClock
) -> None:
    async with open_client() as client:
        for number, case in enumerate(cases(question, UnexpectedReply, RateLimited, Refused)):
            await client.hear(case)
            if number % TRUTH_EVERY == 0:
                await client.hear_the_truth(question)
        await client.hear_the_truth(question)


@pytest.mark.parametrize("question", [name for name in QUESTIONS if name not in PUBLIC])
async def test_a_lost_login_silences_the_account_and_no_other(
    question: str, autojump_clock: MockClock
) -> None:
    async with open_client() as client:
        for case in (*cases(question, NotAuthorised), *cases(question, Challenged)):
            async with another_account(client) as unwelcome:
                await unwelcome.hear(case)
                asked = client.net.requests.total()
                with pytest.raises(NotAuthorised) as caught:
                    await unwelcome.ask("volume")
                assert isinstance(caught.value.__cause__, NotSent)
                assert client.net.requests.total() == asked
        await client.hear_the_truth(question)
