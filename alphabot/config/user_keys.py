"""The keys of ``[users.N]``: what holds for one user, where it is not as for all."""

from __future__ import annotations

from dataclasses import replace

from alphabot.config.key import Key, Section
from alphabot.config.limit_keys import AMOUNT, LIMITS, MONEY, POINTS

__all__ = ["USER", "USER_LIMITS"]

USER = Section(
    "[users.NUMBER]",
    "What holds for one user in every strategy; what is left out is as for all.",
    (
        Key("single_trade_amount_usdt", AMOUNT, "what one round of this user buys for", None),
        Key("target_volume", MONEY, "credited volume to reach, for this user", None),
        Key("target_points", POINTS, "or the volume points to reach, for this user", None),
    ),
)

USER_LIMITS = Section(
    "[users.NUMBER.limits]",
    "Limits of one user's orders; one that is left out is as in [limits].",
    tuple(replace(key, default=None) for key in LIMITS.keys),
)
