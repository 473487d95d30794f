"""No hostile text may hold up the loop: while one answer is parsed, nobody else is served.

Measured is the CPU time of this thread, so that other programs on the machine do not count, and
the best of three, so that neither does a collection of garbage or a cold cache. A slow machine is
allowed three times the 50 ms that are promised for an ordinary one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from alphabot.errors import ExchangeError
from alphabot.exchange.wire.stream import FRAME_BYTES_MAX
from alphabot.exchange.wire.strict import BODY_BYTES_MAX, VALUES_MAX, strict_json
from tests.hostile.frames import FRAMES, read
from tests.hostile.replies import LONG_LISTS, REPLIES
from tests.hostile.spoiled_text import DENSE

STALL_SECONDS = 0.050
SLOW_MACHINE = 3
LARGE_BYTES = 50_000


def seconds(parse: Callable[[], object]) -> float:
    """Return the least CPU time of three tries."""
    best = 1e9
    for _ in range(3):
        began = time.thread_time()
        with suppress(ExchangeError):
            parse()
        best = min(best, time.thread_time() - began)
    return best


def dense_texts() -> Iterator[tuple[str, bytes]]:
    """Yield texts with as many values as are read at all: the most work within the bounds."""
    for name, piece in DENSE.items():
        per_piece = sum(map(piece.count, b",[{"))
        yield name, b"[" + piece * (VALUES_MAX // per_piece - 4) + b"0]"
    members = b",".join(b'"%d":1' % number for number in range(VALUES_MAX - 10))
    yield "distinct keys", b"{" + members + b"}"
    yield "one long text", b'"' + b"x" * (BODY_BYTES_MAX - 2) + b'"'
    yield "escapes", b'"' + b"\\u4f59" * (BODY_BYTES_MAX // 6 - 2) + b'"'
    yield "blanks", b" " * (BODY_BYTES_MAX - 2) + b"{}"


DENSE_TEXTS = dict(dense_texts())


@pytest.mark.parametrize("name", DENSE_TEXTS)
def test_the_most_work_within_the_bounds_is_soon_done(name: str) -> None:
    text = DENSE_TEXTS[name]
    assert len(text) <= BODY_BYTES_MAX
    assert seconds(lambda: strict_json(text)) < STALL_SECONDS * SLOW_MACHINE


def test_no_hostile_reply_holds_up_the_loop() -> None:
    slow = {}
    for case in REPLIES:
        reply = case.reply
        if len(reply.body) < LARGE_BYTES or case.question.name in LONG_LISTS:
            continue
        took = seconds(lambda case=case, reply=reply: case.question.read(reply))  # type: ignore[misc]
        if took > STALL_SECONDS * SLOW_MACHINE:
            slow[str(case)] = took
    assert slow == {}


def test_no_hostile_message_holds_up_the_loop() -> None:
    slow = {}
    for case in FRAMES:
        text = case.text
        if not LARGE_BYTES < len(text) <= FRAME_BYTES_MAX:
            continue
        took = seconds(lambda case=case, text=text: read(case.message, text))  # type: ignore[misc]
        if took > STALL_SECONDS * SLOW_MACHINE:
            slow[str(case)] = took
    assert slow == {}
