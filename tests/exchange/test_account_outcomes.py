"""What an account makes of bad answers, silence, cancellation and a renewed session.

The exchange here is a script, since the simulated one is too well behaved for most of this.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from alphabot.core.secret import Secret
from alphabot.core.values import AlphaId, OrderId, PlacedPair, Symbol
from alphabot.errors import (
    ConfigError,
    ExchangeError,
    InvariantBroken,
    NotAuthorised,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    Refused,
    UnexpectedReply,
)
from alphabot.exchange.account import Account, AccountSettings, open_account
from alphabot.exchange.lane import AFTER_CANCEL_SECONDS
from alphabot.exchange.pace import Pause
from alphabot.exchange.secret import Credentials
from tests.exchange.scripted import Server, Wire, answer
from tests.exchange.simulated import FAST, VirtualClock, pair_intent, sale_intent

SYMBOL = Symbol("ALPHA_22USDT")
PAIR = pair_intent(SYMBOL, "0.002", "0.0019", "15000", "30")
PLACED = {"workingOrderId": 1, "pendingOrderId": 2}


def success(data: Any = None, *headers: tuple[str, str], **rest: Any) -> bytes:
    members = {"code": "000000", "success": True, "data": data} | rest
    return answer(json.dumps(members).encode(), *headers)


def failure(code: str, *headers: tuple[str, str]) -> bytes:
    return answer(json.dumps({"code": code, "success": False}).encode(), *headers)


@asynccontextmanager
async def account_at(
    server: Server, pause: Pause | None = None, settings: AccountSettings = FAST
) -> AsyncIterator[Account]:
    async with open_account(
        server,
        "http://x.test",
        Credentials(cookie=Secret("s=1")),
        pause=pause or Pause(),
        clock=VirtualClock(),
        settings=settings,
    ) as account:
        yield account


@asynccontextmanager
async def scripted(
    *answers: bytes, settings: AccountSettings = FAST, pause: Pause | None = None
) -> AsyncIterator[tuple[Account, Server]]:
    """Open an account at a server that gives these answers, the last one for ever."""
    async with trio.open_nursery() as nursery:
        server = Server(nursery, lambda number: answers[min(number, len(answers)) - 1])
        async with account_at(server, pause, settings) as account:
            yield account, server
        nursery.cancel_scope.cancel()


def targets(server: Server) -> list[str]:
    return [request.target.decode().split("?")[0] for request, _ in server.requests]


Call = Callable[[Account], Awaitable[object]]
ORDERS: dict[str, Call] = {
    "pair": lambda account: account.place_pair(PAIR),
    "sale": lambda account: account.place_sale(sale_intent(SYMBOL, "0.002", "100")),
    "cancel": lambda account: account.cancel(OrderId("1"), SYMBOL),
}
READS: dict[str, Call] = {
    "open orders": lambda account: account.open_orders(),
    "history": lambda account: account.order_history(AlphaId("ALPHA_22"), 0),
    "fills": lambda account: account.fills(OrderId("1"), SYMBOL),
    "balances": lambda account: account.balances(),
    "listen key": lambda account: account.listen_key(),
    "volume": lambda account: account.volume_today(),
}
orders = pytest.mark.parametrize("call", ORDERS.values(), ids=ORDERS)
reads = pytest.mark.parametrize("call", READS.values(), ids=READS)

NOT_READABLE = [
    answer(b"<html>maintenance</html>"),
    answer(b""),
    answer(b"<html></html>", status=502),
    answer(b"", ("location", "https://x.test/down"), status=302),
    failure("100001001"),
    failure("999999"),
    answer(b"\x00"),
]


@orders
@pytest.mark.parametrize("raw", NOT_READABLE)
async def test_an_order_s_unreadable_answer_is_unknown(
    autojump_clock: MockClock, call: Call, raw: bytes
) -> None:
    async with scripted(raw) as (account, server):
        with pytest.raises(OutcomeUnknown) as caught:
            await call(account)
        assert isinstance(caught.value.__cause__, ExchangeError)
        assert server.effects == 1


@reads
@pytest.mark.parametrize("raw", NOT_READABLE)
async def test_a_read_s_unreadable_answer_is_no_answer(
    autojump_clock: MockClock, call: Call, raw: bytes
) -> None:
    async with scripted(raw) as (account, _):
        with pytest.raises(UnexpectedReply):
            await call(account)


@pytest.mark.parametrize(
    "data", [None, {}, "1", {"workingOrderId": 1}, {"workingOrderId": 1, "pendingOrderId": 1}]
)
async def test_a_success_without_ids_is_unknown(autojump_clock: MockClock, data: Any) -> None:
    async with scripted(success(data)) as (account, _):
        with pytest.raises(OutcomeUnknown):
            await account.place_pair(PAIR)


@orders
async def test_a_reviewed_code_is_a_refusal(autojump_clock: MockClock, call: Call) -> None:
    async with scripted(failure("481020")) as (account, _):
        with pytest.raises(Refused):
            await call(account)


@orders
async def test_an_order_held_up_by_a_rate_limit_is_unknown_and_everyone_waits(
    autojump_clock: MockClock, call: Call
) -> None:
    async with scripted(answer(b"", ("retry-after", "30"), status=429), success(PLACED)) as (
        account,
        server,
    ):
        with pytest.raises(OutcomeUnknown) as caught:
            await call(account)
        assert isinstance(caught.value.__cause__, RateLimited)
        # A plan does not wait for the end of a pause; by then it would be old.
        await trio.sleep(29)
        with pytest.raises(NotSent, match="1 s are left"):
            await account.place_pair(PAIR)
        assert server.effects == 1
        await trio.sleep(1)
        assert await account.place_pair(PAIR) == PlacedPair(OrderId("1"), OrderId("2"))


@reads
async def test_a_rate_limit_of_one_user_holds_all(autojump_clock: MockClock, call: Call) -> None:
    limited = answer(b"<html></html>", ("retry-after", "400"), status=403)
    pause = Pause()
    async with scripted(limited, pause=pause) as (account, server):
        with pytest.raises(RateLimited):
            await call(account)
        server.script = lambda _number: success("k" * 32)
        async with account_at(server, pause) as other:
            with pytest.raises(NotSent):
                await other.place_pair(PAIR)
            await other.listen_key()
        assert trio.current_time() == pytest.approx(400)


@orders
@pytest.mark.parametrize(
    "raw",
    [failure("100002001"), failure("481020", ("risk_challenge_biz_no", "b")), answer(status=401)],
)
async def test_an_account_falls_silent(autojump_clock: MockClock, call: Call, raw: bytes) -> None:
    async with scripted(raw) as (account, server):
        with pytest.raises(NotAuthorised) as first:
            await call(account)
        assert not isinstance(first.value.__cause__, NotSent)
        assert account.silenced is not None
        for again in (*ORDERS.values(), *READS.values()):
            with pytest.raises(NotAuthorised) as refused:
                await again(account)
            # What was refused here can have had no effect there.
            assert isinstance(refused.value.__cause__, NotSent)
        assert server.effects == 1


async def test_a_success_under_a_challenge_counts_and_is_the_last(
    autojump_clock: MockClock,
) -> None:
    async with scripted(success(PLACED, ("risk_challenge_enable_flow", "true"))) as (
        account,
        server,
    ):
        assert await account.place_pair(PAIR) == PlacedPair(OrderId("1"), OrderId("2"))
        with pytest.raises(NotAuthorised):
            await account.cancel(OrderId("1"), SYMBOL)
        assert server.effects == 1


async def test_a_request_that_was_connecting_when_its_account_fell_silent(
    autojump_clock: MockClock,
) -> None:
    async with scripted(failure("100002001")) as (account, server):

        async def place() -> None:
            with pytest.raises(NotAuthorised):
                await account.place_pair(PAIR)

        async with trio.open_nursery() as nursery:
            server.open_after_seconds = 5
            nursery.start_soon(place)
            await wait_all_tasks_blocked(0.1)
            server.open_after_seconds = 0
            with pytest.raises(NotAuthorised):
                await account.open_orders()
        assert len(server.wires) == 2
        assert targets(server) == ["/bapi/defi/v1/private/alpha-trade/order/get-open-order"]


@orders
async def test_silence_after_the_request_is_unknown(autojump_clock: MockClock, call: Call) -> None:
    async with scripted(success()) as (account, server):
        server.answer_after_seconds = 3600
        with pytest.raises(OutcomeUnknown):
            await call(account)
        expected = FAST.order_seconds + AFTER_CANCEL_SECONDS
        assert trio.current_time() == pytest.approx(expected, abs=0.01)


@orders
async def test_a_connection_that_never_comes_is_not_sent(
    autojump_clock: MockClock, call: Call
) -> None:
    settings = replace(FAST, order_seconds=3)
    async with scripted(success(), settings=settings) as (account, server):
        server.prepare = lambda wire: setattr(wire, "seconds_per_byte", 1)
        with pytest.raises(NotSent):
            await call(account)
        assert trio.current_time() == pytest.approx(3)
        assert server.effects == 0


async def test_a_cancellation_says_that_nothing_was_done_or_is_answered(
    autojump_clock: MockClock,
) -> None:
    def slow(wire: Wire) -> None:
        wire.seconds_per_byte = 0.001

    for step in range(0, 24, 2):
        async with scripted(success(PLACED)) as (account, server):
            server.prepare = slow
            server.answer_after_seconds = 1
            answered = False
            with trio.move_on_after(step / 10) as scope:
                await trio.lowlevel.checkpoint()
                with suppress(OutcomeUnknown):
                    await account.place_pair(PAIR)
                answered = True
            await trio.sleep(10)
            assert answered == bool(server.effects)
            assert scope.cancelled_caught == (not answered)


async def test_waiting_for_a_turn_can_be_cancelled(autojump_clock: MockClock) -> None:
    settings = AccountSettings(requests_per_second=0.1, request_burst=1)
    async with scripted(success(PLACED), settings=settings) as (account, server):
        await account.place_pair(PAIR)
        with trio.move_on_after(1) as scope:
            await account.place_pair(PAIR)
        assert scope.cancelled_caught
        assert server.effects == 1
        # A cancellation of an order goes ahead.
        await account.cancel(OrderId("1"), SYMBOL)
        assert trio.current_time() == pytest.approx(1)


async def test_an_order_that_gets_no_turn_is_given_up(autojump_clock: MockClock) -> None:
    settings = AccountSettings(requests_per_second=0.01, request_burst=1)
    async with scripted(success(PLACED), settings=settings) as (account, server):
        await account.place_pair(PAIR)
        with pytest.raises(NotSent):
            await account.place_pair(PAIR)
        assert trio.current_time() == pytest.approx(settings.order_seconds)
        assert server.effects == 1


async def test_reads_and_orders_share_the_renewed_session(autojump_clock: MockClock) -> None:
    async with trio.open_nursery() as nursery:
        server = Server(
            nursery, lambda number: success(PLACED, ("set-cookie", f"s={number + 1}; Path=/"))
        )
        async with account_at(server) as account:
            await account.place_pair(PAIR)
            with pytest.raises(UnexpectedReply):
                await account.open_orders()
            await account.place_pair(PAIR)
            assert account.credentials.cookie.reveal() == "s=4"
        sent = [dict(request.headers)[b"cookie"] for request, _ in server.requests]
        assert sent == [b"s=1", b"s=2", b"s=3"]
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("family", ["asset/v1", "defi/v1"])
async def test_orders_go_where_the_settings_say(autojump_clock: MockClock, family: str) -> None:
    settings = replace(FAST, order_family=family)
    async with scripted(success(PLACED), success("3"), success(), settings=settings) as (
        account,
        server,
    ):
        for call in ORDERS.values():
            await call(account)
        assert targets(server) == [
            f"/bapi/{family}/private/alpha-trade/oto-order/place",
            f"/bapi/{family}/private/alpha-trade/order/place",
            "/bapi/defi/v1/private/alpha-trade/order/cancel",
        ]


def test_a_family_that_is_none() -> None:
    with pytest.raises(ConfigError):
        AccountSettings(order_family="asset/v1/../../x")


async def test_figures_as_numbers(autojump_clock: MockClock) -> None:
    settings = replace(FAST, figures_as_numbers=True)
    async with scripted(success(PLACED), settings=settings) as (account, server):
        await account.place_pair(PAIR)
        assert b'"workingPrice":0.002,' in server.requests[0][1]


async def test_an_intent_of_another_kind_never_leaves(autojump_clock: MockClock) -> None:
    sale = sale_intent(SYMBOL, "0.002", "100")
    async with scripted(success(PLACED)) as (account, server):
        with pytest.raises(InvariantBroken):
            await account.place_pair(sale)
        with pytest.raises(InvariantBroken):
            await account.place_sale(PAIR)
        assert server.effects == 0


def row(number: int) -> dict[str, Any]:
    figures = dict.fromkeys(("price", "origQty", "executedQty", "cumQuote"), "1")
    return {"orderId": str(number), "symbol": SYMBOL, "status": "FILLED", "side": "BUY"} | figures


async def test_a_history_that_shifts_under_the_reader_is_none(autojump_clock: MockClock) -> None:
    first = success([row(number) for number in range(1, 201)], total=201)
    async with scripted(first, success([row(200)], total=201)) as (account, _):
        with pytest.raises(UnexpectedReply, match="changed"):
            await account.order_history(AlphaId("ALPHA_22"), 0)


async def test_a_page_that_fails_fails_the_history(autojump_clock: MockClock) -> None:
    first = success([row(number) for number in range(1, 201)], total=201)
    async with scripted(first, answer(b"", status=500), first, success([row(201)], total=201)) as (
        account,
        server,
    ):
        with pytest.raises(UnexpectedReply):
            await account.order_history(AlphaId("ALPHA_22"), 0)
        reports = await account.order_history(AlphaId("ALPHA_22"), 0)
        assert len(reports) == 201
        assert {report.executed for report in reports} == {Decimal(1)}
        pages = [request.target.split(b"page=")[1][:1] for request, _ in server.requests]
        assert pages == [b"1", b"2", b"1", b"2"]


async def test_a_challenge_is_heeded_also_on_an_answer_nobody_can_read(
    autojump_clock: MockClock,
) -> None:
    unreadable = answer(b'{"code": "000000", "code": "1"}', ("risk_challenge_biz_no", "b"))
    async with scripted(unreadable) as (account, server):
        with pytest.raises(UnexpectedReply):
            await account.open_orders()
        effects = server.effects
        with pytest.raises(NotAuthorised):
            await account.open_orders()
        assert server.effects == effects == 1
