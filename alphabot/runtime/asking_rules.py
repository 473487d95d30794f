"""Asking the rules that plugins bring: whatever they do, the answer is a value or a PluginError.

A rule may raise anything, even what is meant to end the process; it may return nothing, nonsense,
or a coroutine that nobody awaits. None of it may reach the trade loop as anything else than "this
rule has no answer" (safety: I-24).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from copy import deepcopy
from decimal import Decimal
from typing import Final, TypeVar

import trio

from alphabot.config import StrategySettings
from alphabot.core.records import Intended
from alphabot.core.values import Instrument, PricingRequest, Proposal, Quote
from alphabot.core.volume import credited_volume
from alphabot.errors import PluginError
from alphabot.ports import Multiplier, PricingRule

__all__ = ["ask_pricing_rule", "credit", "propose"]

RULE_SECONDS_MAX: Final = 1.0
"""A rule that takes longer holds up everybody; what it then says is about another moment."""

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
    return ask_pricing_rule(strategy.pricing, rule, request)


def ask_pricing_rule(name: str, rule: PricingRule, request: PricingRequest) -> Proposal:
    """Return the rule's proposal for a request; raises PluginError for anything else.

    The rule is given copies: frozen values can be changed by whoever means to, and the quote is
    everybody's.
    """
    given = deepcopy(request)
    proposal: object = _asked(name, "pricing rule", lambda: rule(given))
    if given != request:
        raise PluginError(name, "pricing rule", "it changed what it was given")
    if not isinstance(proposal, Proposal):
        problem = f"a Proposal was expected, was {type(proposal).__name__}"
        raise PluginError(name, "pricing rule", problem)
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
    began = trio.current_time()
    try:
        answer = _closed(ask())
    except (Exception, SystemExit, GeneratorExit) as cause:
        raise PluginError(plugin, hook, f"{type(cause).__name__}: {cause}") from cause
    seconds = trio.current_time() - began
    if seconds > RULE_SECONDS_MAX:
        problem = f"an answer within {RULE_SECONDS_MAX:g} s was expected, took {seconds:.1f} s"
        raise PluginError(plugin, hook, problem)
    return answer


def _closed(answer: T) -> T:
    """Return the answer; a coroutine is closed first, for nobody will await it."""
    if inspect.iscoroutine(answer):
        answer.close()
    return answer
