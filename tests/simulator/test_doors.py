"""The two doors: what they have in common, and how they open, hold and close."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from decimal import Decimal
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import h11
import pytest
import trio
import trio._core._run as trio_run
from trio.testing import MockClock

from alphabot.simulator import (
    Addresses,
    ExchangeSettings,
    MemoryNet,
    SimulatedExchange,
    credentials_for,
    serve_sockets,
)
from tests.simulator.world import (
    HISTORY,
    KOGE_PAIR,
    LISTEN_KEY,
    PLACE,
    PLACE_PAIR,
    PUBLIC,
    TOKEN_LIST,
    USER,
    USER_VOLUME,
    Caller,
    SocketNet,
    VirtualClock,
    World,
    grid,
    marketable_pair,
    memory_world,
    plain_body,
)

_STOP_SECONDS_MAX = 1.0


class RealClock:
    """Wall time."""

    def now_ms(self) -> int:
        """Return the time."""
        return time.time_ns() // 1_000_000


@asynccontextmanager
async def socket_world(settings: ExchangeSettings | None = None) -> AsyncIterator[World]:
    """Open a world on loopback; it ends with the block."""
    settings = settings or ExchangeSettings()
    exchange = SimulatedExchange(settings, RealClock())
    async with trio.open_nursery() as nursery:
        addresses: Addresses = await nursery.start(serve_sockets, exchange)
        net = SocketNet()
        user = Caller(net, addresses, credentials_for(settings.seed, USER))
        world = World(exchange, net, addresses, user, nursery)
        yield world
        await world.aclose()
        nursery.cancel_scope.cancel()


Open = Callable[[ExchangeSettings | None], AbstractAsyncContextManager[World]]


async def a_conversation(world: World) -> list[Any]:
    """Return what is answered to a number of questions, less what time alone decides."""
    user = world.user
    info = (await user.get(f"{PUBLIC}/get-exchange-info")).envelope
    refused = await user.post(PLACE, {"side": "BUY"})
    stranger = Caller(world.net, world.addresses, {})
    nobody = await stranger.get(USER_VOLUME)
    await stranger.aclose()
    missing = (await user.get("/nothing")).status
    tokens = (await user.get(TOKEN_LIST)).data
    order_id = (await resting(world)).data
    history = (await user.get(HISTORY)).envelope
    return [
        info,
        refused.envelope,
        (nobody.status, nobody.envelope),
        missing,
        [row["alphaId"] for row in tokens],
        order_id,
        history,
    ]


async def resting(world: World) -> Any:
    """Place an order that rests."""
    price = grid(await world.last_price() / 2, "1e-8")
    return await world.user.post(PLACE, plain_body("BUY", price, grid(30 / price, "0.01")))


def test_both_doors_answer_alike() -> None:
    answers: list[list[Any]] = []

    async def converse(opened: AbstractAsyncContextManager[World]) -> None:
        async with opened as world:
            answers.append(await a_conversation(world))

    trio.run(converse, socket_world())
    trio.run(converse, memory_world(), clock=MockClock(autojump_threshold=0))
    assert answers[0] == answers[1]


async def test_a_round_is_traded_over_sockets() -> None:
    settings = ExchangeSettings(fill_delay_ms=(5, 10), step_ms=20)
    async with socket_world(settings) as world:
        listener = await world.orders()
        markets = await world.markets("alpha_22usdt@bookTicker")
        body = marketable_pair(await world.last_price())
        ids = (await world.user.post(PLACE_PAIR, body)).data
        frames = await listener.data_until(i=str(ids["pendingOrderId"]), X="FILLED")
        assert frames[0]["x"] == "NEW"
        assert (await markets.data())["s"] == KOGE_PAIR


async def trade(world: World) -> list[Any]:
    """Return everything two users hear of while they trade."""
    heard: list[Any] = []
    async with trio.open_nursery() as nursery:
        for user_id in (1, 2):
            nursery.start_soon(trade_alone, world, user_id, heard)
    return heard


async def trade_alone(world: World, user_id: int, heard: list[Any]) -> None:
    """Trade some pairs and note what is heard, and when."""
    caller = world.caller(user_id)
    listener = await world.orders(caller)
    for _ in range(4):
        reply = await caller.post(PLACE_PAIR, marketable_pair(await world.last_price(caller)))
        pending = str(reply.data["pendingOrderId"])
        frames = await listener.data_until(i=pending, X="FILLED")
        heard += [(trio.current_time(), user_id, frame) for frame in frames]


def test_the_same_seed_gives_the_same_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Given also that trio takes the tasks in the same order (see tests/test_trio_guard.py)."""
    schedule = random.Random()
    monkeypatch.setattr(trio_run, "_ALLOW_DETERMINISTIC_SCHEDULING", True)
    monkeypatch.setattr(trio_run, "_r", schedule)
    traces: list[list[Any]] = []

    async def record(seed: int) -> None:
        async with memory_world(ExchangeSettings(seed=seed)) as world:
            traces.append(await trade(world))

    for seed in (1, 1, 2):
        schedule.seed(7)
        trio.run(record, seed, clock=MockClock(autojump_threshold=0))
    assert traces[0] == traces[1]
    assert traces[0] != traces[2]


