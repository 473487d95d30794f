"""Credited volume: which figure counts (the basis), and what a multiplier rule makes of it.

Basis ``filled`` is the quote amount the exchange reports for the BUY: a limit 10 % above the
market still fills at the ask, so 30 ordered may be 27.27 filled. Basis ``ordered`` is the
strategy's amount per round times the filled fraction: the arithmetic of the original text.
The multiplier rule is a plugin; ``divide``, ``points`` and ``flat`` ship with us.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from alphabot.core.exact import MAGNITUDE_MAX, ZERO, divide, floor_places, multiply
from alphabot.core.records import Intended

__all__ = ["CREDIT_PLACES", "basis_usdt", "credited_volume"]

CREDIT_PLACES = 8
"""Credited volume is cut, never rounded up, at the places the exchange counts quote amounts in."""


def basis_usdt(intended: Intended, executed: Decimal, quote_usdt: Decimal) -> Decimal:
    """Return the volume of a BUY before the multiplier rule, by the intent's basis, in USDT."""
    if intended.volume_basis == "filled":
        return quote_usdt
    amount = intended.round_amount_usdt or ZERO
    if executed == intended.quantity:
        return amount
    return floor_places(divide(multiply(amount, executed), intended.quantity), CREDIT_PLACES)


def credited_volume(
    intended: Intended,
    executed: Decimal,
    quote_usdt: Decimal,
    multiplier: Callable[[Decimal, int], Decimal],
) -> Decimal:
    """Return what a BUY adds toward the target.

    Raises ValueError when the rule's answer is not a sane number at or above zero; TypeError
    when it is not a Decimal.
    """
    credited = multiplier(basis_usdt(intended, executed, quote_usdt), intended.mul_point)
    if not isinstance(credited, Decimal):
        raise TypeError(f"a Decimal was expected, was {type(credited).__name__}")
    if not credited.is_finite() or credited < 0 or credited.adjusted() > MAGNITUDE_MAX:
        raise ValueError(f"a finite volume at or above zero was expected, was {credited}")
    return floor_places(credited, CREDIT_PLACES)
