"""A Net whose connections a test can cut, at the moments that matter for an order."""

from __future__ import annotations

import trio

from alphabot.ports import Net

__all__ = ["HostileNet"]

PLACING = b"order/place"


class HostileNet:
    """Passes everything on, except what its switches say; each switch counts down as it acts."""

    def __init__(self, inner: Net) -> None:
        self._inner = inner
        self._streams: list[_Stream] = []
        self.lose_answers = 0
        """So many placing requests reach the exchange and get no answer."""
        self.cut_requests = 0
        """So many placing requests are cut before their first byte."""
        self.refuse_ports: set[int] = set()

    async def open(self, host: str, port: int, *, tls: bool) -> trio.abc.Stream:
        """Connect as the inner net does, unless the port is refused."""
        if port in self.refuse_ports:
            raise ConnectionRefusedError(f"nobody listens on {host}:{port}")
        stream = _Stream(await self._inner.open(host, port, tls=tls), self, port)
        self._streams.append(stream)
        return stream

    def cut(self, port: int) -> None:
        """Cut every connection to this port."""
        for stream in self._streams:
            if stream.port == port:
                stream.cut()


class _Stream(trio.abc.Stream):
    def __init__(self, inner: trio.abc.Stream, net: HostileNet, port: int) -> None:
        self.port = port
        self._inner = inner
        self._net = net
        self._mute = False
        self._cut = trio.Event()

    def cut(self) -> None:
        self._cut.set()

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        if self._cut.is_set():
            raise trio.BrokenResourceError("cut")
        if PLACING in bytes(data):
            if self._net.cut_requests:
                self._net.cut_requests -= 1
                self.cut()
                raise trio.BrokenResourceError("cut before the first byte")
            if self._net.lose_answers:
                self._net.lose_answers -= 1
                self._mute = True
        await self._inner.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self._inner.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        received: bytes | bytearray = b""
        async with trio.open_nursery() as nursery:

            async def until_cut() -> None:
                await self._cut.wait()
                nursery.cancel_scope.cancel()

            nursery.start_soon(until_cut)
            received = await self._inner.receive_some(max_bytes)
            nursery.cancel_scope.cancel()
        if self._mute:
            self.cut()
        if self._cut.is_set():
            raise trio.BrokenResourceError("cut")
        return bytes(received)

    def is_readable(self) -> bool:
        """Whether a read would return at once, as the client asks before it reuses a stream."""
        answer = getattr(self._inner, "is_readable", None)
        return self._cut.is_set() or bool(answer and answer())

    async def aclose(self) -> None:
        await self._inner.aclose()
