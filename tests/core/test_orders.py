"""An order's life: what each report may do to it, whatever the order in which reports come.

The table below is written by hand and says what must happen; MOVES and the rules of
alphabot/core/orders.py are what it is compared with.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import permutations, product
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphabot.core.orders import MOVES, Contradiction, Legs, Order, Verdict, judge, last_fill_at_ms
from alphabot.core.records import Leg, PlacedRecord
from alphabot.core.values import Fill, OrderId, OrderReport, OrderStatus, Side, Symbol
from tests.core.samples import (
    BUY_ID,
    KOGE_USDT,
    NOON_MS,
    SELL_ID,
    captured_updates,
    pair,
    placed,
    report,
    sale,
)
from tests.strategies import Life, garbled, lives

S = OrderStatus
ZERO = Decimal(0)

# What an order of ten tokens has in each state, and what a report of that state says.
FIGURES = {
    S.PENDING: ("0", "0"),
    S.NEW: ("10", "0"),
    S.PARTIALLY_FILLED: ("10", "4"),
    S.FILLED: ("10", "10"),
    S.CANCELED: ("10", "4"),
    S.EXPIRED: ("10", "4"),
    S.REJECTED: ("10", "0"),
}
# Rows: what is known. Columns: what is reported. Advance, stale or contradiction.
TABLE = """
                  PENDING NEW PARTIALLY_FILLED FILLED CANCELED EXPIRED REJECTED
