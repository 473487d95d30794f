"""The WebSocket side: subscriptions in, frames out (protocol: WebSocket)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import trio
from trio_websocket import ConnectionClosed, WebSocketConnection, wrap_server_stream

from alphabot.simulator.addresses import MARKET_STREAM_PATH, ORDER_STREAM_PATH
from alphabot.simulator.hub import Subscriber
from alphabot.simulator.service import AnyService

__all__ = ["serve_stream"]

_PATHS = (ORDER_STREAM_PATH, MARKET_STREAM_PATH)
_HANDSHAKE_SECONDS = 10
_MESSAGE_BYTES_MAX = 16_384
_STREAMS_MAX = 1024
"""How many streams one connection may hear; further ones are acked and stay silent."""


async def serve_stream(exchange: AnyService, stream: trio.abc.Stream) -> None:
    """Speak WebSocket on a connected byte stream until either side ends it.

    The caller closes the stream; there is no farewell, for a farewell waits for the peer.
    """
    async with trio.open_nursery() as nursery:
        connection: WebSocketConnection | None = None
        # The library waits for ever if the stream ends within the handshake.
        with trio.move_on_after(_HANDSHAKE_SECONDS):
            connection = await _accept(nursery, stream)
        if connection is not None:
            await _converse(exchange, connection)
        nursery.cancel_scope.cancel()


async def _accept(nursery: trio.Nursery, stream: trio.abc.Stream) -> WebSocketConnection | None:
    """Return a connection on one of the two paths; anything else is not found."""
    await trio.lowlevel.checkpoint()
    try:
        request = await wrap_server_stream(nursery, stream, max_message_size=_MESSAGE_BYTES_MAX)
        if request.path in _PATHS:
            return await request.accept()
        await request.reject(404)
    except ConnectionClosed:
        pass
    return None


async def _converse(exchange: AnyService, connection: WebSocketConnection) -> None:
    subscriber = Subscriber(
        exchange.settings.subscriber_frames_max, private=connection.path == ORDER_STREAM_PATH
    )
    try:
        with subscriber.lifetime:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_write, connection, subscriber)
                await _read(exchange, connection, subscriber)
                nursery.cancel_scope.cancel()
    finally:
        exchange.hub.leave(subscriber)


async def _write(connection: WebSocketConnection, subscriber: Subscriber) -> None:
    await trio.lowlevel.checkpoint()
    try:
        while True:
            await connection.send_message(await subscriber.next_frame())
    except ConnectionClosed:
        subscriber.lifetime.cancel()


async def _read(
    exchange: AnyService, connection: WebSocketConnection, subscriber: Subscriber
) -> None:
    await trio.lowlevel.checkpoint()
    try:
        while True:
            message = await connection.get_message()
            exchange.catch_up()
            subscriber.offer(msgspec.json.encode(_answer(exchange, subscriber, message)).decode())
            exchange.catch_up()
    except ConnectionClosed:
        return


def _answer(exchange: AnyService, subscriber: Subscriber, message: str | bytes) -> dict[str, Any]:
    """Do what a message asks and return the reply.

    The reply to a message that cannot be read is that of the spot API; none was recorded here.
    """
    try:
        request = json.loads(message)
    except (ValueError, RecursionError):
        request = None
    if not isinstance(request, dict):
        return {"error": {"code": 3, "msg": "Invalid JSON"}}
    method, names = request.get("method"), request.get("params", [])
    ack = {"id": request.get("id")}
    if method == "LIST_SUBSCRIPTIONS":
        return {"result": list(subscriber.streams)} | ack
    actions: dict[Any, Callable[[Subscriber, str], None]] = {
        "SUBSCRIBE": exchange.hub.subscribe,
        "UNSUBSCRIBE": exchange.hub.unsubscribe,
    }
    if method not in actions or not _are_names(names):
        return {"error": {"code": 2, "msg": "Invalid request"}} | ack
    for name in names:
        if method == "UNSUBSCRIBE" or len(subscriber.streams) < _STREAMS_MAX:
            actions[method](subscriber, name)
    # The private host sends a null result, the public one was seen to send the id alone.
    return {"result": None} | ack if subscriber.private else ack


def _are_names(names: object) -> bool:
    return isinstance(names, list) and all(isinstance(name, str) for name in names)
