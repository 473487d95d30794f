"""A TCP stream that knows when the kernel received what it last returned.

A time taken when a server gets round to reading says as much about that server as about its
client. The kernel notes the moment a segment arrived, however busy the reader is.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable

import trio

__all__ = ["StampedStream", "now_ns"]

_SO_TIMESTAMPNS = 35
"""Linux's name for it, which the socket module does not have."""
_TIMESPEC = struct.Struct("@qq")


def now_ns() -> int:
    """Return the time on the clock of the stamps."""
    return time.clock_gettime_ns(time.CLOCK_REALTIME)


class StampedStream(trio.abc.Stream):
    """A SocketStream with ``received_ns``, and ``on_send``, told of all bytes before they leave."""

    def __init__(
        self, stream: trio.SocketStream, on_send: Callable[[bytes], None] | None = None
    ) -> None:
        self.received_ns = 0
        self._stream = stream
        self._on_send = on_send
        stream.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Return what has come, and remember when its last segment did."""
        try:
            data, notes, _, _ = await self._stream.socket.recvmsg(max_bytes or 65_536, 64)
        except OSError as cause:
            raise trio.BrokenResourceError(str(cause)) from cause
        for level, kind, value in notes:
            if (level, kind) == (socket.SOL_SOCKET, _SO_TIMESTAMPNS):
                seconds, nanoseconds = _TIMESPEC.unpack(value[: _TIMESPEC.size])
                self.received_ns = seconds * 1_000_000_000 + nanoseconds
        return data

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send, and tell first."""
        if self._on_send is not None:
            self._on_send(bytes(data))
        await self._stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        """Wait as the stream below does."""
        await self._stream.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        """Close the stream below."""
        await self._stream.aclose()
