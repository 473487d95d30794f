"""Strict JSON: what Python's parser would let pass and the exchange may not say."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphabot.core.exact import exact
from alphabot.errors import UnexpectedReply
from alphabot.exchange.wire.strict import DEPTH_MAX, shaped, strict_json
from tests.wire.texts import DIGITS, JSON_VALUES, REFUSED


@pytest.mark.parametrize("raw", REFUSED, ids=lambda raw: repr(raw[:24]))
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
        (b'{"p":0.000005619}', {"p": Decimal("0.000005619")}),
        (b'{"p":1E-9}', {"p": Decimal("1E-9")}),
        (b"-0", 0),
        (DIGITS.encode(), int(DIGITS)),
        ('"余额不足"'.encode(), "余额不足"),
        (b'"\\u4f59\\ud83d\\ude00"', "余😀"),
        (b"[" * DEPTH_MAX + b"]" * DEPTH_MAX, json.loads("[" * DEPTH_MAX + "]" * DEPTH_MAX)),
    ],
)
def test_what_is_read(raw: bytes, value: object) -> None:
    assert strict_json(raw) == value


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


@given(JSON_VALUES)
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
