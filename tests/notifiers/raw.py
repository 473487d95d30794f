"""A peer that says exactly what it is told to say, for what no well-behaved server would."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

import trio

HANG = b"<hang>"
"""Among the parts of an answer: say nothing more, and keep the connection."""


@asynccontextmanager
async def open_raw(*parts: bytes) -> AsyncIterator[str]:
    """Serve these parts to every connection once it has asked, then hang up; give the address."""

    async def serve(stream: trio.SocketStream) -> None:
        async with stream:
            try:
                await stream.receive_some()
                await _say(stream, parts)
            except trio.BrokenResourceError:
                return  # whoever asked has heard enough

    async with trio.open_nursery() as nursery:
        listeners: list[trio.SocketListener] = await nursery.start(
            partial(trio.serve_tcp, serve, 0, host="127.0.0.1")
        )
        yield f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}"
        nursery.cancel_scope.cancel()


async def _say(stream: trio.SocketStream, parts: Sequence[bytes]) -> None:
    for part in parts:
        if part == HANG:
            await trio.sleep_forever()
        await stream.send_all(part)
        await trio.sleep(0.01)
    await stream.send_eof()
