"""What the tests of the streams do to a connection: cut it, silence it, or play its other end.

None of it knows the exchange: a line carries bytes, and a scripted peer says what it is told to.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from enum import Enum, auto

import trio
from trio_websocket import ConnectionClosed, WebSocketConnection, wrap_server_stream

from alphabot.ports import Net
from alphabot.simulator.links import open_link

LINK_SECONDS = 0.001


class Fate(Enum):
    """What has happened to a line."""

    INTACT = auto()
    SILENT = auto()
    """Bytes are lost both ways, and nobody says so."""
    CUT = auto()


class Line(trio.abc.Stream):
    """A connection with a fate."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self._stream = stream
        self._fate = Fate.INTACT
        self._receiving = trio.CancelScope()

    def silence(self) -> None:
        """Lose every further byte, both ways."""
        self._meet(Fate.SILENT)

    def cut(self) -> None:
        """Break the connection, as a reset does."""
        self._meet(Fate.CUT)

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await trio.lowlevel.checkpoint()
        if self._fate is Fate.CUT:
            raise trio.BrokenResourceError
        if self._fate is Fate.INTACT:
            await self._stream.send_all(data)

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        with trio.CancelScope() as self._receiving:
            await trio.lowlevel.checkpoint()
            if self._fate is Fate.INTACT:
                return await self._stream.receive_some(max_bytes)
        if self._fate is Fate.SILENT:
            await trio.sleep_forever()
        raise trio.BrokenResourceError

    async def wait_send_all_might_not_block(self) -> None:
        await trio.lowlevel.checkpoint()

    async def aclose(self) -> None:
        await self._stream.aclose()

    def _meet(self, fate: Fate) -> None:
        self._fate = fate
        self._receiving.cancel()


class Lines:
    """A Net whose connections can be given a fate, and which can refuse to make any."""

    def __init__(self, net: Net) -> None:
        self._net = net
        self.refusing = False
        self.opened_at: list[tuple[float, int]] = []
        """When a connection was asked for, and to which port."""
        self._lines: dict[int, list[Line]] = {}

    async def open(self, host: str, port: int, *, tls: bool) -> trio.abc.Stream:
        self.opened_at.append((trio.current_time(), port))
        if self.refusing:
            raise ConnectionRefusedError("the line is down")
        line = Line(await self._net.open(host, port, tls=tls))
        self._lines.setdefault(port, []).append(line)
        return line

    def latest(self, port: int) -> Line:
        """Return the line that was opened last to a port."""
        return self._lines[port][-1]

    def cut(self, port: int) -> None:
        """Cut every line to a port, and refuse to make another to any."""
        self.refusing = True
        for line in self._lines[port]:
            line.cut()


class Ports:
    """A Net that is another one on each port."""

    def __init__(self, nets: Mapping[int, Net]) -> None:
        self._nets = nets

    async def open(self, host: str, port: int, *, tls: bool) -> trio.abc.Stream:
        return await self._nets[port].open(host, port, tls=tls)


Script = Callable[[WebSocketConnection], Awaitable[None]]
"""What a scripted peer does with a WebSocket; it is closed afterwards."""

RawScript = Callable[[trio.abc.Stream], Awaitable[None]]
"""What a scripted peer does with a byte stream; it is closed afterwards."""


class ScriptedNet:
    """A Net with a scripted peer behind each connection: the first script, then the second, ...

    The last script serves all further connections.
    """

    def __init__(self, nursery: trio.Nursery, scripts: tuple[RawScript, ...]) -> None:
        self._nursery = nursery
        self._scripts = list(scripts)
        self.opened_at: list[float] = []

    async def open(self, host: str, port: int, *, tls: bool) -> trio.abc.Stream:
        await trio.lowlevel.checkpoint()
        self.opened_at.append(trio.current_time())
        ours, theirs = open_link(LINK_SECONDS)
        script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
        self._nursery.start_soon(self._play, script, ours)
        return theirs

    async def _play(self, script: RawScript, stream: trio.abc.Stream) -> None:
        with suppress(trio.BrokenResourceError):
            await script(stream)
        await stream.aclose()


@asynccontextmanager
async def scripted(*scripts: Script) -> AsyncIterator[ScriptedNet]:
    """Open a ScriptedNet whose peers speak WebSocket."""
    async with scripted_bytes(*map(_websocket, scripts)) as net:
        yield net


@asynccontextmanager
async def scripted_bytes(*scripts: RawScript) -> AsyncIterator[ScriptedNet]:
    """Open a ScriptedNet whose peers send bytes of any kind."""
    async with trio.open_nursery() as nursery:
        yield ScriptedNet(nursery, scripts)
        nursery.cancel_scope.cancel()


def _websocket(script: Script) -> RawScript:
    async def play(stream: trio.abc.Stream) -> None:
        async with trio.open_nursery() as nursery:
            request = await wrap_server_stream(nursery, stream)
            connection = await request.accept()
            with suppress(ConnectionClosed):
                await script(connection)
            nursery.cancel_scope.cancel()

    return play


def answering(answer: bytes) -> RawScript:
    """Return a script that answers HTTP requests with these bytes, or never."""
    return answering_each(lambda _path: answer)


def answering_each(answer: Callable[[str], bytes]) -> RawScript:
    """Return a script that answers each HTTP request by the last part of its path."""

    async def script(stream: trio.abc.Stream) -> None:
        while head := bytes(await stream.receive_some()):
            path = head.split()[1].decode().split("?")[0]
            said = answer(path.rsplit("/", 1)[-1])
            if not said:
                await trio.sleep_forever()
            await stream.send_all(said)

    return script


def ok(payload: object) -> bytes:
    """Return the whole answer that carries this payload."""
    content = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(content) + content
