"""One WebSocket conversation, with everything that can go wrong in it made one error.

trio-websocket speaks the protocol well and trusts its peer and its caller: a handshake that is
cut hangs, closing waits without bound, a refused handshake may carry a body of any size, its
reader may raise whatever a hostile byte provokes, and nothing notices a peer that has silently
gone. This file puts a bound around each of these, so that the order feed and the market need to
know two outcomes only: a message, or :class:`alphabot.errors.FeedLost`.

Where the bounds sit: bytes are counted *below* the library, before it keeps them
(:class:`_Guarded`); time is bounded *around* it by scopes; exceptions are translated once, where
the library's own task is started (:func:`_translated`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import NoReturn, TypeVarTuple
from urllib.parse import urlsplit

import trio
from trio_websocket import (
    ConnectionClosed,
    ConnectionRejected,
    WebSocketConnection,
    wrap_client_stream,
)

from alphabot.errors import (
    AlphabotError,
    ConfigError,
    ExchangeError,
    FeedLost,
    NotSent,
    RateLimited,
    UnexpectedReply,
)
from alphabot.exchange.net import Address, connect
from alphabot.exchange.parts import open_parts
from alphabot.exchange.wire.envelope import Reply, open_envelope
from alphabot.exchange.wire.stream import FRAME_BYTES_MAX
from alphabot.ports import Net

__all__ = ["Socket", "StreamAddress", "open_socket"]

Ts = TypeVarTuple("Ts")

HANDSHAKE_SECONDS = 10.0
"""For the WebSocket handshake, once the byte stream is there."""
SEND_SECONDS = 5.0
"""A few hundred bytes that do not leave in this time: the peer no longer reads."""
DROP_SECONDS = 1.0
"""For a stream that breaks its promise to close at once. Closing is shielded, or the Cancelled it
raises would take the place of the error that it closes for."""
QUIET_SECONDS = 5.0
"""After so long without a byte a ping is sent ..."""
PONG_SECONDS = 8.0
"""... and must be answered within this: a half-open connection is noticed within 13 s."""

HANDSHAKE_BYTES_MAX = 16 * 1024
SILENT_BYTES_MAX = FRAME_BYTES_MAX + 64 * 1024
"""Bytes that may come without completing one message. Endless fragments and floods of pings end
there; the pongs of a quiet line take days, and then cost one reconnect."""
FRAMES_WAITING_MAX = 64
"""Messages between the library's reader and ours. When full, its reader waits, and with it our
pongs: so whoever calls :meth:`Socket.receive` must do so again without waiting for anyone."""


@dataclass(frozen=True, slots=True)
class StreamAddress:
    """Where a stream is had: a host, and what to ask it for."""

    host: Address
    resource: str

    @classmethod
    def parse(cls, url: str) -> StreamAddress:
        """Return the parts of an address; raises ConfigError for anything but ws and wss."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as cause:
            raise ConfigError(f"not an address: {cause}") from cause
        if parts.scheme not in ("ws", "wss") or not parts.hostname or parts.username:
            raise ConfigError("a ws:// or wss:// address was expected")
        tls = parts.scheme == "wss"
        query = f"?{parts.query}" if parts.query else ""
        host = Address(parts.hostname, port or (443 if tls else 80), tls)
        return cls(host, (parts.path or "/") + query)


class Socket:
    """An open WebSocket; made by :func:`open_socket` alone."""

    def __init__(
        self, connection: WebSocketConnection, stream: _Guarded, nursery: trio.Nursery
    ) -> None:
        self._connection = connection
        self._stream = stream
        self._nursery = nursery

    async def send(self, text: str) -> None:
        """Send a text message; raises FeedLost if it cannot leave."""
        try:
            with trio.fail_after(SEND_SECONDS):
                await self._connection.send_message(text)
        except trio.TooSlowError as cause:
            raise FeedLost(f"nothing could be sent for {SEND_SECONDS:g} s") from cause
        except ConnectionClosed as cause:
            raise FeedLost(_why_closed(cause)) from cause

    async def receive(self) -> str:
        """Return the next text message.

        Raises FeedLost when there will be none, UnexpectedReply for a binary one (the exchange
        sends text alone, protocol section 6).
        """
        try:
            message = await self._connection.get_message()
        except ConnectionClosed as cause:
            raise FeedLost(_why_closed(cause)) from cause
        self._stream.message_completed()
        if isinstance(message, bytes):
            raise UnexpectedReply("a binary message", message)
        return message

    def start_soon(self, part: Callable[[*Ts], Awaitable[None]], *args: *Ts) -> None:
        """Run another part of this conversation; its failure ends the whole of it."""
        self._nursery.start_soon(part, *args)


@asynccontextmanager
async def open_socket(net: Net, address: StreamAddress) -> AsyncIterator[Socket]:
    """Connect, keep the connection alive during the block, and close it without waiting.

    Raises FeedLost if the connection cannot be had (RateLimited if the exchange asks us to stay
    away), and inside the block when it is lost. What
    the block or one of its parts raises leaves as itself.
    """
    async with open_parts() as nursery:
        stream, connection = await _connect(nursery, net, address)
        nursery.start_soon(_keep_alive, connection, stream)
        try:
            yield Socket(connection, stream, nursery)
        finally:
            # The parts first: they would fail by the closing, and hide why we close. And no close
            # handshake: a peer that is gone would hold us up, and another learns from the end of
            # the bytes what it would have learnt from a farewell.
            nursery.cancel_scope.cancel()
            with trio.move_on_after(DROP_SECONDS, shield=True):
                await trio.aclose_forcefully(stream)


