"""How a complaint speaks: the spelling of keys and values, and the nearest right name."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal

__all__ = ["KeyPath", "nearest", "shown", "spelled"]

KeyPath = tuple[str | int, ...]
"""Where a value is: ``("strategies", 0, "user_ids", 1)``. Numbers count from zero."""

_SHOWN_CHARACTERS_MAX = 60
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]{1,60}")


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate that ``name`` was probably meant to be, or None if none is close."""
    folded = {candidate.casefold(): candidate for candidate in candidates}
    # Cut, since the comparison is quadratic and a name may be as long as a file.
    close = difflib.get_close_matches(name[:100].casefold(), folded, n=1)
    return folded[close[0]] if close else None


def spelled(key: KeyPath) -> str:
    """Return a key as a person would say it: ``strategies.user_ids``.

    Which strategy or list item is meant, the line number tells.
    """
    return ".".join(
        part if _BARE_KEY.fullmatch(part) else _quoted(part)
        for part in key
        if isinstance(part, str)
    )


def shown(value: object) -> str:
    """Return a value of the file in short, on one line, with nothing a terminal would obey."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _quoted(value)
        case int() | float() | Decimal():
            return str(value)
        case Mapping():
            return "a table"
        case list() | tuple():
            return "a list" if value else "an empty list"
        case _:
            return "a date or time"


def _quoted(text: str) -> str:
    # repr escapes control characters, newlines and marks that reverse the direction of text.
    short = text if len(text) <= _SHOWN_CHARACTERS_MAX else text[:_SHOWN_CHARACTERS_MAX] + "…"
    return repr(short)
