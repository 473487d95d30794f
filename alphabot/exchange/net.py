"""Where byte streams come from: the address of a host, and the tenant of Net with real sockets.

TLS is the business of this file alone, so that everything above it (httpx, the order lane, the
WebSocket) speaks the same way over sockets and in memory.
"""

from __future__ import annotations

import select
import ssl
from dataclasses import dataclass
from functools import cache
from typing import Final
from urllib.parse import urlsplit

import certifi
import trio

from alphabot.errors import ConfigError, NotSent
from alphabot.ports import Net

__all__ = ["CONNECT_SECONDS", "Address", "SocketNet", "connect", "is_readable"]

CONNECT_SECONDS: Final = 10.0
"""For name, TCP and TLS together: trio's handshake waits for ever when the peer goes quiet."""


@dataclass(frozen=True, slots=True)
class Address:
    """A REST host: where to connect, and what its Host header says."""

    host: str
    port: int
    tls: bool

    @classmethod
    def parse(cls, url: str) -> Address:
        """Return the address of ``https://host[:port]``; raises ConfigError for anything else."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as cause:
            raise ConfigError(f"not an address: {cause}", key="rest_url") from cause
        plain = parts.path in ("", "/") and not (parts.query or parts.fragment or parts.username)
        if parts.scheme not in ("http", "https") or not parts.hostname or not plain:
            raise ConfigError(
                "an address like https://www.binance.com was expected", key="rest_url"
            )
        tls = parts.scheme == "https"
        return cls(parts.hostname, port or (443 if tls else 80), tls)

    @property
    def authority(self) -> str:
        """The host as a Host header names it: with its port unless that is the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}"


class SocketNet:
    """The Net port over sockets; certificates are always verified."""

    async def open(self, host: str, port: int, *, tls: bool) -> trio.abc.Stream:
        """Return a connected stream; raises OSError when nothing could be connected.

        Raises ConfigError when TLS is asked for and its keys would be written to a file.
        """
        context = _tls_context() if tls else None
        plain = await trio.open_tcp_stream(host, port)
        if context is None:
            return plain
        secure = trio.SSLStream(plain, context, server_hostname=host, https_compatible=True)
        try:
            await secure.do_handshake()
        except trio.BrokenResourceError as cause:
            await trio.aclose_forcefully(plain)
            raise OSError(f"TLS with {host} failed: {cause.__cause__ or cause}") from cause
        except BaseException:
            await trio.aclose_forcefully(plain)
            raise
        return secure


async def connect(net: Net, address: Address) -> trio.abc.Stream:
    """Return a stream to the address; raises NotSent if there is none in ten seconds."""
    where = f"{address.host}:{address.port}"
    with trio.move_on_after(CONNECT_SECONDS):
        try:
            return await net.open(address.host, address.port, tls=address.tls)
        except (OSError, trio.BrokenResourceError, trio.ClosedResourceError) as cause:
            raise NotSent(f"no connection to {where}: {cause}") from cause
    raise NotSent(f"no connection to {where} within {CONNECT_SECONDS:g} s")


def is_readable(stream: trio.abc.Stream) -> bool:
    """Return whether a read would return at once.

    On an idle HTTP connection that means the peer has closed it, or said something nobody asked
    for: either way no request may be written to it. A tenant of Net that is not a socket answers
    through a method of the same name; one that has none is taken to be quiet.
    """
    if isinstance(stream, trio.SSLStream):
        return is_readable(stream.transport_stream)
    if isinstance(stream, trio.SocketStream):
        descriptor = stream.socket.fileno()
        if descriptor < 0:
            return True
        # Not select(): it fails at descriptor 1,024, which a few hundred users reach.
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(0))
    answer = getattr(stream, "is_readable", None)
    return bool(answer()) if callable(answer) else False


@cache
def _tls_context() -> ssl.SSLContext:
    """Return the process's one TLS context: another costs 50 ms and 700 KB.

    The certificates are named, so that SSL_CERT_FILE and SSL_CERT_DIR change nothing.
    """
    context = ssl.create_default_context(cafile=certifi.where())
    if context.keylog_filename is not None:
        raise ConfigError(
            "SSLKEYLOGFILE is set and would write the keys of every session to a file",
            hint="unset it and start again",
        )
    return context
