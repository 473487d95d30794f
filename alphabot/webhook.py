"""POSTs to services whose address is a secret: what notifiers share of HTTP.

The token of a Telegram bot and the whole of a Slack webhook are parts of the URL, and httpx keeps
the URL in its exceptions and prints it in its log. So nothing of httpx leaves this file: what it
raises is told in words of our own, and no exception of it hangs on ours, not even as a cause.

Answers come from wherever the network says the service is. They are read up to a size, never
unpacked, never redirected by, and waited for only so long.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

import certifi
import httpx
import msgspec
import trio

from alphabot.errors import NotDelivered

__all__ = ["ANSWER_BYTES_MAX", "Answer", "Poster", "host_of", "open_poster"]

ANSWER_BYTES_MAX: Final = 1_048_576
ANSWER_SECONDS: Final = 20.0
"""From the first look-up of the name to the last byte of the answer."""
CLOSE_SECONDS: Final = 1.0
_IDLE_SECONDS: Final = 15.0
_WAIT_DIGITS_MAX: Final = 6


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service answered, whatever its status."""

    status: int
    body: bytes
    retry_after_seconds: float | None = None
    """From the Retry-After header; None where there is none in seconds."""


class Poster:
    """Posts JSON, one request at a time.

    One at a time, because httpcore loses connections for good when more requests are cancelled
    than it has connections.
    """

    def __init__(self, client: httpx.AsyncClient, answer_seconds: float) -> None:
        self._client = client
        self._answer_seconds = answer_seconds
        self._turn = trio.Lock()

    async def post(self, url: str, message: Mapping[str, object]) -> Answer:
        """Return the answer to a POST of ``message``.

        Raises NotDelivered, which names the host and nothing else of ``url``, when there was no
        whole answer; whether the message was taken is not known then.
        """
        outcome: Answer | str = f"no answer within {self._answer_seconds:g} s"
        async with self._turn:
            with trio.move_on_after(self._answer_seconds):
                outcome = await self._exchange(url, msgspec.json.encode(message))
        # Not where httpx was caught, or what knows the URL would be this one's context.
        if isinstance(outcome, str):
            raise NotDelivered(f"{host_of(url)}: {outcome}")
        return outcome

    async def _exchange(self, url: str, content: bytes) -> Answer | str:
        """Return the answer, or what became of it."""
        await trio.lowlevel.checkpoint()
        body, broken_by = bytearray(), ""
        try:
            async with self._client.stream("POST", url, content=content) as response:
                # Raw: a small packed body may unpack to a huge one.
                async for chunk in response.aiter_raw():
                    body += chunk
                    if len(body) > ANSWER_BYTES_MAX:
                        # Reading on breaks then, which ends every generator below; whoever stops
                        # reading leaves them behind, half run.
                        await response.aclose()
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as broken:
            broken_by = type(broken).__name__
        if len(body) > ANSWER_BYTES_MAX:
            return f"an answer of more than {ANSWER_BYTES_MAX} bytes"
        if broken_by:
            return broken_by
        wait = response.headers.get("retry-after", "")
        seconds = wait.isascii() and wait.isdigit() and len(wait) <= _WAIT_DIGITS_MAX
        return Answer(response.status_code, bytes(body), float(wait) if seconds else None)


@asynccontextmanager
async def open_poster(answer_seconds: float = ANSWER_SECONDS) -> AsyncIterator[Poster]:
    """Open a client of one's own; ``answer_seconds`` is the most that an answer may take."""
    client = httpx.AsyncClient(
        verify=_tls_context(),
        trust_env=False,
        follow_redirects=False,
        # trio's deadline ends a request as a whole; httpx's own would each watch a part of it.
        timeout=httpx.Timeout(None),
        limits=httpx.Limits(
            max_connections=2, max_keepalive_connections=1, keepalive_expiry=_IDLE_SECONDS
        ),
        headers={
            "content-type": "application/json",
            "accept-encoding": "identity",
            "user-agent": "alphabot",
        },
    )
    try:
        yield Poster(client, answer_seconds)
    finally:
        with trio.move_on_after(CLOSE_SECONDS, shield=True):
            await client.aclose()


def host_of(url: str) -> str:
    """Return the host of an address that secrets may be sent to.

    Raises ValueError, which does not quote the address, unless it is ``https://``, or ``http://``
    on this machine.
    """
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("not an address") from None
    secure = parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(host))
    if not secure or not host or "@" in parts.netloc or not url.isascii() or not url.isprintable():
        raise ValueError("an address that begins with https:// was expected")
    return host


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


@cache
def _tls_context() -> ssl.SSLContext:
    """Return the one context for all notifiers: another costs 50 ms and 700 KB.

    Not ssl.create_default_context(), which writes the keys of every session to SSLKEYLOGFILE.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # looks at certificate and name
    context.load_verify_locations(certifi.where())
    return context
