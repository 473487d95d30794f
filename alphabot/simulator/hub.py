"""Who listens to which stream, and a bounded buffer for each of them.

Publishing never waits. A subscriber whose buffer is full reads too slowly and is disconnected:
what it missed would not be replayed, so going on would only hide the gap.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import msgspec
import trio

from alphabot.simulator.bulletins import Bulletin
from alphabot.simulator.front_office import FrontOffice
from alphabot.simulator.ledger import Subscription
from alphabot.simulator.reports import Push

__all__ = ["Hub", "Subscriber"]

_KEY_PREFIX = "alpha@"


class Subscriber:
    """One WebSocket: the streams it asked for, and the frames on their way to it.

    ``streams`` has every name that was asked for, with whose events it carries if it is a key.
    """

    def __init__(self, frames_max: int, *, private: bool) -> None:
        self.private = private
        self.streams: dict[str, int | None] = {}
        self.lifetime = trio.CancelScope()
        self._send, self._receive = trio.open_memory_channel[str | bytes](frames_max)

    def offer(self, frame: str | bytes) -> None:
        """Put a frame into the buffer; if it is full, end this subscriber's connection."""
        try:
            self._send.send_nowait(frame)
        except trio.WouldBlock:
            self.lifetime.cancel()

    async def next_frame(self) -> str | bytes:
        """Wait for the next frame that is to be sent."""
        return await self._receive.receive()

    def close(self) -> None:
        """Let go of the buffer."""
        self._send.close()
        self._receive.close()

    def __repr__(self) -> str:
        waiting = self._send.statistics().current_buffer_used
        return f"<Subscriber private={self.private} {list(self.streams)} waiting={waiting}>"


class Hub:
    """Carries what the exchange has to tell to those who asked for it."""

    def __init__(self, model: FrontOffice) -> None:
        self._model = model
        self._on_stream: defaultdict[str, dict[Subscriber, None]] = defaultdict(dict)
        self._on_user: defaultdict[int, dict[tuple[Subscriber, str], None]] = defaultdict(dict)

    def subscribe(self, subscriber: Subscriber, stream: str) -> None:
        """Add a stream to what a subscriber hears; an unknown name or dead key stays silent."""
        if stream in subscriber.streams:
            return
        if not subscriber.private:
            subscriber.streams[stream] = None
            self._on_stream[stream][subscriber] = None
            self._model.watch(stream)
            return
        key = stream.removeprefix(_KEY_PREFIX)
        user_id = self._model.listen_keys.user_of(key, self._model.now_ms)
        subscriber.streams[stream] = user_id
        if user_id is not None:
            self._on_user[user_id][subscriber, key] = None
            self._model.ledger.note(Subscription(self._model.now_ms, user_id))

    def unsubscribe(self, subscriber: Subscriber, stream: str) -> None:
        """Take a stream from what a subscriber hears."""
        if stream not in subscriber.streams:
            return
        user_id = subscriber.streams.pop(stream)
        if not subscriber.private:
            del self._on_stream[stream][subscriber]
            if not self._on_stream[stream]:
                del self._on_stream[stream]
            self._model.unwatch(stream)
            return
        if user_id is not None:
            del self._on_user[user_id][subscriber, stream.removeprefix(_KEY_PREFIX)]

    def leave(self, subscriber: Subscriber) -> None:
        """Forget a subscriber."""
        for stream in list(subscriber.streams):
            self.unsubscribe(subscriber, stream)
        subscriber.close()

    def hangs_up(self, user_id: int) -> None:
        """End every connection on which a user listens, as an exchange does once a day."""
        for subscriber, _key in list(self._on_user[user_id]):
            subscriber.lifetime.cancel()

    def hears(self, user_id: int) -> bool:
        """Tell whether a connection has asked for a user's events, be its key dead by now."""
        return bool(self._on_user.get(user_id))

    def carries(self, user_id: int) -> bool:
        """Tell whether a user's events reach a connection: whether one of its keys is alive."""
        keys, now_ms = self._model.listen_keys, self._model.now_ms
        return any(
            keys.user_of(key, now_ms) is not None for _subscriber, key in self._on_user[user_id]
        )

    def listeners(self, stream: str) -> list[Subscriber]:
        """Return who hears a market stream."""
        return list(self._on_stream.get(stream, ()))

    def deliver(self, message: Push | Bulletin) -> None:
        """Hand a message to everybody who hears it now."""
        if isinstance(message, Push):
            self._deliver_push(message)
            return
        listeners = self._on_stream.get(message.stream)
        told = self._model.misbehaviour.bulletin(message) if listeners else None
        if listeners and told is not None:
            frame = _frame(told.stream, told.data)
            for subscriber in listeners:
                subscriber.offer(frame)

    def _deliver_push(self, push: Push) -> None:
        for subscriber, key in self._on_user[push.user_id]:
            if self._model.listen_keys.user_of(key, push.due_ms) is not None:
                frame = _frame(_KEY_PREFIX + key, push.data) if push.raw is None else push.raw
                subscriber.offer(frame)


def _frame(stream: str, data: dict[str, Any]) -> str:
    return msgspec.json.encode({"stream": stream, "data": data}).decode()
