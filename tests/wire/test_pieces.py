"""A long list read piece by piece: the same verdict as in one go, and never long at a time."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphabot.errors import UnexpectedReply
from alphabot.exchange.wire.pieces import (
    CONTAINERS_MAX,
    ITEMS_MAX,
    PIECE_CHARACTERS_MAX,
    STEP_CHARACTERS,
    Bounds,
    long_json,
)
from alphabot.exchange.wire.steps import finish
from alphabot.exchange.wire.strict import BODY_BYTES_MAX, VALUES_MAX, strict_json
from tests.wire.texts import JSON_VALUES, REFUSED

LEVELS = range(5)
WIDE = 4 << 20


def read(raw: bytes, levels: int, values_max: int = VALUES_MAX) -> object:
    return finish(long_json(raw, Bounds(BODY_BYTES_MAX, values_max, levels)))


def verdict(raw: bytes, levels: int | None = None) -> object:
    """Return what a text says to the one parser or the other; the error's type if nothing."""
    try:
        return strict_json(raw) if levels is None else read(raw, levels)
    except UnexpectedReply:
        return UnexpectedReply


def pauses(raw: bytes, levels: int) -> int:
    return sum(1 for _ in long_json(raw, Bounds(WIDE, 10**6, levels)))


@pytest.mark.parametrize("levels", LEVELS)
@pytest.mark.parametrize("raw", REFUSED, ids=lambda raw: repr(raw[:24]))
def test_what_one_parser_refuses_so_does_the_other(raw: bytes, levels: int) -> None:
    with pytest.raises(UnexpectedReply) as caught:
        read(raw, levels)
    assert len(caught.value.raw) <= 2048
    assert raw.startswith(caught.value.raw)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("levels", LEVELS)
@pytest.mark.parametrize(
    "text",
    [
        "{}",
        " [ ] ",
        '\r\n{ "a" :\t[ 1 , { "b" : null } , [ ] ] , "c" : { } }\n ',
        '{"a":[{"b":0.10},{"b":1e3}],"\\u0062":"\\ud83d\\ude00"}',
        '{"a":{"a":{"a":{"a":{"a":"a"}}}}}',
        "7",
        '"x"',
        "[" * 32 + "]" * 32,
    ],
)
def test_what_one_parser_reads_so_does_the_other(text: str, levels: int) -> None:
    assert read(text.encode(), levels) == strict_json(text.encode())


@pytest.mark.parametrize("levels", LEVELS)
@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":2}',
        '{"a":1,"\\u0061":2}',
        '{"a":{"b":1,"b":1}}',
        '{"a":[{"b":1,"b":1}]}',
        '[[[[{"b":1,"b":1}]]]]',
        '{"a":NaN}',
        "[[[NaN]]]",
        '{"a":[1,]}',
        '{"a":1,}',
        "[,1]",
        '{"a" 1}',
        "{1:1}",
        '{"a":1]',
        "[1}",
        "[1 2]",
        "[1",
        '{"a"',
        "{",
        "[[[",
        "[]]",
        "{} {}",
        "[1]x",
        '["a\nb"]',
        '{"\\ud800":1}',
        '["\\ud800"]',
        '[[["\\udc00"]]]',
        "[1e999]",
        "\u00a0[]",
        "[\u20031]",
        "[" * 33 + "]" * 33,
    ],
)
def test_around_the_rows_nothing_is_forgiven_either(text: str, levels: int) -> None:
    assert verdict(text.encode()) is UnexpectedReply
    assert verdict(text.encode(), levels) is UnexpectedReply


@given(JSON_VALUES, st.sampled_from(LEVELS), st.sampled_from([None, 1]))
def test_ordinary_json_is_read_as_python_reads_it(
    value: object, levels: int, indent: int | None
) -> None:
    assert read(json.dumps(value, indent=indent).encode(), levels) == value


