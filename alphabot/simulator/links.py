"""Byte streams in memory that behave like a connection over a wire.

Bytes take time, a sender that nobody reads from comes to a halt, and closing one end is heard of
at the other only later. Without these three a rehearsal would never meet the races that a
network brings about.
"""

from __future__ import annotations

import math
import operator
from collections import deque

import trio

__all__ = ["LinkEnd", "open_link"]

_WINDOW_BYTES = 65_536
"""What one direction holds; a sender of more waits until the other end has read."""
_RECEIVE_BYTES = 65_536


class _Direction:
    """Bytes on their way from one end to the other. Times are those of trio's clock."""

    def __init__(self, delay_seconds: float) -> None:
        self._delay_seconds = delay_seconds
        self._chunks: deque[tuple[float, bytes]] = deque()
        self._buffered_bytes = 0
        self._eof_at = math.inf
        self._refused_at = math.inf
        self._waiting: list[trio.CancelScope] = []

    @property
    def room_bytes(self) -> int:
        """How much the sender may send now."""
        return max(_WINDOW_BYTES - self._buffered_bytes, 0)

    @property
    def is_refused(self) -> bool:
        """Whether the sender has heard that nobody receives any more."""
        return trio.current_time() >= self._refused_at

    def put(self, data: bytes) -> None:
        """Send bytes on their way; nobody gets them if the receiver has closed."""
        if data and self._refused_at == math.inf:
            self._chunks.append((self._arrival(), data))
            self._buffered_bytes += len(data)
            self._wake(self._arrival())

    def end(self) -> None:
        """Let the receiver find the end after the last byte."""
        self._eof_at = min(self._eof_at, self._arrival())
        self._wake(self._eof_at)

    def refuse(self) -> None:
        """Receive no more; the sender hears of it after the delay."""
        self._refused_at = min(self._refused_at, self._arrival())
        self._chunks.clear()
        self._buffered_bytes = 0
        self._wake(-math.inf)

    def take(self, max_bytes: int) -> bytes | None:
        """Return bytes that have arrived, ``b""`` at the end, None if there are none yet."""
        now = trio.current_time()
        arrived = bytearray()
        while len(arrived) < max_bytes and self._chunks and self._chunks[0][0] <= now:
            due, chunk = self._chunks.popleft()
            room = max_bytes - len(arrived)
            arrived += chunk[:room]
            if len(chunk) > room:
                self._chunks.appendleft((due, chunk[room:]))
        if not arrived:
            return b"" if not self._chunks and now >= self._eof_at else None
        self._buffered_bytes -= len(arrived)
        self._wake(-math.inf)
        return bytes(arrived)

    @property
    def has_arrived(self) -> bool:
        """Whether :meth:`take` would return something, the end included."""
        now = trio.current_time()
        return now >= (self._chunks[0][0] if self._chunks else self._eof_at)

    async def wait_change(self) -> None:
        """Return when something has arrived, or was taken or closed."""
        now = trio.current_time()
        arrivals = [self._eof_at, self._refused_at]
        arrivals += [self._chunks[0][0]] if self._chunks else []
        next_at = min((at for at in arrivals if at > now), default=math.inf)
        with trio.CancelScope(deadline=next_at) as scope:
            self._waiting.append(scope)
            try:
                await trio.sleep_forever()
            finally:
                self._waiting.remove(scope)

    def _wake(self, at: float) -> None:
        """Have whoever waits on either end look again, then and not before."""
        for scope in self._waiting:
            scope.deadline = min(scope.deadline, at)

    def _arrival(self) -> float:
        return trio.current_time() + self._delay_seconds


class _OneAtATime:
    """Raises BusyResourceError where two tasks use one direction of one end."""

    def __init__(self, complaint: str) -> None:
        self._complaint = complaint
        self._busy = False

    def __enter__(self) -> None:
        if self._busy:
            raise trio.BusyResourceError(self._complaint)
        self._busy = True

    def __exit__(self, *_: object) -> None:
        self._busy = False


class LinkEnd(trio.abc.HalfCloseableStream):
    """One end of a connection in memory."""

    def __init__(self, outgoing: _Direction, incoming: _Direction) -> None:
        self._outgoing = outgoing
        self._incoming = incoming
        self._closed = False
        self._ended = False
        self._sending = _OneAtATime("another task is sending")
        self._receiving = _OneAtATime("another task is receiving")

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send bytes, waiting where the window is full.

        Raises BrokenResourceError once the other end has closed.
        """
        with self._sending:
            self._check_sendable()
            rest = bytes(data)
            while True:
                await self._wait_room()
                room = self._outgoing.room_bytes
                self._outgoing.put(rest[:room])
                rest = rest[room:]
                if not rest:
                    return

    async def wait_send_all_might_not_block(self) -> None:
        """Return once the window has room."""
        with self._sending:
            self._check_sendable()
            await self._wait_room()

    async def send_eof(self) -> None:
        """Send no more; the other end reads what is under way and then the end."""
        with self._sending:
            if self._closed:
                raise trio.ClosedResourceError
            await trio.lowlevel.checkpoint()
            self._ended = True
            self._outgoing.end()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Return what has arrived, waiting until something has; ``b""`` is the end."""
        most = _RECEIVE_BYTES if max_bytes is None else operator.index(max_bytes)
        if most < 1:
            raise ValueError("max_bytes must be at least 1")
        with self._receiving:
            self._check_open()
            await trio.lowlevel.checkpoint()
            while True:
                self._check_open()
                data = self._incoming.take(most)
                if data is not None:
                    return data
                await self._incoming.wait_change()

    def is_readable(self) -> bool:
        """Return whether a read would return at once, as a client asks before it reuses this."""
        return self._closed or self._incoming.has_arrived

    async def aclose(self) -> None:
        """Close both directions."""
        self.close()
        await trio.lowlevel.checkpoint()

    def close(self) -> None:
        """Close both directions without waiting, as for an end that is cut off."""
        if not self._closed:
            self._closed = True
            self._outgoing.end()
            self._incoming.refuse()

    def _check_open(self) -> None:
        if self._closed:
            raise trio.ClosedResourceError

    def _check_sendable(self) -> None:
        self._check_open()
        if self._ended:
            raise trio.ClosedResourceError("send_eof was called")

    async def _wait_room(self) -> None:
        await trio.lowlevel.checkpoint()
        while True:
            self._check_open()
            if self._outgoing.is_refused:
                raise trio.BrokenResourceError("the other end has closed")
            if self._outgoing.room_bytes:
                return
            await self._outgoing.wait_change()


def open_link(delay_seconds: float) -> tuple[LinkEnd, LinkEnd]:
    """Return two connected ends; each byte takes that long from one to the other."""
    there, back = _Direction(delay_seconds), _Direction(delay_seconds)
    return LinkEnd(there, back), LinkEnd(back, there)
