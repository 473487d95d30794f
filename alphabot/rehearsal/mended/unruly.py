"""The rules of the unruly plugin, mended: what its author makes of them once they were told."""

from __future__ import annotations

from collections.abc import Callable

import alphabot
from alphabot.builtin.mul_point import divide
from alphabot.builtin.percent_offset import percent_offset
from alphabot.ports import Multiplier, PricingRule

__all__ = ["register_multipliers", "register_pricing_rules"]


@alphabot.hookimpl
def register_pricing_rules(register: Callable[[str, PricingRule], None]) -> None:
    """Register nothing but what the shipped rule says, under the names of the other."""
    for name in (
        "rule_raises",
        "rule_exits",
        "rule_returns_NaN",
        "rule_returns_None",
        "rule_returns_a_coroutine",
        "rule_returns_text",
        "rule_mutates_its_input",
        "rule_asks_too_much",
        "rule_loses_too_much",
    ):
        register(name, percent_offset)


@alphabot.hookimpl
def register_multipliers(register: Callable[[str, Multiplier], None]) -> None:
    """Register the original rule under both names."""
    for name in ("multiplier_raises", "multiplier_returns_NaN"):
        register(name, divide)
