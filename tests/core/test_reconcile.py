"""What the exchange's lists prove about an intent: a match, nothing, or a question."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from alphabot.core.orders import Legs
from alphabot.core.progress import UserState
from alphabot.core.readings import Reading
from alphabot.core.reconcile import (
    LATE_MS,
    PATIENCE,
    READS_MIN,
    SKEW_MS,
    Finding,
    Match,
    Search,
    absent_leg,
    find_orders,
    is_proven_absent,
    judge_intent,
)
from alphabot.core.records import Leg, Witnessed
from alphabot.core.values import (
    Balances,
    OrderId,
    OrderListId,
    OrderReport,
    OrderStatus,
    Side,
    Symbol,
)
from tests.core.samples import BUY_ID, NOON_MS, SELL_ID, pair, placed, report, sale

S = OrderStatus
BUY = report(BUY_ID)
PENDING = report(SELL_ID, S.PENDING, quantity="0", price="0.00198")
SALE = report(SELL_ID, price="0.00198", order_list_id=None)
OTHER_LIST = OrderListId("9000002")
NOTHING = Reading((), ())


def opened(*reports: OrderReport) -> Reading:
    return Reading(reports, ())


def ended(*reports: OrderReport) -> Reading:
    return Reading((), reports)


# --- is it there --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reading",
    [
        opened(BUY, PENDING),
        opened(PENDING, BUY),
        ended(BUY, PENDING),
        Reading((PENDING,), (BUY,)),
        Reading((BUY, PENDING), (BUY, PENDING)),  # ended between the two calls
        opened(BUY, PENDING, replace(BUY, order_id=OrderId("7"), price=Decimal("0.0021"))),
        opened(BUY, PENDING, replace(PENDING, order_id=OrderId("8"), order_list_id=OTHER_LIST)),
    ],
)
def test_a_pair_is_found_by_its_buy_and_the_list_it_is_on(reading: Reading) -> None:
    match, legs = find_orders(pair(), reading, claimed=set())
    assert match is Match.ONE
    assert legs == {Side.BUY: BUY, Side.SELL: PENDING}


@pytest.mark.parametrize("status", [S.FILLED, S.CANCELED, S.EXPIRED, S.PARTIALLY_FILLED])
def test_a_pair_is_found_however_far_it_has_got(status: OrderStatus) -> None:
    working, pending = replace(BUY, status=status), replace(PENDING, quantity=Decimal("13634.99"))
    assert find_orders(pair(), ended(working, pending), set())[0] is Match.ONE


def test_a_sale_is_found_by_itself() -> None:
    assert find_orders(sale(), opened(SALE, BUY), set()) == (Match.ONE, {Side.SELL: SALE})


@pytest.mark.parametrize(
    "change",
    [
        {"price": Decimal("0.00220001")},
        {"quantity": Decimal("13636.35")},
        {"side": Side.SELL},
        {"symbol": Symbol("ALPHA_222USDT")},
        {"created_at_ms": NOON_MS - SKEW_MS - 1},
    ],
)
def test_an_order_that_differs_is_another(change: dict[str, Any]) -> None:
    assert find_orders(pair(), opened(replace(BUY, **change), PENDING), set()) == (Match.NONE, {})


@pytest.mark.parametrize("created_at_ms", [NOON_MS - SKEW_MS, NOON_MS, NOON_MS + LATE_MS])
def test_the_exchanges_clock_may_run_behind_ours(created_at_ms: int) -> None:
    reading = opened(replace(BUY, created_at_ms=created_at_ms), PENDING)
    assert find_orders(pair(), reading, set())[0] is Match.ONE


@pytest.mark.parametrize("reading", [NOTHING, opened(PENDING), ended(SALE)])
def test_without_its_buy_no_pair_was_found(reading: Reading) -> None:
    assert find_orders(pair(), reading, set()) == (Match.NONE, {})


def test_an_order_of_another_intent_is_not_found_again() -> None:
    assert find_orders(pair(), opened(BUY, PENDING), {BUY_ID}) == (Match.NONE, {})
    assert find_orders(sale(), opened(SALE), {SELL_ID}) == (Match.NONE, {})


def test_of_two_alike_the_unclaimed_one_is_found() -> None:
    twin = replace(BUY, order_id=OrderId("7"), order_list_id=OTHER_LIST)
    twin_pending = replace(PENDING, order_id=OrderId("8"), order_list_id=OTHER_LIST)
    reading = opened(BUY, PENDING, twin, twin_pending)
    assert find_orders(pair(), reading, {BUY_ID, SELL_ID}) == (
        Match.ONE,
        {Side.BUY: twin, Side.SELL: twin_pending},
    )


@pytest.mark.parametrize(
    "reading",
    [
        opened(BUY),
        opened(replace(BUY, order_list_id=None), replace(PENDING, order_list_id=None)),
        opened(BUY, replace(PENDING, order_list_id=OTHER_LIST)),
    ],
)
def test_a_buy_without_the_sell_of_its_list_is_part_of_a_pair(reading: Reading) -> None:
    assert find_orders(pair(), reading, set())[0] is Match.PART


@pytest.mark.parametrize(
    "reading",
    [
        opened(BUY, PENDING, replace(BUY, order_id=OrderId("7"))),
        opened(BUY, replace(BUY, order_id=OrderId("7"))),
    ],
)
def test_what_fits_more_than_one_story_is_a_question(reading: Reading) -> None:
    assert find_orders(pair(), reading, set()) == (Match.SEVERAL, {})


def test_two_sales_alike_are_a_question() -> None:
    twin = replace(SALE, order_id=OrderId("7"))
    assert find_orders(sale(), Reading((SALE,), (twin,)), set()) == (Match.SEVERAL, {})


def test_a_sell_of_the_same_list_that_is_claimed_is_no_leg_of_ours() -> None:
    assert find_orders(pair(), opened(BUY, PENDING), {SELL_ID}) == (Match.PART, {Side.BUY: BUY})


# --- is it not there ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reads", "seconds", "proven"),
    [
        (READS_MIN, 600.0, True),
        (READS_MIN - 1, 600.0, False),
        (READS_MIN, 599.9, False),
        (1000, 0.0, False),
        (0, 1e9, False),
    ],
)
def test_absence_takes_several_readings_and_time(reads: int, seconds: float, proven: bool) -> None:
    assert is_proven_absent(reads, seconds, settle_seconds=600) is proven


# --- all readings together ----------------------------------------------------------------------

EARLY = Search(1, 0.5, 600)
LONG = Search(READS_MIN, 600.0, 600)
TOO_LONG = Search(READS_MIN, 600.0 * PATIENCE, 600)
RICH = Balances(Decimal(1000))


def witnessed() -> UserState:
    """A user with 1000 USDT and nothing else, whose pair's outcome is unknown."""
    state = UserState()
    for asset, beside in (("USDT", Decimal(1000)), (str(pair().alpha_id), Decimal(0))):
        state.apply(Witnessed(at_ms=0, asset=asset, beside=beside))
    state.apply(pair())
    return state


