"""What can be wrong with a JSON text, whatever it says: each way by its name.

None of these may be read as anything, not even where the broken part is one that nobody needs:
a parser that forgives here would have to be trusted to forgive the right thing.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator

__all__ = ["HTML", "SPOILERS", "Spoiler"]

Spoiler = Callable[[bytes], bytes]
"""Takes a sound JSON object and returns what comes instead."""

HTML = b"<html><head><title>403 Forbidden</title></head><body>Request blocked</body></html>"

_LONG = b"7" * 5000
_MEGABYTES = 2 << 20


def _with_member(member: bytes) -> Spoiler:
    """Put one more member into the object: what is wrong with it is wrong with the whole."""
    return lambda text: text.rstrip()[:-1] + b"," + member + b"}"


def _instead(text: bytes) -> Spoiler:
    return lambda _sound: text


def _cut(eighths: int) -> Spoiler:
    return lambda text: text[: len(text) * eighths // 8]


def _one_byte_less(text: bytes) -> bytes:
    return text.rstrip()[:-1]


def _first_member_twice(text: bytes) -> bytes:
    """Say the object's first key once more, at its end."""
    key = text.split(b'"', 2)[1]
    return _with_member(b'"' + key + b'":"000000"')(text)


def _spoilers() -> Iterator[tuple[str, Spoiler]]:
    for eighths in range(1, 8):
        yield f"cut at {eighths}/8", _cut(eighths)
    yield "last byte missing", _one_byte_less
    yield "first key twice", _first_member_twice
    yield from _wrong_bytes()
    yield from _wrong_grammar()
    yield from _wrong_numbers()
    yield from _too_much()


def _wrong_bytes() -> Iterator[tuple[str, Spoiler]]:
    yield "empty", _instead(b"")
    yield "blank", _instead(b" \r\n\t ")
    yield "byte order mark", lambda text: b"\xef\xbb\xbf" + text
    yield "UTF-16", lambda text: text.decode().encode("utf-16")
    yield "UTF-32", lambda text: text.decode().encode("utf-32")
    yield "a byte that is no UTF-8", _with_member(b'"x":"\xff"')
    yield "UTF-8 cut in a character", _with_member(b'"x":"\xe4\xbd"')
    yield "overlong UTF-8", _with_member(b'"x":"\xc0\xaf"')
    yield "half a character in UTF-8", _with_member(b'"x":"\xed\xa0\x80"')
    yield "half a character escaped", _with_member(b'"x":"\\ud800"')
    yield "half a character as a key", _with_member(b'"\\udc00":1')
    yield "raw line feed in a text", _with_member(b'"x":"a\nb"')
    yield "raw zero byte in a text", _with_member(b'"x":"a\x00b"')
    yield "zero bytes behind", lambda text: text + b"\x00" * 64
    yield "gzip", gzip.compress


def _wrong_grammar() -> Iterator[tuple[str, Spoiler]]:
    yield "HTML", _instead(HTML)
    yield "HTML behind", lambda text: text + HTML
    yield "two documents", lambda text: text + text
    yield "a brace too many", lambda text: text + b"}"
    yield "comma at the end", _with_member(b'"x":1,')
    yield "single quotes", lambda text: text.replace(b'"', b"'")
    yield "a comment", lambda text: b"/* ok */" + text
    yield "JSONP", lambda text: b"callback(" + text + b")"
    yield "a key without quotes", _with_member(b"x:1")
    yield "an escape that is none", _with_member(b'"x":"\\x41"')
    yield "one key twice", _with_member(b'"x":1,"x":2')
    yield "one key twice, once escaped", _with_member(b'"x":1,"\\u0078":2')
    yield "one key twice inside", _with_member(b'"x":{"X":"NEW","X":"FILLED"}')


def _wrong_numbers() -> Iterator[tuple[str, Spoiler]]:
    for name, number in {
        "NaN": b"NaN",
        "Infinity": b"Infinity",
        "-Infinity": b"-Infinity",
        "exponent of nine digits": b"1E+200000000",
        "exponent of nine digits, below": b"1e-200000000",
        "zero with a large exponent": b"0E-200000000",
        "more than any double": b"1e999",
        "integer of 5,000 digits": _LONG,
        "negative integer of 5,000 digits": b"-" + _LONG,
        "fraction of 5,000 digits": b"0." + _LONG,
        "integer of 41 digits": b"9" * 41,
        "leading zero": b"007",
        "leading plus": b"+1",
        "no digit before the point": b".5",
        "no digit behind the point": b"5.",
        "hexadecimal": b"0x10",
    }.items():
        yield f"number: {name}", _with_member(b'"x":' + number)


def _too_much() -> Iterator[tuple[str, Spoiler]]:
    yield "33 levels", _with_member(b'"x":' + b"[" * 32 + b"]" * 32)
    yield "900 levels", _with_member(b'"x":' + b"[" * 900 + b"]" * 900)
    yield "100,000 levels of arrays", _instead(b"[" * 100_000)
    yield "100,000 levels of objects", _instead(b'{"x":' * 100_000)
    yield "100,000 levels, closed", _with_member(b'"x":' + b"[" * 100_000 + b"]" * 100_000)
    yield "megabytes of text", _with_member(b'"x":"' + b"x" * (5 * _MEGABYTES) + b'"')
    yield "megabytes of blanks", lambda text: text + b" " * (5 * _MEGABYTES)
    for name, piece in DENSE.items():
        yield f"dense: {name}", _with_member(b'"x":[' + piece * (1_000_000 // len(piece)) + b"0]")


DENSE = {
    "arrays": b"[],",
    "objects": b"{},",
    "objects with a key": b'{"a":1},',
    "integers": b"1,",
    "fractions": b"1.1,",
    "fractions with exponents": b"1.1e1,",
    "texts": b'"",',
}
"""Just under a megabyte each, and the most work for a parser: none may hold up the loop."""

SPOILERS: dict[str, Spoiler] = dict(_spoilers())
