"""The memory door: the exchange as a network of its own, without sockets and without threads.

Connections are served by tasks of the exchange's nursery, never by the client's: a client that
gives up must not undo what the exchange was doing for it.
"""

from __future__ import annotations

import trio

from alphabot.simulator.addresses import Addresses, addresses_of
from alphabot.simulator.asgi import serve_http
from alphabot.simulator.links import LinkEnd, open_link
from alphabot.simulator.rest import rest_app
from alphabot.simulator.service import AnyService
from alphabot.simulator.stream import serve_stream

__all__ = ["MemoryNet"]

_HOST = "exchange.simulated"
_REST_PORT = 80
_STREAM_PORT = 8080


class MemoryNet:
    """A ``Net`` whose only host is the exchange. Connections are refused unless it is served."""

    def __init__(self, exchange: AnyService) -> None:
        self._exchange = exchange
        self._app = rest_app(exchange)
        self._delay_seconds = exchange.settings.link_delay_ms / 1000
        self._nursery: trio.Nursery | None = None
        self.addresses = addresses_of(_HOST, _REST_PORT, _STREAM_PORT)

    async def serve(
        self, *, task_status: trio.TaskStatus[Addresses] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Run the exchange and accept connections until cancelled or the exchange is closed.

        May be run again after it has ended, as an exchange that was down and is back.
        """
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._exchange.drive)
            self._nursery = nursery
            task_status.started(self.addresses)
            try:
                await self._exchange.wait_closing()
            finally:
                self._nursery = None
                nursery.cancel_scope.cancel()

    async def open(self, host: str, port: int, *, tls: bool) -> trio.abc.HalfCloseableStream:
        """Return a connected stream; raises ConnectionRefusedError for any other address.

        ``tls`` asks for bytes that nobody else can read, which memory gives without a cipher.
        """
        # A connection takes one journey there and one back.
        await trio.sleep(2 * self._delay_seconds)
        nursery = self._nursery
        if nursery is None or host != _HOST or port not in (_REST_PORT, _STREAM_PORT):
            raise ConnectionRefusedError(f"nobody listens on {host}:{port}")
        ours, theirs = open_link(self._delay_seconds)
        nursery.start_soon(self._serve_connection, ours, port)
        return theirs

    async def _serve_connection(self, stream: LinkEnd, port: int) -> None:
        try:
            if port == _REST_PORT:
                await serve_http(
                    self._app,
                    stream,
                    keep_alive_ms=self._exchange.settings.keep_alive_ms,
                    now_ms=self._exchange.now_ms,
                )
            else:
                await serve_stream(self._exchange, stream)
        finally:
            stream.close()
