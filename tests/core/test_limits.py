"""The gate: each rule at its boundary, and each figure of the limits by what it changes.

The case that everything starts from trades one token at 100 USDT with no spread and no fee, so
that every boundary below can be read as a number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from typing import Any

import pytest

from alphabot.core.limit_case import Case, Standing
from alphabot.core.limit_rules import reference_price, worst_loss_usdt
from alphabot.core.limit_values import Limits
from alphabot.core.limits import (
    BUY_RULES,
    SELL_RULES,
    Refusal,
    Remedy,
    may_buy,
    may_sell,
)
from alphabot.core.values import PairPlan, SalePlan
from tests.core.samples import KOGE, KOGE_USDT, instrument, quote

LIMITS = Limits(
    max_daily_loss_usdt=Decimal(20),
    max_exposure_usdt=Decimal(100),
    max_total_exposure_usdt=Decimal(1000),
    max_round_loss_percent=Decimal(12),
    max_leftover_usdt=Decimal(60),
    max_exit_loss_percent=Decimal(3),
    max_dust_bp=Decimal(10),
    max_spread_bp=Decimal(200),
    max_consecutive_failures=5,
    max_orders_per_minute=30,
    max_rounds=2500,
    max_price_age_seconds=10,
    price_collar_percent=Decimal(15),
    max_source_deviation_percent=Decimal(3),
    self_trade_guard=True,
)
STANDING = Standing(
    exposure_usdt=Decimal(0),
    total_exposure_usdt=Decimal(0),
    leftover_usdt=Decimal(0),
    sellable_leftover=Decimal(0),
    loss_today_usdt=Decimal(0),
    orders_last_minute=0,
    rounds=0,
    failures=0,
    feed_live=True,
    stopping=False,
    clock_skew_seconds=0.0,
)


def pair(buy: str = "100", sell: str = "100") -> PairPlan:
    return PairPlan(
        alpha_id=KOGE,
        symbol=KOGE_USDT,
        buy_price=Decimal(buy),
        sell_price=Decimal(sell),
        quantity=Decimal(1),
        amount_usdt=Decimal(buy),
    )


def sale(price: str = "100") -> SalePlan:
    return SalePlan(KOGE, KOGE_USDT, Decimal(price), Decimal(1))


BUY = Case(pair(), quote("100"), instrument(), STANDING, LIMITS)
SELL = replace(BUY, plan=sale())

Change = Callable[[Case], Case]


def standing(**changes: Any) -> Change:
    return lambda case: replace(case, standing=replace(case.standing, **changes))


def limits(**changes: Any) -> Change:
    return lambda case: replace(case, limits=replace(case.limits, **changes))


def price(last: str = "100", bid: str = "100", ask: str = "100", *, age: float = 0) -> Change:
    return lambda case: replace(case, quote=replace(quote(last, bid, ask), age_seconds=age))


def plan(buy: str, sell: str) -> Change:
    """The limits of a pair; of a sale, its one limit is the second."""
    return lambda case: replace(
        case, plan=pair(buy, sell) if isinstance(case.plan, PairPlan) else sale(sell)
    )


def traded(**changes: Any) -> Change:
    return lambda case: replace(case, instrument=instrument(**changes))


def both(first: Change, second: Change) -> Change:
    return lambda case: second(first(case))


@dataclass(frozen=True)
class Boundary:
    """A rule, what a refusal by it means, and where it begins: just allowed, just refused."""

    rule: str
    remedy: Remedy
    allowed: Change
    refused: Change
    sell_too: bool = field(default=False, kw_only=True)


BOUNDARIES = [
    Boundary("halted", Remedy.WAIT, standing(halted=""), standing(halted="no"), sell_too=True),
    Boundary("paused", Remedy.WAIT, standing(paused=False), standing(paused=True)),
    Boundary("stopping", Remedy.END, standing(stopping=False), standing(stopping=True)),
    Boundary(
        "latched",
        Remedy.END,
        standing(latched=""),
        standing(latched="risk challenge"),
        sell_too=True,
    ),
    Boundary(
        "stream", Remedy.WAIT, standing(feed_live=True), standing(feed_live=False), sell_too=True
    ),
    Boundary(
        "unknown_outcome",
        Remedy.WAIT,
        standing(unresolved=0),
        standing(unresolved=1),
        sell_too=True,
    ),
    Boundary("one_round", Remedy.WAIT, standing(open_here=0), standing(open_here=1), sell_too=True),
    Boundary(
        "symbol_trading", Remedy.SKIP, traded(trading=True), traded(trading=False), sell_too=True
    ),
    Boundary("max_rounds", Remedy.END, standing(rounds=2499), standing(rounds=2500)),
    Boundary("max_consecutive_failures", Remedy.END, standing(failures=4), standing(failures=5)),
    Boundary(
        "max_orders_per_minute",
        Remedy.WAIT,
        standing(orders_last_minute=29),
        standing(orders_last_minute=30),
        sell_too=True,
    ),
    Boundary(
        "max_price_age_seconds", Remedy.SKIP, price(age=10.0), price(age=10.001), sell_too=True
    ),
    Boundary(
        "max_price_age_seconds", Remedy.SKIP, price(age=0), price(age=float("nan")), sell_too=True
    ),
    Boundary(
        "price_positive",
        Remedy.SKIP,
        both(price("0.5", "0.5", "0.5"), plan("0.5", "0.5")),
        price(bid="0", ask="0"),
        sell_too=True,
    ),
    Boundary("price_positive", Remedy.SKIP, price(), price(bid="-1", ask="201"), sell_too=True),
    Boundary("price_positive", Remedy.SKIP, price(), price(last="0"), sell_too=True),
    Boundary(
        "max_source_deviation_percent",
        Remedy.SKIP,
        price(last="103"),
        price(last="103.01"),
        sell_too=True,
    ),
    Boundary(
        "max_source_deviation_percent",
        Remedy.SKIP,
        price(last="97"),
        price(last="96.99"),
        sell_too=True,
    ),
    Boundary(
        "price_collar_percent",
        Remedy.SKIP,
        both(plan("115", "115"), limits(max_exposure_usdt=Decimal(200))),
        plan("115.01", "115.01"),
        sell_too=True,
    ),
    Boundary(
        "price_collar_percent", Remedy.SKIP, plan("85", "85"), plan("85", "84.99"), sell_too=True
    ),
    Boundary("price_collar_percent", Remedy.SKIP, plan("85", "85"), plan("84.99", "85")),
    Boundary(
        "max_spread_bp", Remedy.SKIP, price(bid="99", ask="101"), price(bid="98.99", ask="101.01")
    ),
    Boundary(
        "max_spread_bp", Remedy.SKIP, price(bid="100", ask="100"), price(bid="100.01", ask="100")
    ),
    Boundary("max_round_loss_percent", Remedy.SKIP, plan("100", "88"), plan("100", "87.99")),
    Boundary(
        "max_daily_loss_usdt",
        Remedy.END,
        standing(loss_today_usdt=Decimal(20)),
        standing(loss_today_usdt=Decimal("20.01")),
    ),
    Boundary(
        "max_daily_loss_usdt",
        Remedy.END,
        both(standing(loss_today_usdt=Decimal(10)), plan("100", "90")),
        both(standing(loss_today_usdt=Decimal("10.01")), plan("100", "90")),
    ),
    Boundary(
        "max_exposure_usdt",
        Remedy.WAIT,
        standing(exposure_usdt=Decimal(0)),
        standing(exposure_usdt=Decimal("0.01")),
    ),
    Boundary(
        "max_total_exposure_usdt",
        Remedy.WAIT,
        standing(total_exposure_usdt=Decimal(900)),
        standing(total_exposure_usdt=Decimal("900.01")),
    ),
    Boundary(
        "unsold",
        Remedy.SKIP,
        standing(sellable_leftover=Decimal(0)),
        standing(sellable_leftover=Decimal("0.0001")),
    ),
    Boundary(
        "max_leftover_usdt",
        Remedy.END,
        standing(leftover_usdt=Decimal(60)),
        standing(leftover_usdt=Decimal("60.01")),
    ),
    Boundary(
        "max_dust_bp",
        Remedy.SKIP,
        traded(step="0.01", fee="0.009"),  # 0.991 sells 0.99: 0.001 of 1 stays
        traded(step="0.01", fee="0.0089"),  # 0.9911 sells 0.99
    ),
    Boundary(
        "self_trade_guard",
        Remedy.WAIT,
        standing(others_sell_floor=Decimal("100.01")),
        standing(others_sell_floor=Decimal(100)),
    ),
    Boundary(
        "self_trade_guard",
        Remedy.WAIT,
        standing(others_buy_ceiling=Decimal("99.99")),
        standing(others_buy_ceiling=Decimal(100)),
        sell_too=True,
    ),
    Boundary(
        "clock",
        Remedy.WAIT,
        standing(clock_skew_seconds=30.0),
        standing(clock_skew_seconds=30.1),
        sell_too=True,
    ),
    Boundary(
        "clock",
        Remedy.WAIT,
        standing(clock_skew_seconds=-30.0),
        standing(clock_skew_seconds=None),
        sell_too=True,
    ),
    Boundary("foreign_order", Remedy.WAIT, standing(foreign_here=0), standing(foreign_here=1)),
    Boundary(
        "balance",
        Remedy.SKIP,
        standing(free_usdt=Decimal(100)),
        standing(free_usdt=Decimal("99.99")),
    ),
]
EXIT_LOSS = Boundary(
    "max_exit_loss_percent",
    Remedy.SKIP,
    lambda case: replace(case, exit_floor=Decimal(100)),
    lambda case: replace(case, exit_floor=Decimal("100.01")),
    sell_too=True,
)
SELL_BOUNDARIES = [EXIT_LOSS] + [boundary for boundary in BOUNDARIES if boundary.sell_too]


def named(refusal: Refusal | None) -> tuple[str, Remedy] | None:
    return (refusal.name, refusal.remedy) if refusal else None


def test_a_case_that_breaks_no_rule_passes() -> None:
    assert may_buy(BUY) is None
    assert may_sell(SELL) is None


@pytest.mark.parametrize("boundary", BOUNDARIES, ids=lambda boundary: boundary.rule)
def test_a_buy_is_refused_just_beyond_the_boundary(boundary: Boundary) -> None:
    assert may_buy(boundary.allowed(BUY)) is None
    refusal = may_buy(boundary.refused(BUY))
    assert named(refusal) == (boundary.rule, boundary.remedy)
    assert refusal is not None
    assert refusal.detail


@pytest.mark.parametrize("boundary", SELL_BOUNDARIES, ids=lambda boundary: boundary.rule)
def test_a_sell_is_refused_just_beyond_the_boundary(boundary: Boundary) -> None:
    assert may_sell(boundary.allowed(SELL)) is None
    assert named(may_sell(boundary.refused(SELL))) == (boundary.rule, boundary.remedy)


@pytest.mark.parametrize(
    "boundary", [b for b in BOUNDARIES if not b.sell_too], ids=lambda boundary: boundary.rule
)
def test_a_sell_lowers_the_risk_and_is_not_held_by_the_other_rules(boundary: Boundary) -> None:
    if isinstance(boundary.refused(BUY).plan, PairPlan):
        assert may_sell(boundary.refused(SELL)) is None


def test_every_rule_has_a_boundary_here() -> None:
    assert {rule.name for rule in BUY_RULES} == {b.rule for b in BOUNDARIES}
    assert {rule.name for rule in SELL_RULES} == {b.rule for b in SELL_BOUNDARIES}


def test_a_rule_has_one_name_and_one_meaning_in_both_tables() -> None:
    names = [rule.name for rule in BUY_RULES]
    assert len(names) == len(set(names))
    assert {rule.name for rule in set(SELL_RULES) - set(BUY_RULES)} == {EXIT_LOSS.rule}


# For each figure of the limits: a case it allows, and the value with which it allows it no more.
TIGHTER: dict[str, tuple[Change, object]] = {
    "max_daily_loss_usdt": (standing(loss_today_usdt=Decimal(20)), Decimal("19.99")),
    "max_exposure_usdt": (standing(), Decimal("99.99")),
    "max_total_exposure_usdt": (standing(total_exposure_usdt=Decimal(900)), Decimal("999.99")),
    "max_round_loss_percent": (plan("100", "88"), Decimal("11.99")),
    "max_leftover_usdt": (standing(leftover_usdt=Decimal(60)), Decimal("59.99")),
    "max_dust_bp": (traded(step="0.01", fee="0.009"), Decimal("9.99")),
    "max_spread_bp": (price(bid="99", ask="101"), Decimal("199.99")),
    "max_consecutive_failures": (standing(failures=4), 4),
    "max_orders_per_minute": (standing(orders_last_minute=29), 29),
    "max_rounds": (standing(rounds=2499), 2499),
    "max_price_age_seconds": (price(age=10.0), 9.99),
    "price_collar_percent": (plan("100", "90"), Decimal("9.99")),
    "max_source_deviation_percent": (price(last="103"), Decimal("2.99")),
}


@pytest.mark.parametrize("name", [figure.name for figure in fields(Limits)])
def test_every_figure_is_read_by_the_rule_of_its_name(name: str) -> None:
    if name == "self_trade_guard":
        met = standing(others_sell_floor=Decimal(99))(BUY)
        assert named(may_buy(met)) == (name, Remedy.WAIT)
        assert may_buy(limits(self_trade_guard=False)(met)) is None
        return
    if name == "max_exit_loss_percent":
        laddered = replace(BUY.pair, exit_loss_percent=Decimal(12))
        assert may_buy(replace(BUY, plan=laddered)) is None
        deeper = replace(BUY.pair, exit_loss_percent=Decimal("12.01"))
        assert named(may_buy(replace(BUY, plan=deeper))) == ("max_round_loss_percent", Remedy.SKIP)
        return  # and the ladder's floor is measured by it: tests/core/test_ladder.py
    change, tighter = TIGHTER[name]
    allowed = change(BUY)
    assert may_buy(allowed) is None
    refusal = may_buy(limits(**{name: tighter})(allowed))
    assert refusal is not None
    assert refusal.name == name


def test_the_first_rule_that_refuses_is_named() -> None:
    everything = BUY
    for boundary in BOUNDARIES:
        if boundary.rule in ("halted", "stopping", "latched", "stream", "one_round", "unsold"):
            everything = boundary.refused(everything)
    order = []
    undone: list[dict[str, Any]] = [{"halted": ""}, {"stopping": False}, {"latched": ""}]
    for undo in (*undone, {"feed_live": True}, {"open_here": 0}, {}):
        refusal = may_buy(everything)
        assert refusal is not None
        order.append(refusal.name)
        everything = standing(**undo)(everything)
    assert order == ["halted", "stopping", "latched", "stream", "one_round", "unsold"]


def test_the_worst_case_holds_both_fees() -> None:
    plan = PairPlan(
        KOGE, KOGE_USDT, Decimal(110), Decimal(99), Decimal("0.2727"), Decimal("29.997")
    )
    loss = worst_loss_usdt(plan, instrument(fee="0.0001"))
    assert loss == Decimal("29.997") - Decimal("0.2727") * 99 * Decimal("0.9999") ** 2
    assert worst_loss_usdt(plan, instrument()) == Decimal("2.9997")


def test_the_reference_is_the_middle_of_the_book() -> None:
    assert reference_price(quote("1", "99", "102")) == Decimal("100.5")


def test_a_rule_about_buys_cannot_be_asked_about_a_sale() -> None:
    with pytest.raises(TypeError, match="sale"):
        may_buy(SELL)
