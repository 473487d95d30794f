"""The corpus of hostile frames: messages of both streams, and bytes that are no message at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final

from alphabot.exchange.wire.stream import FRAME_BYTES_MAX, market_event, order_event, read_frame
from alphabot.exchange.wire.stream import Event as PushedEvent
from tests.hostile.lying_net import websocket_frame
from tests.hostile.questions import Kind
from tests.hostile.spoiled_text import DENSE, SPOILERS
from tests.hostile.spoiled_values import MISSING, replaced, wrong_values
from tests.wire.recorded import body

__all__ = ["FRAMES", "NO_WEBSOCKET", "HostileFrame", "Message", "Verdict", "read", "sound"]


class Message(Enum):
    """What should have come."""

    REPORT = "execution report"
    BOOK = "best prices"
    TRADE = "trade of anyone"


class Verdict(Enum):
    """What a reader must make of it."""

    REFUSED = auto()
    """UnexpectedReply."""
    SAME = auto()
    """What the sound message says."""
    IGNORED = auto()
    """Nothing: it is none of our business."""


@dataclass(frozen=True)
class HostileFrame:
    """What might come instead of a sound message; ``spoil`` makes its text of the sound one's."""

    name: str
    message: Message
    spoil: Callable[[bytes], bytes]
    verdict: Verdict

    def __str__(self) -> str:
        return f"{self.message.value}: {self.name}"

    @property
    def text(self) -> bytes:
        """The hostile text, made of the recorded message."""
        return self.spoil(sound(self.message))


def read(message: Message, text: bytes) -> object:
    """Return what the client reads of a text, None if nothing."""
    frame = read_frame(text.decode("utf-8", "surrogateescape"))
    if not isinstance(frame, PushedEvent):
        return frame
    return order_event(frame) if message is Message.REPORT else market_event(frame)


def sound(message: Message) -> bytes:
    """Return the recorded message."""
    return json.dumps(_SAMPLES[message]).encode()


_SAMPLES: Final[dict[Message, dict[str, Any]]] = {
    Message.REPORT: body("ws_execution_report_oto_working_filled.frame"),
    Message.BOOK: body("ws_book_ticker.frame"),
    Message.TRADE: body("ws_agg_trade.frame"),
}
_NEEDS: Final[dict[Message, dict[str, Kind]]] = {
    Message.REPORT: {
        "s": Kind.WORD,
        "S": Kind.SIDE,
        "x": Kind.STATUS,
        "X": Kind.STATUS,
        "i": Kind.ID,
        "id": Kind.COUNT,
        "O": Kind.COUNT,
        "p": Kind.NOT_BELOW_ZERO,
        "q": Kind.NOT_BELOW_ZERO,
        "z": Kind.NOT_BELOW_ZERO,
        "Z": Kind.NOT_BELOW_ZERO,
        "l": Kind.ABOVE_ZERO,
        "L": Kind.ABOVE_ZERO,
        "Y": Kind.NOT_BELOW_ZERO,
    },
    Message.BOOK: {
        "s": Kind.WORD,
        "b": Kind.ABOVE_ZERO,
        "B": Kind.ABOVE_ZERO,
        "a": Kind.ABOVE_ZERO,
        "A": Kind.ABOVE_ZERO,
    },
    Message.TRADE: {"s": Kind.WORD, "p": Kind.ABOVE_ZERO, "q": Kind.ABOVE_ZERO},
}


def _all() -> Iterator[HostileFrame]:
    for message in Message:
        for name, spoil in SPOILERS.items():
            yield HostileFrame(name, message, spoil, Verdict.REFUSED)
        yield from _large(message)
        yield from _values(message)
        yield from _events(message)
    yield from _unlikely()


