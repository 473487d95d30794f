"""JSON texts for the tests of both parsers: what neither may read, and what both must."""

from __future__ import annotations

from hypothesis import strategies as st

from alphabot.exchange.wire.strict import BODY_BYTES_MAX, DEPTH_MAX

__all__ = ["DIGITS", "JSON_VALUES", "REFUSED"]

DIGITS = "1234567890" * 4

REFUSED: list[bytes] = [
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
]
"""Refused by a parser for whole texts."""

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