@pytest.mark.parametrize("percent", [0, 100])
async def test_the_first_event_can_overtake_the_reply(
    percent: int, autojump_clock: MockClock
) -> None:
    async with memory_world(ExchangeSettings(push_before_reply_percent=percent)) as world:
        listener = await world.orders()
        order: list[str] = []

        async def hear() -> None:
            await listener.next()
            order.append("event")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(hear)
            await resting(world)
            order.append("reply")
    assert order == (["event", "reply"] if percent else ["reply", "event"])


async def test_a_client_that_gives_up_undoes_nothing(autojump_clock: MockClock) -> None:
    """Accepted, and the answer lost: the exchange works on in tasks of its own."""
    async with memory_world(ExchangeSettings(push_before_reply_percent=100)) as world:
        listener = await world.orders()
        price = grid(await world.last_price() / 2, "1e-8")
        with trio.move_on_after(0.002) as impatience:
            await world.user.post(PLACE, plain_body("BUY", price, grid(30 / price, "0.01")))
        assert impatience.cancelled_caught
        await world.user.aclose()
        assert (await listener.data())["X"] == "NEW"
        assert len(world.exchange.model.desk.orders) == 1


async def test_nobody_listens_elsewhere(autojump_clock: MockClock) -> None:
    async with memory_world() as world:
        for host, port in (("elsewhere", 80), ("exchange.simulated", 81)):
            with pytest.raises(ConnectionRefusedError):
                await world.net.open(host, port, tls=False)


async def test_an_exchange_can_be_down_and_come_back(autojump_clock: MockClock) -> None:
    net = MemoryNet(SimulatedExchange(ExchangeSettings(), VirtualClock()))
    caller = Caller(net, net.addresses, credentials_for(1, USER))
    with pytest.raises(OSError, match="nobody listens"):
        await caller.post(LISTEN_KEY)
    async with trio.open_nursery() as nursery:
        await nursery.start(net.serve)
        key = (await caller.post(LISTEN_KEY)).data
        nursery.cancel_scope.cancel()
    await caller.aclose()
    with pytest.raises(OSError, match="nobody listens"):
        await caller.post(LISTEN_KEY)
    async with trio.open_nursery() as nursery:
        await nursery.start(net.serve)
        assert (await caller.post(LISTEN_KEY)).data == key
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("way", ["close", "cancel"])
async def test_a_stop_is_quick_whoever_is_connected(way: str) -> None:
    """Idle connections, WebSockets and a stream nobody reads do not hold it up."""
    exchange = SimulatedExchange(ExchangeSettings(step_ms=20), RealClock())
    ended = trio.Event()

    async def serve(  # noqa: ASYNC128  (serve_sockets calls started)
        task_status: trio.TaskStatus[Addresses],
    ) -> None:
        await serve_sockets(exchange, task_status=task_status)
        ended.set()

    async with trio.open_nursery() as clients:
        async with trio.open_nursery() as nursery:
            addresses: Addresses = await nursery.start(serve)
            user = Caller(SocketNet(), addresses, credentials_for(1, USER))
            world = World(exchange, SocketNet(), addresses, user, clients)
            for _ in range(3):
                await world.orders()
                await (await world.markets("alpha_22usdt@bookTicker")).next()
            await world.open(addresses.rest_url)
            began = time.perf_counter()
            if way == "close":
                exchange.close()
                await ended.wait()
            nursery.cancel_scope.cancel()
        took = time.perf_counter() - began
        await world.aclose()
        clients.cancel_scope.cancel()
    assert took < _STOP_SECONDS_MAX


async def test_a_reply_that_still_waits_does_not_hold_up_the_stop() -> None:
    """It is to be overtaken by an event two seconds away."""
    settings = ExchangeSettings(push_before_reply_percent=100, push_delay_ms=(2000, 2000))
    exchange = SimulatedExchange(settings, RealClock())
    async with trio.open_nursery() as clients:
        async with trio.open_nursery() as nursery:
            addresses: Addresses = await nursery.start(serve_sockets, exchange)
            user = Caller(SocketNet(), addresses, credentials_for(1, USER))
            body = plain_body("BUY", Decimal("0.001"), Decimal(15000))
            placing = trio.CancelScope()

            async def place() -> None:
                with placing, pytest.raises((h11.RemoteProtocolError, trio.BrokenResourceError)):
                    await user.post(PLACE, body)

            clients.start_soon(place)
            while not exchange.ledger.requests:
                await trio.sleep(0.005)  # noqa: ASYNC110  (the exchange's own record has no event)
            began = time.perf_counter()
            exchange.close()
        took = time.perf_counter() - began
        placing.cancel()
    await user.aclose()
    assert took < _STOP_SECONDS_MAX


