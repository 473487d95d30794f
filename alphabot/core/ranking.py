"""Which tokens are cheap to trade at this moment: the arithmetic of ``alphabot tokens``.

A token is judged by one round on it: buy for an amount at the best asks, sell back at the best
bids. What that costs is set against the volume that it credits.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from alphabot.core.exact import ZERO, divide, multiply
from alphabot.core.planning import Unplannable, plan_pair
from alphabot.core.round_trip import RoundTrip, basis_points, round_trip
from alphabot.core.values import Instrument, Level, Proposal, Quote, Token

__all__ = [
    "CREDITED_USDT",
    "WINDOW_DAYS",
    "Cost",
    "RankedToken",
    "cost_of_a_round",
    "ranked",
    "window_days_left",
]

CREDITED_USDT = Decimal(1000)
"""Costs are compared for so much credited volume."""
WINDOW_DAYS = 30
"""How long after its listing a token's volume counts several times (protocol section 8)."""
_DAY_MS = Decimal(86_400_000)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one round costs, by cause, in basis points of what it buys."""

    spread_bp: Decimal
    """Best bid below best ask."""
    slippage_bp: Decimal
    """What the amount reaches beyond the best prices."""
    fees_bp: Decimal
    dust_bp: Decimal
    bought_usdt: Decimal

    @property
    def total_bp(self) -> Decimal:
        """Everything that does not come back."""
        return self.spread_bp + self.slippage_bp + self.fees_bp + self.dust_bp

    @property
    def cost_usdt(self) -> Decimal:
        """The same in USDT."""
        return divide(multiply(self.total_bp, self.bought_usdt), Decimal(10_000))


@dataclass(frozen=True, slots=True)
class RankedToken:
    """A token with its cost, or with the reason why there is none.

    ``problem`` is ``not_trading``, ``thin_book`` (the book does not hold the amount),
    ``unanswered`` (the exchange was asked in vain) or the name of what the grid refuses.
    """

    token: Token
    cost: Cost | None
    credited: Decimal
    """What one round credits."""
    problem: str = ""

    @property
    def usdt_per_credited(self) -> Decimal | None:
        """What :data:`CREDITED_USDT` of credited volume cost; None where that is unknown."""
        if self.cost is None or self.credited <= 0:
            return None
        return divide(multiply(self.cost.cost_usdt, CREDITED_USDT), self.credited)


def cost_of_a_round(instrument: Instrument, quote: Quote, amount_usdt: Decimal) -> Cost:
    """Return what buying for an amount and selling back costs now.

    Raises Unplannable when the exchange would not take such an order, or the quote's depth does
    not hold it.
    """
    buy_limit = _limit(
        quote.asks or (Level(quote.ask, divide(amount_usdt, quote.ask)),), amount_usdt
    )
    plan = plan_pair(Proposal(buy_limit, _lowest(quote)), instrument, amount_usdt)
    trip = round_trip(plan, instrument, quote)
    if trip.waiting or trip.unsold:
        raise Unplannable("thin_book", f"{amount_usdt} USDT")
    return _by_cause(trip, quote)


def ranked(tokens: Iterable[RankedToken]) -> tuple[RankedToken, ...]:
    """Return the tokens, the cheapest credited volume first and those without a cost last."""

    def place(ranked: RankedToken) -> tuple[bool, bool, Decimal, str, str]:
        price = ranked.usdt_per_credited
        tradable = ranked.problem != "not_trading"
        return (
            price is None,
            not tradable,
            price or ZERO,
            ranked.token.name,
            ranked.token.alpha_id,
        )

    return tuple(sorted(tokens, key=place))


def window_days_left(token: Token, now_ms: int) -> Decimal | None:
    """Return how many days the token's multiplier has left, not below zero.

    None for a token that has no window (mulPoint 1), or whose listing time is not known.
    """
    if token.mul_point <= 1 or not token.listed_at_ms:
        return None
    age_days = (now_ms - token.listed_at_ms) / _DAY_MS
    return max(WINDOW_DAYS - age_days, ZERO)


def _limit(levels: Iterable[Level], amount_usdt: Decimal) -> Decimal:
    """Return the price that an amount reaches, best levels first."""
    reached = ZERO
    for level in levels:
        reached += multiply(level.price, level.quantity)
        if reached >= amount_usdt:
            return level.price
    raise Unplannable("thin_book", f"{reached} USDT at the best asks")


def _lowest(quote: Quote) -> Decimal:
    return min(level.price for level in quote.bids) if quote.bids else quote.bid


def _by_cause(trip: RoundTrip, quote: Quote) -> Cost:
    touch_usdt = multiply(trip.sold, quote.ask - quote.bid)
    return Cost(
        spread_bp=basis_points(touch_usdt, trip.bought_usdt),
        slippage_bp=basis_points(trip.spread_usdt - touch_usdt, trip.bought_usdt),
        fees_bp=basis_points(trip.fees_usdt, trip.bought_usdt),
        dust_bp=basis_points(trip.dust_usdt, trip.bought_usdt),
        bought_usdt=trip.bought_usdt,
    )
