"""A simulated exchange and a client that shares no code with the product's own."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal
from typing import Any, Protocol, cast
from urllib.parse import urlencode, urlsplit

import h11
import trio
from trio_websocket import WebSocketConnection, wrap_client_stream

from alphabot.simulator import (
    Addresses,
    ExchangeSettings,
    MemoryNet,
    SimulatedExchange,
    credentials_for,
)
from tests.simulator.samples import parse

EPOCH_MS = 1_790_000_000_000
USER = 7
_PATIENCE_SECONDS = 600
_FRAMES_MAX = 2000
_IDLE_SECONDS = 5
"""Less than the exchange keeps an idle connection, or a request could meet its closing."""

KOGE, KOGE_PAIR = "ALPHA_22", "ALPHA_22USDT"

PUBLIC = "/bapi/defi/v1/public/alpha-trade"
TOKEN_LIST = "/bapi/defi/v1/public/wallet-direct/buw/wallet/cex/alpha/all/token/list"
PRIVATE = "/bapi/defi/v1/private/alpha-trade"
PLACE = "/bapi/asset/v1/private/alpha-trade/order/place"
PLACE_PAIR = "/bapi/asset/v1/private/alpha-trade/oto-order/place"
CANCEL = f"{PRIVATE}/order/cancel"
HISTORY = f"{PRIVATE}/order/get-order-history-merge"
OPEN_ORDERS = f"{PRIVATE}/order/get-open-order"
TRADES = f"{PRIVATE}/order/get-user-trades"
LISTEN_KEY = f"{PRIVATE}/get-listen-key"
USER_VOLUME = "/bapi/defi/v1/private/wallet-direct/buw/wallet/today/user-volume"


class VirtualClock:
    """Wall time that follows trio's clock."""

    def now_ms(self) -> int:
        """Return the virtual time."""
        return EPOCH_MS + round(trio.current_time() * 1000)


class OpenNet(Protocol):
    """How a byte stream is had, in memory or over sockets."""

    async def open(self, host: str, port: int, *, tls: bool) -> trio.abc.Stream:
        """Return a connected stream."""
        ...


class SocketNet:
    """The real network, as far as loopback."""

    async def open(self, host: str, port: int, *, tls: bool) -> trio.abc.Stream:
        """Return a connected socket."""
        assert not tls
        return await trio.open_tcp_stream(host, port)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, with the envelope already read."""

    status: int
    headers: dict[str, str]
    envelope: dict[str, Any]

    @property
    def data(self) -> Any:
        """What the envelope carries."""
        assert self.envelope["success"], self.envelope
        return self.envelope["data"]

    @property
    def code(self) -> str:
        """The envelope's code."""
        return str(self.envelope["code"])


class Caller:
    """One user, or the public, on one keep-alive connection after the other."""

    def __init__(self, net: OpenNet, addresses: Addresses, headers: dict[str, str]) -> None:
        self._net = net
        self.addresses = addresses
        self.headers = headers
        self._stream: trio.abc.Stream | None = None
        self._http = h11.Connection(h11.CLIENT)
        self._used_at = 0.0

    async def get(self, path: str, **query: object) -> Reply:
        """Ask."""
        return await self._ask("GET", f"{path}?{urlencode(query)}" if query else path, b"")

    async def post(self, path: str, body: object = None) -> Reply:
        """Ask for something to be done; bytes are sent as they are."""
        content = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
        return await self._ask("POST", path, content)

    async def aclose(self) -> None:
        """Let go of the connection."""
        if self._stream is not None:
            await self._stream.aclose()
            self._stream = None

    async def _ask(self, method: str, target: str, content: bytes) -> Reply:
        address = urlsplit(self.addresses.rest_url)
        stale = trio.current_time() - self._used_at > _IDLE_SECONDS
        self._used_at = trio.current_time()
        if self._stream is None or stale or self._http.our_state is not h11.IDLE:
            await self.aclose()
            self._stream = await self._net.open(
                address.hostname or "", address.port or 0, tls=False
            )
            self._http = h11.Connection(h11.CLIENT)
        headers = {"Host": address.netloc, "Content-Length": str(len(content))} | self.headers
        request = h11.Request(method=method, target=target, headers=list(headers.items()))
        data = (self._http.send(request) or b"") + (self._http.send(h11.Data(data=content)) or b"")
        await self._stream.send_all(data + (self._http.send(h11.EndOfMessage()) or b""))
        head: h11.Response | None = None
        received = b""
        while not isinstance(event := self._http.next_event(), h11.EndOfMessage):
            if event is h11.NEED_DATA:
                self._http.receive_data(bytes(await self._stream.receive_some()))
            elif isinstance(event, h11.Response):
                head = event
            elif isinstance(event, h11.Data):
                received += event.data
        assert head is not None
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
        names = {name.decode(): value.decode() for name, value in head.headers}
        json_reply = names.get("content-type") == "application/json"
        return Reply(head.status_code, names, parse(received) if json_reply else {})