def verdict(reading: Reading, search: Search, state: UserState | None = None) -> Finding:
    return judge_intent(state or witnessed(), pair(), reading, search).finding


@pytest.mark.parametrize("search", [EARLY, LONG, TOO_LONG])
def test_a_match_decides_at_once_and_two_of_them_are_a_question(search: Search) -> None:
    assert verdict(opened(BUY, PENDING), search) is Finding.FOUND
    twice = opened(BUY, PENDING, replace(BUY, order_id=OrderId("7")))
    assert verdict(twice, search) is Finding.AMBIGUOUS


def test_absence_needs_the_wallet_as_its_witness() -> None:
    nothing = Reading((), (), RICH)
    assert verdict(nothing, EARLY) is Finding.OPEN
    assert verdict(nothing, LONG) is Finding.ABSENT
    assert verdict(NOTHING, LONG) is Finding.OPEN
    assert verdict(NOTHING, TOO_LONG) is Finding.AMBIGUOUS


@pytest.mark.parametrize(
    "balances",
    [
        Balances(Decimal("970.00000008"), Decimal("29.99999992")),
        Balances(Decimal("970.00000008")),
        Balances(Decimal(1000), tokens={pair().alpha_id: (Decimal("13636.36"), Decimal(0))}),
        Balances(Decimal(1000), tokens={pair().alpha_id: (Decimal(0), Decimal("0.01"))}),
        Balances(Decimal("999.9")),
        Balances(Decimal("1030")),
    ],
    ids=["locked", "gone", "bought", "a little bought", "round trip", "deposit"],
)
def test_a_wallet_that_says_otherwise_keeps_the_question_open(balances: Balances) -> None:
    reading = Reading((), (), balances)
    assert verdict(reading, LONG) is Finding.OPEN
    found = judge_intent(witnessed(), pair(), reading, TOO_LONG)
    assert found.finding is Finding.AMBIGUOUS
    assert found.reason


