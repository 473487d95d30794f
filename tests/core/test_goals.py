"""Days, goals and last rounds: what counts for which day, and how much is still to be bought."""

from __future__ import annotations

from dataclasses import replace as copy
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from alphabot.core.days import DAY_MS, credit_by_day, filled_by_day, quote_by_day
from alphabot.core.goals import LATER_MS, Goal, points_volume
from alphabot.core.last_round import needed_usdt, smallest_plan
from alphabot.core.planning import Unplannable
from alphabot.core.progress import StrategyProgress
from alphabot.core.records import Leg
from alphabot.core.values import Fill, PairPlan, Proposal
from tests.core.samples import instrument, quote, settled
from tests.core.test_limits import BUY

NOON_MS = 20_000 * DAY_MS + DAY_MS // 2
MONEY = st.decimals("0.00000001", "100000", places=8)
HALF_HOUR_MS = 1_800_000


def fill(at_ms: int | None, quote_usdt: str) -> Fill:
    return Fill("1", Decimal(1), Decimal(1), Decimal(quote_usdt), Decimal(0), "USDT", at_ms)


def test_a_fill_on_each_side_of_midnight() -> None:
    midnight = 20_001 * DAY_MS
    both = filled_by_day([fill(midnight - 1, "10"), fill(midnight, "20")])
    assert both == {"20000": Decimal(10), "20001": Decimal(20)}
    assert filled_by_day([fill(midnight, "10"), fill(midnight + 5, "20")]) is None
    assert filled_by_day([fill(midnight - 1, "10"), fill(None, "20")]) is None
    record = replace(settled(Leg.WORKING, "3", "30", at_ms=midnight + 5), filled_by_day=both)
    assert quote_by_day(record, midnight - 5) == {20_000: Decimal(10), 20_001: Decimal(20)}


@pytest.mark.parametrize(
    ("filled_at_ms", "day"),
    [(NOON_MS, 20_000), (NOON_MS + 9 * DAY_MS, 20_000), (0, 20_000), (None, 20_000)],
)
def test_a_time_that_cannot_be_is_the_nearest_that_can(filled_at_ms: int | None, day: int) -> None:
    record = settled(Leg.WORKING, "3", "30", at_ms=NOON_MS + 5, filled_at_ms=filled_at_ms)
    assert quote_by_day(record, NOON_MS - 5) == {day: Decimal(30)}


@given(MONEY, st.dictionaries(st.integers(1, 9), MONEY, min_size=1))
def test_nothing_is_lost_between_days(credited: Decimal, quotes: dict[int, Decimal]) -> None:
    parts = credit_by_day(credited, quotes)
    assert sum(parts.values()) == credited
    assert parts.keys() == quotes.keys()
    assert min(parts.values()) >= 0


def progress_of(today: str, before: str = "0") -> StrategyProgress:
    by_day = {20_000: Decimal(today), 19_999: Decimal(before)}
    return StrategyProgress(credited=sum(by_day.values(), Decimal(0)), credited_by_day=by_day)


@given(st.integers(0, DAY_MS - 1), st.integers(0, 1439), st.booleans())
def test_a_daily_goal_opens_at_its_start_until_it_is_reached(
    at_ms: int, minutes: int, full: bool
) -> None:
    goal = Goal(Decimal(100), daily=True, start_ms=minutes * 60_000)
    now_ms = 20_000 * DAY_MS + at_ms
    progress = progress_of("100" if full else "99.99")
    wait_ms = goal.opens_in_ms(progress, now_ms)
    begins_ms = minutes * 60_000 + LATER_MS
    assert (wait_ms == 0) is (at_ms >= begins_ms and not full)
    if wait_ms:
        assert (at_ms + wait_ms) % DAY_MS == begins_ms
    # When that time comes it is open, or another day has begun whose target is not reached.
    if wait_ms and not (full and at_ms < begins_ms):
        assert goal.opens_in_ms(progress, now_ms + wait_ms) == 0


def test_once_counts_everything_and_never_waits() -> None:
    goal = Goal(Decimal(100))
    assert goal.credited(progress_of("40", "60"), NOON_MS) == 100
    assert goal.reached(progress_of("40", "60"), NOON_MS)
    assert goal.opens_in_ms(progress_of("40", "60"), NOON_MS) == 0
    daily = Goal(Decimal(100), daily=True)
    assert daily.credited(progress_of("40", "60"), NOON_MS) == 40
    assert daily.missing(progress_of("40", "60"), NOON_MS) == 60


@pytest.mark.parametrize(("points", "volume"), [(1, 2), (2, 4), (14, 16_384), (17, 131_072)])
def test_the_table_of_points(points: int, volume: int) -> None:
    assert points_volume(points) == volume


@given(MONEY)
def test_what_is_ordered_fills_for_what_is_missing(missing: Decimal) -> None:
    proposal = Proposal(buy_price=Decimal("110"), sell_price=Decimal("99"))
    traded = instrument(step="0.01")
    traded = copy(traded, token=copy(traded.token, mul_point=4))
    ordered = needed_usdt(missing, traded, proposal, quote("100"))
    quantity = (ordered / proposal.buy_price).quantize(Decimal("0.01"), rounding="ROUND_DOWN")
    filled = quantity * 100
    assert missing / 4 <= filled <= missing / 4 + Decimal("2.02")


@given(MONEY, MONEY, MONEY)
def test_a_last_round_grows_until_it_fits(needed: Decimal, full: Decimal, least: Decimal) -> None:
    asked = []

    def plan_for(amount: Decimal) -> PairPlan:
        asked.append(amount)
        if amount < least and amount < full:
            raise Unplannable("notional_below_minimum", "too little")
        return BUY.pair

    smallest_plan(plan_for, needed, full, lambda plan: True)
    assert asked[-1] <= max(full, needed)
    assert all(amount <= full for amount in asked)
    assert asked[-1] == full or needed <= asked[-1] < max(2 * least, needed * 2)
