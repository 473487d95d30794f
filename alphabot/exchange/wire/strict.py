"""JSON as we accept it from the exchange: small, shallow, unambiguous, and exact in its numbers.

Python's own parser takes NaN, keeps the last of two equal keys (``"X":"NEW","X":"FILLED"`` is
FILLED) and turns ``0.1`` into a float; msgspec takes two equal keys as well. So the text is
parsed once with every one of those doors shut, and msgspec gives the tree its shape afterwards.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final, NoReturn, TypeVar

import msgspec

from alphabot.core.exact import exact
from alphabot.errors import UnexpectedReply

__all__ = [
    "BODY_BYTES_MAX",
    "DEPTH_MAX",
    "VALUES_MAX",
    "check_value",
    "containers_in",
    "decoder",
    "endless_json",
    "not_json",
    "shaped",
    "strict_json",
    "text_of",
    "values_in",
]

BODY_BYTES_MAX: Final = 1 << 20
"""Bytes of one body or frame; longer ones are read by :mod:`.pieces`."""
DEPTH_MAX: Final = 32
"""Containers inside containers; the deepest answer of the exchange has six."""

VALUES_MAX: Final = 40_000
"""Values of one body or frame, counted by the commas and brackets in its text. A megabyte of
``[],[],`` would hold up every user for a fifth of a second."""
FRACTIONS_MAX: Final = 5_000
"""Numbers with a fraction or an exponent: each is checked for itself, and the exchange writes its
prices as text."""

_INTEGER_DIGITS_MAX = 40

Shape = TypeVar("Shape")
Value = TypeVar("Value")


def strict_json(raw: bytes, *, size_max: int = BODY_BYTES_MAX) -> object:
    """Return the tree that ``raw`` spells: dicts, lists, strings, ints, bools and None.

    A number with a fraction or an exponent is a Decimal of the digits it was written with, so
    that it never passes for a text or an int.

    Raises UnexpectedReply for more than ``size_max`` bytes or about :data:`VALUES_MAX` values,
    for anything that is not UTF-8 or not JSON, for duplicate keys, NaN and infinities, lone
    surrogates, more than :data:`DEPTH_MAX` levels, and numbers of more digits or a larger
    exponent than :func:`alphabot.core.exact.exact` allows.
    """
    text = text_of(raw, size_max)
    # Before the parser: its time goes by values rather than by bytes.
    if (values := values_in(text, 0, len(text))) > VALUES_MAX:
        raise UnexpectedReply(f"at most {VALUES_MAX} values were expected, were {values}", raw)
    try:
        tree: object = decoder().decode(text)
        check_value(tree, text, 0, len(text), depth_max=DEPTH_MAX)
    except RecursionError:
        raise endless_json(raw) from None
    except ValueError as cause:
        raise not_json(cause, raw) from cause
    return tree


def text_of(raw: bytes, size_max: int) -> str:
    """Return the text of a body or frame; raises UnexpectedReply."""
    if len(raw) > size_max:
        raise UnexpectedReply(f"at most {size_max} bytes were expected, were {len(raw)}", raw)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as cause:
        raise not_json(cause, raw) from cause


def values_in(text: str, begin: int, end: int) -> int:
    """Return about how many values a part of a text spells."""
    return text.count(",", begin, end) + containers_in(text, begin, end)


def containers_in(text: str, begin: int, end: int) -> int:
    """Return about how many of them are objects and arrays."""
    return text.count("[", begin, end) + text.count("{", begin, end)


def decoder() -> json.JSONDecoder:
    """Return a parser for one text; making one takes a few microseconds."""
    return json.JSONDecoder(
        object_pairs_hook=_unambiguous,
        parse_float=_Fractions().read,
        parse_int=_integer,
        parse_constant=_no_constant,
    )


def check_value(value: object, text: str, begin: int, end: int, *, depth_max: int) -> None:
    """Raise ValueError for what a parser lets pass: half a character, and too many levels.

    The value is what ``text[begin:end]`` spells.
    """
    if text.find("\\u", begin, end) >= 0:
        # Only an escape can spell half a character, which no database or log could store.
        json.dumps(value, ensure_ascii=False, default=str).encode("utf-8")
    if not _is_shallow(value, depth_max):
        raise ValueError(f"at most {DEPTH_MAX} levels were expected")


def not_json(cause: ValueError, raw: bytes) -> UnexpectedReply:
    """Return the error for a text that is refused; JSONDecodeError is a ValueError too."""
    return UnexpectedReply(f"not the JSON that was expected: {_brief(cause)}", raw)


def endless_json(raw: bytes) -> UnexpectedReply:
    """Return the error for a text that was too deep for the parser.

    To be kept apart from its cause: the traceback of a recursion is a thousand equal lines.
    """
    return UnexpectedReply("JSON was nested without end", raw)


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
    """Reads the fractions of one text, digit by digit."""

    def __init__(self) -> None:
        self._left = FRACTIONS_MAX

    def read(self, text: str) -> Decimal:
        self._left -= 1
        if self._left < 0:
            raise ValueError(f"at most {FRACTIONS_MAX} fractions were expected")
        return exact(text)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"a number was expected, was {name}")


def _is_shallow(tree: object, depth_max: int) -> bool:
    level: list[Any] = [tree]
    for _ in range(depth_max + 1):
        containers = [node for node in level if isinstance(node, (dict, list))]
        if not containers:
            return True
        level = []
        for node in containers:
            level.extend(node.values() if isinstance(node, dict) else node)
    return False