@pytest.mark.parametrize(
    "balances",
    [
        Balances(Decimal(400), earn_usdt=Decimal(600)),
        Balances(Decimal("1000.40")),
        Balances(Decimal("999.96")),
    ],
    ids=["moved to earn", "interest", "cents"],
)
def test_a_wallet_that_is_explained_lets_absence_be(balances: Balances) -> None:
    assert verdict(Reading((), (), balances), LONG) is Finding.ABSENT


def test_a_lock_for_a_listed_order_of_somebody_else_is_explained() -> None:
    theirs = replace(BUY, order_id=OrderId("7"), price=Decimal("0.001"), quantity=Decimal(30000))
    reading = Reading((theirs,), (), Balances(Decimal(970), Decimal(30)))
    assert verdict(reading, LONG) is Finding.ABSENT


def test_a_sell_that_is_listed_later_than_its_buy_is_waited_for() -> None:
    reading = Reading((BUY,), (), RICH)
    assert verdict(reading, EARLY) is Finding.OPEN
    assert verdict(reading, LONG) is Finding.OPEN
    assert verdict(reading, TOO_LONG) is Finding.AMBIGUOUS


def test_once_a_person_has_cleared_the_user_only_locks_speak() -> None:
    state = UserState()
    state.apply(pair())
    assert verdict(Reading((), (), Balances(Decimal(5))), LONG, state) is Finding.ABSENT
    locked = Balances(Decimal(5), Decimal(30))
    assert verdict(Reading((), (), locked), LONG, state) is Finding.OPEN


# --- the leg that goes with its buy ---------------------------------------------------------------


def legs_after(*reports: OrderReport) -> Legs:
    legs = Legs.placed(pair(), placed())
    for told in reports:
        legs = legs.merge(told)
    return legs


@pytest.mark.parametrize("end", [S.CANCELED, S.EXPIRED, S.REJECTED])
def test_a_sell_that_was_never_released_goes_with_its_buy(end: OrderStatus) -> None:
    legs = legs_after(report(BUY_ID, end))
    gone = absent_leg(legs, ended(report(BUY_ID, end)))
    assert gone is not None
    assert (gone.order_id, gone.status, gone.source) == (SELL_ID, S.EXPIRED, "absence")
    assert legs.merge(gone).over


def test_a_partly_filled_buy_releases_nothing_either() -> None:
    assert absent_leg(legs_after(report(BUY_ID, S.CANCELED, "4")), NOTHING) is not None


@pytest.mark.parametrize(
    "legs",
    [
        legs_after(),
        legs_after(report(BUY_ID, S.PARTIALLY_FILLED, "4")),
        legs_after(report(BUY_ID, S.FILLED, "13636.36")),
        legs_after(report(BUY_ID, S.CANCELED), report(SELL_ID, S.EXPIRED, quantity="0")),
        legs_after(report(BUY_ID, S.CANCELED, "4"), report(SELL_ID, S.NEW, quantity="4")),
        legs_after(
            report(BUY_ID, S.CANCELED, "4"), report(SELL_ID, S.PARTIALLY_FILLED, "1", quantity="4")
        ),
        Legs.placed(sale(), placed(pair=False)),
    ],
    ids=["open", "filling", "filled", "known to be gone", "released", "selling", "sale"],
)
def test_a_sell_that_may_live_is_never_concluded_to_be_gone(legs: Legs) -> None:
    assert absent_leg(legs, NOTHING) is None