def _large(message: Message) -> Iterator[HostileFrame]:
    """Texts as large as may be read, and full of values."""
    for name, piece in DENSE.items():
        text = b'{"x":[' + piece * (FRAME_BYTES_MAX // len(piece) - 8) + b"0]}"
        yield _fixed(f"a quarter of a megabyte of {name}", message, text)


def _values(message: Message) -> Iterator[HostileFrame]:
    sample = _SAMPLES[message]
    for key, kind in _NEEDS[message].items():
        for value in wrong_values(kind):
            told = "missing" if value == MISSING else value[:40]
            text = replaced(sample, (key,), value)
            yield _fixed(f"{key} is {told}", message, text)


def _events(message: Message) -> Iterator[HostileFrame]:
    """Names of events and streams, and what else may stand around the data."""
    sample = _SAMPLES[message]
    data = sample["data"]
    for name in ("somethingNew", "", "EXECUTIONREPORT", "executionReport ", "a" * 10_000):
        told = f"the unknown event {name[:20]!r}"
        yield _said(told, message, sample | {"data": data | {"e": name}}, Verdict.IGNORED)
    names: tuple[object, ...] = (None, 1, [], {}, True)
    for odd in names:
        told = f"an event named {odd!r}"
        yield _said(told, message, sample | {"data": data | {"e": odd}}, Verdict.IGNORED)
    contents: tuple[object, ...] = (None, 1, "data", [], [data], True)
    for odd in contents:
        told = f"data that is {type(odd).__name__} {str(odd)[:9]}"
        yield _said(told, message, sample | {"data": odd}, Verdict.IGNORED)
    for text in ("null", "true", "0", '"text"', "[]", "{}", '{"ping":1}', '{"stream":"x"}'):
        yield _fixed(f"the document {text}", message, text.encode(), Verdict.IGNORED)
    yield _said("data alone", message, data, Verdict.SAME)
    yield _said("unknown keys", message, sample | {"data": data | {"zz": {"a": [1]}}}, Verdict.SAME)
    yield _said("a stream of another name", message, sample | {"stream": 7}, Verdict.SAME)
    yield _said("an id as well", message, sample | {"id": 1}, Verdict.SAME)


def _unlikely() -> Iterator[HostileFrame]:
    """Messages whose every value is sound, and which cannot be used."""
    book = _SAMPLES[Message.BOOK]
    crossed = book | {"data": book["data"] | {"b": "9.4"}}
    yield _said("a bid above its ask", Message.BOOK, crossed, Verdict.REFUSED)
    report = _SAMPLES[Message.REPORT]
    for key, value in {"n": '"NaN"', "N": '"a b"', "il": "1.5", "il ": '"abc"'}.items():
        text = replaced(report, (key.strip(),), value)
        yield _fixed(f"{key} is {value}", Message.REPORT, text)


def _said(name: str, message: Message, tree: object, verdict: Verdict) -> HostileFrame:
    return _fixed(name, message, json.dumps(tree).encode(), verdict)


def _fixed(
    name: str, message: Message, text: bytes, verdict: Verdict = Verdict.REFUSED
) -> HostileFrame:
    return HostileFrame(name, message, lambda _sound: text, verdict)


FRAMES: Final = tuple(_all())

NO_WEBSOCKET: Final[dict[str, bytes]] = {
    "a binary message": websocket_frame(b"{}", 0x82),
    "a message of half a megabyte": websocket_frame(b" " * (1 << 19)),
    "a binary message of half a megabyte": websocket_frame(bytes(1 << 19), 0x82),
    "a deflated message": websocket_frame(b"\xaa\x56\x4a\x04\x00", 0xC1),
    "reserved bits": websocket_frame(b"{}", 0xB1),
    "an unknown kind of frame": websocket_frame(b"{}", 0x83),
    "an unknown kind of control frame": websocket_frame(b"", 0x8B),
    "text that is no UTF-8": websocket_frame(b'{"x":"\xff"}'),
    "half a character of UTF-8": websocket_frame(b"\xed\xa0\x80"),
    "a continuation of nothing": websocket_frame(b"{}", 0x80),
    "a message within a message": websocket_frame(b"{", 0x01) + websocket_frame(b"{}"),
    "endless fragments": websocket_frame(b"{", 0x01) + websocket_frame(b" " * 9000, 0x00) * 60,
    "a message without its end": websocket_frame(b"{", 0x01),
    "a masked frame": b"\x81\x82abcd\x1a\x1f",
    "a length of exabytes": b"\x81\x7f" + b"\x7f" + b"\xff" * 7,
    "a negative length": b"\x81\x7f" + b"\xff" * 8,
    "a length that is too long for its size": b"\x81\x7f" + bytes(7) + b"\x02{}",
    "a ping of too many bytes": websocket_frame(b"x" * 126, 0x89),
    "a ping in fragments": websocket_frame(b"x", 0x09),
    "a flood of pings": websocket_frame(b"x" * 125, 0x89) * 3000,
    "a farewell": websocket_frame(b"\x03\xe8", 0x88),
    "a farewell of one byte": websocket_frame(b"\x03", 0x88),
    "a farewell with an unknown code": websocket_frame(b"\x03\xed", 0x88),
    "a farewell that is no UTF-8": websocket_frame(b"\x03\xe8\xff", 0x88),
    "an HTTP answer": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "zero bytes": bytes(4096),
}
"""Bytes in the place of a message; each ends its connection."""
