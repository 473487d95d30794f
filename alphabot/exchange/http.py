"""HTTP for reads: httpx over the Net port, with every habit of it that could hurt switched off.

httpx brings no connection, no cookie jar, no redirects and no environment here: its transport is
ours, httpcore's pool on streams of Net. To httpcore every connection is a plain one, since TLS
is Net's business. Five traps are walled off:

* httpcore loses connections for good when more requests are cancelled than it has connections
  (platform trial): fewer requests than connections are ever let in.
* its idle expiry reads the machine's clock: ours reads trio's, and answers the question httpcore
  asks before it uses a connection again, ``is_readable``.
* its shielded close can wait without bound: our streams close at once.
* a body one stops reading leaves its asynchronous generators behind, half run: bytes are counted
  below them, so that an answer that is too large ends as a broken connection does.
* it works off all it was given before it lets anybody else run, however many headers or chunks
  that is (120 ms were measured for 64 KB of chunks of one byte): it is given little at a time.

Requests that move money do not come this way; they take the order lane.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final
from urllib.parse import urlencode

import httpcore
import httpx
import trio

from alphabot.errors import NotSent, UnexpectedReply
from alphabot.exchange.exchange_time import ExchangeTime
from alphabot.exchange.net import Address, connect, is_readable
from alphabot.exchange.replies import receive_head
from alphabot.exchange.session import Session
from alphabot.exchange.wire.envelope import BODY_BYTES_MAX, Reply
from alphabot.ports import Net

__all__ = ["HttpClient", "Reply", "open_http"]

IDLE_SECONDS: Final = 15.0
"""Shorter than servers are known to keep an idle connection."""
CONNECTIONS_MAX: Final = 8
REQUESTS_MAX: Final = 4
"""At once; the others wait their turn. Well below CONNECTIONS_MAX, since one that is being
closed still counts there."""
CLOSE_SECONDS: Final = 1.0

_READ_BYTES_MAX: Final = 8_192
_HEAD_BYTES_MAX: Final = 32_768
"""For an answer's head and what may come before it; below httpcore's own bound, so that it is
known here that the head was too large."""
_FRAMING_BYTES_MAX: Final = 262_144
"""For what frames a body's chunks."""

# What goes between HttpClient and its transport, past httpx.
_SIZE_MAX: Final = "alphabot.body_bytes_max"
_HEADERS: Final = "alphabot.headers"

_NOTHING: Mapping[str, str] = {}


