"""What a configuration would do: the arithmetic of ``alphabot check``.

It answers for one moment: rounds, money and time follow from the prices, the books and the
multipliers of now, and every count begins at zero. What stands in the way is found by
:mod:`alphabot.core.obstacles`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum
from math import ceil, floor
from typing import NamedTuple

from alphabot.core.exact import ZERO, divide, multiply
from alphabot.core.limit_rules import worst_loss_usdt
from alphabot.core.limit_values import Limits
from alphabot.core.round_trip import RoundTrip
from alphabot.core.values import Instrument, PairPlan, Proposal, Quote, StrategyId, UserId

__all__ = [
    "DAY_SECONDS",
    "ROUND_SECONDS",
    "Forecast",
    "Pace",
    "Slowest",
    "Undertaking",
    "UserForecast",
    "Way",
    "by_user",
    "forecast",
]

ROUND_SECONDS = 1.6
"""How long a round is taken to last: twice the 0.8 s that a recorded BUY took to fill
(protocol section 6)."""
DAY_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Undertaking:
    """A strategy, and what there is to know of one round of it at this moment."""

    strategy_id: StrategyId
    user_ids: tuple[UserId, ...]
    target_volume: Decimal
    interval_seconds: float
    multiplier: str
    instrument: Instrument
    quote: Quote
    proposal: Proposal
    plan: PairPlan
    trip: RoundTrip
    credited: Mapping[str, Decimal]
    """What one round credits by each multiplier rule; the chosen one is among them."""
    own_limits: Limits | None = None
    """Of its users, where these have other limits than all."""

    @property
    def worst_usdt(self) -> Decimal:
        """What one round loses at worst."""
        return worst_loss_usdt(self.plan, self.instrument)


@dataclass(frozen=True, slots=True)
class Way:
    """What a target means by one multiplier rule: rounds and money, for one user.

    ``rounds`` is None for a rule that credits nothing: then no number of rounds would do.
    """

    multiplier: str
    credited: Decimal
    """What a round credits."""
    rounds: int | None
    volume_usdt: Decimal
    """What the BUYs of all rounds cost."""
    cost_usdt: Decimal
    worst_usdt: Decimal


class Slowest(StrEnum):
    """What decides how long a strategy takes."""

    ITSELF = "itself"
    """Its rounds and the pauses between them."""
    TURN = "turn"
    """Other users of the same token, who take turns."""
    ORDERS = "orders"
    """``max_orders_per_minute``, which all strategies of a user share."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a strategy takes for one user, and how many users its token can serve.

    The last two are None where users do not take turns.
    """

    cycle_seconds: float
    """From the beginning of one round to that of the next, while no limit on orders holds."""
    seconds: float
    slowest: Slowest
    rounds_a_day: int
    """How many of its rounds can fall into one day."""
    users_at_once: int | None
    """How many can trade the token without waiting for each other."""
    users_a_day: int | None
    """How many can reach this target within a day, one round after another."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What one strategy would do for each of its users."""

    undertaking: Undertaking
    way: Way
    """By the chosen multiplier rule."""
    ways: tuple[Way, ...]
    """By every rule, the chosen one included."""
    pace: Pace

    @property
    def loss_usdt(self) -> Decimal:
        """What one round is likely to lose, as the gate counts it: dust is worth what it brings."""
        undertaking = self.undertaking
        kept = 1 - undertaking.instrument.fees.seller
        dust_at_bid = multiply(multiply(undertaking.trip.dust, undertaking.quote.bid), kept)
        return undertaking.trip.cost_usdt - dust_at_bid

    @property
    def daily_loss_usdt(self) -> Decimal:
        """What the rounds of one day are likely to lose."""
        return self.loss_usdt * self.pace.rounds_a_day


@dataclass(frozen=True, slots=True)
class UserForecast:
    """What all strategies of a user would do together."""

    user_id: UserId
    forecasts: tuple[Forecast, ...]

    @property
    def rounds(self) -> int:
        """All rounds."""
        return sum(f.way.rounds or 0 for f in self.forecasts)

    @property
    def volume_usdt(self) -> Decimal:
        """What the BUYs of all rounds cost."""
        return sum((f.way.volume_usdt for f in self.forecasts), ZERO)

    @property
    def cost_usdt(self) -> Decimal:
        """What is likely not to come back."""
        return sum((f.way.cost_usdt for f in self.forecasts), ZERO)

    @property
    def worst_usdt(self) -> Decimal:
        """What would be lost if every round went as badly as its limits allow."""
        return sum((f.way.worst_usdt for f in self.forecasts), ZERO)

    def worst_held_usdt(self, limits: Limits) -> Decimal:
        """Return the same, as far as ``max_daily_loss_usdt`` lets it come."""
        days = ceil(self.seconds / DAY_SECONDS)
        return min(self.worst_usdt, limits.max_daily_loss_usdt * days)

    @property
    def seconds(self) -> float:
        """How long it takes until the last strategy is done."""
        return max(f.pace.seconds for f in self.forecasts)


