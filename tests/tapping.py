"""What a client says to an exchange, read off its own bytes: paths, headers, streams asked for."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import urlsplit

import trio
from wsproto.connection import Connection, ConnectionType
from wsproto.events import TextMessage

from alphabot.ports import Net
from alphabot.simulator import Addresses

__all__ = ["Tap", "TappedNet", "forwarding"]

_A = "/bapi/defi/v1/public/alpha-trade"
PUBLIC_PATHS = {
    "/bapi/defi/v1/public/wallet-direct/buw/wallet/cex/alpha/all/token/list",
    f"{_A}/get-exchange-info",
    f"{_A}/get-fee-rate",
    f"{_A}/ticker",
    f"{_A}/fullDepth",
    "/w3w/wsa/stream",
}
"""All that a dry run may ask a real host for."""
PUBLIC_STREAM = re.compile(r"alpha_\d+usdt@(aggTrade|bookTicker|depth20@500ms)")
SECRET_HEADERS = {"cookie", "csrftoken", "clienttype", "authorization"}

_REQUEST = re.compile(rb"([A-Z]+) (\S+) HTTP/1\.1\r\n(.*?)\r\n\r\n", re.DOTALL)


@dataclass
class Tap:
    """Every connection of a client, as the bytes that it sent."""

    connections: list[bytearray] = field(default_factory=list)

    def connect(self) -> bytearray:
        """Return where the bytes of one more connection go."""
        self.connections.append(bytearray())
        return self.connections[-1]

    @property
    def paths(self) -> set[str]:
        """The paths that were asked for, over HTTP or to begin a WebSocket."""
        return {target.partition("?")[0] for _, target, _ in self._requests()}

    @property
    def methods(self) -> set[str]:
        """The methods they were asked for with."""
        return {method for method, _, _ in self._requests()}

    @property
    def headers(self) -> set[str]:
        """The names of all headers, in small letters."""
        return {name for _, _, names in self._requests() for name in names}

    @property
    def streams(self) -> set[str]:
        """The streams that were asked for."""
        asked: set[str] = set()
        for sent in self.connections:
            head, end, frames = bytes(sent).partition(b"\r\n\r\n")
            if not end or b"upgrade: websocket" not in head.lower():
                continue
            peer = Connection(ConnectionType.SERVER)
            peer.receive_data(frames)
            for event in peer.events():
                if isinstance(event, TextMessage):
                    asked.update(json.loads(event.data).get("params", []))
        return asked

    def strangers(self) -> set[str]:
        """Return whatever was said that a dry run has no business to say; empty is good."""
        odd_streams = {each for each in self.streams if not PUBLIC_STREAM.fullmatch(each)}
        secrets = self.headers & SECRET_HEADERS
        return (self.paths - PUBLIC_PATHS) | (self.methods - {"GET"}) | odd_streams | secrets

    def _requests(self) -> list[tuple[str, str, list[str]]]:
        return [
            (
                method.decode(),
                target.decode(),
                [line.partition(b":")[0].decode().lower() for line in rest.split(b"\r\n")],
            )
            for sent in self.connections
            for method, target, rest in _REQUEST.findall(bytes(sent))
        ]


@dataclass
class _TappedStream(trio.abc.Stream):
    stream: trio.abc.Stream
    said: bytearray

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        self.said += data
        await self.stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self.stream.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        return await self.stream.receive_some(max_bytes)

    async def aclose(self) -> None:
        await self.stream.aclose()


@dataclass
class TappedNet:
    """A net whose every connection is read along; it can be cut off."""

    net: Net
    tap: Tap
    is_cut: bool = False
    streams: list[_TappedStream] = field(default_factory=list)

    async def open(self, host: str, port: int, *, tls: bool) -> trio.abc.Stream:
        """Return a connected stream."""
        if self.is_cut:
            await trio.lowlevel.checkpoint()
            raise ConnectionRefusedError("the line is cut")
        stream = await self.net.open(host, port, tls=tls)
        self.streams.append(_TappedStream(stream, self.tap.connect()))
        return self.streams[-1]

    async def cut(self) -> None:
        """End every connection, and refuse any other."""
        self.is_cut = True
        for stream in self.streams:
            await trio.aclose_forcefully(stream)
        self.streams.clear()


@asynccontextmanager
async def forwarding(addresses: Addresses, tap: Tap) -> AsyncIterator[Addresses]:
    """Lend addresses on this machine behind which the exchange is, and read along."""
    rest, stream = urlsplit(addresses.rest_url), urlsplit(addresses.market_stream_url)
    async with trio.open_nursery() as nursery:
        ports = []
        for behind in (rest, stream):
            serve = partial(_forward, behind.port or 0, tap)
            listeners = await nursery.start(partial(trio.serve_tcp, serve, 0, host="127.0.0.1"))
            ports.append(listeners[0].socket.getsockname()[1])
        yield Addresses(
            f"http://127.0.0.1:{ports[0]}",
            f"ws://127.0.0.1:{ports[1]}{urlsplit(addresses.order_stream_url).path}",
            f"ws://127.0.0.1:{ports[1]}{stream.path}",
        )
        nursery.cancel_scope.cancel()


async def _forward(port: int, tap: Tap, client: trio.SocketStream) -> None:
    said = tap.connect()
    exchange = await trio.open_tcp_stream("127.0.0.1", port)
    async with exchange, trio.open_nursery() as nursery:
        nursery.start_soon(_pump, exchange, client, bytearray(), nursery.cancel_scope)
        await _pump(client, exchange, said, nursery.cancel_scope)


async def _pump(
    source: trio.SocketStream,
    target: trio.SocketStream,
    said: bytearray,
    scope: trio.CancelScope,
) -> None:
    try:
        while data := await source.receive_some():
            said += data
            await target.send_all(data)
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        pass
    scope.cancel()
