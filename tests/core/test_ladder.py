"""The ladder: each rung below the one before, none below the floor."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphabot.core.holdings import Holding
from alphabot.core.ladder import RUNGS, cost_price, exit_floor, next_limit
from alphabot.core.records import Leg
from alphabot.core.values import OrderStatus
from tests.core.samples import KOGE, fold, pair, placed, sale, settled

CANCELED = OrderStatus.CANCELED
PRICE = st.decimals(min_value="0.000001", max_value="1000", places=8)


def holding(tried: str | None = None) -> Holding:
    """Ten tokens that cost 100 USDT."""
    held = Holding()
    held.add(Decimal(10), Decimal(100))
    held.tried = None if tried is None else Decimal(tried)
    return held


def test_the_first_limit_is_the_rules_own_unless_it_is_too_low() -> None:
    assert next_limit(holding(), Decimal(3), Decimal("9.9")) == Decimal("9.9")
    assert next_limit(holding(), Decimal(3), Decimal(9)) == Decimal("9.7")


@pytest.mark.parametrize(
    ("tried", "limit"), [("12", "9.9"), ("9.9", "9.8"), ("9.75", "9.7"), ("9.7", "9.7")]
)
def test_each_rung_is_a_third_lower_down_to_the_floor(tried: str, limit: str) -> None:
    assert next_limit(holding(tried), Decimal(3), Decimal(99)) == Decimal(limit)


@given(PRICE, st.decimals(min_value="0.01", max_value="50", places=2))
def test_the_floor_is_reached_in_as_many_steps_as_there_are(
    proposed: Decimal, percent: Decimal
) -> None:
    held = holding()
    floor = exit_floor(held, percent)
    limit, steps = next_limit(held, percent, proposed), 0
    while limit > floor:
        held.tried, before = limit, limit
        limit = next_limit(held, percent, proposed)
        assert floor <= limit < before
        steps += 1
    assert steps <= RUNGS + 1
    assert limit == floor


def test_nothing_held_has_no_cost() -> None:
    assert cost_price(Holding()) is None
    assert exit_floor(Holding(), Decimal(3)) == 0


def test_the_journal_remembers_what_was_tried() -> None:
    bought = settled(Leg.WORKING, "13636.36", "30", fee_base="0.36")
    unsold = settled(Leg.PENDING, "36", "0.07", status=CANCELED)
    state = fold((pair(), placed(), bought, unsold))
    assert state.holding(KOGE).tried == Decimal("0.00198")
    again = sale("1-2", sell_price=Decimal("0.0019"), quantity=Decimal(13600))
    stayed = settled(Leg.SALE, "0", "0", intent_id="1-2", status=CANCELED)
    for record in (again, placed("1-2", pair=False), stayed):
        state.apply(record)
    assert state.holding(KOGE).tried == Decimal("0.0019")
    last = sale("1-3", sell_price=Decimal("0.0018"), quantity=Decimal(13600))
    for record in (
        last,
        placed("1-3", pair=False),
        settled(Leg.SALE, "13600", "25", intent_id="1-3"),
    ):
        state.apply(record)
    assert state.holding(KOGE).tried is None
