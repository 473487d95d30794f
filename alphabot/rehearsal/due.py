"""What a BUY counts, by the world's profile and the exchange's own order and token."""

from __future__ import annotations

from decimal import Decimal

from alphabot.core.records import Intended
from alphabot.rehearsal.profile import Mode, Profile
from alphabot.simulator.amounts import floor_places
from alphabot.simulator.exchange import Exchange

__all__ = ["volume_due"]

_CREDIT_PLACES = 8
_ZERO = Decimal(0)
_UNSURE = {"mulPoint changed", "multiplier changed"}
"""Kinds after which the exchange itself has told the multiplier in more than one way."""


def volume_due(
    profile: Profile, model: Exchange, intended: Intended, order_id: int
) -> Decimal | None:
    """Return what a BUY counts; None where it is no order of the exchange, which others judge.

    Of the intent only its strategy's name is taken, and the multiplier of the world where the
    exchange changes that on the way, or a person its rule.
    """
    order = model.desk.orders.get(order_id)
    drawn = next(
        (
            each
            for each in profile.strategies
            if intended.strategy_id in (profile.strategy_id(each, 1), profile.strategy_id(each, 2))
        ),
        None,
    )
    if order is None or drawn is None:
        return None
    volume = sum((fill.quote for fill in order.fills), _ZERO)
    if drawn.volume_basis == "ordered":
        share = Decimal(drawn.amount_usdt) * order.state.executed / order.state.quantity
        volume = floor_places(share, _CREDIT_PLACES)
    # Once the faults have ended a person has every strategy divide.
    is_mended = profile.mode is Mode.LIVENESS and intended.multiplier == "divide"
    if drawn.multiplier != "flat" or is_mended:
        told = model.tokens[order.token.alpha_id].mul_point
        volume /= intended.mul_point if _UNSURE & profile.faults.keys() else told
    return floor_places(volume, _CREDIT_PLACES)
