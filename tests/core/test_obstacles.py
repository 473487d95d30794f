"""What stands in the way, and that the advice is right: enough, and no more than enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphabot.core import obstacles
from alphabot.core.forecast import Undertaking, UserForecast, by_user, forecast
from alphabot.core.limit_values import Limits
from alphabot.core.limits import BUY_RULES
from alphabot.core.obstacles import Obstacle
from alphabot.core.planning import Unplannable, plan_pair
from alphabot.core.values import AlphaId, Instrument, Proposal
from tests.core.markets import Market, levels, markets, plain_market, quote_of, undertaking
from tests.core.samples import instrument
from tests.core.test_limits import LIMITS
from tests.strategies import instruments

CENT = Decimal("0.01")


def limits(**changes: Any) -> Limits:
    return replace(LIMITS, **changes)


def in_a_round(of: Undertaking, under: Limits = LIMITS) -> dict[str, Obstacle]:
    return {found.name: found for found in obstacles.in_a_round(of, under)}


def users_of(undertakings: Sequence[Undertaking], under: Limits = LIMITS) -> list[UserForecast]:
    return list(by_user(forecast(undertakings, under)))


def of_a_user(undertakings: Sequence[Undertaking], under: Limits) -> dict[str, Obstacle]:
    (user,) = users_of(undertakings, under)
    return {found.name: found for found in obstacles.of_a_user(user, under)}


# --- a round --------------------------------------------------------------------------------------


def test_nothing_stands_in_the_way_of_the_original_figures() -> None:
    of = undertaking()
    assert in_a_round(of) == {}
    (found,) = forecast([of], LIMITS)
    assert list(obstacles.in_all_rounds(found, LIMITS)) == []
    assert of_a_user([of], LIMITS) == {}
    assert list(obstacles.of_everybody(users_of([of]), LIMITS)) == []


@pytest.mark.parametrize(
    ("name", "value", "needed"),
    [
        ("price_collar_percent", "9", "10"),
        ("max_spread_bp", "99", "100"),
        ("max_round_loss_percent", "9", "10.02"),
        ("max_dust_bp", "1", "2.67"),
    ],
)
def test_a_limit_on_a_round(name: str, value: str, needed: str) -> None:
    found = in_a_round(undertaking(), limits(**{name: Decimal(value)}))
    assert {key: obstacle.needed for key, obstacle in found.items()} == {name: Decimal(needed)}


def test_the_sources_disagree() -> None:
    market = plain_market()
    far = replace(market, quote=replace(market.quote, last=Decimal("104")))
    assert in_a_round(undertaking(far))["max_source_deviation_percent"].needed == 4


def test_what_no_limit_would_help() -> None:
    closed = plain_market(of=instrument(trading=False))
    assert in_a_round(undertaking(closed))["symbol_trading"].needed is None
    market = plain_market()
    crossed = quote_of(levels(("101", "9")), levels(("100", "9")))
    found = in_a_round(undertaking(replace(market, quote=crossed)))
    assert found["crossed_book"].needed is None
    assert "max_spread_bp" not in found


def test_without_a_price_nothing_else_is_asked() -> None:
    market = plain_market()
    nothing = replace(market.quote, last=Decimal(0), bid=Decimal(0), ask=Decimal(0))
    of = replace(undertaking(market), quote=nothing)
    assert list(in_a_round(of)) == ["price_positive"]


ADVISED = (
    "max_source_deviation_percent",
    "price_collar_percent",
    "max_spread_bp",
    "max_round_loss_percent",
    "max_dust_bp",
)


@given(markets(), st.sampled_from(ADVISED))
def test_the_advice_for_a_round_is_enough_and_no_more(market: Market, name: str) -> None:
    of = undertaking(market)
    met = in_a_round(of, limits(**{name: Decimal(0)})).get(name)
    if met is None:
        return
    assert met.needed is not None
    assert name not in in_a_round(of, limits(**{name: met.needed}))
    assert name in in_a_round(of, limits(**{name: met.needed - CENT}))


def test_every_limit_of_the_gate_is_known_here() -> None:
    """A new rule of the gate must be advised on, or be said to depend on more than a plan."""
    of_the_moment = {"stopping", "latched", "stream", "unknown_outcome", "one_round", "unsold"}
    of_the_moment |= {"halted", "paused"}
    of_the_moment |= {"self_trade_guard", "max_consecutive_failures", "max_orders_per_minute"}
    of_the_moment |= {"foreign_order", "balance", "clock"}
    unadvised = {"symbol_trading", "price_positive"}
    elsewhere = {"max_rounds", "max_leftover_usdt", "max_daily_loss_usdt"}
    elsewhere |= {"max_exposure_usdt", "max_total_exposure_usdt"}
    known = {*ADVISED, "max_price_age_seconds"} | of_the_moment | unadvised | elsewhere
    assert {rule.name for rule in BUY_RULES} == known


def test_an_old_price() -> None:
    market = plain_market()
    old = replace(market, quote=replace(market.quote, age_seconds=12.3456))
    assert in_a_round(undertaking(old))["max_price_age_seconds"].needed == Decimal("12.35")


# --- what the exchange accepts --------------------------------------------------------------------


def unplannable(amount: Decimal, of: Instrument, proposal: Proposal) -> Obstacle | None:
    try:
        plan_pair(proposal, of, amount)
    except Unplannable as error:
        return obstacles.unplannable(error, proposal, of)
    return None


@given(instruments(), st.decimals("0.0001", 1000, places=8))
def test_the_smallest_amount_is_accepted(of: Instrument, price: Decimal) -> None:
    proposal = Proposal(price, price)
    met = unplannable(Decimal("0.00000001"), of, proposal)
    if met is None or met.needed is None:
        return
    assert met.name == "single_trade_amount_usdt"
    enough = unplannable(met.needed, of, proposal)
    assert enough is None or enough.name != "single_trade_amount_usdt"


def test_too_much_is_too_much() -> None:
    met = unplannable(Decimal(10**9), instrument(), Proposal(Decimal(1), Decimal(1)))
    assert met is not None
    assert (met.name, met.needed) == ("quantity_above_maximum", None)


# --- all rounds -----------------------------------------------------------------------------------


def test_too_many_rounds() -> None:
    (found,) = forecast([undertaking(target="300", credited={"divide": "30"})], LIMITS)
    assert list(obstacles.in_all_rounds(found, limits(max_rounds=10))) == []
    assert list(obstacles.in_all_rounds(found, limits(max_rounds=9))) == [
        Obstacle("max_rounds", Decimal(10))
    ]


def test_a_multiplier_that_credits_nothing() -> None:
    (found,) = forecast([undertaking(credited={"divide": "0"})], LIMITS)
    assert [one.name for one in obstacles.in_all_rounds(found, LIMITS)] == ["nothing_credited"]


def other_token() -> Undertaking:
    of = instrument(fee="0.0001")
    other = replace(of, token=replace(of.token, alpha_id=AlphaId("ALPHA_382")))
    return undertaking(plain_market(of=other), strategy_id="aop")


def test_the_expected_loss_of_a_day_and_the_worst_of_its_last_round() -> None:
    of = undertaking(target="3000", credited={"divide": "30"})
    (found,) = forecast([of], LIMITS)
    # 99 rounds as expected, one as bad as can be.
    needed = found.loss_usdt * 99 + of.worst_usdt
    met = of_a_user([of], limits(max_daily_loss_usdt=needed - CENT))["max_daily_loss_usdt"]
    assert met.needed is not None
    assert 0 <= met.needed - needed < CENT
    assert "max_daily_loss_usdt" not in of_a_user([of], limits(max_daily_loss_usdt=met.needed))


def test_strategies_of_a_user_lose_together() -> None:
    both = [undertaking(), other_token()]
    apart = of_a_user(both[:1], limits(max_daily_loss_usdt=Decimal(1)))["max_daily_loss_usdt"]
    together = of_a_user(both, limits(max_daily_loss_usdt=Decimal(1)))["max_daily_loss_usdt"]
    assert apart.needed is not None
    assert together.needed is not None
    assert together.needed > apart.needed


def test_only_the_rounds_of_one_day_count() -> None:
    fast = undertaking(target="300000")
    slow = replace(fast, interval_seconds=3600.0)
    strict = limits(max_daily_loss_usdt=Decimal(15), max_orders_per_minute=6000)
    assert "max_daily_loss_usdt" in of_a_user([fast], strict)
    assert "max_daily_loss_usdt" not in of_a_user([slow], strict)


def test_dust_of_earlier_rounds_stands_in_the_way_of_the_next() -> None:
    of = undertaking(plain_market(of=instrument(fee="0.0001")), target="300")
    amount = of.plan.amount_usdt
    strict = limits(max_exposure_usdt=amount, max_total_exposure_usdt=amount)
    met = of_a_user([of], strict)["max_exposure_usdt"]
    assert met.needed is not None
    assert met.needed > amount
    assert "max_exposure_usdt" not in of_a_user([of], limits(max_exposure_usdt=met.needed))
    (total,) = obstacles.of_everybody(users_of([of]), strict)
    assert (total.name, total.needed) == ("max_total_exposure_usdt", met.needed)
    once = replace(of, target_volume=Decimal(20))
    assert "max_exposure_usdt" not in of_a_user([once], strict)


def test_dust_gathers_until_it_can_be_sold() -> None:
    coarse = instrument(step="0.01", fee="0.0001", min_notional_usdt="5")
    of = undertaking(plain_market(of=coarse), target="3000")
    met = of_a_user([of], limits(max_leftover_usdt=Decimal(1)))["max_leftover_usdt"]
    # Five dollars at the SELL limit, 99, are 0.06 tokens in whole steps, bought at 100.5.
    assert met.needed == Decimal("6.03")
    few = replace(of, target_volume=Decimal(50))
    assert met.needed > (
        of_a_user([few], limits(max_leftover_usdt=CENT))["max_leftover_usdt"].needed or 0
    )
