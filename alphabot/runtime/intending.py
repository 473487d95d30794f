"""From a quote to an intent: ask the rule, and write down what will be asked of the exchange."""

from __future__ import annotations

from alphabot.config import StrategySettings
from alphabot.core.records import Intended
from alphabot.core.values import (
    Instrument,
    PairPlan,
    PricingRequest,
    Proposal,
    Quote,
    SalePlan,
)
from alphabot.errors import PluginError
from alphabot.ports import PricingRule
from alphabot.runtime.recorder import Recorder

__all__ = ["intend_pair", "intend_sale", "propose"]


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
    proposal: object
    try:
        proposal = rule(request)
    except Exception as cause:
        problem = f"{type(cause).__name__}: {cause}"
        raise PluginError(strategy.pricing, "pricing rule", problem) from cause
    if not isinstance(proposal, Proposal):
        problem = f"a Proposal was expected, was {type(proposal).__name__}"
        raise PluginError(strategy.pricing, "pricing rule", problem)
    return proposal


def intend_pair(
    plan: PairPlan, instrument: Instrument, strategy: StrategySettings, recorder: Recorder
) -> Intended:
    """Return the intent to place a pair, with all that its volume will be computed from."""
    return Intended(
        at_ms=recorder.now_ms(),
        intent_id=recorder.next_intent_id(),
        strategy_id=strategy.strategy_id,
        alpha_id=plan.alpha_id,
        symbol=plan.symbol,
        quantity=plan.quantity,
        buy_price=plan.buy_price,
        sell_price=plan.sell_price,
        amount_usdt=plan.amount_usdt,
        round_amount_usdt=strategy.single_trade_amount_usdt,
        mul_point=instrument.token.mul_point,
        multiplier=strategy.multiplier,
        volume_basis=strategy.volume_basis,
        pricing=strategy.pricing,
    )


def intend_sale(
    plan: SalePlan, instrument: Instrument, strategy: StrategySettings, recorder: Recorder
) -> Intended:
    """Return the intent to sell what a round left over."""
    return Intended(
        at_ms=recorder.now_ms(),
        intent_id=recorder.next_intent_id(),
        strategy_id=strategy.strategy_id,
        alpha_id=plan.alpha_id,
        symbol=plan.symbol,
        quantity=plan.quantity,
        sell_price=plan.price,
        mul_point=instrument.token.mul_point,
    )