class HttpClient:
    """Asks one host for things, with one session's headers and cookies.

    Both methods return the answer whatever its status; they raise NotSent when no connection
    could be had, and UnexpectedReply when the answer was lost, too large or not HTTP.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        address: Address,
        session: Session,
        time: ExchangeTime | None = None,
    ) -> None:
        self._time = time
        self._client = client
        self._address = address
        self._session = session
        self._turns = trio.CapacityLimiter(REQUESTS_MAX)

    async def get(
        self,
        path: str,
        query: Mapping[str, str] = _NOTHING,
        *,
        body_bytes_max: int = BODY_BYTES_MAX,
    ) -> Reply:
        """Return the answer to a GET.

        A server may close an idle connection just as we use it. A GET has no effect, so one whose
        connection broke is asked once more; an answer that is too large will be so again.
        """
        target = f"{path}?{urlencode(query)}" if query else path
        try:
            return await self._ask("GET", target, None, body_bytes_max)
        except UnexpectedReply as lost:
            broken = isinstance(lost.__cause__, httpcore.NetworkError | httpcore.ProtocolError)
            if not broken or isinstance(lost.__cause__, _TooMuch):
                raise
        return await self._ask("GET", target, None, body_bytes_max)

    async def post(self, path: str, body: bytes) -> Reply:
        """Return the answer to a POST that moves no money, such as asking for a listen key."""
        return await self._ask("POST", path, body, BODY_BYTES_MAX)

    async def _ask(self, method: str, target: str, body: bytes | None, size_max: int) -> Reply:
        async with self._turns:
            with _translated():
                request = self._request(method, target, body, size_max)
                response = await self._client.send(request)
        if self._time is not None:
            self._time.hear(response.extensions[_HEADERS])
        if len(response.content) > size_max:
            raise UnexpectedReply(f"a body of at most {size_max} bytes was expected")
        return Reply(response.status_code, response.extensions[_HEADERS], response.content)

    def _request(
        self, method: str, target: str, body: bytes | None, size_max: int
    ) -> httpx.Request:
        scheme = "https" if self._address.tls else "http"
        return httpx.Request(
            method,
            httpx.URL(f"{scheme}://{self._address.authority}{target}"),
            headers=self._session.headers(with_body=body is not None),
            content=body,
            extensions={_SIZE_MAX: size_max},
        )


@asynccontextmanager
async def open_http(
    net: Net, rest_url: str, session: Session | None = None, *, time: ExchangeTime | None = None
) -> AsyncIterator[HttpClient]:
    """Open a client for ``https://host[:port]``; without a session, a public one without cookies.

    ``time`` hears of every answer.

    Raises ConfigError for an address that is none.
    """
    address = Address.parse(rest_url)
    session = session or Session(address.host)
    client = httpx.AsyncClient(
        transport=_Transport(net, address, session),
        trust_env=False,
        follow_redirects=False,
        timeout=httpx.Timeout(None),
    )
    try:
        yield HttpClient(client, address, session, time)
    finally:
        with trio.move_on_after(CLOSE_SECONDS, shield=True):
            await client.aclose()


@contextmanager
def _translated() -> Iterator[None]:
    """Turn what httpx and httpcore raise into our tree, causes kept."""
    try:
        yield
    except httpcore.ConnectError as cause:
        raise NotSent(str(cause)) from cause
    except (
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.TimeoutException,
        httpx.HTTPError,
        httpx.InvalidURL,
    ) as cause:
        raise UnexpectedReply(f"the answer was lost: {cause!r:.200}") from cause


class _Transport(httpx.AsyncBaseTransport):
    """Carries httpx's requests over httpcore's pool, and keeps cookies to itself."""

    def __init__(self, net: Net, address: Address, session: Session) -> None:
        self._address = address
        self._session = session
        self._pool = httpcore.AsyncConnectionPool(
            max_connections=CONNECTIONS_MAX,
            max_keepalive_connections=2,
            keepalive_expiry=None,
            http2=False,
            retries=0,
            network_backend=_Backend(net, address),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._pool.handle_async_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=b"http",
                    host=self._address.host.encode(),
                    port=self._address.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.stream,
            )
        )
        stream = _ResponseStream(response)
        try:
            headers = receive_head(response.headers, self._session)
        except UnexpectedReply:
            await stream.aclose()
            raise
        below = response.extensions["network_stream"]
        if isinstance(below, _Stream):
            below.allow(request.extensions[_SIZE_MAX] + _FRAMING_BYTES_MAX)
        # The headers go past httpx: it would follow, decode and re-spell what it finds in them.
        return httpx.Response(response.status, stream=stream, extensions={_HEADERS: headers})

    async def aclose(self) -> None:
        await self._pool.aclose()


class _ResponseStream(httpx.AsyncByteStream):
    """The body of httpcore's response, as httpx wants it."""

    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._response.aiter_stream()

    async def aclose(self) -> None:
        with trio.move_on_after(CLOSE_SECONDS, shield=True):
            await self._response.aclose()


class _Backend(httpcore.AsyncNetworkBackend):
    """Gives httpcore streams of Net, whatever address it names: a pool has one host here."""

    def __init__(self, net: Net, address: Address) -> None:
        self._net = net
        self._address = address

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's interface
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            return _Stream(await connect(self._net, self._address))
        except NotSent as cause:
            raise httpcore.ConnectError(str(cause)) from cause


class _TooMuch(httpcore.ReadError):
    """The peer sends more than an answer may have; to httpcore, the connection is broken."""


class _Stream(httpcore.AsyncNetworkStream):
    """A trio stream as httpcore wants it, which also knows how long it has been idle."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self._stream = stream
        self._used_at = trio.current_time()
        self._allowed = 0

    def allow(self, size: int) -> None:
        """Let that many more bytes come in."""
        self._allowed = size

    # The timeouts are httpcore's interface, and always None here.
    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - as above
        try:
            data = bytes(await self._stream.receive_some(min(max_bytes, _READ_BYTES_MAX)))
        except (trio.BrokenResourceError, trio.ClosedResourceError, OSError) as cause:
            raise httpcore.ReadError(str(cause)) from cause
        self._allowed -= len(data)
        if self._allowed < 0:
            raise _TooMuch("more was sent than was allowed")
        self._used_at = trio.current_time()
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - as above
        try:
            await self._stream.send_all(buffer)
        except (trio.BrokenResourceError, trio.ClosedResourceError, OSError) as cause:
            raise httpcore.WriteError(str(cause)) from cause
        self.allow(_HEAD_BYTES_MAX)
        self._used_at = trio.current_time()

    async def aclose(self) -> None:
        await trio.aclose_forcefully(self._stream)

    def get_extra_info(self, info: str) -> Any:
        if info != "is_readable":
            return None
        idle = trio.current_time() - self._used_at
        return idle >= IDLE_SECONDS or is_readable(self._stream)
