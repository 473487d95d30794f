"""What can be wrong with one value of an answer, by the kind of value it should be.

A value here is JSON as it is written, so that what Python could not hold (two equal keys, a
number of any length) can be said too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from tests.hostile.questions import Kind, Place

__all__ = ["HARMLESS", "MISSING", "replaced", "wrong_values"]

MISSING: Final = ""
"""In place of a value: its key is not there at all."""

_NEVER = ("true", "[]", "{}", "null", '{"value":1}', "[[[]]]")
_NO_NUMBER = (
    '"NaN"',
    '"Infinity"',
    '"-Infinity"',
    '"nan"',
    '"sNaN"',
    '""',
    '" "',
    '" 1"',
    '"1 "',
    '"1\\n"',
    '"abc"',
    '"1,5"',
    '"1_000"',
    '"0x10"',
    '"1e"',
    '"1.2.3"',
    '"--1"',
    '"\\u0661\\u0662"',
    '"\\uff11"',
    '"\\u22121"',
    '"1E+200000000"',
    '"1e999"',
    '"1e-99"',
    '"0E-200000000"',
    f'"{"9" * 41}"',
    f'"0.{"1" * 41}"',
    f'"{"7" * 5000}"',
    "-1",
    '"-1"',
    '"-0.00000001"',
    "-0.5",
    "false",
)
# The exchange writes its figures as text, or as whole numbers at most.
_NO_TEXT = ("0.5", "1e-8", "1e400")
_NO_ID = (
    "0",
    '"0"',
    '""',
    "-1",
    '"-1"',
    "1.0",
    "1e7",
    '"1.0"',
    '" 1"',
    '"abc"',
    '"1a"',
    '"\\u0661"',
    f'"{"1" * 33}"',
    "false",
)
_NO_STATUS = ('"filled"', '"UNKNOWN"', '"FILLED "', '"EXPIRED_IN_MATCH"', '""', "1", "1.5", "false")
_NO_SIDE = ('"buy"', '"BOTH"', '"SELL "', '""', "1", "1.5", "false")
_NO_WORD = ('""', '"a b"', '"a\\nb"', f'"{"a" * 65}"', '"\\u202e"', "1", "1.5", "1e3", "false")
_NO_COUNT = ('"1"', "-1", "1.5", "1e3", '""', "false")
_NO_FLAG = ('"true"', "1", "0", "1.0", '""')
_NO_MULTIPLIER = ("0", "-1", "2.5", '"4"', '"0"', "1e400", "1.0", "4e0", '""', "false")
_NO_PLACES = ("-1", "31", "8.5", '"8"', "false")
_NO_LIST = ('""', '"[]"', "1", "false", "[1]", '["row"]', "[null]", "[[1,2,3]]")
_NO_FILTER = ('"T_PLUS_SELL_FILTER"', '"price_filter"', '""', "1", "1.5", '"LOT_SIZE"')

_WRONG: Final[dict[Kind, Sequence[str]]] = {
    Kind.ABOVE_ZERO: (*_NO_NUMBER, *_NO_TEXT, "0", '"0"', '"0.000"', '"-0"'),
    Kind.NOT_BELOW_ZERO: (*_NO_NUMBER, *_NO_TEXT),
    Kind.ID: _NO_ID,
    Kind.STATUS: _NO_STATUS,
    Kind.SIDE: _NO_SIDE,
    Kind.WORD: _NO_WORD,
    Kind.FLAG: _NO_FLAG,
    Kind.MULTIPLIER: _NO_MULTIPLIER,
    Kind.PLACES: _NO_PLACES,
    Kind.LIST: _NO_LIST,
    Kind.FILTER_NAME: _NO_FILTER,
    Kind.COUNT: _NO_COUNT,
    Kind.VOLUME: _NO_NUMBER,
}

HARMLESS: Final = {
    "an unknown key": ("surprise", '{"deep":[1,"\\u4f59",null]}'),
    "an unknown number": ("surprise", "0.1"),
    "a message of markup": ("message", '"<script>{user.__class__}</script>\\u202e"'),
    "no message": ("message", "null"),
    "a long message": ("message", f'"{"x" * 100_000}"'),
    "details of any kind": ("messageDetail", '{"title":null,"action":[1,2]}'),
}
"""Members of the envelope that change nothing: nobody needs them."""


def wrong_values(kind: Kind) -> Iterator[str]:
    """Yield everything that a value of this kind must not be."""
    yield MISSING
    yield from _NEVER if kind not in (Kind.LIST, Kind.FLAG) else _fitting(kind)
    yield from _WRONG[kind]


def replaced(sample: dict[str, Any], place: Place, value: str) -> bytes:
    """Return a text in which one value is another, or missing; places count from ``data``."""
    tree: Any = json.loads(json.dumps(sample))
    parent, path = tree, ("data", *place)
    for step in path[:-1]:
        parent = parent[step]
    if value == MISSING and isinstance(parent, dict):
        del parent[path[-1]]
    else:
        parent[path[-1]] = f"<<{value or 'null'}>>"
    return _raw(json.dumps(tree))


def _fitting(kind: Kind) -> Iterator[str]:
    """Leave out what is sound for this kind: an empty list is a list, ``true`` is a flag."""
    sound = {Kind.LIST: "[]", Kind.FLAG: "true"}[kind]
    return (value for value in _NEVER if value != sound)


def _raw(text: str) -> bytes:
    """Take marked values out of their quotes, as they were given."""

    def given(match: re.Match[str]) -> str:
        return str(json.loads(f'"{match[1]}"'))

    return re.sub(r'"<<(.*?)>>"', given, text).encode()
