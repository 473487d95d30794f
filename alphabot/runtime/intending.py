"""From a plan to an intent: what will be asked of the exchange, as it is written down first."""

from __future__ import annotations

from alphabot.config import StrategySettings
from alphabot.core.records import Intended
from alphabot.core.values import (
    Instrument,
    PairPlan,
    Proposal,
    SalePlan,
)
from alphabot.runtime.recorder import Recorder

__all__ = ["intend_pair", "intend_sale"]


def intend_pair(
    plan: PairPlan,
    proposal: Proposal,
    instrument: Instrument,
    strategy: StrategySettings,
    recorder: Recorder,
) -> Intended:
    """Return the intent to place a pair, with all that its volume will be computed from.

    What the rule proposed is kept beside what the grid made of it.
    """
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
        proposed_buy_price=proposal.buy_price,
        proposed_sell_price=proposal.sell_price,
        exit_loss_percent=plan.exit_loss_percent,
        buy_wait_seconds=plan.buy_wait_seconds,
        sell_wait_seconds=plan.sell_wait_seconds,
    )


def intend_sale(
    plan: SalePlan,
    instrument: Instrument,
    strategy: StrategySettings,
    recorder: Recorder,
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
        exit_loss_percent=plan.exit_loss_percent,
        sell_wait_seconds=plan.wait_seconds,
    )
