"""Rules that misbehave for some prices: what a plugin may do, and must do nobody any harm.

Which prices is a matter of their digits alone, so a rehearsal of one seed stays one trace.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any, cast

import trio

import alphabot
from alphabot.builtin.mul_point import divide
from alphabot.builtin.percent_offset import percent_offset
from alphabot.core.values import PricingRequest, Proposal
from alphabot.ports import Multiplier, PricingRule

__all__ = ["DEEDS", "register_multipliers", "register_pricing_rules"]

DEEDS: Counter[str] = Counter()
"""How often each rule has misbehaved."""


def _is_bad(price: Decimal) -> bool:
    return sum(price.as_tuple().digits) % 3 == 0


def _raises(_request: PricingRequest) -> Proposal:
    raise RuntimeError("a rule with a bug")


def _exits(_request: PricingRequest) -> Proposal:
    raise SystemExit(3)


def _nan(_request: PricingRequest) -> Proposal:
    return Proposal(Decimal("NaN"), Decimal("NaN"))


def _none(_request: PricingRequest) -> Proposal:
    return cast(Proposal, None)


async def _asks(request: PricingRequest) -> Proposal:
    await trio.lowlevel.checkpoint()
    return percent_offset(request)


def _coroutine(request: PricingRequest) -> Proposal:
    return cast(Proposal, _asks(request))


def _text(_request: PricingRequest) -> Proposal:
    return cast(Proposal, "0.0022")


def _mutates(request: PricingRequest) -> Proposal:
    cast(Any, request).amount_usdt = Decimal(1_000_000)
    return percent_offset(request)


def _asks_too_much(request: PricingRequest) -> Proposal:
    proposal = percent_offset(request)
    return Proposal(proposal.buy_price * 2, proposal.sell_price)


def _loses_too_much(request: PricingRequest) -> Proposal:
    proposal = percent_offset(request)
    return Proposal(proposal.buy_price, request.quote.last * Decimal("0.88"))


_RULES: dict[str, Callable[[PricingRequest], Proposal]] = {
    "rule_raises": _raises,
    "rule_exits": _exits,
    "rule_returns_NaN": _nan,
    "rule_returns_None": _none,
    "rule_returns_a_coroutine": _coroutine,
    "rule_returns_text": _text,
    "rule_mutates_its_input": _mutates,
    "rule_asks_too_much": _asks_too_much,
    "rule_loses_too_much": _loses_too_much,
}


def _at_times(name: str, misbehave: PricingRule) -> PricingRule:
    def rule(request: PricingRequest) -> Proposal:
        if not _is_bad(request.quote.last):
            return percent_offset(request)
        DEEDS[name.replace("_", " ")] += 1
        return misbehave(request)

    return rule


def _multiplier_raises(volume_usdt: Decimal, mul_point: int) -> Decimal:
    if _is_bad(volume_usdt):
        DEEDS["multiplier raises"] += 1
        raise RuntimeError("a multiplier with a bug")
    return divide(volume_usdt, mul_point)


def _multiplier_nan(volume_usdt: Decimal, mul_point: int) -> Decimal:
    if _is_bad(volume_usdt):
        DEEDS["multiplier returns NaN"] += 1
        return Decimal("NaN")
    return divide(volume_usdt, mul_point)


@alphabot.hookimpl
def register_pricing_rules(register: Callable[[str, PricingRule], None]) -> None:
    """Register the rules that propose prices."""
    for name, misbehave in _RULES.items():
        register(name, _at_times(name, misbehave))


@alphabot.hookimpl
def register_multipliers(register: Callable[[str, Multiplier], None]) -> None:
    """Register the rules that count volume."""
    register("multiplier_raises", _multiplier_raises)
    register("multiplier_returns_NaN", _multiplier_nan)