async def _connect(
    nursery: trio.Nursery, net: Net, address: StreamAddress
) -> tuple[_Guarded, WebSocketConnection]:
    try:
        stream = _Guarded(await connect(net, address.host))
    except NotSent as cause:
        raise FeedLost(str(cause)) from cause
    try:
        with trio.fail_after(HANDSHAKE_SECONDS):
            connection = await _shake_hands(nursery, stream, address)
    except trio.TooSlowError as cause:
        raise FeedLost(f"no handshake within {HANDSHAKE_SECONDS:g} s") from cause
    stream.handshake_completed()
    return stream, connection


async def _shake_hands(
    nursery: trio.Nursery, stream: _Guarded, address: StreamAddress
) -> WebSocketConnection:
    try:
        return await wrap_client_stream(
            _TranslatingNursery(nursery),  # type: ignore[arg-type] # all that it uses is there
            stream,  # type: ignore[arg-type] # declared narrower than what it needs
            address.host.authority,
            address.resource,
            message_queue_size=FRAMES_WAITING_MAX,
            max_message_size=FRAME_BYTES_MAX,
        )
    except BaseException:
        with trio.move_on_after(DROP_SECONDS, shield=True):
            await trio.aclose_forcefully(stream)
        raise


async def _keep_alive(connection: WebSocketConnection, stream: _Guarded) -> NoReturn:
    """Ask for a sign of life whenever the line has been quiet."""
    sent = 0
    while True:
        quiet_at = stream.heard_at + QUIET_SECONDS
        if trio.current_time() < quiet_at:
            await trio.sleep_until(quiet_at)
            continue
        sent += 1
        try:
            with trio.fail_after(PONG_SECONDS):
                await connection.ping(b"%d" % sent)
        except trio.TooSlowError as cause:
            raise FeedLost(f"a ping was not answered within {PONG_SECONDS:g} s") from cause
        except ConnectionClosed as cause:
            raise FeedLost(_why_closed(cause)) from cause


class _Guarded(trio.abc.Stream):
    """The byte stream under the library: counts what comes in and knows when it last did."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self.heard_at = trio.current_time()
        self._stream = stream
        self._shaking_hands = True
        self._budget = HANDSHAKE_BYTES_MAX

    def handshake_completed(self) -> None:
        self._shaking_hands = False
        self._budget = SILENT_BYTES_MAX

    def message_completed(self) -> None:
        self._budget = SILENT_BYTES_MAX

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        try:
            data = await self._stream.receive_some(max_bytes)
        except trio.BrokenResourceError as cause:
            self._cut_in_handshake(cause)
            raise
        if not data:
            self._cut_in_handshake(None)
        self.heard_at = trio.current_time()
        self._budget -= len(data)
        if self._budget < 0:
            raise FeedLost("too many bytes without a message")
        return data

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        try:
            await self._stream.send_all(data)
        except trio.BrokenResourceError as cause:
            self._cut_in_handshake(cause)
            raise

    async def wait_send_all_might_not_block(self) -> None:
        await self._stream.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        await self._stream.aclose()

    def _cut_in_handshake(self, cause: Exception | None) -> None:
        # The library would end its reader and leave whoever awaits the handshake waiting.
        if self._shaking_hands:
            raise FeedLost("the connection ended during the handshake") from cause


class _TranslatingNursery:
    """A nursery to the library, which starts one task: its reader."""

    def __init__(self, nursery: trio.Nursery) -> None:
        self._nursery = nursery

    def start_soon(self, reader: Callable[[], Awaitable[None]]) -> None:
        self._nursery.start_soon(_translated, reader)


async def _translated(reader: Callable[[], Awaitable[None]]) -> None:
    try:
        await reader()
    except AlphabotError:
        raise
    except ConnectionRejected as cause:
        raise _refusal(cause) from cause
    except Exception as cause:
        # Whatever bytes the exchange may find to break the library with, they cost this
        # connection and nothing else.
        raise FeedLost(f"the WebSocket could not be read: {type(cause).__name__}") from cause


def _refusal(rejected: ConnectionRejected) -> FeedLost | RateLimited:
    """Return what a refused handshake means; a block of our address is RateLimited, as in REST."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in rejected.headers}
    try:
        open_envelope(Reply(rejected.status_code, headers, rejected.body or b""))
    except RateLimited as limited:
        return limited
    except ExchangeError:
        pass
    return FeedLost(f"the handshake was refused with HTTP {rejected.status_code}")


def _why_closed(closed: ConnectionClosed) -> str:
    if closed.reason is None:
        return "the connection was closed"
    text = f"the connection was closed with code {closed.reason.code}"
    return f"{text} {closed.reason.reason[:80]!r}" if closed.reason.reason else text