async def test_a_reader_that_stops_is_disconnected(autojump_clock: MockClock) -> None:
    """What waits for it is bounded, and others hear on."""
    settings = ExchangeSettings(subscriber_frames_max=20, traffic_percent=100)
    async with memory_world(settings) as world:
        address = urlsplit(world.addresses.market_stream_url)
        stream = await world.open(world.addresses.market_stream_url)
        await stream.send_all(handshake(address.netloc, address.path))
        await stream.receive_some()
        await stream.send_all(masked(b'{"method":"SUBSCRIBE","params":["alpha_22usdt@trade"]}'))
        attentive = await world.markets("alpha_22usdt@trade")
        for number in count():
            await attentive.next()
            if number > 2000:
                pytest.fail("the idle reader was kept")
            if len(world.exchange.hub.listeners("alpha_22usdt@trade")) == 1:
                break
        # First what was under way, then the end.
        while await stream.receive_some():
            pass


def handshake(host: str, path: str) -> bytes:
    """Return the opening of a WebSocket."""
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {host}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def masked(text: bytes) -> bytes:
    """Return a short text frame under a mask of zeros."""
    assert len(text) < 126
    return bytes([0x81, 0x80 | len(text)]) + bytes(4) + text


@pytest.mark.parametrize(
    "junk",
    [
        b"\x16\x03\x01\x02\x00" * 20,
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /x HTTP/1.1\r\nhost: x\r\ncontent-length: -5\r\n\r\n",
        b"x" * 100_000,
        b"",
    ],
)
@pytest.mark.parametrize("which", ["rest_url", "order_stream_url"])
async def test_junk_is_answered_or_cut_and_forgotten(
    junk: bytes, which: str, autojump_clock: MockClock
) -> None:
    async with memory_world() as world:
        stream = await world.open(getattr(world.addresses, which))
        try:
            await stream.send_all(junk)
            await stream.send_eof()  # type: ignore[attr-defined]  # memory has it
            while await stream.receive_some():
                pass
        except trio.BrokenResourceError:
            pass
        assert (await world.user.post(LISTEN_KEY)).code == "000000"


async def test_an_unknown_stream_path_is_not_found(autojump_clock: MockClock) -> None:
    async with memory_world() as world:
        address = urlsplit(world.addresses.order_stream_url)
        stream = await world.open(world.addresses.order_stream_url)
        await stream.send_all(handshake(address.netloc, "/elsewhere"))
        assert b" 404 " in await stream.receive_some()


async def test_an_idle_connection_is_closed(autojump_clock: MockClock) -> None:
    async with memory_world(ExchangeSettings(keep_alive_ms=2000)) as world:
        stream = await world.open(world.addresses.rest_url)
        began = trio.current_time()
        assert await stream.receive_some() == b""
        assert trio.current_time() - began == pytest.approx(2, abs=0.1)


async def test_several_requests_share_a_connection(autojump_clock: MockClock) -> None:
    """Also those whose answer does not depend on a body that was sent."""
    async with memory_world() as world:
        opened = 0
        memory_open = world.net.open

        async def counting(host: str, port: int, *, tls: bool) -> trio.abc.Stream:
            nonlocal opened
            opened += 1
            return await memory_open(host, port, tls=tls)

        world.net.open = counting  # type: ignore[method-assign]  # only this test counts
        for _ in range(3):
            await world.user.get(TOKEN_LIST)
            await world.user.post(LISTEN_KEY)
            await world.user.get("/nothing")
    assert opened == 1


async def test_a_bug_of_ours_ends_the_exchange(autojump_clock: MockClock) -> None:
    """A server would log it and go on; the exchange must not."""
    with pytest.RaisesGroup(pytest.RaisesExc(AttributeError), flatten_subgroups=True):
        async with memory_world() as world:
            world.exchange.model.listen_keys = None  # type: ignore[assignment]  # the bug
            await world.user.post(LISTEN_KEY)


async def test_a_port_that_is_taken_is_an_error() -> None:
    async with socket_world() as world:
        taken = urlsplit(world.addresses.rest_url).port or 0
        other = SimulatedExchange(ExchangeSettings(), RealClock())
        with pytest.raises(OSError, match="in use"):
            await serve_sockets(other, rest_port=taken)
        with pytest.raises(OSError, match="in use"):
            await serve_sockets(other, stream_port=taken)


async def test_an_idle_exchange_sleeps(autojump_clock: MockClock) -> None:
    """A day without a caller needs next to no work."""
    async with memory_world() as world:
        await world.last_price()
        wakes = 0
        advance = world.exchange.model.advance

        def counting(now_ms: int) -> None:
            nonlocal wakes
            wakes += 1
            advance(now_ms)

        world.exchange.model.advance = counting  # type: ignore[method-assign]  # only this test counts
        await trio.sleep(86_400)
    assert wakes == 0


def test_hypercorn_says_nothing(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)

    async def visit() -> None:
        async with socket_world() as world:
            await world.last_price()
            world.exchange.close()

    trio.run(visit)
    assert not [record for record in caplog.records if record.name.startswith("hypercorn")]
    assert "".join(capfd.readouterr()) == ""
