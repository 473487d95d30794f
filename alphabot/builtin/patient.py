"""Join the bid to buy and the ask to sell, for a while; cross the spread only then.

A limit beyond the market fills at the market, so what a round pays is the spread. Only who waits
for others to come can save it. Every few seconds the order follows the best price; after the
whole wait what is left is bought or sold like :mod:`.book_touch` does it.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Final

from alphabot.core.pricing import buy_limit, deepest_bid, reads_depth
from alphabot.core.values import PricingRequest, Proposal
from alphabot.hookspecs import hookimpl
from alphabot.ports import PricingRule

__all__ = ["FOLLOW_SECONDS", "PATIENCE_SECONDS", "patient", "register_pricing_rules"]

FOLLOW_SECONDS: Final = Decimal(10)
"""How long an order stays at one price before it follows the best."""
PATIENCE_SECONDS: Final = Decimal(30)
"""How long a BUY, and then a SELL, waits for others in all before it crosses the spread."""


@reads_depth
def patient(request: PricingRequest) -> Proposal:
    """Return bid and ask while there is patience, then limits that cross; raises NoPrice.

    The SELL of a pair begins with patience of its own, also where its BUY had to cross.
    """
    quote = request.quote
    crosses = request.waited_seconds >= PATIENCE_SECONDS
    if request.unsold:
        sell_price = deepest_bid(quote, request.unsold) if crosses else quote.ask
        return Proposal(quote.bid, sell_price, wait_seconds=FOLLOW_SECONDS)
    buy_price = buy_limit(quote, request.amount_usdt) if crosses else quote.bid
    return Proposal(buy_price, quote.ask, wait_seconds=FOLLOW_SECONDS)


@hookimpl
def register_pricing_rules(register: Callable[[str, PricingRule], None]) -> None:
    """Register ``patient``."""
    register("patient", patient)