PENDING           s       a   a                a      a        a       a
NEW               s       s   a                a      a        a       a
PARTIALLY_FILLED  s       s   a                a      a        a       C
FILLED            s       s   s                s      C        C       C
CANCELED          s       s   s                C      s        s       C
EXPIRED           s       s   s                C      s        s       C
REJECTED          s       s   C                C      C        C       s
"""
VERDICTS = {"a": Verdict.ADVANCE, "s": Verdict.STALE, "C": Verdict.CONTRADICTION}


def read_table() -> list[tuple[OrderStatus, OrderStatus, Verdict]]:
    columns, *rows = (line.split() for line in TABLE.strip().splitlines())
    return [
        (S(row[0]), S(column), VERDICTS[letter])
        for row in rows
        for column, letter in zip(columns, row[1:], strict=True)
    ]


def known(status: OrderStatus, *, side: Side = Side.SELL) -> Order:
    quantity, executed = FIGURES[status]
    return Order(
        order_id=SELL_ID if side is Side.SELL else BUY_ID,
        symbol=KOGE_USDT,
        side=side,
        status=status,
        price=Decimal("0.0022"),
        quantity=Decimal(quantity),
        executed=Decimal(executed),
    )


def says(status: OrderStatus, **changes: Any) -> OrderReport:
    quantity, executed = FIGURES[status]
    return replace(report(SELL_ID, status, executed, quantity=quantity), **changes)


@pytest.mark.parametrize(("state", "reported", "verdict"), read_table())
def test_the_table_of_moves(state: OrderStatus, reported: OrderStatus, verdict: Verdict) -> None:
    order = known(state)
    assert judge(order, says(reported)) is verdict
    if verdict is Verdict.CONTRADICTION:
        with pytest.raises(Contradiction, match=f"{reported}"):
            order.merge(says(reported))
        assert order == known(state)
        return
    after = order.merge(says(reported))
    assert after.status is (reported if verdict is Verdict.ADVANCE else state)
    assert after.executed == max(order.executed, says(reported).executed)
    assert after.quantity == 10 or after.status is S.PENDING


def test_the_table_is_complete_and_moves_say_the_same() -> None:
    rows = read_table()
    assert {row[:2] for row in rows} == set(product(S, S))
    assert {row[:2] for row in rows if row[2] is Verdict.ADVANCE} == {
        (state, later) for state in S for later in MOVES[state]
    }
    assert {state for state in S if state.terminal} == {s for s in S if not MOVES[s]}


@pytest.mark.parametrize(
    ("known_end", "reported_end"), [*product([S.CANCELED, S.EXPIRED, S.REJECTED], repeat=2)]
)
def test_an_end_without_fills_may_have_several_names(
    known_end: OrderStatus, reported_end: OrderStatus
) -> None:
    """Push and history may differ in the word, and of a leg that is gone we say EXPIRED."""
    order = replace(known(known_end), executed=ZERO, quantity=ZERO)
    again = order.merge(says(reported_end, executed=ZERO))
    assert (again.status, again.executed) == (known_end, ZERO)


@pytest.mark.parametrize("state", S)
@pytest.mark.parametrize(
    "change",
    [
        {"order_id": OrderId("7")},
        {"side": Side.BUY},
        {"symbol": Symbol("ALPHA_118USDT")},
        {"executed": Decimal("10.01")},
    ],
)
def test_a_report_of_something_else_changes_nothing(
    state: OrderStatus, change: dict[str, Any]
) -> None:
    for reported in S:
        with pytest.raises(Contradiction):
            known(state).merge(says(reported, **change))


@pytest.mark.parametrize(
    ("state", "reported"), [(a, b) for a, b in product(S, S) if S.PENDING not in (a, b)]
)
def test_a_released_order_keeps_its_quantity(state: OrderStatus, reported: OrderStatus) -> None:
    with pytest.raises(Contradiction):
        known(state).merge(says(reported, quantity=Decimal(11)))


@pytest.mark.parametrize("state", [state for state in S if state is not S.PENDING])
def test_a_pending_leg_may_be_announced_late_and_with_any_quantity(state: OrderStatus) -> None:
    for quantity in ("0", "11"):
        assert judge(known(state), says(S.PENDING, quantity=Decimal(quantity))) is Verdict.STALE


@pytest.mark.parametrize("reported", S)
def test_a_buy_never_has_no_quantity(reported: OrderStatus) -> None:
    nothing = says(reported, order_id=BUY_ID, side=Side.BUY, quantity=ZERO, executed=ZERO)
    assert judge(known(S.NEW, side=Side.BUY), nothing) is Verdict.CONTRADICTION


def test_a_pending_leg_gets_its_quantity_when_it_is_released() -> None:
    released = known(S.PENDING).merge(says(S.NEW, quantity=Decimal("869.47")))
    assert (released.status, released.quantity) == (S.NEW, Decimal("869.47"))


@pytest.mark.parametrize("end", [S.CANCELED, S.EXPIRED, S.REJECTED])
def test_a_pending_leg_that_is_never_released_ends_with_nothing(end: OrderStatus) -> None:
    order = known(S.PENDING).merge(says(end, quantity=ZERO, executed=ZERO))
    assert (order.status, order.quantity, order.executed) == (end, ZERO, ZERO)
    assert order.fills_complete


def test_an_end_that_names_no_quantity_takes_none_away() -> None:
    order = known(S.NEW).merge(says(S.EXPIRED, quantity=ZERO, executed=ZERO))
    assert (order.status, order.quantity) == (S.EXPIRED, Decimal(10))


@pytest.mark.parametrize("executed", ["0", "9.99"])
def test_filled_means_wholly(executed: str) -> None:
    for state in set(S) - {S.FILLED}:
        with pytest.raises(Contradiction):
            known(state).merge(says(S.FILLED, executed=Decimal(executed)))
    with pytest.raises(Contradiction):
        known(S.PENDING).merge(says(S.FILLED, executed=ZERO, quantity=ZERO))


@pytest.mark.parametrize(
    ("state", "reported", "executed", "verdict"),
    [
        (S.PARTIALLY_FILLED, S.PARTIALLY_FILLED, "5", Verdict.ADVANCE),
        (S.PARTIALLY_FILLED, S.PARTIALLY_FILLED, "4", Verdict.ADVANCE),
        (S.PARTIALLY_FILLED, S.PARTIALLY_FILLED, "3", Verdict.STALE),
        (S.PARTIALLY_FILLED, S.CANCELED, "5", Verdict.ADVANCE),
        (S.PARTIALLY_FILLED, S.CANCELED, "3", Verdict.CONTRADICTION),
        (S.PARTIALLY_FILLED, S.EXPIRED, "0", Verdict.CONTRADICTION),
        (S.PARTIALLY_FILLED, S.NEW, "4", Verdict.STALE),
        (S.PARTIALLY_FILLED, S.NEW, "5", Verdict.CONTRADICTION),
        (S.NEW, S.NEW, "1", Verdict.CONTRADICTION),
        (S.NEW, S.PENDING, "1", Verdict.CONTRADICTION),
        (S.PENDING, S.PENDING, "1", Verdict.CONTRADICTION),
        (S.CANCELED, S.PARTIALLY_FILLED, "4", Verdict.STALE),
        (S.CANCELED, S.PARTIALLY_FILLED, "5", Verdict.CONTRADICTION),
        (S.CANCELED, S.CANCELED, "5", Verdict.CONTRADICTION),
        (S.CANCELED, S.CANCELED, "3", Verdict.CONTRADICTION),
        (S.EXPIRED, S.CANCELED, "3", Verdict.CONTRADICTION),
        (S.FILLED, S.PARTIALLY_FILLED, "10", Verdict.STALE),
        (S.FILLED, S.CANCELED, "10", Verdict.CONTRADICTION),
        (S.FILLED, S.EXPIRED, "10", Verdict.CONTRADICTION),
    ],
)
def test_what_was_executed_never_falls_and_ends_are_final(
    state: OrderStatus, reported: OrderStatus, executed: str, verdict: Verdict
) -> None:
    told = says(reported, executed=Decimal(executed), quantity=Decimal(10))
    assert judge(known(state), told) is verdict


def test_a_cancelled_order_was_not_filled_even_if_all_of_it_was_executed() -> None:
    order = replace(known(S.CANCELED), executed=Decimal(10))
    assert judge(order, says(S.CANCELED, executed=Decimal(10))) is Verdict.STALE
    assert judge(order, says(S.FILLED)) is Verdict.CONTRADICTION


# --- fills --------------------------------------------------------------------------------------


def fill(key: str, quantity: str) -> Fill:
    return Fill(key, Decimal("0.0022"), Decimal(quantity), ZERO, ZERO, "USDT")


def test_each_fill_is_counted_once() -> None:
    order = known(S.NEW)
    first = says(S.PARTIALLY_FILLED, fill=fill("a", "4"))
    for _ in range(3):
        order = order.merge(first)
    assert [f.key for f in order.fills] == ["a"]
    assert order.fills_complete


def test_a_fill_that_comes_late_is_counted_and_moves_nothing() -> None:
    order = known(S.NEW).merge(says(S.FILLED, fill=fill("b", "6")))
    assert not order.fills_complete
    late = order.merge(says(S.PARTIALLY_FILLED, fill=fill("a", "4")))
    assert (late.status, late.executed) == (S.FILLED, Decimal(10))
    assert late.fills_complete


@pytest.mark.parametrize(
    ("times", "last"), [([], None), ([3], 3), ([3, 5, 4], 5), ([3, None], None), ([None], None)]
)
def test_the_last_fill_is_known_once_all_say_when_they_were(
    times: list[int | None], last: int | None
) -> None:
    fills = [replace(fill(str(n), "1"), at_ms=at_ms) for n, at_ms in enumerate(times)]
    assert last_fill_at_ms(fills) == last


def test_a_contradiction_brings_no_fill() -> None:
    order = known(S.CANCELED)
    with pytest.raises(Contradiction):
        order.merge(says(S.FILLED, fill=fill("a", "6")))
    assert order.fills == ()


# --- the one sequence that was captured -----------------------------------------------------------


def captured_legs() -> Legs:
    first = captured_updates()[0]
    intended = pair(
        symbol=first.symbol,
        quantity=first.quantity,
        buy_price=first.price,
        sell_price=Decimal("0.0001"),
    )
    return Legs.placed(intended, placed())


def test_two_fills_of_one_trade_are_both_counted() -> None:
    """The last two captured updates share a trade id; their event ids differ (fault 21)."""
    legs = captured_legs()
    for update in captured_updates():
        legs = legs.merge(update)
    sold = legs[Leg.PENDING]
    assert [fill.quantity for fill in sold.fills] == [Decimal(200), Decimal("669.47")]
    assert legs.over
    for order in legs.orders.values():
        assert order.fills_complete
        assert sum(fill.quote_usdt for fill in order.fills) == order.quote_usdt


def test_the_captured_updates_mean_the_same_in_every_order() -> None:
    updates = captured_updates()
    in_order = captured_legs()
    for update in updates:
        in_order = in_order.merge(update)
    for shuffled in permutations(updates):
        legs = captured_legs()
        for update in shuffled:
            legs = legs.merge(update)
        assert standing(legs) == standing(in_order)
        assert {fill_keys(o) for o in legs.orders.values()} == {
            fill_keys(o) for o in in_order.orders.values()
        }


# --- whatever the order of events -----------------------------------------------------------------


def standing(legs: Legs) -> dict[Leg, tuple[object, ...]]:
    """Everything about the legs but their fills, which a lost push takes with it."""
    return {
        leg: (order.status, order.quantity, order.executed, order.quote_usdt)
        for leg, order in legs.orders.items()
    }


def fill_keys(order: Order) -> frozenset[str]:
    return frozenset(fill.key for fill in order.fills)


def merged(life: Life) -> Legs:
    legs = life.placed
    for event in life.events:
        legs = legs.merge(event)
    return legs


@given(st.data())
def test_repeated_lost_and_shuffled_reports_end_where_the_true_ones_do(data: st.DataObject) -> None:
    life = data.draw(lives())
    legs = life.placed
    for event in data.draw(garbled(life.events)):
        before, legs = legs, legs.merge(event)
        for leg, order in legs.orders.items():
            was = before[leg]
            assert order.executed >= was.executed
            assert order.executed <= order.quantity
            assert not was.terminal or order.status is was.status
            assert fill_keys(order) >= fill_keys(was)
    assert legs.over
    assert standing(legs) == standing(merged(life))


@given(lives(), st.randoms(use_true_random=False))
def test_with_every_report_every_fill_is_known(life: Life, random: Random) -> None:
    events = list(life.events)
    random.shuffle(events)
    legs = merged(Life(life.placed, tuple(events)))
    assert all(order.fills_complete for order in legs.orders.values())
    assert {leg: fill_keys(order) for leg, order in legs.orders.items()} == {
        leg: fill_keys(order) for leg, order in merged(life).orders.items()
    }


@given(lives(), st.sampled_from(S), st.decimals(0, 2000, places=2))
def test_an_ended_order_is_never_moved(life: Life, status: OrderStatus, executed: Decimal) -> None:
    legs = merged(life)
    for order in legs.orders.values():
        told = replace(
            report(order.order_id, status, side=order.side),
            symbol=order.symbol,
            quantity=order.quantity,
            executed=executed,
        )
        try:
            after = legs.merge(told)
        except Contradiction:
            after = legs
        assert standing(after) == standing(legs)


@given(lives(), st.data())
def test_a_contradiction_leaves_the_legs_as_they_were(life: Life, data: st.DataObject) -> None:
    some = data.draw(st.integers(0, len(life.events)))
    legs = merged(Life(life.placed, life.events[:some]))
    before = (standing(legs), [order.fills for order in legs.orders.values()])
    for order in legs.orders.values():
        too_much = replace(
            report(order.order_id, S.PARTIALLY_FILLED, side=order.side),
            symbol=order.symbol,
            quantity=order.quantity,
            executed=order.quantity + Decimal("0.01"),
            fill=fill("forged", "1"),
        )
        with pytest.raises(Contradiction):
            legs.merge(too_much)
    assert (standing(legs), [order.fills for order in legs.orders.values()]) == before


# --- legs ---------------------------------------------------------------------------------------


def test_a_placed_pair_waits_with_both_legs() -> None:
    legs = Legs.placed(pair(), placed())
    working, pending = legs[Leg.WORKING], legs[Leg.PENDING]
    assert (working.order_id, working.side, working.status) == (BUY_ID, Side.BUY, S.NEW)
    assert (working.price, working.quantity) == (Decimal("0.0022"), Decimal("13636.36"))
    assert (pending.order_id, pending.side, pending.status) == (SELL_ID, Side.SELL, S.PENDING)
    assert (pending.price, pending.quantity) == (Decimal("0.00198"), ZERO)
    assert not legs.over


def test_a_placed_sale_is_one_leg() -> None:
    legs = Legs.placed(sale(), placed(pair=False))
    assert set(legs.orders) == {Leg.SALE}
    order = legs[Leg.SALE]
    assert (order.order_id, order.side, order.status) == (SELL_ID, Side.SELL, S.NEW)
    assert (order.price, order.quantity) == (Decimal("0.00198"), Decimal("13636.36"))


def test_a_pair_whose_buy_has_no_id_is_no_sale() -> None:
    with pytest.raises(Contradiction, match="1-1"):
        Legs.placed(
            pair(), PlacedRecord(at_ms=NOON_MS, intent_id=pair().intent_id, sell_order_id=SELL_ID)
        )


def test_legs_are_over_when_both_have_ended() -> None:
    legs = Legs.placed(pair(), placed()).merge(report(BUY_ID, S.CANCELED))
    assert not legs.over
    assert legs.merge(report(SELL_ID, S.EXPIRED, quantity="0")).over


def test_a_report_of_a_stranger_is_refused() -> None:
    legs = Legs.placed(pair(), placed())
    assert legs.leg_of(BUY_ID) is Leg.WORKING
    assert legs.leg_of(SELL_ID) is Leg.PENDING
    for use in (legs.merge, lambda told: legs.leg_of(told.order_id)):
        with pytest.raises(Contradiction, match="order 7"):
            use(report(OrderId("7"), side=Side.BUY))


def test_legs_say_where_they_stand() -> None:
    legs = Legs.placed(pair(), placed()).merge(report(BUY_ID, S.PARTIALLY_FILLED, "4"))
    assert str(legs) == (
        "BUY 10000001 PARTIALLY_FILLED 4/13636.36 @ 0.0022, SELL 10000002 PENDING 0/0 @ 0.00198"
    )
