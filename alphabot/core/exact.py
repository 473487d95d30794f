"""Exact decimals: how money and quantities are read, checked and put on a grid.

Money is ``Decimal`` from wire to disk. Rounding directions are fixed: quantities and buy limits
go down, sell limits go up, amounts are cut to eight places (protocol section 3).
"""

from __future__ import annotations

import inspect
import re
from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Context, Decimal, InvalidOperation

__all__ = [
    "MAGNITUDE_MAX",
    "ZERO",
    "Exact",
    "ceil_to",
    "divide",
    "exact",
    "floor_places",
    "floor_to",
    "multiply",
    "percent_of",
    "plain",
    "round_half_up",
]

ZERO = Decimal(0)

# Wire numbers have up to about 30 digits (protocol section 2); a product of two fits in 80.
_DIGITS_MAX = 40
MAGNITUDE_MAX = 40
"""The power of ten, up or down, beyond which nothing is a price, a quantity or a volume."""
_WIDE = Context(prec=100, rounding=ROUND_DOWN)
_HUNDRED = Decimal(100)
_PLAIN_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)


def exact(value: Decimal | int | str) -> Decimal:
    """Return ``value`` as a finite Decimal of sane size.

    Raises TypeError for floats and anything that is not a number's text, ValueError for NaN,
    infinities, junk, and numbers whose exponent or digits no exchange would send.
    """
    if isinstance(value, bool) or not isinstance(value, Decimal | int | str):
        raise TypeError(f"an exact number was expected, was {type(value).__name__}")
    if isinstance(value, str) and (len(value) > 64 or not _PLAIN_NUMBER.fullmatch(value)):
        raise ValueError(f"a decimal number was expected, was {value[:64]!r}")
    try:
        number = Decimal(value)
    except InvalidOperation as cause:
        raise ValueError("a decimal number was expected") from cause
    if not number.is_finite():
        raise ValueError(f"a finite number was expected, was {number}")
    # Zero too: 0E-200000000 would be written out with all its places.
    if abs(number.adjusted()) > MAGNITUDE_MAX or len(number.as_tuple().digits) > _DIGITS_MAX:
        raise ValueError("a number of at most 40 digits was expected")
    return number


def multiply(left: Decimal, right: Decimal) -> Decimal:
    """Return the exact product of two numbers of sane size."""
    return _WIDE.multiply(left, right)


def divide(left: Decimal, right: Decimal) -> Decimal:
    """Return ``left / right``, cut (never rounded up) at a hundred digits."""
    return _WIDE.divide(left, right)


def percent_of(value: Decimal, percent: Decimal) -> Decimal:
    """Return ``value`` changed by ``percent`` percent: 100 changed by 10 is 110."""
    return multiply(value, _WIDE.add(_HUNDRED, percent).scaleb(-2, _WIDE))


def floor_to(value: Decimal, step: Decimal) -> Decimal:
    """Return the largest multiple of ``step`` not above ``value``, in the step's own places."""
    return _on_grid(value, step, ROUND_DOWN)


def ceil_to(value: Decimal, step: Decimal) -> Decimal:
    """Return the smallest multiple of ``step`` not below ``value``, in the step's own places."""
    return _on_grid(value, step, ROUND_UP)


def floor_places(value: Decimal, places: int) -> Decimal:
    """Return ``value`` cut to ``places`` decimal places."""
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_DOWN, context=_WIDE)


def round_half_up(value: Decimal, places: int) -> Decimal:
    """Return ``value`` rounded half up to ``places`` decimal places, for display and fees."""
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP, context=_WIDE)


def plain(value: Decimal) -> str:
    """Return fixed-point text without exponent and without needless zeros: ``0.000005619``."""
    text = format(value or ZERO, "f")  # minus zero is zero
    return text.rstrip("0").rstrip(".") if "." in text else text


def _on_grid(value: Decimal, step: Decimal, rounding: str) -> Decimal:
    if step <= 0:
        raise ValueError(f"a positive step was expected, was {step}")
    if value < 0:
        raise ValueError(f"a number not below zero was expected, was {value}")
    count = _WIDE.divide(value, step).quantize(Decimal(1), rounding=rounding, context=_WIDE)
    return _WIDE.multiply(count, _WIDE.normalize(step))


class Exact:
    """Base of the value types: each field annotated with Decimal must hold a finite Decimal.

    Construction raises TypeError for a float or any other type, ValueError for NaN and infinity.
    """

    __slots__ = ()
    _decimal_fields: tuple[str, ...] = ()
    _optional_fields: frozenset[str] = frozenset()

    def __init_subclass__(cls) -> None:
        # A dataclass with slots is made anew, so this runs twice for it.
        for name, kind in inspect.get_annotations(cls).items():
            text = kind.__name__ if isinstance(kind, type) else str(kind)
            if text.removesuffix(" | None").rpartition(".")[2] == "Decimal":
                cls._decimal_fields = tuple(dict.fromkeys((*cls._decimal_fields, name)))
                if text.endswith(" | None"):
                    cls._optional_fields |= {name}

    def __post_init__(self) -> None:
        for name in self._decimal_fields:
            value = getattr(self, name)
            if value is None and name in self._optional_fields:
                continue
            if not isinstance(value, Decimal):
                kind = type(value).__name__
                raise TypeError(f"{type(self).__name__}.{name}: Decimal was expected, was {kind}")
            if not value.is_finite():
                raise ValueError(f"{type(self).__name__}.{name}: must be finite, was {value}")
