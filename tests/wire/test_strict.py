"""Strict JSON: what Python's parser would let pass and the exchange may not say."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphabot.core.exact import exact
from alphabot.errors import UnexpectedReply
from alphabot.exchange.wire.strict import BODY_BYTES_MAX, DEPTH_MAX, shaped, strict_json

DIGITS = "1234567890" * 4


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"{",
        b"{}{}",
        b"{} x",
        b"'a'",
        b'{"a":1,}',
        b'{"X":"NEW","X":"FILLED"}',
        b'{"a":{"b":1,"b":1}}',
        b"NaN",
        b'{"p":NaN}',
        b'{"p":Infinity}',
        b'{"p":-Infinity}',
        b'{"p":1E+200000000}',
        b'{"p":1e999}',
        b'{"p":1e-41}',
        b'{"p":0.' + DIGITS.encode() + b"1}",
        b'{"p":' + DIGITS.encode() + b"11}",
        b'{"p":' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[" * (DEPTH_MAX + 1) + b"]" * (DEPTH_MAX + 1),
        b'"\xff"',
        b"\xef\xbb\xbf{}",
        '{"a":1}'.encode("utf-16"),
        b'"a\nb"',
        b'"\\ud800"',
        b'{"\\udc00":1}',
        b'"' + b"x" * BODY_BYTES_MAX + b'"',
        b"<html><body>Forbidden</body></html>",
    ],
    ids=lambda raw: repr(raw[:24]),
)
def test_what_is_refused(raw: bytes) -> None:
    with pytest.raises(UnexpectedReply) as caught:
        strict_json(raw)
    assert len(caught.value.raw) <= 2048
    assert raw.startswith(caught.value.raw)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"{}", {}),
        (b'{"a":[1,true,null,"x"]}', {"a": [1, True, None, "x"]}),
        (b'{"p":0.000005619}', {"p": "0.000005619"}),
        (b'{"p":1E-9}', {"p": "1E-9"}),
        (b"-0", 0),
        (DIGITS.encode(), int(DIGITS)),
        ('"余额不足"'.encode(), "余额不足"),
        (b'"\\u4f59\\ud83d\\ude00"', "余😀"),
        (b"[" * DEPTH_MAX + b"]" * DEPTH_MAX, json.loads("[" * DEPTH_MAX + "]" * DEPTH_MAX)),
    ],
)
def test_what_is_read(raw: bytes, value: object) -> None:
    assert strict_json(raw) == value


def test_a_reader_may_allow_more_bytes() -> None:
    raw = b'"' + b"x" * BODY_BYTES_MAX + b'"'
    assert strict_json(raw, size_max=2 * BODY_BYTES_MAX) == "x" * BODY_BYTES_MAX


def test_numbers_never_pass_through_a_float() -> None:
    # The double nearest to this is 0.1000000000000000055...
    tree = strict_json(b'{"p":0.10000000000000000001}')
    assert isinstance(tree, dict)
    assert exact(tree["p"]) == Decimal("0.10000000000000000001")


def test_what_a_builder_refuses_is_an_unexpected_reply() -> None:
    with pytest.raises(UnexpectedReply, match="invalid literal") as caught:
        shaped("x42", str, int, b"raw")
    assert caught.value.raw == b"raw"
    with pytest.raises(UnexpectedReply, match="Expected `str`"):
        shaped(42, str, int)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(json_values)
def test_ordinary_json_is_read_as_python_reads_it(value: object) -> None:
    assert strict_json(json.dumps(value).encode()) == value


@given(st.binary(max_size=200))
def test_any_bytes_give_a_tree_or_the_one_error(raw: bytes) -> None:
    try:
        tree = strict_json(raw)
    except UnexpectedReply:
        return
    # Whatever was accepted can be written down again.
    json.dumps(tree, ensure_ascii=False).encode()
