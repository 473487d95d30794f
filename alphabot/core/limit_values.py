"""The limits of a configuration, as one frozen value; :mod:`alphabot.core.limits` enforces them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from alphabot.core.exact import Exact

__all__ = ["Limits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits(Exact):
    """What no order may exceed; every figure is in force, so none has a default here."""

    max_daily_loss_usdt: Decimal
    """Per user and UTC day."""
    max_exposure_usdt: Decimal
    """Per user: inventory, open BUYs at their limit, unknown intents as if filled."""
    max_total_exposure_usdt: Decimal
    """The same, over all users."""
    max_round_loss_percent: Decimal
    """Worst case of one plan: bought at its limit, sold at its limit, both fees."""
    max_leftover_usdt: Decimal
    """Per user, over all tokens."""
    max_exit_loss_percent: Decimal
    """How far below their cost a ladder may sell tokens."""
    max_dust_bp: Decimal
    """Of a plan's amount: what fee and step leave behind."""
    max_spread_bp: Decimal
    max_consecutive_failures: int
    """Order refusals and buy timeouts in a row; outages do not count."""
    max_orders_per_minute: int
    """Per user; a pair counts once, and reaching the limit means waiting."""
    max_rounds: int
    """Then a human re-arms the strategy."""
    max_price_age_seconds: float
    """Since the source last confirmed the price, not since the last trade."""
    price_collar_percent: Decimal
    """How far a limit may be from the reference price."""
    max_source_deviation_percent: Decimal
    """How far ticker and book may be apart."""
    self_trade_guard: bool
    """Whether two of our users are kept from trading with each other."""
