"""The moment an answer's head has arrived and its body has not: what must happen in between.

Cookies go into the jar first (a lost body must not lose a renewed session), and an answer in an
encoding we did not ask for is refused before a byte of it is unpacked.
"""

from __future__ import annotations

from collections.abc import Iterable

from alphabot.errors import UnexpectedReply
from alphabot.exchange.session import Session
from alphabot.exchange.wire.envelope import BODY_BYTES_MAX

__all__ = ["Body", "receive_head"]

_SET_COOKIE = b"set-cookie"


def receive_head(raw: Iterable[tuple[bytes, bytes]], session: Session) -> dict[str, str]:
    """Return an answer's headers by lower-case name, its cookies gone into the session's jar.

    Raises UnexpectedReply for an encoded body.
    """
    headers: dict[str, str] = {}
    set_cookies: list[str] = []
    for name, value in raw:
        text = value.decode("latin-1")
        if name.lower() == _SET_COOKIE:
            set_cookies.append(text)
        else:
            key = name.decode("latin-1").lower()
            headers[key] = f"{headers[key]}, {text}" if key in headers else text
    session.absorb(set_cookies, headers.get("date", ""))
    if headers.get("content-encoding", "identity").strip().lower() not in ("identity", ""):
        raise UnexpectedReply(f"a plain body was expected, was {headers['content-encoding']:.40}")
    return headers


class Body:
    """An answer's body as it arrives; raises UnexpectedReply as soon as it is too large."""

    def __init__(self, size_max: int = BODY_BYTES_MAX) -> None:
        self._size_max = size_max
        self._size = 0
        self._parts: list[bytes] = []

    def add(self, part: bytes) -> None:
        """Keep the next part."""
        self._size += len(part)
        if self._size > self._size_max:
            raise UnexpectedReply(f"a body of at most {self._size_max} bytes was expected")
        self._parts.append(part)

    def whole(self) -> bytes:
        """Return what has arrived."""
        return b"".join(self._parts)
