"""What buying a token and selling it back costs at the book of one moment.

It is an estimate: by the time an order arrives the book has moved. What the book cannot give at
once is taken to trade at the order's own limit, which is the worst price it can have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from alphabot.core.exact import ZERO, divide, floor_places, multiply, round_half_up
from alphabot.core.planning import AMOUNT_PLACES, sold_quantity
from alphabot.core.values import Instrument, Level, PairPlan, Quote

__all__ = ["RoundTrip", "Taken", "basis_points", "round_trip", "take"]

_USDT_PLACES = 18
"""Estimates are kept to these places: enough that their parts add up to the whole."""
_BASIS_POINTS = Decimal(10_000)


@dataclass(frozen=True, slots=True)
class Taken:
    """What the levels of a book give for an order: tokens, and USDT."""

    quantity: Decimal
    quote_usdt: Decimal


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """What was bought, what of it was sold, and where the difference went. Money in USDT."""

    bought: Decimal
    bought_usdt: Decimal
    sold: Decimal
    sold_usdt: Decimal
    """Before the seller's fee."""
    spread_usdt: Decimal
    """What the tokens sold brought less than they had cost: bid below ask, and depth."""
    fees_usdt: Decimal
    """Both; the buyer's, which is taken in the token, at what the token had cost."""
    dust: Decimal
    """Tokens that fee and step leave behind."""
    dust_usdt: Decimal
    """What the dust had cost."""
    waiting: Decimal
    """How much of the BUY, in tokens, the book cannot give within the limit at once."""
    unsold: Decimal
    """How much of the SELL, in tokens, the book cannot take within the limit at once."""

    @property
    def cost_usdt(self) -> Decimal:
        """Everything that was paid and did not come back, dust included."""
        return self.spread_usdt + self.fees_usdt + self.dust_usdt

    @property
    def cost_bp(self) -> Decimal:
        """The same in basis points of what was bought."""
        return basis_points(self.cost_usdt, self.bought_usdt)


def round_trip(plan: PairPlan, instrument: Instrument, quote: Quote) -> RoundTrip:
    """Return what a pair is likely to do, if the book is what the quote says.

    A quote without depth is taken to give any quantity at its bid and ask.
    """
    asks = quote.asks or (Level(quote.ask, plan.quantity),)
    bought = take([level for level in asks if level.price <= plan.buy_price], plan.quantity)
    waiting = plan.quantity - bought.quantity
    bought_usdt = floor_places(bought.quote_usdt + multiply(waiting, plan.buy_price), AMOUNT_PLACES)
    fee = floor_places(
        multiply(plan.quantity, instrument.fees.buyer), instrument.grid.base_precision
    )
    sellable = sold_quantity(plan.quantity, fee, instrument)
    bids = quote.bids or (Level(quote.bid, sellable),)
    sold = take([level for level in bids if level.price >= plan.sell_price], sellable)
    unsold = sellable - sold.quantity
    sold_usdt = floor_places(sold.quote_usdt + multiply(unsold, plan.sell_price), AMOUNT_PLACES)
    dust = plan.quantity - fee - sellable
    fee_usdt = _share(bought_usdt, fee, plan.quantity)
    dust_usdt = _share(bought_usdt, dust, plan.quantity)
    seller_fee_usdt = round_half_up(multiply(sold_usdt, instrument.fees.seller), AMOUNT_PLACES)
    return RoundTrip(
        bought=plan.quantity,
        bought_usdt=bought_usdt,
        sold=sellable,
        sold_usdt=sold_usdt,
        spread_usdt=bought_usdt - fee_usdt - dust_usdt - sold_usdt,
        fees_usdt=fee_usdt + seller_fee_usdt,
        dust=dust,
        dust_usdt=dust_usdt,
        waiting=waiting,
        unsold=unsold,
    )


def take(levels: Sequence[Level], quantity: Decimal) -> Taken:
    """Return what the levels, best first, give for a quantity; less where they hold less."""
    taken, quote_usdt = ZERO, ZERO
    for level in levels:
        here = min(level.quantity, quantity - taken)
        taken += here
        quote_usdt += multiply(here, level.price)
    return Taken(taken, quote_usdt)


def basis_points(part: Decimal, whole: Decimal) -> Decimal:
    """Return a part of a whole in basis points; zero of nothing."""
    return multiply(divide(part, whole), _BASIS_POINTS) if whole else ZERO


def _share(total_usdt: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    return floor_places(divide(multiply(total_usdt, part), whole), _USDT_PLACES)