@given(st.data(), JSON_VALUES, st.sampled_from(LEVELS))
def test_any_change_of_a_text_has_one_verdict(
    data: st.DataObject, value: object, levels: int
) -> None:
    raw = bytearray(json.dumps(value).encode())
    position = data.draw(st.integers(0, len(raw)))
    length = data.draw(st.integers(0, 3))
    raw[position : position + length] = data.draw(
        st.sampled_from([b",", b'"', b"{", b"}", b"[", b"]", b":", b"0.5", b"\\u0061", b"NaN"])
        | st.binary(max_size=3)
    )
    assert verdict(bytes(raw), levels) == verdict(bytes(raw))


@given(
    st.lists(st.integers(0, 9000), min_size=100, max_size=200),
    st.sampled_from(["x", "\u4f59", "\\u4f59", '\\"', "1"]),
    st.sampled_from([1, 2]),
)
def test_a_text_is_the_same_wherever_it_is_cut(
    lengths: list[int], filling: str, levels: int
) -> None:
    rows = [f'{{"n":{number},"x":"{filling * length}"}}' for number, length in enumerate(lengths)]
    raw = f"[{', '.join(rows)}]".encode()
    bounds = Bounds(64 << 20, VALUES_MAX, levels)
    assert finish(long_json(raw, bounds)) == json.loads(raw)


def rows(count: int, size: int) -> bytes:
    return b'{"data":[' + b",".join([b'{"a":"%s"}' % (b"x" * size)] * count) + b"]}"


def test_there_is_a_pause_after_each_step_of_the_text() -> None:
    raw = rows(1000, 3000)
    assert len(raw) / (STEP_CHARACTERS + 3100) <= pauses(raw, 2) <= len(raw) / STEP_CHARACTERS + 2


@pytest.mark.parametrize("item", [b"0", b"[]", b"{}"])
def test_small_items_bring_pauses_too(item: bytes) -> None:
    assert pauses(b"[" + (item + b",") * (ITEMS_MAX - 10) + b"0]", 2) > 30


def test_a_row_has_a_length_that_nobody_needs() -> None:
    room = PIECE_CHARACTERS_MAX - len('{"a":""}')
    tree: Any = read(rows(2, room), 2)
    assert len(tree["data"][1]["a"]) == room
    for size in (room + 1, 2 * room):
        with pytest.raises(UnexpectedReply):
            read(rows(2, size), 2)


@pytest.mark.parametrize("item", [b"0", b"[]", b"{}", b'{"a":0}'])
def test_items_are_counted(item: bytes) -> None:
    each = 1 + 2 * item.count(b"a")
    fitting = ITEMS_MAX // each - 1
    assert read(b"[" + b",".join([item] * fitting) + b"]", 2)
    with pytest.raises(UnexpectedReply, match="items"):
        read(b"[" + b",".join([item] * (fitting + 2)) + b"]", 2)


def test_values_are_counted_in_the_rows_as_well() -> None:
    raw = b"[" + b"[0,0,0,0,0,0,0],[0,0]," * 1000 + b"0]"
    assert read(raw, 1, values_max=12_000)
    with pytest.raises(UnexpectedReply, match="at most 10000 values"):
        read(raw, 1, values_max=10_000)


def test_objects_and_arrays_are_counted_in_the_rows_as_well() -> None:
    row = b"[" + b"[{}]," * 4999 + b"[{}]]"
    within = CONTAINERS_MAX // 10_001
    assert read(b"[" + b",".join([row] * within) + b"]", 1, values_max=10**6)
    with pytest.raises(UnexpectedReply, match="objects and arrays"):
        read(b"[" + b",".join([row] * (within + 1)) + b"]", 1, values_max=10**6)


def test_bytes_are_counted() -> None:
    with pytest.raises(UnexpectedReply, match="bytes"):
        read(b" " * BODY_BYTES_MAX + b"1", 1)


def test_fractions_are_counted_over_all_rows() -> None:
    assert read(b"[" + b"[0.5]," * 4999 + b"0.5]", 1)
    with pytest.raises(UnexpectedReply, match="fractions"):
        read(b"[" + b"[0.5]," * 5000 + b"0.5]", 1)


def test_numbers_never_pass_through_a_float() -> None:
    assert read(b"[[0.10000000000000000001]]", 1) == [[Decimal("0.10000000000000000001")]]