class Listener:
    """One WebSocket."""

    def __init__(self, socket: WebSocketConnection) -> None:
        self.socket = socket

    async def send(self, message: object) -> None:
        """Send a message as JSON."""
        await self.socket.send_message(json.dumps(message))

    async def next(self) -> Any:
        """Return the next message; where none comes, virtual time would run on for ever."""
        with trio.fail_after(_PATIENCE_SECONDS):
            return parse(await self.socket.get_message())

    async def subscribe(self, *streams: str) -> Any:
        """Subscribe and return the ack."""
        await self.send({"method": "SUBSCRIBE", "params": list(streams), "id": 1})
        return await self.next()

    async def data(self) -> dict[str, Any]:
        """Return the data of the next frame."""
        data: dict[str, Any] = (await self.next())["data"]
        return data

    async def data_until(self, **wanted: object) -> list[dict[str, Any]]:
        """Return the data of frames up to one that has these values."""
        frames = [await self.data()]
        while any(frames[-1].get(key) != value for key, value in wanted.items()):
            assert len(frames) < _FRAMES_MAX, f"no frame with {wanted}"
            frames.append(await self.data())
        return frames


@dataclass(frozen=True, slots=True)
class World:
    """An exchange, a way to it, and a user of it."""

    exchange: SimulatedExchange
    net: OpenNet
    addresses: Addresses
    user: Caller
    nursery: trio.Nursery
    streams: list[trio.abc.Stream] = field(default_factory=list)

    def caller(self, user_id: int) -> Caller:
        """Return another user."""
        headers = credentials_for(self.exchange.settings.seed, user_id)
        return Caller(self.net, self.addresses, headers)

    async def open(self, url: str) -> trio.abc.Stream:
        """Return a stream to one of the addresses; it lasts as long as this world."""
        address = urlsplit(url)
        stream = await self.net.open(address.hostname or "", address.port or 0, tls=False)
        self.streams.append(stream)
        return stream

    async def aclose(self) -> None:
        """Close what was opened."""
        await self.user.aclose()
        for stream in self.streams:
            await trio.aclose_forcefully(stream)

    async def listen(self, url: str) -> Listener:
        """Open a WebSocket; it lasts as long as this world."""
        address = urlsplit(url)
        stream = await self.open(url)
        # The library's annotation knows sockets only; it uses no more than a stream offers.
        socket = cast(trio.SocketStream, stream)
        return Listener(
            await wrap_client_stream(self.nursery, socket, address.netloc, address.path)
        )

    async def orders(self, caller: Caller | None = None) -> Listener:
        """Return a listener to a user's order stream."""
        key = (await (caller or self.user).post(LISTEN_KEY)).data
        listener = await self.listen(self.addresses.order_stream_url)
        await listener.subscribe(f"alpha@{key}")
        return listener

    async def markets(self, *streams: str) -> Listener:
        """Return a listener to market streams."""
        listener = await self.listen(self.addresses.market_stream_url)
        await listener.subscribe(*streams)
        return listener

    async def last_price(self, caller: Caller | None = None) -> Decimal:
        """Return the last price of KOGE."""
        ticker = (await (caller or self.user).get(f"{PUBLIC}/ticker", symbol=KOGE_PAIR)).data
        return Decimal(ticker["lastPrice"])


@asynccontextmanager
async def memory_world(settings: ExchangeSettings | None = None) -> AsyncIterator[World]:
    """Open a world in memory; it ends with the block."""
    settings = settings or ExchangeSettings()
    exchange = SimulatedExchange(settings, VirtualClock())
    net = MemoryNet(exchange)
    async with trio.open_nursery() as nursery:
        addresses = await nursery.start(net.serve)
        user = Caller(net, addresses, credentials_for(settings.seed, USER))
        world = World(exchange, net, addresses, user, nursery)
        yield world
        await world.aclose()
        nursery.cancel_scope.cancel()


def grid(value: Decimal, step: str) -> Decimal:
    """Return value cut to a decimal step."""
    return value.quantize(Decimal(step), ROUND_DOWN)


def plain_body(side: str, price: Decimal, quantity: Decimal, asset: str = KOGE) -> dict[str, Any]:
    """Return a plain order as a client of 2026 sends it, in strings."""
    buying = side == "BUY"
    amount = grid(price * quantity, "1e-8") if buying else quantity
    return {
        "baseAsset": asset,
        "quoteAsset": "USDT",
        "side": side,
        "price": f"{price:f}",
        "quantity": f"{quantity:f}",
        "paymentDetails": [
            {"amount": f"{amount:f}", "paymentWalletType": "CARD" if buying else "ALPHA"}
        ],
        "orderType": "LIMIT",
    }


def pair_body(
    price: Decimal, quantity: Decimal, pending_price: Decimal, asset: str = KOGE
) -> dict[str, Any]:
    """Return an OTO as a client of 2026 sends it, in strings."""
    return {
        "baseAsset": asset,
        "quoteAsset": "USDT",
        "workingSide": "BUY",
        "workingPrice": f"{price:f}",
        "workingQuantity": f"{quantity:f}",
        "paymentDetails": [
            {"amount": f"{grid(price * quantity, '1e-8'):f}", "paymentWalletType": "CARD"}
        ],
        "pendingPrice": f"{pending_price:f}",
        "pendingType": "LIMIT",
    }


def marketable_pair(last: Decimal, amount: Decimal = Decimal(30)) -> dict[str, Any]:
    """Return a KOGE pair that buys ten percent above and sells ten percent below the market."""
    price = grid(last * Decimal("1.1"), "1e-8")
    return pair_body(price, grid(amount / price, "0.01"), grid(last * Decimal("0.9"), "1e-8"))
