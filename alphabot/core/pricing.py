"""What pricing rules are made of: the levels of a book to be believed, and how far they reach.

A book may hold levels that are gone (protocol section 2): one capture shows a bid above an ask. A
level is believed unless the best price, which is confirmed more often, or the last trade say that
it cannot be there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import TypeVar

from alphabot.core.exact import ZERO, multiply, plain
from alphabot.core.planning import Unplannable
from alphabot.core.values import Level, PricingRequest, Proposal, Quote

__all__ = [
    "NoPrice",
    "asks_of",
    "bids_of",
    "buy_limit",
    "deepest_bid",
    "reads_depth",
    "sell_limit",
    "wants_depth",
]

_Rule = TypeVar("_Rule", bound=Callable[[PricingRequest], Proposal])
_MARK = "__alphabot_reads_depth__"


class NoPrice(Unplannable):
    """A rule's word that it proposes nothing at this moment; the round is skipped.

    It is no failure of the rule. ``name`` is a word such as ``thin_book``, ``detail`` the figures.
    """


def reads_depth(rule: _Rule) -> _Rule:
    """Mark a pricing rule that must be asked with the levels of a fresh book; use as decorator."""
    setattr(rule, _MARK, True)
    return rule


def wants_depth(rule: object) -> bool:
    """Return whether a rule was marked by :func:`reads_depth`."""
    return getattr(rule, _MARK, False) is True


def asks_of(quote: Quote) -> tuple[Level, ...]:
    """Return the asks that can be believed, best first."""
    floor = quote.last if quote.bid > quote.ask else quote.ask
    return tuple(level for level in quote.asks if level.quantity > 0 and level.price >= floor)


def bids_of(quote: Quote) -> tuple[Level, ...]:
    """Return the bids that can be believed, best first."""
    ceiling = quote.last if quote.bid > quote.ask else quote.bid
    return tuple(level for level in quote.bids if level.quantity > 0 and level.price <= ceiling)


def buy_limit(quote: Quote, amount_usdt: Decimal) -> Decimal:
    """Return the lowest limit at which the asks hold what an amount buys.

    Raises NoPrice when the book is too thin for it.
    """
    held = ZERO
    price = ZERO
    for level in asks_of(quote):
        held, price = held + level.quantity, level.price
        if multiply(held, price) >= amount_usdt:
            return price
    raise _too_thin("asks", multiply(held, price), f"{plain(amount_usdt)} USDT")


def sell_limit(quote: Quote, quantity: Decimal) -> Decimal:
    """Return the highest limit at which the bids take a quantity of tokens.

    Raises NoPrice when the book is too thin for it.
    """
    held = ZERO
    for level in bids_of(quote):
        held += level.quantity
        if held >= quantity:
            return level.price
    raise _too_thin("bids", held, f"{quantity:.8f} tokens")


def deepest_bid(quote: Quote, quantity: Decimal) -> Decimal:
    """Return the same for what must be sold anyway: in a thin book, as deep as it is known."""
    try:
        return sell_limit(quote, quantity)
    except NoPrice:
        return _lowest(bids_of(quote), quote.bid)


def _lowest(levels: Iterable[Level], otherwise: Decimal) -> Decimal:
    return min((level.price for level in levels), default=otherwise)


def _too_thin(side: str, held: Decimal, needed: str) -> NoPrice:
    return NoPrice("thin_book", f"the {side} that are known hold {held:.8f} of {needed}")
