"""Rounds, money and time of strategies: by hand, and what must hold whatever they are."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphabot.core.forecast import (
    DAY_SECONDS,
    ROUND_SECONDS,
    Forecast,
    Slowest,
    Undertaking,
    by_user,
    forecast,
)
from alphabot.core.limit_values import Limits
from alphabot.core.values import AlphaId, UserId
from tests.core.markets import Market, markets, plain_market, undertaking
from tests.core.samples import instrument
from tests.core.test_limits import LIMITS


def alone(of: Undertaking, limits: Limits = LIMITS, round_seconds: float = 2.0) -> Forecast:
    """Return the forecast of a strategy that runs alone, its rounds two seconds long."""
    (found,) = forecast([of], limits, round_seconds)
    return found


def elsewhere(strategy_id: str = "aop", users: tuple[int, ...] = (1,)) -> Undertaking:
    """Return a strategy on another token."""
    of = instrument()
    other = replace(of, token=replace(of.token, alpha_id=AlphaId("ALPHA_382")))
    return undertaking(plain_market(of=other), strategy_id=strategy_id, users=users)


# --- rounds and money ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "credited", "rounds"),
    [("30", "30", 1), ("30.00000001", "30", 2), ("320", "27.28", 12), ("16384", "27.28", 601)],
)
def test_rounds_needed(target: str, credited: str, rounds: int) -> None:
    way = alone(undertaking(target=target, credited={"divide": credited})).way
    assert way.rounds == rounds


def test_every_multiplier_is_told_in_money() -> None:
    of = undertaking(target="80", credited={"divide": "6.82", "points": "109.12", "flat": "27.28"})
    found = alone(of)
    assert [(way.multiplier, way.rounds) for way in found.ways] == [
        ("divide", 12),
        ("points", 1),
        ("flat", 3),
    ]
    assert found.way is found.ways[0]
    for way in found.ways:
        assert way.rounds is not None
        assert way.volume_usdt == of.trip.bought_usdt * way.rounds
        assert way.cost_usdt == of.trip.cost_usdt * way.rounds
        assert way.worst_usdt == of.worst_usdt * way.rounds


def test_who_credits_nothing_never_gets_there() -> None:
    found = alone(undertaking(credited={"divide": "0"}))
    assert found.way.rounds is None
    assert found.pace.seconds == 0
    (user,) = by_user([found])
    assert user.rounds == user.cost_usdt == user.worst_held_usdt(LIMITS) == 0


@given(markets(), st.decimals("0.01", 100_000, places=2))
def test_the_target_is_reached_and_not_a_round_later(market: Market, target: Decimal) -> None:
    of = undertaking(market, target=str(target))
    way = alone(of).way
    assert way.rounds is not None
    assert way.credited * way.rounds >= target > way.credited * (way.rounds - 1)


def test_dust_is_a_cost_but_no_loss_while_it_can_be_sold() -> None:
    found = alone(undertaking(plain_market(of=instrument(step="0.01", fee="0.0001"))))
    trip = found.undertaking.trip
    assert trip.dust_usdt > Decimal("0.9")
    kept = trip.dust * Decimal("99.5") * (1 - Decimal("0.0001"))
    assert found.loss_usdt == trip.cost_usdt - kept


# --- time -----------------------------------------------------------------------------------------


def test_a_round_is_twice_what_a_recorded_buy_took() -> None:
    assert ROUND_SECONDS == 1.6


def test_time_alone() -> None:
    pace = alone(undertaking(target="300", credited={"divide": "30"})).pace
    # Ten rounds of two seconds and nine pauses of one.
    assert (pace.cycle_seconds, pace.seconds, pace.slowest) == (3, 29, Slowest.ITSELF)
    assert pace.rounds_a_day == 10


def test_users_of_one_token_take_turns() -> None:
    of = undertaking(users=(1, 2, 3), target="300", credited={"divide": "30"})
    pace = alone(of).pace
    assert (pace.cycle_seconds, pace.slowest) == (6, Slowest.TURN)
    assert pace.seconds == 9 * 6 + 2
    unguarded = alone(of, replace(LIMITS, self_trade_guard=False)).pace
    assert unguarded.cycle_seconds == 3
    assert (unguarded.users_at_once, unguarded.users_a_day) == (None, None)


def test_users_of_other_tokens_do_not() -> None:
    first, second = forecast([undertaking(), elsewhere(users=(2,))], LIMITS, 2.0)
    assert first.pace.slowest is second.pace.slowest is Slowest.ITSELF


def test_who_trades_one_token_in_two_strategies_shares_its_turn() -> None:
    one, two = undertaking(users=(1,)), undertaking(strategy_id="more", users=(2, 3))
    first, second = forecast([one, two], LIMITS, 2.0)
    assert first.pace.cycle_seconds == second.pace.cycle_seconds == 6


@pytest.mark.parametrize(("interval", "at_once"), [(0.0, 1), (1.9, 1), (2.0, 2), (58.0, 30)])
def test_how_many_users_a_token_serves(interval: float, at_once: int) -> None:
    of = undertaking(target="300", interval_seconds=interval, credited={"divide": "30"})
    pace = alone(of).pace
    assert pace.users_at_once == at_once
    # So many one after another, each with ten rounds of two seconds.
    assert pace.users_a_day == DAY_SECONDS / 20


def test_so_many_users_do_not_slow_each_other() -> None:
    quiet = undertaking(interval_seconds=8)
    at_once = alone(quiet).pace.users_at_once
    assert at_once == 5
    users = tuple(map(UserId, range(1, at_once + 2)))
    assert alone(replace(quiet, user_ids=users[:-1])).pace.slowest is Slowest.ITSELF
    assert alone(replace(quiet, user_ids=users)).pace.slowest is Slowest.TURN


@pytest.mark.parametrize(
    ("a_minute", "seconds", "slowest"),
    [
        (30, 29, Slowest.ITSELF),
        (10, 29, Slowest.ITSELF),  # all ten within the first minute
        (9, 60, Slowest.ORDERS),  # the tenth waits until the first is a minute old
        (3, 180, Slowest.ORDERS),
        (1, 540, Slowest.ORDERS),
    ],
)
def test_orders_per_minute(a_minute: int, seconds: float, slowest: Slowest) -> None:
    of = undertaking(target="300", credited={"divide": "30"})
    pace = alone(of, replace(LIMITS, max_orders_per_minute=a_minute)).pace
    assert (pace.seconds, pace.slowest) == (seconds, slowest)


def test_orders_per_minute_are_shared_by_a_users_strategies() -> None:
    limits = replace(LIMITS, max_orders_per_minute=2)
    one = undertaking(target="150", credited={"divide": "30"})
    (together, _) = forecast([one, elsewhere()], limits, 2.0)
    apart = alone(one, limits)
    other_user, _ = forecast([one, elsewhere(users=(2,))], limits, 2.0)
    assert together.pace.seconds > apart.pace.seconds == other_user.pace.seconds == 120


def test_no_more_rounds_a_day_than_there_is_time_for() -> None:
    of = undertaking(target="9000000", interval_seconds=10, credited={"divide": "30"})
    assert alone(of).pace.rounds_a_day == 7201
    limits = replace(LIMITS, max_orders_per_minute=1)
    assert alone(of, limits).pace.rounds_a_day == 1440


# --- users ----------------------------------------------------------------------------------------


def test_a_user_is_the_sum_of_the_strategies() -> None:
    found = forecast([undertaking(users=(2, 1)), elsewhere(users=(2,))], LIMITS)
    first, second = by_user(found)
    assert [(u.user_id, len(u.forecasts)) for u in (first, second)] == [(1, 1), (2, 2)]
    for figure in ("rounds", "volume_usdt", "cost_usdt", "worst_usdt"):
        assert getattr(second, figure) == sum(getattr(f.way, figure) for f in found)
    assert second.seconds == max(f.pace.seconds for f in found)


def test_the_worst_is_held_by_the_daily_limit() -> None:
    (user,) = by_user([alone(undertaking(target="300"))])
    assert user.worst_usdt > 20
    assert user.worst_held_usdt(LIMITS) == 20
    (slow,) = by_user([alone(undertaking(target="300", interval_seconds=86_400 / 8))])
    assert slow.worst_held_usdt(LIMITS) == min(slow.worst_usdt, Decimal(40))
