"""The keys of ``[limits]``, which ``[users.N.limits]`` has as well."""

from __future__ import annotations

from decimal import Decimal

from alphabot.config.key import Key, Section
from alphabot.config.kinds import Flag, Number, Timing, Whole

__all__ = ["AMOUNT", "LIMITS", "MONEY", "POINTS"]

_CENT = Decimal("0.01")
MONEY = Number(_CENT, 1_000_000_000)
AMOUNT = Number(_CENT, 1_000_000)
"""What one round may buy for."""
POINTS = Whole(1, 29)
"""Volume points; 2 to the power of 29 is about the largest target."""
_PERCENT = Number(_CENT, 99)
_BASIS_POINTS = Number(_CENT, 10_000)

LIMITS = Section(
    "[limits]",
    "What no order may exceed; one that is left out is in force with its default.",
    (
        Key("max_daily_loss_usdt", MONEY, "per user and UTC day", 20),
        Key("max_exposure_usdt", MONEY, "per user: holdings and open BUYs", 100),
        Key("max_total_exposure_usdt", MONEY, "the same, all users together", 1000),
        Key("max_round_loss_percent", _PERCENT, "worst case of one round, fees included", 12),
        Key("max_leftover_usdt", MONEY, "per user: bought and not sold", 60),
        Key("max_exit_loss_percent", _PERCENT, "below its cost, for on_sell_timeout ladder", 3),
        Key("max_dust_bp", _BASIS_POINTS, "of a round: too little left to be sold", 10),
        Key("max_spread_bp", _BASIS_POINTS, "between the best bid and ask", 200),
        Key("max_consecutive_failures", Whole(1, 1000), "refused orders and buy timeouts", 5),
        Key("max_orders_per_minute", Whole(1, 6000), "per user; more have to wait", 30),
        Key("max_rounds", Whole(1, 10_000_000), "then a human re-arms the strategy", 2500),
        Key("max_price_age_seconds", Timing(Decimal("0.1"), 3600), "since last confirmed", 10),
        Key("price_collar_percent", _PERCENT, "of any limit from the reference price", 15),
        Key("max_source_deviation_percent", _PERCENT, "between ticker and book", 3),
        Key("self_trade_guard", Flag(), "keep our users from trading with each other", True),
    ),
)
