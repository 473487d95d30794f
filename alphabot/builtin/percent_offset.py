"""The original pricing rule: buy a few percent above the price, sell a few percent below that.

A limit far beyond the market fills at the market: the offsets buy certainty, not a worse price.
"""

from __future__ import annotations

from collections.abc import Callable

from alphabot.core.exact import percent_of
from alphabot.core.values import PricingRequest, Proposal
from alphabot.hookspecs import hookimpl
from alphabot.ports import PricingRule

__all__ = ["percent_offset", "register_pricing_rules"]


def percent_offset(request: PricingRequest) -> Proposal:
    """Return buy = price x (1 + buy_offset/100) and sell = buy x (1 - sell_profit/100)."""
    buy_price = percent_of(request.quote.last, request.buy_offset_percent)
    return Proposal(
        buy_price=buy_price,
        sell_price=percent_of(buy_price, -request.sell_profit_percent),
    )


@hookimpl
def register_pricing_rules(register: Callable[[str, PricingRule], None]) -> None:
    """Register ``percent_offset``."""
    register("percent_offset", percent_offset)
