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
from functools import partial
from typing import Final, TypeVar

import trio

from alphabot.config import StrategySettings
from alphabot.core.exact import ZERO, divide, plain
from alphabot.core.pricing import NoPrice
from alphabot.core.records import Intended
from alphabot.core.values import Instrument, PricingRequest, Proposal, Quote
from alphabot.core.volume import credited_volume
from alphabot.errors import PluginError
from alphabot.ports import Multiplier, PricingRule

__all__ = ["ask_pricing_rule", "credit", "propose", "propose_in_the_end"]

RULE_SECONDS_MAX: Final = 1.0
"""A rule that takes longer holds up everybody; what it then says is about another moment."""

WAIT_SECONDS_MIN: Final = Decimal(1)
"""A rule that had its orders cancelled sooner would do little else than place and cancel."""

T = TypeVar("T")


def propose(
    rule: PricingRule,
    strategy: StrategySettings,
    instrument: Instrument,
    quote: Quote,
    *,
    attempt: int = 1,
    waited_seconds: Decimal = ZERO,
    unsold: Decimal = ZERO,
) -> Proposal:
    """Return the rule's proposal.

    Raises NoPrice where the rule says that it has none, PluginError for anything else it may do.
    """
    request = PricingRequest(
        quote=quote,
        instrument=instrument,
        amount_usdt=strategy.single_trade_amount_usdt,
        buy_offset_percent=strategy.buy_offset_percentage,
        sell_profit_percent=strategy.sell_profit_percentage,
        attempt=attempt,
        waited_seconds=waited_seconds,
        unsold=unsold,
    )
    return ask_pricing_rule(strategy.pricing, rule, request)


def propose_in_the_end(
    rule: PricingRule, strategy: StrategySettings, instrument: Instrument, quote: Quote
) -> tuple[Proposal, bool]:
    """Return what a rule proposes once it has waited enough, and whether it waits at all.

    Whether anybody comes to trade with an order that waits, nobody knows; what it costs not to
    wait any more, the book tells. Raises as :func:`propose`.
    """
    ask = partial(propose, rule, strategy, instrument, quote)
    first = ask()
    if first.wait_seconds is None:
        return first, False
    waited_seconds = Decimal(str(strategy.order_timeout_seconds))
    last = ask(attempt=2, waited_seconds=waited_seconds)
    if last.buy_price <= 0:
        return last, True
    bought = divide(strategy.single_trade_amount_usdt, last.buy_price)
    sale = ask(attempt=2, waited_seconds=waited_seconds, unsold=bought)
    return Proposal(last.buy_price, sale.sell_price), True


def ask_pricing_rule(name: str, rule: PricingRule, request: PricingRequest) -> Proposal:
    """Return the rule's proposal for a request; raises NoPrice and PluginError.

    The rule is given copies: frozen values can be changed by whoever means to, and the quote is
    everybody's.
    """
    given = deepcopy(request)
    refusals: list[NoPrice] = []
    proposal: object = _asked(name, "pricing rule", lambda: _priced(rule, given, refusals.append))
    if given != request:
        raise PluginError(name, "pricing rule", "it changed what it was given")
    if refusals:
        raise refusals[0]
    if not isinstance(proposal, Proposal):
        problem = f"a Proposal was expected, was {type(proposal).__name__}"
        raise PluginError(name, "pricing rule", problem)
    wait = proposal.wait_seconds
    if wait is not None and wait < WAIT_SECONDS_MIN:
        problem = f"a wait of at least {WAIT_SECONDS_MIN} s was expected, was {plain(wait)} s"
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


def _priced(
    rule: PricingRule, request: PricingRequest, refused: Callable[[NoPrice], None]
) -> object:
    """Return what the rule returns; where it says that it has no price, hand that over."""
    try:
        return rule(request)
    except NoPrice as refusal:
        # Said anew by our own class: whatever the rule's own one may do, this one says it.
        refused(NoPrice(f"{refusal.name}", f"{refusal.detail}"))
        return None


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