def forecast(
    undertakings: Sequence[Undertaking], limits: Limits, round_seconds: float = ROUND_SECONDS
) -> tuple[Forecast, ...]:
    """Return what each of these strategies would do if they ran together.

    ``round_seconds`` is how long a round lasts without the pause after it.
    """
    ways = [tuple(_way(u, name) for name in u.credited) for u in undertakings]
    chosen = [
        next(way for way in found if way.multiplier == u.multiplier)
        for u, found in zip(undertakings, ways, strict=True)
    ]
    plans = [_Plan(u, way.rounds or 0) for u, way in zip(undertakings, chosen, strict=True)]
    return tuple(
        Forecast(plan.undertaking, way, found, _pace(plan, plans, limits, round_seconds))
        for plan, way, found in zip(plans, chosen, ways, strict=True)
    )


def by_user(forecasts: Sequence[Forecast]) -> tuple[UserForecast, ...]:
    """Return what each user's strategies would do together, in the order of the users' ids."""
    user_ids = sorted({user_id for f in forecasts for user_id in f.undertaking.user_ids})
    return tuple(
        UserForecast(u, tuple(f for f in forecasts if u in f.undertaking.user_ids))
        for u in user_ids
    )


def _way(undertaking: Undertaking, multiplier: str) -> Way:
    credited = undertaking.credited[multiplier]
    if credited <= 0:
        return Way(multiplier, credited, None, ZERO, ZERO, ZERO)
    rounds = int(divide(undertaking.target_volume, credited).to_integral_value(ROUND_CEILING))
    return Way(
        multiplier=multiplier,
        credited=credited,
        rounds=rounds,
        volume_usdt=undertaking.trip.bought_usdt * rounds,
        cost_usdt=undertaking.trip.cost_usdt * rounds,
        worst_usdt=undertaking.worst_usdt * rounds,
    )


class _Plan(NamedTuple):
    undertaking: Undertaking
    rounds: int


def _pace(plan: _Plan, plans: Sequence[_Plan], limits: Limits, round_seconds: float) -> Pace:
    undertaking, rounds = plan
    limits = undertaking.own_limits or limits
    guard = limits.self_trade_guard
    itself = round_seconds + undertaking.interval_seconds
    cycle = max(itself, _users_of_the_token(undertaking, plans) * round_seconds if guard else 0)
    seconds = max(rounds - 1, 0) * cycle + min(rounds, 1) * round_seconds
    # Within any minute so many may leave; one more waits until the first is a minute old.
    full_minutes = max(_orders_until_done(plan, plans) - 1, 0) // limits.max_orders_per_minute
    slowest = Slowest.ITSELF if cycle == itself else Slowest.TURN
    taken = rounds * round_seconds
    return Pace(
        cycle_seconds=cycle,
        seconds=max(seconds, full_minutes * 60.0),
        slowest=Slowest.ORDERS if full_minutes * 60 > seconds else slowest,
        rounds_a_day=min(rounds, floor(DAY_SECONDS / cycle) + 1, _orders_a_day(limits)),
        users_at_once=_times(itself, round_seconds) if guard else None,
        users_a_day=_times(DAY_SECONDS, taken) if guard and taken else None,
    )


def _times(seconds: float, each_seconds: float) -> int:
    """Return how many of these fit; what a float lacks of a whole number does not count."""
    return floor(round(seconds / each_seconds, 6))


def _users_of_the_token(undertaking: Undertaking, plans: Sequence[_Plan]) -> int:
    alpha_id = undertaking.instrument.token.alpha_id
    return sum(
        len(other.user_ids) for other, _ in plans if other.instrument.token.alpha_id == alpha_id
    )


def _orders_until_done(plan: _Plan, plans: Sequence[_Plan]) -> int:
    """Return how many orders its busiest user has placed when this strategy is done.

    A round is one order, and the user's strategies take them in turns.
    """
    return max(
        sum(min(rounds, plan.rounds) for other, rounds in plans if user_id in other.user_ids)
        for user_id in plan.undertaking.user_ids
    )


def _orders_a_day(limits: Limits) -> int:
    return limits.max_orders_per_minute * 24 * 60
