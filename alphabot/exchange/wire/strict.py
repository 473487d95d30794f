"""JSON as we accept it from the exchange: small, shallow, unambiguous, and exact in its numbers.

Python's own parser takes NaN, keeps the last of two equal keys (``"X":"NEW","X":"FILLED"`` is
FILLED) and turns ``0.1`` into a float; msgspec takes two equal keys as well. So the text is
parsed once with every one of those doors shut, and msgspec gives the tree its shape afterwards.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final, NoReturn, TypeVar

import msgspec

from alphabot.core.exact import exact
from alphabot.errors import UnexpectedReply

__all__ = ["BODY_BYTES_MAX", "DEPTH_MAX", "VALUES_MAX", "shaped", "strict_json"]

BODY_BYTES_MAX: Final = 1 << 20
"""Bytes of one body or frame, unless its reader allows more (exchange info is near 2 MB)."""
DEPTH_MAX: Final = 32
"""Containers inside containers; the deepest answer of the exchange has six."""

VALUES_MAX: Final = 40_000
"""Values of one body or frame, counted by the commas and brackets in its text; the token list is
near 16,000. A megabyte of ``[],[],`` would hold up every user for a fifth of a second."""
FRACTIONS_MAX: Final = 5_000
"""Numbers with a fraction or an exponent: each is checked for itself, and the exchange writes its
prices as text."""

_INTEGER_DIGITS_MAX = 40

Shape = TypeVar("Shape")
Value = TypeVar("Value")


def strict_json(
    raw: bytes, *, size_max: int = BODY_BYTES_MAX, values_max: int = VALUES_MAX
) -> object:
    """Return the tree that ``raw`` spells: dicts, lists, strings, ints, bools and None.

    A number with a fraction or an exponent stays the text it was, for
    :func:`alphabot.core.exact.exact` to read without loss.

    Raises UnexpectedReply for more than ``size_max`` bytes or about ``values_max`` values, for
    anything that is not UTF-8 or not JSON, for duplicate keys, NaN and infinities, lone
    surrogates, more than :data:`DEPTH_MAX` levels, and numbers of more digits or a larger
    exponent than :func:`alphabot.core.exact.exact` allows.
    """
    if len(raw) > size_max:
        raise UnexpectedReply(f"at most {size_max} bytes were expected, were {len(raw)}", raw)
    # Before the parser: its time goes by values rather than by bytes.
    if (values := sum(map(raw.count, b",[{"))) > values_max:
        raise UnexpectedReply(f"at most {values_max} values were expected, were {values}", raw)
    try:
        text = raw.decode("utf-8")
        tree: object = _decoder().decode(text)
        if "\\u" in text:
            # Only an escape can spell half a character, which no database or log could store.
            json.dumps(tree, ensure_ascii=False).encode("utf-8")
    except RecursionError:
        # Kept apart from its cause: the traceback of a recursion is a thousand equal lines.
        raise UnexpectedReply("JSON was nested without end", raw) from None
    except ValueError as cause:
        # JSONDecodeError and UnicodeError are both ValueErrors, like those raised below.
        raise UnexpectedReply(f"not the JSON that was expected: {_brief(cause)}", raw) from cause
    if not _is_shallow(tree):
        raise UnexpectedReply(f"at most {DEPTH_MAX} levels of JSON were expected", raw)
    return tree


def shaped(
    tree: object, shape: type[Shape], build: Callable[[Shape], Value], raw: bytes = b""
) -> Value:
    """Return ``build`` of the tree, once it has the shape of ``shape``.

    ``raw`` is what the error keeps. Raises UnexpectedReply when the tree has another shape, and
    when ``build`` says with a ValueError or TypeError that a value cannot be used.
    """
    try:
        # msgspec's ValidationError is a ValueError.
        return build(msgspec.convert(tree, shape))
    except (ValueError, TypeError) as cause:
        raise UnexpectedReply(f"not the answer that was expected: {_brief(cause)}", raw) from cause


def _brief(cause: Exception) -> str:
    # A UnicodeDecodeError's text is short, but a ValidationError may quote what the exchange sent.
    return str(cause)[:200]


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("one key came twice in an object")
    return members


def _integer(text: str) -> int:
    if len(text.removeprefix("-")) > _INTEGER_DIGITS_MAX:
        raise ValueError("an integer of at most 40 digits was expected")
    return int(text)


class _Fractions:
    """Reads the fractions of one text as the text they are."""

    def __init__(self) -> None:
        self._left = FRACTIONS_MAX

    def read(self, text: str) -> str:
        self._left -= 1
        if self._left < 0:
            raise ValueError(f"at most {FRACTIONS_MAX} fractions were expected")
        exact(text)
        return text


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"a number was expected, was {name}")


def _is_shallow(tree: object) -> bool:
    level: list[Any] = [tree]
    for _ in range(DEPTH_MAX + 1):
        containers = [node for node in level if isinstance(node, (dict, list))]
        if not containers:
            return True
        level = []
        for node in containers:
            level.extend(node.values() if isinstance(node, dict) else node)
    return False


def _decoder() -> json.JSONDecoder:
    """Return a parser for one text; making one takes a few microseconds."""
    return json.JSONDecoder(
        object_pairs_hook=_unambiguous,
        parse_float=_Fractions().read,
        parse_int=_integer,
        parse_constant=_no_constant,
    )
