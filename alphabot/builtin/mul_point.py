"""What a token's mulPoint makes of a volume: three rules, chosen by name.

``divide`` is the original rule and the default; ``points`` is how the exchange publishes its
points volume (protocol section 8); ``flat`` counts money as money.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from alphabot.core.exact import divide as quotient
from alphabot.core.exact import multiply
from alphabot.hookspecs import hookimpl
from alphabot.ports import Multiplier

__all__ = ["divide", "flat", "points", "register_multipliers"]


def divide(volume_usdt: Decimal, mul_point: int) -> Decimal:
    """Return volume / mulPoint: 30 USDT at mulPoint 4 credit 7.5."""
    return quotient(volume_usdt, Decimal(mul_point))


def points(volume_usdt: Decimal, mul_point: int) -> Decimal:
    """Return volume x mulPoint: 30 USDT at mulPoint 4 credit 120."""
    return multiply(volume_usdt, Decimal(mul_point))


def flat(volume_usdt: Decimal, mul_point: int) -> Decimal:
    """Return the volume as it is, whatever the mulPoint."""
    return volume_usdt


@hookimpl
def register_multipliers(register: Callable[[str, Multiplier], None]) -> None:
    """Register ``divide``, ``points`` and ``flat``."""
    register("divide", divide)
    register("points", points)
    register("flat", flat)
