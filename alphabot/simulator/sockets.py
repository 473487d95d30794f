"""The door over sockets: loopback ports for programs, browsers and other languages."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from functools import partial
from typing import cast

import trio
from hypercorn.config import Config
from hypercorn.trio import serve
from hypercorn.typing import Framework

from alphabot.simulator.addresses import Addresses, addresses_of
from alphabot.simulator.rest import rest_app
from alphabot.simulator.service import SimulatedExchange
from alphabot.simulator.stream import serve_stream

__all__ = ["serve_sockets"]

_HOST = "127.0.0.1"
_BACKLOG = 100
_GRACE_SECONDS = 0.05
"""What a reply that is under way may take when the exchange stops; nothing else is waited for."""
_STUCK_MS = 2000
"""How long a client may refuse to read; hypercorn shields its sends, so only TCP can end them."""


async def serve_sockets(
    exchange: SimulatedExchange,
    *,
    rest_port: int = 0,
    stream_port: int = 0,
    task_status: trio.TaskStatus[Addresses] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Run the exchange on loopback ports until cancelled or the exchange is closed; 0 is any port.

    Starts once both ports listen. Raises OSError if a port cannot be had.
    """
    with ExitStack() as unless_served:
        rest_socket = unless_served.enter_context(_listening_socket(rest_port))
        stream_socket = unless_served.enter_context(_listening_socket(stream_port))
        addresses = addresses_of(
            _HOST, rest_socket.getsockname()[1], stream_socket.getsockname()[1]
        )
        unless_served.pop_all()
    async with trio.open_nursery() as nursery:
        await nursery.start(_serve_rest, exchange, rest_socket, nursery.cancel_scope)
        listener = trio.SocketListener(trio.socket.from_stdlib_socket(stream_socket))
        nursery.start_soon(trio.serve_listeners, partial(serve_stream, exchange), [listener])
        nursery.start_soon(exchange.drive)
        task_status.started(addresses)


async def _serve_rest(  # noqa: ASYNC128  (hypercorn's serve calls started)
    exchange: SimulatedExchange,
    listening: socket.socket,
    everything: trio.CancelScope,
    *,
    task_status: trio.TaskStatus[list[str]],
) -> None:
    """Serve HTTP until the exchange closes, then end everything that serves it."""
    config = Config()
    config.bind = [f"fd://{listening.detach()}"]
    config.accesslog = None
    config.errorlog = None
    config.graceful_timeout = _GRACE_SECONDS
    config.keep_alive_timeout = exchange.settings.keep_alive_ms / 1000
    await serve(
        cast(Framework, rest_app(exchange)),
        config,
        shutdown_trigger=exchange.wait_closing,
        task_status=task_status,
        mode="asgi",
    )
    everything.cancel()


def _listening_socket(port: int) -> socket.socket:
    listening = socket.socket()
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Only Linux has it; elsewhere a client that refuses to read can hold up the stop.
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _STUCK_MS)
        listening.bind((_HOST, port))
        listening.listen(_BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening
