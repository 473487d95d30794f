"""The network as a process has it that can die, and the place where its words are read along."""

from __future__ import annotations

from collections.abc import Callable

import trio

from alphabot.ports import Net
from alphabot.rehearsal.life import KillPoint, Life
from alphabot.rehearsal.wiretap import Conversation, Errand

__all__ = ["MortalNet"]


class MortalNet:
    """A Net whose streams freeze with the life they belong to.

    ``begins`` and ``ends`` are told of each HTTP request; ``unplaced`` tells whether some answer
    to an order is not yet recorded, ``reconciling`` whether an outcome is being looked for.
    """

    def __init__(
        self,
        net: Net,
        life: Life,
        *,
        rest_port: int,
        begins: Callable[[Errand], None],
        ends: Callable[[Errand], None],
        unplaced: Callable[[], bool],
        reconciling: Callable[[int | None], bool],
    ) -> None:
        self._net = net
        self.life = life
        self._rest_port = rest_port
        self.begins = begins
        self.ends = ends
        self.unplaced = unplaced
        self.reconciling = reconciling
        self._streams: list[_MortalStream] = []

    async def open(self, host: str, port: int, *, tls: bool) -> trio.abc.Stream:
        """Connect as the wrapped net does, while there is life."""
        if self.life.frozen:
            await trio.sleep_forever()
        inner = await self._net.open(host, port, tls=tls)
        stream = _MortalStream(inner, self, is_http=port == self._rest_port)
        self._streams = [each for each in self._streams if not each.is_closed]
        self._streams.append(stream)
        return stream

    async def bury(self) -> None:
        """Close every connection, as the kernel does for a process that is gone."""
        await trio.lowlevel.checkpoint()
        for stream in self._streams:
            await trio.aclose_forcefully(stream)


class _MortalStream(trio.abc.Stream):
    def __init__(self, inner: trio.abc.Stream, net: MortalNet, *, is_http: bool) -> None:
        self.is_closed = False
        self._inner = inner
        self._net = net
        self._life = net.life
        self._talk = Conversation(net.begins, net.ends) if is_http else None
        self._opened = True

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send as the wrapped stream does; after death nothing leaves."""
        if self._life.frozen:
            await trio.lowlevel.checkpoint()
            return
        if self._talk is None:
            await self._inner.send_all(data)
            return
        # Dying before anything is said, the request never began.
        rest = bytes(data)
        placing = self._talk.errand is None and b"order/place " in rest[:120]
        if placing and self._life.passes(KillPoint.K3):
            await trio.lowlevel.checkpoint()
            return
        errand = self._talk.will_send(rest)
        if placing and self._life.passes(KillPoint.K4):
            await self._inner.send_all(rest[: len(rest) // 2])
            return
        if errand is not None and self._net.reconciling(errand.user_id) and _is_reading(errand):
            self._life.passes(KillPoint.K18)
        try:
            await self._inner.send_all(rest)
        except BaseException:
            # Some of it may have gone.
            self._talk.has_sent(rest)
            raise
        self._talk.has_sent(rest)
        if errand is not None and errand.is_placing and errand.left_whole:
            self._life.passes(KillPoint.K5)

    async def wait_send_all_might_not_block(self) -> None:
        """Return once a send may succeed."""
        await self._inner.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Receive as the wrapped stream does; after death nothing arrives."""
        data = bytes(await self._inner.receive_some(max_bytes))
        if self._life.frozen:
            await trio.sleep_forever()
        if self._talk is None:
            if b"executionReport" in data and self._net.unplaced():
                self._life.passes(KillPoint.K10)
        elif data:
            errand = self._talk.errand
            if errand is not None and errand.is_placing and self._life.passes(KillPoint.K6):
                await trio.sleep_forever()
            self._talk.has_received(data)
        else:
            self._talk.over()
        return data

    def is_readable(self) -> bool:
        """Return whether a read would return at once, as a client asks before it reuses this."""
        asked = getattr(self._inner, "is_readable", None)
        return bool(asked and asked())

    async def aclose(self) -> None:
        """Close the wrapped stream."""
        self.is_closed = True
        if self._talk is not None and not self._life.frozen:
            self._talk.over()
        await self._inner.aclose()


def _is_reading(errand: Errand) -> bool:
    return errand.path.endswith(("get-open-order", "get-order-history-merge"))
