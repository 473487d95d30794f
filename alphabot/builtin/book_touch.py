"""Limits just wide enough for the amount on the present book, and asked for anew every few seconds.

Nothing is paid beyond what the book asks at the moment of the quote, and what a book cannot give
is not asked of it: where it is too thin for the amount, the round is skipped. A book that has
moved on before the order arrives leaves the order waiting; so it waits but shortly.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Final

from alphabot.core.exact import divide
from alphabot.core.pricing import buy_limit, deepest_bid, reads_depth, sell_limit
from alphabot.core.values import PricingRequest, Proposal
from alphabot.hookspecs import hookimpl
from alphabot.ports import PricingRule

__all__ = ["REQUOTE_SECONDS", "book_touch", "register_pricing_rules"]

REQUOTE_SECONDS: Final = Decimal(5)
"""How long an order that the book has moved away from may wait before it follows the book."""


@reads_depth
def book_touch(request: PricingRequest) -> Proposal:
    """Return the limits that the amount reaches in the book, both ways; raises NoPrice.

    What was bought is sold as deep as the book is known, thin or not.
    """
    quote = request.quote
    if request.unsold:
        lowest = deepest_bid(quote, request.unsold)
        return Proposal(quote.ask, lowest, wait_seconds=REQUOTE_SECONDS)
    highest = buy_limit(quote, request.amount_usdt)
    lowest = sell_limit(quote, divide(request.amount_usdt, highest))
    return Proposal(highest, lowest, wait_seconds=REQUOTE_SECONDS)


@hookimpl
def register_pricing_rules(register: Callable[[str, PricingRule], None]) -> None:
    """Register ``book_touch``."""
    register("book_touch", book_touch)
