"""A small HTTP/1.1 server for an ASGI application, on any byte stream.

It is what serves the memory door: keep-alive, one request at a time, no threads and no sockets.
"""

from __future__ import annotations

from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import h11
import trio
from starlette.types import ASGIApp, Message, Scope

__all__ = ["serve_http"]

_RECEIVE_BYTES = 65_536
_LOST = (h11.RemoteProtocolError, trio.BrokenResourceError, trio.ClosedResourceError)


async def serve_http(
    app: ASGIApp, stream: trio.abc.Stream, *, keep_alive_ms: int, now_ms: Callable[[], int]
) -> None:
    """Answer requests on a connected stream until either side ends it.

    The caller closes the stream. A connection without a request for ``keep_alive_ms`` ends.
    Answers bear the time that ``now_ms`` tells, as those of any server do.
    """
    connection = _Connection(stream, now_ms)
    await trio.lowlevel.checkpoint()
    try:
        while True:
            request: h11.Request | None = None
            with trio.move_on_after(keep_alive_ms / 1000):
                request = await connection.next_request()
            if request is None:
                return
            await app(_scope(request), connection.receive, connection.send)
            if not await connection.may_go_on():
                return
    except h11.RemoteProtocolError as error:
        await connection.refuse(error.error_status_hint)
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        return


class _Connection:
    """The two callables of ASGI over h11 and a stream, for one request after the other."""

    def __init__(self, stream: trio.abc.Stream, now_ms: Callable[[], int]) -> None:
        self._stream = stream
        self._now_ms = now_ms
        self._http = h11.Connection(h11.SERVER)
        self._body_read = False
        self._lost: Exception | None = None

    async def next_request(self) -> h11.Request | None:
        """Return the next request's head, None if the client ended the connection."""
        event = await self._next_event()
        self._body_read = False
        return event if isinstance(event, h11.Request) else None

    async def may_go_on(self) -> bool:
        """Prepare for another request, if both sides keep the connection.

        An application need not ask for a body, so what is left of the request is read first.
        Raises what ended the connection, if something has.
        """
        if self._lost is not None:
            raise self._lost
        await trio.lowlevel.checkpoint()
        while self._http.their_state is h11.SEND_BODY:
            await self._next_event()
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
            return True
        return False

    async def receive(self) -> Message:
        """Return the next part of the request's body, or that the client has gone."""
        await trio.lowlevel.checkpoint()
        try:
            if self._body_read:
                await self._wait_gone()
                return {"type": "http.disconnect"}
            event = await self._next_event()
        except _LOST as error:
            # To the application this is a client that has gone, not an error of its own.
            self._lost = error
            return {"type": "http.disconnect"}
        if isinstance(event, h11.Data):
            return {"type": "http.request", "body": bytes(event.data), "more_body": True}
        self._body_read = True
        if isinstance(event, h11.EndOfMessage):
            return {"type": "http.request", "body": b"", "more_body": False}
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Send what the application answers; to a client that has gone, nothing."""
        await trio.lowlevel.checkpoint()
        try:
            await self._answer(message)
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            self._lost = error

    async def refuse(self, status: int) -> None:
        """Answer what is no HTTP, as far as an answer is still possible."""
        await trio.lowlevel.checkpoint()
        if self._http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        try:
            head = h11.Response(status_code=status, headers=[("connection", "close")])
            await self._send(head, h11.EndOfMessage())
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return

    async def _answer(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            date = formatdate(self._now_ms() / 1000, usegmt=True).encode()
            headers = [*message["headers"], (b"date", date)]
            await self._send(h11.Response(status_code=message["status"], headers=headers))
            return
        body = h11.Data(data=message.get("body", b""))
        await self._send(*([body] if message.get("more_body") else [body, h11.EndOfMessage()]))

    async def _send(self, *events: h11.Event) -> None:
        await self._stream.send_all(b"".join(self._http.send(event) or b"" for event in events))

    async def _next_event(self) -> Any:
        await trio.lowlevel.checkpoint()
        while (event := self._http.next_event()) is h11.NEED_DATA:
            self._http.receive_data(bytes(await self._stream.receive_some(_RECEIVE_BYTES)))
        return event

    async def _wait_gone(self) -> None:
        """Wait for the end of the client's bytes; what it sends ahead is kept for later."""
        while data := await self._stream.receive_some(_RECEIVE_BYTES):
            self._http.receive_data(bytes(data))


def _scope(request: h11.Request) -> Scope:
    target = request.target
    path, _, query = target.partition(b"?")
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": request.http_version.decode(),
        "method": request.method.decode(),
        "scheme": "http",
        "path": path.decode("ascii"),
        "raw_path": path,
        "query_string": query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers],
        "client": None,
        "server": None,
    }
