"""The exchange's doors on stamped sockets, and a stopwatch for what goes through them."""

from __future__ import annotations

import re
from functools import partial

import trio
from starlette.types import Message, Receive, Scope, Send

from alphabot.simulator import SimulatedExchange
from alphabot.simulator.asgi import serve_http
from alphabot.simulator.rest import rest_app
from alphabot.simulator.stream import serve_stream
from benchmarks.stamped import StampedStream, now_ns

__all__ = ["Doors", "Stopwatch"]

PLACE_PATH = "/oto-order/place"
_KEY = re.compile(rb"alpha@([0-9a-f]{32})")
_LOGIN = re.compile(rb"p20t=web\.([0-9]+)\.")


class Stopwatch:
    """When the end of each user's round was pushed, and when the next placing arrived."""

    def __init__(self, exchange: SimulatedExchange) -> None:
        self.reactions_us: list[float] = []
        self.placed_ns: list[int] = []
        self.users: set[int] = set()
        self.changed = trio.Event()
        self._exchange = exchange
        self._pushed_ns: dict[int, int] = {}

    def sending(self, data: bytes) -> None:
        """Take the time if these bytes tell a user that the SELL is filled."""
        if b'"S":"SELL"' in data and b'"X":"FILLED"' in data and (key := _KEY.search(data)):
            model = self._exchange.model
            user = model.listen_keys.user_of(key[1].decode(), model.now_ms)
            if user is not None:
                self._pushed_ns[user] = now_ns()

    def placing(self, user: int, received_ns: int) -> None:
        """Take in that a placing has arrived, whole."""
        self.users.add(user)
        self.placed_ns.append(received_ns)
        if (pushed_ns := self._pushed_ns.pop(user, None)) is not None:
            self.reactions_us.append((received_ns - pushed_ns) / 1000)
        self.changed.set()


class Doors:
    """Serves the exchange's two sides on stamped sockets."""

    def __init__(self, exchange: SimulatedExchange, watch: Stopwatch) -> None:
        self._exchange = exchange
        self._watch = watch
        self._app = rest_app(exchange)

    async def rest(self, stream: trio.SocketStream) -> None:
        """Serve one HTTP connection."""
        stamped = StampedStream(stream)
        await serve_http(
            partial(self._timed, stamped),
            stamped,
            keep_alive_ms=self._exchange.settings.keep_alive_ms,
            now_ms=self._exchange.now_ms,
        )

    async def frames(self, stream: trio.SocketStream) -> None:
        """Serve one WebSocket."""
        await serve_stream(self._exchange, StampedStream(stream, self._watch.sending))

    async def _timed(
        self, stream: StampedStream, scope: Scope, receive: Receive, send: Send
    ) -> None:
        async def receive_timed() -> Message:
            message = await receive()
            if message["type"] == "http.request" and not message["more_body"]:
                cookie = next(v for n, v in scope["headers"] if n == b"cookie")
                if login := _LOGIN.search(cookie):
                    self._watch.placing(int(login[1]), stream.received_ns)
            return message

        placing = scope["path"].endswith(PLACE_PATH)
        await self._app(scope, receive_timed if placing else receive, send)
