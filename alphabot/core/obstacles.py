"""What stands in the way of a target: the limits it would meet, and what would be enough.

The limits on one order are asked of the gate itself, with the standing of a user who has not
traded yet; so ``alphabot check`` and the trade loop cannot disagree. The others follow from all
the rounds together: how many there are, what they are likely to lose in a day, and the dust that
gathers until there is enough of it to be sold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from alphabot.core.exact import ZERO, ceil_to, divide, multiply
from alphabot.core.forecast import Forecast, Undertaking, UserForecast
from alphabot.core.limit_case import Case, Standing
from alphabot.core.limit_rules import reference_price, worst_loss_usdt
from alphabot.core.limit_values import Limits
from alphabot.core.limits import BUY_RULES
from alphabot.core.planning import Unplannable, dust_after
from alphabot.core.round_trip import basis_points
from alphabot.core.values import Instrument, PairPlan, Proposal, Quote

__all__ = [
    "Obstacle",
    "dust_bp",
    "in_a_round",
    "in_all_rounds",
    "measured",
    "of_a_user",
    "of_everybody",
    "round_loss_percent",
    "unplannable",
]

_HUNDRED = Decimal(100)
_STEP = Decimal("0.01")
"""Limits are advised in this step, rounded up."""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a target cannot be reached: the limit's or rule's name, and how far it would have to go.

    ``needed`` is the smallest value of the limit that would do, in the limit's own unit; None
    where no setting would help. ``detail`` says more where the name alone does not.
    """

    name: str
    needed: Decimal | None = None
    detail: str = ""


def in_a_round(undertaking: Undertaking, limits: Limits) -> Iterator[Obstacle]:
    """Yield what the gate would refuse now, whoever asks for the first round."""
    quote = undertaking.quote
    case = Case(undertaking.plan, quote, undertaking.instrument, _FRESH, limits)
    for rule in BUY_RULES:
        if rule.name in _OF_ALL_ROUNDS:
            continue
        detail = rule.check(case)
        if detail is None:
            continue
        if rule.name == "max_spread_bp" and quote.ask < quote.bid:
            yield Obstacle("crossed_book", detail=detail)
            continue
        measure = _MEASURES.get(rule.name)
        yield Obstacle(rule.name, measure and _advised(measure(case)), detail)
        if rule.name == "price_positive":
            return  # what follows divides by the price


def measured(undertaking: Undertaking, limits: Limits) -> Mapping[str, Decimal]:
    """Return what the next round would measure, by the names of the limits that it is judged by."""
    case = Case(undertaking.plan, undertaking.quote, undertaking.instrument, _FRESH, limits)
    return {name: measure(case) for name, measure in _MEASURES.items()}


def in_all_rounds(forecast: Forecast, limits: Limits) -> Iterator[Obstacle]:
    """Yield what would keep one strategy from making all the rounds it needs."""
    rounds = forecast.way.rounds
    if rounds is None:
        yield Obstacle("nothing_credited")
    elif rounds > limits.max_rounds:
        yield Obstacle("max_rounds", Decimal(rounds))


def of_a_user(user: UserForecast, limits: Limits) -> Iterator[Obstacle]:
    """Yield the limits per user that all the user's strategies together would meet."""
    # The gate counts the worst of the next round on top of what was lost so far. The last round
    # of the day may be any strategy's, so it is the one that asks for most.
    lost = sum((f.daily_loss_usdt for f in user.forecasts), ZERO)
    worst = max(f.undertaking.worst_usdt for f in user.forecasts)
    last = max(f.undertaking.worst_usdt - f.loss_usdt for f in user.forecasts)
    yield from _if_above("max_daily_loss_usdt", max(worst, lost + last), limits)
    dust = sum(map(_dust_held_usdt, user.forecasts), ZERO)
    largest = max(f.undertaking.plan.amount_usdt for f in user.forecasts)
    yield from _if_above("max_exposure_usdt", largest + dust, limits)
    yield from _if_above("max_leftover_usdt", dust, limits)


def of_everybody(users: Sequence[UserForecast], limits: Limits) -> Iterator[Obstacle]:
    """Yield the limits of the whole process that all users together would meet."""
    everyone = [f for user in users for f in user.forecasts]
    dust = sum(map(_dust_held_usdt, everyone), ZERO)
    largest = max((f.undertaking.plan.amount_usdt for f in everyone), default=ZERO)
    yield from _if_above("max_total_exposure_usdt", largest + dust, limits)


