"""The order lane: one keep-alive connection for the requests that move money.

An HTTP client's exception does not say whether a request had an effect: a server that has read
the whole POST and one that has not can produce the same error. The lane knows, because it hands
the last byte of a request over by itself, and remembers that it did:

* before that, the exchange cannot have acted: a body without its end is no request. NotSent.
* from then on, it may have: only an answer read to its end says more. OutcomeUnknown.

Writing the rest first costs one more packet and needs no trust in what a failed write says. It
holds under TLS as well, where a count of bytes would lie: two writes are two records.

Nothing is ever sent twice. A connection is used again only while it is younger than the server's
patience, has nothing unread, and its last answer was read to the end; anything else, a
cancellation included, closes it.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Final

import h11
import trio

from alphabot.errors import NotSent, OutcomeUnknown, UnexpectedReply
from alphabot.exchange.net import Address, connect, is_readable
from alphabot.exchange.replies import Body, receive_head
from alphabot.exchange.session import Session
from alphabot.exchange.wire.envelope import Reply
from alphabot.ports import Net

__all__ = ["Lane", "Sent"]

IDLE_SECONDS: Final = 4.0
"""Shorter than any server keeps an idle connection: a request must not cross its close."""
AFTER_CANCEL_SECONDS: Final = 0.5
"""How long a cancelled request still waits for its answer before it is unknown."""
LAST_BYTE_SECONDS: Final = 1.0
"""How long the last byte may wait for room in the stream."""

_READ_BYTES: Final = 8_192
_HEAD_BYTES_MAX: Final = 32_768
_INTERIM_MAX: Final = 10
_BROKEN = (trio.BrokenResourceError, trio.ClosedResourceError, OSError)


class Sent(Enum):
    """What may have left of the present request, or had left of the last one."""

    NOTHING = "nothing"
    PART = "part"
    WHOLE = "whole"


class _Connection:
    """One stream, one HTTP/1.1 conversation on it, and when it was last used."""

    def __init__(self, stream: trio.abc.Stream, session: Session) -> None:
        self.stream = stream
        self._session = session
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD_BYTES_MAX)
        self._begin()

    def _begin(self) -> None:
        self._used_at = trio.current_time()
        self._interim = 0
        self._status = 0
        self._headers: dict[str, str] = {}
        self._body = Body()

    def is_fresh(self, idle_seconds: float) -> bool:
        """Return whether a next request may be written here."""
        idle = trio.current_time() - self._used_at
        return idle < idle_seconds and not is_readable(self.stream)

    def encode(self, host: str, path: str, body: bytes) -> bytes:
        """Return a whole request; raises NotSent if it cannot be spelt."""
        headers = [
            ("host", host),
            *self._session.headers(with_body=True),
            ("content-length", str(len(body))),
        ]
        try:
            request = h11.Request(method="POST", target=path, headers=headers)
        except h11.LocalProtocolError as cause:
            raise NotSent(f"the request cannot be spelt: {cause}") from cause
        events = (request, h11.Data(body), h11.EndOfMessage())
        return b"".join(self._http.send(event) or b"" for event in events)

    def feed(self, data: bytes) -> Reply | None:
        """Take what has arrived; return the answer once it is whole.

        Raises UnexpectedReply and h11.RemoteProtocolError for what is no answer.
        """
        self._http.receive_data(data)
        while (event := self._http.next_event()) is not h11.NEED_DATA:
            match event:
                case h11.Response():
                    self._status = event.status_code
                    self._headers = receive_head(event.headers, self._session)
                case h11.Data():
                    self._body.add(bytes(event.data))
                case h11.EndOfMessage():
                    return Reply(self._status, self._headers, self._body.whole())
                case h11.InformationalResponse():
                    self._interim += 1
                    if self._interim > _INTERIM_MAX:
                        raise UnexpectedReply("the answer did not begin")
                case _:
                    raise UnexpectedReply("the connection was closed instead of an answer")
        return None

    def next_cycle(self) -> bool:
        """Return whether the answer left the connection ready for another request."""
        done = self._http.our_state is h11.DONE and self._http.their_state is h11.DONE
        # Bytes after an answer would be taken for the answer to the next request.
        if not done or self._http.trailing_data[0]:
            return False
        self._http.start_next_cycle()
        self._begin()
        return True


class Lane:
    """Sends one user's order requests, one at a time, and knows what has left of each.

    ``sent`` is the fact about the present or last request, true after a cancellation too.
    """

    def __init__(
        self, net: Net, address: Address, session: Session, *, idle_seconds: float = IDLE_SECONDS
    ) -> None:
        self.sent = Sent.NOTHING
        self._net = net
        self._address = address
        self._host = address.authority
        self._session = session
        self._idle_seconds = idle_seconds
        self._connection: _Connection | None = None
        self._turn = trio.Lock()

    def __repr__(self) -> str:
        state = "idle" if self._connection else "closed"
        return f"<Lane to {self._host}, {state}, last sent {self.sent.value}>"

    async def post(
        self, path: str, body: bytes, *, permit: Callable[[], None] = lambda: None
    ) -> Reply:
        """Send a request and return its answer, whatever the answer says.

        ``permit`` is called once there is a connection, before the first byte leaves, and again
        before the last one does; what it raises stops the request.

        Raises NotSent when the exchange cannot have acted, OutcomeUnknown when it may have. A
        cancellation before the last byte leaves passes through: nothing was done. One that comes
        later waits AFTER_CANCEL_SECONDS for the answer and then becomes OutcomeUnknown. So a
        Cancelled out of here always means that nothing was done.
        """
        if not body:
            raise ValueError("a request that moves money has a body")
        async with self._turn:
            self.sent = Sent.NOTHING
            connection = await self._connected()
            try:
                permit()
                await self._send(connection, connection.encode(self._host, path, body), permit)
                reply = await self._answer(connection)
            except BaseException:
                await self._drop(connection)  # noqa: ASYNC102 - does not wait
                raise
            if not connection.next_cycle():
                await self._drop(connection)
            return reply

    async def aclose(self) -> None:
        """Close the connection; at once, also while cancelled."""
        if self._connection is not None:
            await self._drop(self._connection)
        else:
            await trio.lowlevel.checkpoint()

    async def _connected(self) -> _Connection:
        """Return the connection if it can be used again, else a new one."""
        connection = self._connection
        if connection is not None:
            if connection.is_fresh(self._idle_seconds):
                await trio.lowlevel.checkpoint()
                return connection
            await self._drop(connection)
        stream = await connect(self._net, self._address)
        self._connection = _Connection(stream, self._session)
        return self._connection

    async def _send(
        self, connection: _Connection, request: bytes, permit: Callable[[], None]
    ) -> None:
        self.sent = Sent.PART
        try:
            await connection.stream.send_all(request[:-1])
        except _BROKEN as cause:
            raise NotSent(f"the connection broke before the request was whole: {cause}") from cause
        # The loop may have stood still since the first byte, and the world not.
        permit()
        self.sent = Sent.WHOLE
        try:
            # A cancellation must not leave the question open whether this byte went.
            with trio.fail_after(LAST_BYTE_SECONDS, shield=True):
                await connection.stream.send_all(request[-1:])
        except (*_BROKEN, trio.TooSlowError) as cause:
            raise OutcomeUnknown(f"the connection broke at the last byte: {cause}") from cause

    async def _answer(self, connection: _Connection) -> Reply:
        try:
            return await self._receive(connection)
        # Not swallowed: the scope stays cancelled, and the caller's next checkpoint says so. But
        # the caller must first learn what became of its money, and Cancelled could not say.
        except trio.Cancelled:  # noqa: ASYNC103 - see above
            with trio.move_on_after(AFTER_CANCEL_SECONDS, shield=True):
                return await self._receive(connection)  # noqa: ASYNC104 - too
        raise OutcomeUnknown("cancelled while waiting for the answer")

    async def _receive(self, connection: _Connection) -> Reply:
        """Return the answer; cancelled, it can be called again and goes on where it was."""
        try:
            while True:
                data = await connection.stream.receive_some(_READ_BYTES)
                if (reply := connection.feed(bytes(data))) is not None:
                    return reply
        except (*_BROKEN, h11.RemoteProtocolError, UnexpectedReply) as cause:
            raise OutcomeUnknown(f"the answer was lost: {cause}") from cause

    async def _drop(self, connection: _Connection) -> None:
        self._connection = None
        # Shielded and expired: the stream closes without waiting for anything, and an answer
        # already in hand is not lost to a cancellation.
        with trio.move_on_after(0, shield=True):
            await connection.stream.aclose()
