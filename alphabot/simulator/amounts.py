"""Decimal arithmetic of the exchange: which way it rounds, and how it writes numbers."""

from __future__ import annotations

from decimal import (
    ROUND_CEILING,
    ROUND_FLOOR,
    ROUND_HALF_UP,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
)
from functools import lru_cache

__all__ = [
    "FEE_RATE",
    "MONEY_PLACES",
    "ZERO",
    "average_price",
    "ceil_to_grid",
    "fixed",
    "floor_money",
    "floor_places",
    "floor_to_grid",
    "is_on_grid",
    "plain",
    "product",
    "round_places",
]

ZERO = Decimal(0)
FEE_RATE = Decimal("0.0001")
"""What each side pays; get-fee-rate says 100 in units of 1e-6 (protocol: fees)."""
MONEY_PLACES = 8
"""Places of every amount in the quote asset (protocol: amount and precision rules)."""

# A price of 18 digits times a quantity of 14 needs more than the default context's 28.
_WIDE = Context(prec=80, traps=[InvalidOperation, DivisionByZero, Overflow])


@lru_cache(maxsize=32)
def _unit(places: int) -> Decimal:
    return Decimal((0, (1,), -places))


def product(price: Decimal, quantity: Decimal) -> Decimal:
    """Return the exact product, never rounded to the context's precision."""
    return _WIDE.multiply(price, quantity)


def floor_places(value: Decimal, places: int) -> Decimal:
    """Return value with that many places, rounded down."""
    return value.quantize(_unit(places), ROUND_FLOOR, _WIDE)


def round_places(value: Decimal, places: int) -> Decimal:
    """Return value with that many places, rounded half-up."""
    return value.quantize(_unit(places), ROUND_HALF_UP, _WIDE)


def floor_money(price: Decimal, quantity: Decimal) -> Decimal:
    """Return ``floor(price * quantity, 8)``: what an order or a fill is worth in quote."""
    return floor_places(product(price, quantity), MONEY_PLACES)


def floor_to_grid(value: Decimal, grid: Decimal) -> Decimal:
    """Return the largest multiple of grid that is not above value."""
    return _WIDE.multiply(_WIDE.divide(value, grid).to_integral_value(ROUND_FLOOR), grid)


def ceil_to_grid(value: Decimal, grid: Decimal) -> Decimal:
    """Return the smallest multiple of grid that is not below value."""
    return _WIDE.multiply(_WIDE.divide(value, grid).to_integral_value(ROUND_CEILING), grid)


def is_on_grid(value: Decimal, grid: Decimal) -> bool:
    """Tell whether value is a whole multiple of grid."""
    return _WIDE.remainder(value, grid) == 0


def average_price(quote: Decimal, quantity: Decimal) -> Decimal:
    """Return quote per quantity, unrounded for all practical purposes; zero before a fill."""
    return _WIDE.divide(quote, quantity) if quantity else ZERO


def plain(value: Decimal) -> str:
    """Write in fixed-point without trailing zeros: the form of histories and wallets."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def fixed(value: Decimal, places: int) -> str:
    """Write in fixed-point with exactly that many places, rounded down."""
    return format(floor_places(value, places), "f")
