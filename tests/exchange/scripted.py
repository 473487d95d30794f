"""A small HTTP server and a wire that breaks where a test says; in memory, under any clock.

The server is the judge: ``effects`` counts the requests it has read to their last byte, which is
when a real exchange may act. The client's opinion is compared with that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

import h11
import trio
from trio.testing import memory_stream_pair

OK = b'{"code":"000000","message":null,"messageDetail":null,"data":"1","success":true}'


def answer(
    body: bytes = OK,
    *headers: tuple[str, str],
    status: int = 200,
    close: bool = False,
) -> bytes:
    """Return a whole HTTP answer."""
    lines = [f"HTTP/1.1 {status} X", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers]
    lines += ["connection: close"] if close else []
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


class Break(Enum):
    """How a direction of the wire fails at its byte."""

    CUT = "cut"
    LATE = "cut once the bytes before it have gone"
    END = "end"
    LOST = "lost"
    STALLED = "stalled"


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens instead of the byte at ``position``, counted from when it was armed."""

    kind: Break
    position: int


class Wire(trio.abc.Stream):
    """The client's end of a connection, with a fault in either direction and a pace."""

    def __init__(self, inner: trio.abc.Stream) -> None:
        self.inner = inner
        self.seconds_per_byte = 0.0
        self.slow_after = 0
        self.arm()

    def arm(self, going: Fault | None = None, coming: Fault | None = None) -> None:
        """Set what breaks from now on."""
        self.going, self.coming = going, coming
        self.went = self.came = 0

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        whole = bytes(data)
        room = len(whole) if self.going is None else self.going.position - self.went
        await self._carry(whole[:room])
        if self.going is None or room > len(whole):
            return
        if self.going.kind is not Break.LATE and room == len(whole):
            return
        if self.going.kind in (Break.CUT, Break.LATE):
            await trio.aclose_forcefully(self.inner)
            raise trio.BrokenResourceError("cut")
        if self.going.kind is Break.STALLED:
            await trio.sleep_forever()

    async def _carry(self, data: bytes) -> None:
        fast = len(data)
        if self.seconds_per_byte:
            fast = min(fast, max(self.slow_after - self.went, 0))
        await self.inner.send_all(data[:fast])
        self.went += fast
        for byte in data[fast:]:
            await trio.sleep(self.seconds_per_byte)
            await self.inner.send_all(bytes([byte]))
            self.went += 1

    async def wait_send_all_might_not_block(self) -> None:
        await trio.lowlevel.checkpoint()

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        limit = max_bytes or 65_536
        if self.coming is not None:
            limit = min(limit, self.coming.position - self.came)
            if limit == 0:
                return await self._break_answer(self.coming.kind)
        if self.seconds_per_byte:
            await trio.sleep(self.seconds_per_byte)
            limit = 1
        data = await self.inner.receive_some(limit)
        self.came += len(data)
        return data

    async def _break_answer(self, kind: Break) -> bytes:
        await trio.lowlevel.checkpoint()
        if kind is Break.CUT:
            raise trio.BrokenResourceError("cut")
        if kind is Break.END:
            return b""
        await trio.sleep_forever()
        raise AssertionError

    async def aclose(self) -> None:
        await self.inner.aclose()


@dataclass
class Server:
    """A Net whose only host is a server that answers each whole request with the next script."""

    nursery: trio.Nursery
    script: Callable[[int], bytes] = lambda _number: answer()
    effects: int = 0
    requests: list[tuple[h11.Request, bytes]] = field(default_factory=list)
    wires: list[Wire] = field(default_factory=list)
    prepare: Callable[[Wire], None] = lambda _wire: None
    refuse: Exception | None = None
    open_after_seconds: float = 0.0
    close_after_seconds: float | None = None
    answer_after_seconds: float = 0.0

    async def open(self, host: str, port: int, *, tls: bool) -> trio.abc.Stream:
        await trio.sleep(self.open_after_seconds)
        if self.refuse is not None:
            raise self.refuse
        ours, theirs = memory_stream_pair()
        wire = Wire(theirs)
        self.prepare(wire)
        self.wires.append(wire)
        self.nursery.start_soon(self.serve, ours)
        return wire

    async def serve(self, stream: trio.abc.Stream) -> None:
        """Answer requests on a stream until either side ends it."""
        http = h11.Connection(h11.SERVER)
        try:
            while (found := await self._next_request(http, stream)) is not None:
                self.requests.append(found)
                self.effects += 1
                await trio.sleep(self.answer_after_seconds)
                await stream.send_all(self.script(self.effects))
                # Whatever was answered, be ready for the next request.
                trailing = http.trailing_data[0]
                http = h11.Connection(h11.SERVER)
                http.receive_data(trailing) if trailing else None
        except (trio.BrokenResourceError, trio.ClosedResourceError, h11.RemoteProtocolError):
            pass
        finally:
            await trio.aclose_forcefully(stream)

    async def _next_request(
        self, http: h11.Connection, stream: trio.abc.Stream
    ) -> tuple[h11.Request, bytes] | None:
        request, body = None, b""
        while True:
            await trio.lowlevel.checkpoint()
            event = http.next_event()
            if event is h11.NEED_DATA:
                data = b""
                with trio.move_on_after(self.close_after_seconds or 1e9):
                    data = bytes(await stream.receive_some(65_536))
                if not data:
                    return None
                http.receive_data(data)
            elif isinstance(event, h11.Request):
                request = event
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                assert request is not None
                return request, body
            else:
                return None
