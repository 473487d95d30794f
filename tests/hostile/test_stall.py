"""No text, hostile or long, may hold up the loop: while a piece is parsed, nobody else is served.

Measured is the CPU time of this thread, so that other programs on the machine do not count, and
the best of three, so that neither does a cold cache; garbage is collected among our own alone. A
slow machine is allowed three times the 50 ms that are promised for an ordinary one; where a list
is read in steps, a step is also compared with the whole, measured in the same run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

import pytest

from alphabot.errors import ExchangeError
from alphabot.exchange.wire.envelope import Reply
from alphabot.exchange.wire.market import ALPHA_LIST_BYTES_MAX, token_list
from alphabot.exchange.wire.pieces import PIECE_CHARACTERS_MAX
from alphabot.exchange.wire.rules import EXCHANGE_INFO_BYTES_MAX, exchange_info
from alphabot.exchange.wire.steps import Steps
from alphabot.exchange.wire.stream import FRAME_BYTES_MAX
from alphabot.exchange.wire.strict import BODY_BYTES_MAX, VALUES_MAX, strict_json
from tests.exchange.work import own_garbage_alone
from tests.hostile.frames import FRAMES, HostileFrame, read
from tests.hostile.replies import REPLIES, HostileReply
from tests.hostile.spoiled_text import DENSE
from tests.wire.recorded import exchange_info_of, token_list_of

STALL_SECONDS = 0.050
SLOW_MACHINE = 3
LARGE_BYTES = 50_000
STEPS_OF_A_LIST = 10
"""The longest step of a recorded list is at most this part of the whole; 20 to 40 were measured."""


@pytest.fixture(autouse=True)
def _own_garbage() -> Iterator[None]:
    with own_garbage_alone():
        yield


def at_once(work: Callable[[], object]) -> Steps[object]:
    """Take work that knows no pause for a single step."""
    yield
    return work()


def step_seconds(steps: Steps[object]) -> Iterator[float]:
    """Yield the CPU time of each step, an error being the end of the last."""
    going = True
    while going:
        began = time.thread_time()
        going = False
        with suppress(ExchangeError, StopIteration):
            next(steps)
            going = True
        yield time.thread_time() - began


def longest(work: Callable[[], Steps[object]]) -> float:
    """Return the CPU time of the longest step, the least of three tries."""
    return min(max(step_seconds(work())) for _ in range(3))


def whole(work: Callable[[], Steps[object]]) -> float:
    """Return the CPU time of all steps, the least of three tries."""
    return min(sum(step_seconds(work())) for _ in range(3))


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

LISTS: dict[str, tuple[Callable[[Reply], Steps[object]], str, str, int]] = {
    "token list": (token_list, "%s", "alphaId", ALPHA_LIST_BYTES_MAX),
    "exchange info": (exchange_info, '{"symbols":%s}', "symbol", EXCHANGE_INFO_BYTES_MAX),
}
"""Each long list: its reader, what is around its rows, their key, and how large it may be."""

FILLINGS = DENSE | {
    "blanks": b" ",
    "characters of three bytes": "\u4f59".encode(),
    "escapes": b"\\u4f59",
    "backslashes": b"\\\\",
    "filters": b'{"filterType":"LOT_SIZE"},',
}
BETWEEN_QUOTES = {"characters of three bytes", "escapes", "backslashes"}


def filled_rows(name: str, filling: str) -> bytes:
    """Return a list whose rows are as long, and as full, as they may be."""
    _, around, key, bytes_max = LISTS[name]
    text = FILLINGS[filling].decode()
    text *= (PIECE_CHARACTERS_MAX - 200) // len(text)
    value = f'"{text}"' if filling in BETWEEN_QUOTES else f"[{text}0]"
    row = f'{{"{key}":"%d","filters":{value}}}'
    rows: list[str] = []
    while (len(rows) + 1) * len(row.encode()) < bytes_max - 1000:
        rows.append(row % len(rows))
    data = around % f"[{','.join(rows)}]"
    return f'{{"code":"000000","success":true,"data":{data}}}'.encode()


@pytest.mark.parametrize("name", DENSE_TEXTS)
def test_the_most_work_within_the_bounds_is_soon_done(name: str) -> None:
    text = DENSE_TEXTS[name]
    assert len(text) <= BODY_BYTES_MAX
    assert longest(lambda: at_once(lambda: strict_json(text))) < STALL_SECONDS * SLOW_MACHINE


@pytest.mark.parametrize("filling", FILLINGS)
@pytest.mark.parametrize("name", LISTS)
def test_no_step_of_a_list_is_long_whatever_is_in_its_rows(name: str, filling: str) -> None:
    read_list, *_ = LISTS[name]
    answer = Reply(200, {}, filled_rows(name, filling))
    assert longest(lambda: read_list(answer)) < STALL_SECONDS * SLOW_MACHINE


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("times", [1, 3])
def test_a_step_of_a_list_is_a_small_part_of_reading_it(name: str, times: int) -> None:
    read_list, *_ = LISTS[name]
    recorded = {"token list": (token_list_of, 403), "exchange info": (exchange_info_of, 685)}
    make, count = recorded[name]
    answer = make(times * count)
    step, list_ = longest(lambda: read_list(answer)), whole(lambda: read_list(answer))
    assert step < list_ / STEPS_OF_A_LIST
    assert step < STALL_SECONDS


@pytest.mark.parametrize("name", LISTS)
def test_a_list_of_nothing_is_left_between_two_steps(name: str) -> None:
    read_list, around, _, bytes_max = LISTS[name]
    data = around % ("[" + "[],{}," * (bytes_max // 6 - 100) + "0]")
    answer = Reply(200, {}, f'{{"code":"000000","success":true,"data":{data}}}'.encode())
    assert longest(lambda: read_list(answer)) < STALL_SECONDS * SLOW_MACHINE


def test_no_hostile_reply_holds_up_the_loop() -> None:
    def steps(case: HostileReply) -> Steps[object]:
        question, reply = case.question, case.reply
        if question.steps is not None:
            return question.steps(reply)
        return at_once(lambda: question.read(reply))

    large = [case for case in REPLIES if len(case.reply.body) >= LARGE_BYTES]
    took = {str(case): longest(partial(steps, case)) for case in large}
    assert {name: t for name, t in took.items() if t > STALL_SECONDS * SLOW_MACHINE} == {}


def test_no_hostile_message_holds_up_the_loop() -> None:
    def steps(case: HostileFrame) -> Steps[object]:
        text = case.text
        return at_once(lambda: read(case.message, text))

    large = [case for case in FRAMES if LARGE_BYTES < len(case.text) <= FRAME_BYTES_MAX]
    took = {str(case): longest(partial(steps, case)) for case in large}
    assert {name: t for name, t in took.items() if t > STALL_SECONDS * SLOW_MACHINE} == {}
