"""Numbers and words as the exchange writes them; ValueError (for ``shaped``) if they are none."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any

import msgspec

from alphabot.core.exact import exact

__all__ = ["Count", "Figure", "Number", "Word", "not_negative", "positive", "whole"]

Number = str | int
"""A price or a quantity before it is read: text, or a whole number (protocol section 1).

A JSON number with a fraction is neither: where the protocol has text, it is refused.
"""

Figure = Any
"""A number that has been seen as a JSON fraction too: those of user-volume, and klines of 2025.

What it is, :func:`not_negative` and :func:`positive` decide: they take text, ints and Decimals.
"""

Word = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9_.-]{1,64}\Z")]
"""An id, a symbol or an asset."""

Count = Annotated[int, msgspec.Meta(ge=0)]
"""A time in epoch milliseconds, an id that rises, or how many there were."""

_WHOLE = re.compile(r"[0-9]{1,18}")


def not_negative(value: Number | Decimal) -> Decimal:
    """Return a finite number not below zero."""
    number = exact(value)
    if number < 0:
        raise ValueError(f"a number not below zero was expected, was {number}")
    return number


def positive(value: Number | Decimal) -> Decimal:
    """Return a finite number above zero."""
    number = exact(value)
    if number <= 0:
        raise ValueError(f"a number above zero was expected, was {number}")
    return number


def whole(value: str) -> int:
    """Return a whole number not below zero, where the exchange writes one as text."""
    if not _WHOLE.fullmatch(value):
        raise ValueError(f"a whole number was expected, was {value[:64]!r}")
    return int(value)
