"""How figures stand in the screen and in the final table.

Names of tokens and strategies come from outside: they are shown as text, never as markup.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from alphabot.core.exact import ZERO, round_half_up
from alphabot.log import harmless

__all__ = ["bp", "moment", "name", "seconds", "tokens", "usdt"]

_CENT = Decimal("0.01")


def name(text: object) -> str:
    """Return an identifier or other foreign text, without anything a terminal would obey."""
    return harmless(str(text))


def usdt(amount: Decimal, places: int = 2) -> str:
    """Return an amount in USDT with thousands set apart."""
    # Adding zero takes the sign from a zero.
    return f"{round_half_up(amount, places) + ZERO:,f}"


def tokens(quantity: Decimal, cost_usdt: Decimal) -> str:
    """Return a quantity of tokens, and what it cost where that is a cent or more."""
    places = 2 if quantity >= 1 else 8
    text = f"{round_half_up(quantity, places) + ZERO:,f}"
    text = text.rstrip("0").rstrip(".")
    return f"{text} ({usdt(cost_usdt)} USDT)" if cost_usdt >= _CENT else text


def bp(value: Decimal) -> str:
    """Return basis points with one place, without the unit."""
    return f"{round_half_up(value, 1) + ZERO:,f}"


def seconds(value: float) -> str:
    """Return a duration: seconds, and minutes and hours where those say more."""
    if round(value, 1) < 60:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def moment(at_ms: int, unit: str = "seconds") -> str:
    """Return a time in UTC; one that no calendar has is shown as its number."""
    try:
        found = datetime.fromtimestamp(at_ms / 1000, UTC).replace(tzinfo=None)
    except (ValueError, OverflowError, OSError):
        return f"{at_ms} ms"
    return f"{found.isoformat(sep=' ', timespec=unit)} UTC"
