"""What a client says over HTTP and what it is answered, read off its own bytes.

Judging needs to know what a client could know: that a request left whole, and that its answer
arrived whole. So each connection is read along, above every fault of the network.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

__all__ = ["Answer", "Conversation", "Errand"]

_HEAD = re.compile(rb"([A-Z]+) (\S+) HTTP/1\.1\r\n")
_USER = re.compile(rb"p20t=web\.(\d+)\.")
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer as the client has it."""

    status: int
    head: bytes
    body: bytes


@dataclass(slots=True, eq=False)
class Errand:
    """One request of a client, from its first byte to the end of its answer."""

    method: str
    path: str
    user_id: int | None
    length: int
    body: bytes = b""
    left_whole: bool = False
    answer: Answer | None = None

    @property
    def is_placing(self) -> bool:
        """Whether it asks for an order."""
        return self.path.endswith("order/place")


@dataclass(slots=True)
class Conversation:
    """One connection of a client, request by request.

    ``begins`` is called with each request before its first byte leaves, ``ends`` when its answer
    has arrived whole or never will.
    """

    begins: Callable[[Errand], None]
    ends: Callable[[Errand], None]
    errand: Errand | None = None
    _received: bytearray = field(default_factory=bytearray)

    def will_send(self, data: bytes) -> Errand | None:
        """Take note of bytes that are about to leave; return the request they belong to."""
        if self.errand is None:
            head = _HEAD.match(data)
            if head is None:
                return None
            method, target = head[1].decode(), head[2].decode()
            user, length = _USER.search(data), _LENGTH.search(data)
            self.errand = Errand(
                method,
                target.partition("?")[0],
                int(user[1]) if user else None,
                int(length[1]) if length else 0,
            )
            self._received.clear()
            self.begins(self.errand)
        return self.errand

    def has_sent(self, data: bytes) -> None:
        """Take note of bytes that have left."""
        errand = self.errand
        if errand is None or errand.left_whole:
            return
        _, found, body = data.partition(b"\r\n\r\n") if not errand.body else (b"", b"", b"")
        errand.body += body if found else data
        errand.left_whole = len(errand.body) >= errand.length

    def has_received(self, data: bytes) -> None:
        """Take note of bytes that have arrived."""
        errand = self.errand
        if errand is None:
            return
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        status, length = _STATUS.match(head), _LENGTH.search(head)
        if not found or status is None or len(body) < (int(length[1]) if length else 0):
            return
        errand.answer = Answer(int(status[1]), bytes(head).lower(), bytes(body))
        self.over()

    def over(self) -> None:
        """Take note that nothing more will come for the present request."""
        errand, self.errand = self.errand, None
        if errand is not None:
            self.ends(errand)