def unplannable(error: Unplannable, proposal: Proposal, instrument: Instrument) -> Obstacle:
    """Return what a plan that does not fit the exchange's grid means for the configuration."""
    if error.name not in ("quantity_below_minimum", "notional_below_minimum"):
        return Obstacle(error.name, detail=error.detail)
    grid = instrument.grid
    least = max(grid.min_quantity, divide(grid.min_notional_usdt, proposal.buy_price))
    # One step more, since the limit is cut to its tick and the quantity to its step.
    quantity = ceil_to(least, grid.step_size) + grid.step_size
    needed = _advised(multiply(quantity, proposal.buy_price))
    return Obstacle("single_trade_amount_usdt", needed, error.detail)


def _if_above(name: str, needed: Decimal, limits: Limits) -> Iterator[Obstacle]:
    if needed > getattr(limits, name):
        yield Obstacle(name, _advised(needed))


def _dust_held_usdt(forecast: Forecast) -> Decimal:
    """Return what the dust that waits to be sold may have cost by the time of the last BUY."""
    undertaking = forecast.undertaking
    plan, grid, trip = undertaking.plan, undertaking.instrument.grid, undertaking.trip
    sellable = ceil_to(
        max(grid.min_quantity, divide(grid.min_notional_usdt, plan.sell_price)), grid.step_size
    )
    before_the_last = trip.dust * max((forecast.way.rounds or 0) - 1, 0)
    return multiply(min(before_the_last, sellable), divide(trip.bought_usdt, trip.bought))


# --- what a limit would have to be --------------------------------------------------------------


def _age_seconds(case: Case) -> Decimal:
    return Decimal(str(case.quote.age_seconds))


def _deviation_percent(case: Case) -> Decimal:
    return _percent_from_middle(case.quote.last, case.quote)


def _collar_percent(case: Case) -> Decimal:
    prices = (case.pair.buy_price, case.pair.sell_price)
    return max(_percent_from_middle(price, case.quote) for price in prices)


def _spread_bp(case: Case) -> Decimal:
    return basis_points(case.quote.ask - case.quote.bid, reference_price(case.quote))


def round_loss_percent(plan: PairPlan, instrument: Instrument) -> Decimal:
    """Return what a pair can lose at worst, in percent of what it buys for."""
    return divide(worst_loss_usdt(plan, instrument), plan.amount_usdt) * _HUNDRED


def dust_bp(plan: PairPlan, instrument: Instrument) -> Decimal:
    """Return what fee and step leave behind of a pair, in basis points of what it buys for."""
    value = multiply(dust_after(plan, instrument), plan.buy_price)
    return basis_points(value, plan.amount_usdt)


def _percent_from_middle(price: Decimal, quote: Quote) -> Decimal:
    middle = reference_price(quote)
    return divide(abs(price - middle), middle) * _HUNDRED


def _advised(value: Decimal) -> Decimal:
    return ceil_to(value, _STEP)


_MEASURES: Mapping[str, Callable[[Case], Decimal]] = MappingProxyType(
    {
        "max_price_age_seconds": _age_seconds,
        "max_source_deviation_percent": _deviation_percent,
        "price_collar_percent": _collar_percent,
        "max_spread_bp": _spread_bp,
        "max_round_loss_percent": lambda case: round_loss_percent(case.pair, case.instrument),
        "max_dust_bp": lambda case: dust_bp(case.pair, case.instrument),
    }
)
"""By the names of the gate's rules, in the unit of the limit that each one enforces."""

_OF_ALL_ROUNDS = {"max_daily_loss_usdt", "max_exposure_usdt", "max_total_exposure_usdt"}
"""Rules that a first round keeps more easily than the last one does."""

_FRESH = Standing(
    exposure_usdt=ZERO,
    total_exposure_usdt=ZERO,
    leftover_usdt=ZERO,
    sellable_leftover=ZERO,
    loss_today_usdt=ZERO,
    orders_last_minute=0,
    rounds=0,
    failures=0,
    feed_live=True,
    stopping=False,
    clock_skew_seconds=0.0,
)
"""A user before the first round."""