@pytest.mark.parametrize("status", [S.PENDING, S.NEW, S.CANCELED])
def test_a_sell_that_is_listed_is_not_absent(status: OrderStatus) -> None:
    legs = legs_after(report(BUY_ID, S.CANCELED))
    listed = report(SELL_ID, status, quantity="0")
    assert absent_leg(legs, opened(listed)) is None
    assert absent_leg(legs, ended(listed)) is None


@pytest.mark.parametrize("later", [S.CANCELED, S.EXPIRED, S.REJECTED])
@pytest.mark.parametrize("quantity", ["0", "13636.36"])
def test_the_exchange_may_name_the_end_of_a_gone_leg_later(
    later: OrderStatus, quantity: str
) -> None:
    legs = legs_after(report(BUY_ID, S.CANCELED))
    gone = absent_leg(legs, NOTHING)
    assert gone is not None
    after = legs.merge(gone)
    assert after.merge(report(SELL_ID, later, quantity=quantity)).over
    assert after[Leg.PENDING].status is S.EXPIRED


# --- what the exchange does not say ---------------------------------------------------------------


@pytest.mark.parametrize("working", [BUY, replace(BUY, status=S.FILLED)])
def test_an_order_that_does_not_say_when_it_was_made_is_neither_ours_nor_nobodys(
    working: OrderReport,
) -> None:
    undated = replace(working, created_at_ms=None)
    reading = Reading((undated, replace(PENDING, created_at_ms=None)), (), RICH)
    assert find_orders(pair(), reading, set()) == (Match.DOUBTFUL, {})
    assert verdict(reading, LONG) is Finding.OPEN
    assert verdict(reading, TOO_LONG) is Finding.AMBIGUOUS
    late = replace(working, created_at_ms=NOON_MS + LATE_MS + 1)
    assert find_orders(pair(), opened(late, PENDING), set()) == (Match.DOUBTFUL, {})
    beside_ours = opened(BUY, PENDING, replace(undated, order_id=OrderId("7")))
    assert verdict(beside_ours, EARLY) is Finding.AMBIGUOUS


@pytest.mark.parametrize("status", [S.CANCELED, S.EXPIRED, S.REJECTED])
def test_a_buy_that_ended_short_needs_no_sell_to_be_found(status: OrderStatus) -> None:
    # What was never released need not be listed at all.
    working = replace(BUY, status=status)
    assert verdict(ended(working), EARLY) is Finding.OPEN  # its SELL may be listed a little later
    found = judge_intent(witnessed(), pair(), ended(working), LONG)
    assert (found.finding, found.legs) == (Finding.FOUND, {Side.BUY: working})


@pytest.mark.parametrize("status", [S.NEW, S.PARTIALLY_FILLED, S.FILLED])
def test_a_buy_that_releases_its_sell_is_not_found_without_it(status: OrderStatus) -> None:
    working = replace(BUY, status=status)
    assert verdict(opened(working), LONG) is Finding.OPEN
    assert verdict(opened(working), TOO_LONG) is Finding.AMBIGUOUS


@pytest.mark.parametrize("reading", [opened(BUY), opened(replace(BUY, created_at_ms=None))])
def test_what_was_listed_once_is_not_absent_because_it_is_listed_no_more(reading: Reading) -> None:
    seen_once = judge_intent(witnessed(), pair(), reading, EARLY)
    assert seen_once.glimpsed
    nothing = Reading((), (), RICH)
    later = judge_intent(witnessed(), pair(), nothing, replace(LONG, glimpsed=True))
    assert (later.finding, later.glimpsed) == (Finding.OPEN, True)
    assert verdict(nothing, replace(TOO_LONG, glimpsed=True)) is Finding.AMBIGUOUS
