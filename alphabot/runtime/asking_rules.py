"""Asking the rules that plugins bring: whatever they do, the answer is a value or a PluginError.

A rule may raise anything, even what is meant to end the process; it may return nothing, nonsense,
or a coroutine that nobody awaits. None of it may reach the trade loop as anything else than "this
rule has no answer" (safety: I-24).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar

from alphabot.config import StrategySettings
from alphabot.core.records import Intended
from alphabot.core.values import Instrument, PricingRequest, Proposal, Quote
from alphabot.core.volume import credited_volume
from alphabot.errors import PluginError
from alphabot.ports import Multiplier, PricingRule

__all__ = ["credit", "propose"]

T = TypeVar("T")


def propose(
    rule: PricingRule, strategy: StrategySettings, instrument: Instrument, quote: Quote
) -> Proposal:
    """Return the rule's proposal; raises PluginError for anything else the rule may do."""
    request = PricingRequest(
        quote=quote,
        instrument=instrument,
        amount_usdt=strategy.single_trade_amount_usdt,
        buy_offset_percent=strategy.buy_offset_percentage,
        sell_profit_percent=strategy.sell_profit_percentage,
    )
    proposal: object = _asked(strategy.pricing, "pricing rule", lambda: rule(request))
    if not isinstance(proposal, Proposal):
        problem = f"a Proposal was expected, was {type(proposal).__name__}"
        raise PluginError(strategy.pricing, "pricing rule", problem)
    return proposal


def credit(
    intended: Intended,
    executed: Decimal,
    quote_usdt: Decimal,
    multiplier_of: Callable[[str], Multiplier],
) -> Decimal:
    """Return what a BUY adds toward the target by the rule of its intent.

    Raises PluginError when the rule is not loaded or its answer cannot be used.
    """
    name = intended.multiplier

    def closed(volume_usdt: Decimal, mul_point: int) -> Decimal:
        return _closed(multiplier_of(name)(volume_usdt, mul_point))

    return _asked(
        name, "multiplier", lambda: credited_volume(intended, executed, quote_usdt, closed)
    )


def _asked(plugin: str, hook: str, ask: Callable[[], T]) -> T:
    try:
        return _closed(ask())
    except (Exception, SystemExit, GeneratorExit) as cause:
        raise PluginError(plugin, hook, f"{type(cause).__name__}: {cause}") from cause


def _closed(answer: T) -> T:
    """Return the answer; a coroutine is closed first, for nobody will await it."""
    if inspect.iscoroutine(answer):
        answer.close()
    return answer
