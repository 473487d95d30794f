"""What can be done to a stream of Net whatever it is made of: memory, a socket, TLS on a socket."""

from __future__ import annotations

import select
import socket
import struct
from typing import Protocol, cast

import trio

__all__ = ["close_now", "is_readable"]

_LINGER_NOT = struct.pack("ii", 1, 0)


def close_now(stream: trio.abc.Stream, *, reset: bool = False) -> None:
    """Close a stream without waiting; over sockets the peer can be told that it was a reset."""
    if isinstance(stream, trio.SSLStream):
        close_now(stream.transport_stream, reset=reset)
    elif isinstance(stream, trio.SocketStream):
        if reset and stream.socket.fileno() >= 0:
            stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        stream.socket.close()
    else:
        cast(_Memory, stream).close()


def is_readable(stream: trio.abc.Stream) -> bool:
    """Return whether a read would return at once, or fail at once.

    The client asks the same of its own streams, with code of its own: the two rooms are apart.
    """
    if isinstance(stream, trio.SSLStream):
        return is_readable(stream.transport_stream)
    if isinstance(stream, trio.SocketStream):
        if (descriptor := stream.socket.fileno()) < 0:
            return True
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(0))
    return cast(_Memory, stream).is_readable()


class _Memory(Protocol):
    """What streams in memory offer beyond trio's interface."""

    def close(self) -> None: ...

    def is_readable(self) -> bool: ...
