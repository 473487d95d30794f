"""What a journal means: journals written by hand, and properties of any journal."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphabot.core.holdings import Holding
from alphabot.core.progress import DAY_MS, OpenIntent, UserState
from alphabot.core.records import (
    Cleared,
    Configured,
    Credited,
    Intended,
    Latched,
    Leftover,
    Leg,
    NotSentRecord,
    Record,
    RefusedRecord,
    Reset,
    Restored,
    Settled,
    UnknownRecord,
    Updated,
)
from alphabot.core.values import AlphaId, IntentId, OrderStatus, StrategyId
from alphabot.errors import JournalError
from tests.core.samples import (
    BUY_ID,
    KOGE,
    NOON_MS,
    SELL_ID,
    STRATEGY,
    fold,
    pair,
    placed,
    sale,
    settled,
)
from tests.strategies import journals

ZERO = Decimal(0)
MIDNIGHT_MS = 1_800_057_600_000
"""2027-01-16, 0:00 UTC."""
FEWER = settings(max_examples=50)  # a journal is many records, and takes its time to draw
INTENT = IntentId("1-1")

BOUGHT = settled(Leg.WORKING, "13636.36", "27.27272", fee_base="1.36", credited="27.27272")
SOLD = settled(Leg.PENDING, "13635", "27.20", fee_quote_usdt="0.00272")
FULL_ROUND: list[Record] = [pair(), placed(), BOUGHT, SOLD]

NOT_SENT = NotSentRecord(at_ms=NOON_MS, intent_id=INTENT, reason="no connection")
REFUSED = RefusedRecord(at_ms=NOON_MS, intent_id=INTENT, code="481020", message="too little")
UNKNOWN = UnknownRecord(at_ms=NOON_MS, intent_id=INTENT, reason="no answer")
UPDATED = Updated(
    at_ms=NOON_MS,
    intent_id=INTENT,
    leg=Leg.WORKING,
    order_id=BUY_ID,
    status=OrderStatus.PARTIALLY_FILLED,
    executed=Decimal(1),
    quote_usdt=Decimal("0.002"),
)
LATCHED = Latched(at_ms=NOON_MS, reason="risk challenge", clears="alphabot clear 1")
CLEARED = Cleared(at_ms=NOON_MS, by="ann")
RESET = Reset(at_ms=NOON_MS, strategy_id=STRATEGY)
CONFIGURED = Configured(at_ms=NOON_MS, strategy_id=STRATEGY, snapshot="{}")
LEFTOVER = Leftover(
    at_ms=NOON_MS, intent_id=INTENT, alpha_id=KOGE, quantity=Decimal(1), reason="expired"
)


def test_nobody_has_done_anything_at_first() -> None:
    state = UserState()
    assert state.strategy(STRATEGY).credited == 0
    assert state.holding(KOGE).quantity == 0
    assert state.open_of(STRATEGY) == []
    assert state.exposure_usdt() == state.loss_today_usdt(NOON_MS) == 0


def test_a_full_round() -> None:
    state = fold(FULL_ROUND)
    progress, holding = state.strategy(STRATEGY), state.holding(KOGE)
    assert (progress.credited, progress.volume_usdt) == (Decimal("27.27272"), Decimal("27.27272"))
    assert (progress.rounds, progress.failures) == (1, 0)
    assert progress.buy_order_ids == {BUY_ID}
    assert state.claimed == {BUY_ID, SELL_ID}
    assert state.open_intents == {}
    # 13636.36 - 1.36 came in, so nothing is held, and all of the cost has gone.
    assert holding.quantity == holding.cost_usdt == 0
    assert progress.wear_usdt == Decimal("27.27272") - (Decimal("27.20") - Decimal("0.00272"))
    assert state.loss_today_usdt(NOON_MS) == progress.wear_usdt


def test_a_round_step_by_step() -> None:
    state = UserState()
    exposures, opened = [], []
    journal: list[Record] = [pair(), placed(), UPDATED, BOUGHT, SOLD]
    for record in journal:
        state.apply(record)
        exposures.append(state.exposure_usdt())
        opened.append(len(state.open_of(STRATEGY)))
    limit, cost = Decimal("29.999992"), Decimal("27.27272")
    assert exposures == [limit, limit, limit, cost, 0]
    assert opened == [1, 1, 1, 1, 0]


def test_what_is_known_of_an_open_intent() -> None:
    entry = fold([pair(), placed(), UPDATED, BOUGHT]).open_intents[INTENT]
    assert entry.placed == placed()
    assert entry.updates == {Leg.WORKING: UPDATED}
    assert entry.settled == {Leg.WORKING: BOUGHT}
    assert entry.legs == (Leg.WORKING, Leg.PENDING)
    assert not entry.over
    assert not entry.unresolved


def test_dust_stays_in_the_holding_at_its_cost() -> None:
    sold = settled(Leg.PENDING, "13634.5", "27.20")
    holding = fold([pair(), placed(), BOUGHT, sold]).holding(KOGE)
    assert holding.quantity == Decimal("0.5")
    average = Decimal("27.27272") / 13635
    assert holding.cost_usdt == pytest.approx(average / 2, rel=Decimal("1e-12"))


def test_a_partial_buy_and_its_plain_sale() -> None:
    cancelled = settled(
        Leg.WORKING, "4000", "8", status=OrderStatus.CANCELED, fee_base="0.4", credited="8"
    )
    dropped = settled(Leg.PENDING, "0", "0", status=OrderStatus.EXPIRED)
    state = fold([pair(), placed(), cancelled, dropped])
    progress = state.strategy(STRATEGY)
    assert (progress.credited, progress.rounds, progress.failures) == (Decimal(8), 1, 1)
    assert (progress.wear_usdt, state.holding(KOGE).quantity) == (ZERO, Decimal("3999.6"))
    assert state.exposure_usdt() == 8

    for record in (
        sale("1-2", quantity=Decimal("3999.6")),
        placed("1-2", pair=False),
        settled(Leg.SALE, "3999.6", "7.9", intent_id="1-2", fee_quote_usdt="0.00079"),
    ):
        state.apply(record)
    assert progress.wear_usdt == Decimal("0.10079")
    assert (progress.credited, progress.rounds) == (Decimal(8), 1)
    assert state.holding(KOGE).quantity == state.exposure_usdt() == 0
    assert state.open_intents == {}


def test_a_buy_that_filled_nothing_is_no_round() -> None:
    cancelled = settled(Leg.WORKING, "0", "0", status=OrderStatus.CANCELED)
    progress = fold([pair(), placed(), cancelled]).strategy(STRATEGY)
    assert (progress.rounds, progress.failures, progress.credited) == (0, 1, ZERO)
    little = settled(Leg.WORKING, "0.01", "0.00002", status=OrderStatus.CANCELED)
    assert fold([pair(), placed(), little]).strategy(STRATEGY).rounds == 1


def test_a_fee_in_usdt_is_part_of_what_a_buy_cost() -> None:
    bought = settled(Leg.WORKING, "10", "20", fee_quote_usdt="0.002")
    assert fold([pair(), placed(), bought]).holding(KOGE).cost_usdt == Decimal("20.002")


def test_a_sell_that_never_stood_in_the_book_is_no_rung_of_the_ladder() -> None:
    short = settled(Leg.WORKING, "6818", "15", status=OrderStatus.CANCELED)
    gone = settled(Leg.PENDING, "0", "0", status=OrderStatus.EXPIRED)
    assert fold([pair(), placed(), short, gone]).holding(KOGE).tried is None
    stood = settled(Leg.PENDING, "0", "0", status=OrderStatus.CANCELED)
    assert fold([pair(), placed(), BOUGHT, stood]).holding(KOGE).tried == pair().sell_price


def test_refusals_count_as_failures_and_what_was_not_sent_does_not() -> None:
    refused = fold([pair(), REFUSED])
    assert refused.strategy(STRATEGY).failures == 1
    for state in (refused, fold([pair(), NOT_SENT]), fold([pair(), UNKNOWN, NOT_SENT])):
        assert state.open_intents == {}
        assert state.exposure_usdt() == 0
        assert state.strategy(STRATEGY).rounds == 0
    assert fold([pair(), UNKNOWN, NOT_SENT]).strategy(STRATEGY).failures == 0


def test_a_whole_buy_and_a_person_end_a_row_of_failures_and_a_new_start_does_not() -> None:
    row: list[Record] = [pair(), REFUSED, pair(), REFUSED]
    assert fold(row).strategy(STRATEGY).failures == 2
    assert fold([*row, *FULL_ROUND]).strategy(STRATEGY).failures == 0
    assert fold([*row, CONFIGURED]).strategy(STRATEGY).failures == 2
    assert fold([*row, CONFIGURED]).failing(2) == {STRATEGY: 2}
    assert fold([*row, CONFIGURED]).failing(3) == {}
    cleared = Cleared(at_ms=NOON_MS, by="a person")
    assert fold([*row, cleared]).strategy(STRATEGY).failures == 0
    assert fold([*row, RESET]).strategy(STRATEGY).failures == 0


@pytest.mark.parametrize(
    ("wait", "status", "failures"),
    [
        ("10", OrderStatus.CANCELED, 1),
        ("10", OrderStatus.EXPIRED, 2),
        ("10", OrderStatus.REJECTED, 2),
        ("10", OrderStatus.FILLED, 0),
        (None, OrderStatus.CANCELED, 2),
    ],
)
def test_a_wait_that_was_planned_neither_adds_a_failure_nor_ends_their_row(
    wait: str | None, status: OrderStatus, failures: int
) -> None:
    planned = pair(buy_wait_seconds=None if wait is None else Decimal(wait))
    ended = settled(Leg.WORKING, "0", "0", status=status)
    state = fold([pair(), REFUSED, planned, placed(), ended])
    assert state.strategy(STRATEGY).failures == failures


def test_a_sell_that_only_waited_leaves_the_ladder_where_it_was() -> None:
    ended = settled(Leg.PENDING, "0", "0", status=OrderStatus.CANCELED)
    waited = fold([pair(sell_wait_seconds=Decimal(10)), placed(), BOUGHT, ended])
    assert waited.holding(KOGE).tried is None
    assert fold([pair(), placed(), BOUGHT, ended]).holding(KOGE).tried == Decimal("0.00198")


def test_an_unknown_outcome_counts_as_filled_until_it_is_matched() -> None:
    state = fold([pair()])
    entry = state.open_intents[INTENT]
    assert not entry.unresolved
    state.apply(UNKNOWN)
    assert entry.unresolved
    assert state.exposure_usdt() == Decimal("29.999992")
    state.apply(placed(how="matched"))
    assert not entry.unresolved
    assert state.exposure_usdt() == Decimal("29.999992")
    for record in (BOUGHT, SOLD):
        state.apply(record)
    assert state.exposure_usdt() == 0
    assert state.strategy(STRATEGY).credited == Decimal("27.27272")


def test_an_open_sale_costs_nothing_more() -> None:
    assert OpenIntent(sale()).exposure_usdt == 0
    assert OpenIntent(sale()).legs == (Leg.SALE,)
    assert fold([sale(), placed(pair=False)]).claimed == {SELL_ID}


def test_intents_are_counted_by_the_numbers_of_their_ids() -> None:
    """One may be left out: it was never committed."""
    for ids, count in (
        (["1-1", "1-2"], 2),
        (["1-1", "1-7"], 7),
        (["a", "b"], 2),
        (["1-7", "a"], 8),
    ):
        assert fold([pair(intent_id) for intent_id in ids]).intents == count


def test_a_reset_forgets_progress_and_nothing_else() -> None:
    state = fold([*FULL_ROUND, pair("1-2"), placed("1-2"), LATCHED, RESET])
    progress = state.strategy(STRATEGY)
    assert progress.credited == progress.volume_usdt == progress.wear_usdt == 0
    assert (progress.rounds, progress.first_at_ms, progress.buy_order_ids) == (0, None, set())
    assert list(state.open_intents) == [IntentId("1-2")]
    assert state.latched == LATCHED
    assert state.loss_today_usdt(NOON_MS) > 0
    assert state.intents == 2
    assert state.claimed == {BUY_ID, SELL_ID}


def test_a_round_that_a_reset_finds_open_counts_after_it() -> None:
    state = fold([pair(), placed(), RESET, BOUGHT, SOLD])
    assert state.strategy(STRATEGY).credited == Decimal("27.27272")


def test_a_latch_lasts_until_it_is_cleared() -> None:
    assert fold([LATCHED]).latched == LATCHED
    assert fold([LATCHED, *FULL_ROUND]).latched == LATCHED
    assert fold([LATCHED, CLEARED]).latched is None
    assert fold([LATCHED, CLEARED, LATCHED]).latched == LATCHED


def test_a_leftover_waits_for_a_human() -> None:
    bought: list[Record] = [pair(), placed(), BOUGHT]
    assert not fold(bought).holding(KOGE).abandoned
    assert fold([*bought, LEFTOVER]).holding(KOGE).abandoned
    assert not fold([*bought, LEFTOVER, CLEARED]).holding(KOGE).abandoned
    assert fold([*bought, LEFTOVER]).holding(KOGE).quantity == 13635


def test_strategies_and_tokens_are_kept_apart() -> None:
    other = pair("1-2", strategy_id=StrategyId("aop"), alpha_id=AlphaId("ALPHA_118"))
    bought = settled(Leg.WORKING, "10", "20", intent_id="1-2", credited="20")
    state = fold([pair(), placed(), BOUGHT, other, placed("1-2"), bought])
    assert state.strategy(STRATEGY).credited == Decimal("27.27272")
    assert state.strategy(StrategyId("aop")).credited == 20
    assert state.holding(AlphaId("ALPHA_118")).quantity == 10
    assert [o.intended.intent_id for o in state.open_of(STRATEGY)] == ["1-1"]
    assert state.exposure_usdt() == Decimal("47.27272")


def test_the_first_order_since_the_reset_is_remembered() -> None:
    again = pair("1-2", at_ms=NOON_MS + 1)
    progress = fold([pair(), NOT_SENT, again]).strategy(STRATEGY)
    assert progress.first_at_ms == NOON_MS
    assert fold([pair(), NOT_SENT, RESET, again]).strategy(STRATEGY).first_at_ms == NOON_MS + 1


# --- time ---------------------------------------------------------------------------------------


def test_a_loss_belongs_to_the_utc_day_of_the_sale() -> None:
    midnight = MIDNIGHT_MS
    before = settled(Leg.PENDING, "6000", "10", at_ms=midnight - 1)
    state = fold([pair(), placed(), BOUGHT, before])
    after = settled(Leg.PENDING, "7635", "14", intent_id="1-2", at_ms=midnight)
    for record in (pair("1-2"), placed("1-2"), settled(Leg.WORKING, "0", "0", intent_id="1-2")):
        state.apply(record)
    state.apply(after)
    first, second = state.loss_today_usdt(midnight - 1), state.loss_today_usdt(midnight)
    assert first == pytest.approx(Decimal("27.27272") * 6000 / 13635 - 10)
    assert second == pytest.approx(Decimal("27.27272") * 7635 / 13635 - 14)
    assert first + second == state.strategy(STRATEGY).wear_usdt == Decimal("3.27272")
    assert state.loss_today_usdt(midnight - 86_400_000) == first
    assert state.loss_today_usdt(midnight + 86_400_000 - 1) == second
    assert state.loss_today_usdt(midnight + 86_400_000) == 0


@pytest.mark.parametrize(
    ("intended_ms", "filled_ms", "settled_ms", "counts_ms"),
    [
        (-9_000, -1_000, 5_000, -1_000),
        (-9_000, 1_000, 5_000, 1_000),
        # Not known when: as of now.
        (-9_000, None, 5_000, 5_000),
        # The exchange's clock and ours disagree: after its intent, and not in our future.
        (1_000, -1_000, 5_000, 1_000),
        (-9_000, 1_000, -1_000, -1_000),
        (-9_000, 10**15, 5_000, 5_000),
        # Ours was set back meanwhile.
        (5_000, 6_000, -1_000, -1_000),
    ],
)
def test_a_loss_belongs_to_the_day_of_the_fill_and_not_of_the_settlement(
    intended_ms: int, filled_ms: int | None, settled_ms: int, counts_ms: int
) -> None:
    sold = settled(
        Leg.PENDING,
        "13635",
        "26.27272",
        at_ms=MIDNIGHT_MS + settled_ms,
        filled_at_ms=None if filled_ms is None else MIDNIGHT_MS + filled_ms,
    )
    state = fold([pair(at_ms=MIDNIGHT_MS + intended_ms), placed(), BOUGHT, sold])
    assert state.loss_by_day_usdt == {(MIDNIGHT_MS + counts_ms) // DAY_MS: Decimal(1)}


def test_all_of_a_round_that_midnight_divides_belongs_to_its_sale() -> None:
    """The BUY's fee and spread are in the cost; what is not sold takes its share along."""
    bought = msgspec.structs.replace(BOUGHT, filled_at_ms=MIDNIGHT_MS - 1)
    sold = settled(Leg.PENDING, "13000", "25", at_ms=MIDNIGHT_MS + 9, filled_at_ms=MIDNIGHT_MS)
    state = fold([pair(at_ms=MIDNIGHT_MS - 9), placed(), bought])
    assert state.loss_by_day_usdt == {}
    state.apply(sold)
    progress = state.strategy(STRATEGY)
    assert state.loss_by_day_usdt == {MIDNIGHT_MS // DAY_MS: progress.wear_usdt}
    left = state.holding(KOGE).quantity
    day_later = MIDNIGHT_MS + DAY_MS
    swept = settled(
        Leg.SALE, str(left), "1", intent_id="1-2", at_ms=day_later + 9, filled_at_ms=day_later
    )
    dust_usdt = state.holding(KOGE).cost_usdt
    for record in (sale("1-2", at_ms=day_later - 9), placed("1-2", pair=False), swept):
        state.apply(record)
    assert state.loss_today_usdt(day_later) == dust_usdt - 1


def test_a_gain_is_a_negative_loss() -> None:
    sold = settled(Leg.PENDING, "13635", "28.27272")
    assert fold([pair(), placed(), BOUGHT, sold]).loss_today_usdt(NOON_MS) == -1


def test_a_clock_that_is_put_right_forgets_no_order_of_the_last_minute() -> None:
    state = fold([pair(f"1-{number}", at_ms=number) for number in range(3)])
    assert state.orders_last_minute(10 * DAY_MS) == 0  # ahead for a moment
    assert state.orders_last_minute(59_999) == 3
    assert state.orders_last_minute(-DAY_MS) == 3


def test_orders_of_the_last_minute() -> None:
    times = (0, 30_000, 59_999, 60_000)
    state = fold([pair(f"1-{number}", at_ms=at_ms) for number, at_ms in enumerate(times)])
    assert state.orders_last_minute(59_999) == 4
    assert state.orders_last_minute(60_000) == 3
    assert state.orders_last_minute(89_999) == 3
    assert state.orders_last_minute(90_000) == 2
    assert state.orders_last_minute(120_000) == 0


# --- holdings -----------------------------------------------------------------------------------


def test_tokens_leave_at_their_average_cost() -> None:
    holding = Holding()
    holding.add(Decimal(10), Decimal(20))
    holding.add(Decimal(10), Decimal(40))
    assert holding.take(Decimal(5)) == 15
    assert (holding.quantity, holding.cost_usdt) == (Decimal(15), Decimal(45))
    assert holding.take(Decimal(15)) == 45
    assert holding.quantity == holding.cost_usdt == 0


def test_a_share_that_cannot_be_written_exactly_loses_nothing() -> None:
    holding = Holding()
    holding.add(Decimal(3), Decimal(1))
    parts = [holding.take(Decimal(1)) for _ in range(3)]
    assert sum(parts) == 1
    assert parts[0] == Decimal("0.333333333333333333")


# --- journals that cannot be --------------------------------------------------------------------


@pytest.mark.parametrize(
    "journal",
    [
        [placed()],
        [UNKNOWN],
        [UPDATED],
        [NOT_SENT],
        [REFUSED],
        [BOUGHT],
        [pair(), pair()],
        [pair(), REFUSED, REFUSED],
        [pair(), NOT_SENT, placed()],
        [pair(), placed(), BOUGHT, BOUGHT],
        [*FULL_ROUND, SOLD],
        [pair(), placed(), settled(Leg.SALE, "1", "1")],
        [sale(), placed(pair=False), BOUGHT],
    ],
)
def test_a_record_that_cannot_follow_changes_nothing(journal: list[Record]) -> None:
    *possible, impossible = journal
    state = fold(possible)
    with pytest.raises(JournalError, match="1-1"):
        state.apply(impossible)
    assert state == fold(possible)


# --- any journal --------------------------------------------------------------------------------


@given(journals())
@FEWER
def test_money_is_conserved(journal: list[Record]) -> None:
    """What came in as cost was either sold or is still held; wear is cost sold minus received."""
    state = fold(journal)
    paid = received = ZERO
    for record in journal:
        if isinstance(record, Settled) and record.leg is Leg.WORKING:
            paid += record.quote_usdt + record.fee_quote_usdt
        elif isinstance(record, Settled):
            received += record.quote_usdt - record.fee_quote_usdt
    held = sum((holding.cost_usdt for holding in state.holdings.values()), ZERO)
    wear = sum((progress.wear_usdt for progress in state.strategies.values()), ZERO)
    assert paid == held + wear + received
    assert sum(state.loss_by_day_usdt.values(), ZERO) == wear


@given(journals(), st.integers(0, 3 * DAY_MS))
@FEWER
def test_the_losses_of_all_days_are_the_wear(journal: list[Record], later_ms: int) -> None:
    """Whenever fills happened, and however late they were settled; no day is one to come."""
    state = fold(journal)
    wear = sum((progress.wear_usdt for progress in state.strategies.values()), ZERO)
    assert sum(state.loss_by_day_usdt.values(), ZERO) == wear
    intended_ms = [record.at_ms for record in journal if isinstance(record, Intended)]
    sold = [r for r in journal if isinstance(r, Settled) and r.leg is not Leg.WORKING]
    for day in state.loss_by_day_usdt:
        assert min(intended_ms) // DAY_MS <= day <= max(r.at_ms for r in sold) // DAY_MS
    if all(r.filled_at_ms is not None and r.filled_at_ms <= r.at_ms for r in sold):
        late = fold(
            msgspec.structs.replace(r, at_ms=r.at_ms + later_ms) if r in sold else r
            for r in journal
        )
        assert late.loss_by_day_usdt == state.loss_by_day_usdt


@given(journals())
@FEWER
def test_tokens_are_conserved(journal: list[Record]) -> None:
    state = fold(journal)
    for alpha_id, holding in state.holdings.items():
        tokens = ZERO
        intents = (r for r in journal if isinstance(r, Intended))
        ours = {r.intent_id for r in intents if r.alpha_id == alpha_id}
        for record in journal:
            if isinstance(record, Settled) and record.intent_id in ours:
                sign = 1 if record.leg is Leg.WORKING else -1
                tokens += sign * record.executed - record.fee_base
        assert holding.quantity == tokens >= 0
        assert holding.cost_usdt >= 0


@given(journals())
@FEWER
def test_volume_is_counted_once_and_never_falls(journal: list[Record]) -> None:
    state, before = UserState(), ZERO
    for record in journal:
        state.apply(record)
        credited = sum((p.credited for p in state.strategies.values()), ZERO)
        assert credited >= before
        before = credited
    told = (r.credited or ZERO for r in journal if isinstance(r, Settled | Credited))
    assert before == sum(told, ZERO)


@given(journals())
@FEWER
def test_exposure_never_falls_short_of_what_may_be_owed(journal: list[Record]) -> None:
    state = fold(journal)
    open_buys = [
        entry.intended.amount_usdt or ZERO
        for entry in state.open_intents.values()
        if Leg.WORKING not in entry.settled
    ]
    held = [holding.cost_usdt for holding in state.holdings.values()]
    assert state.exposure_usdt() == sum(open_buys, ZERO) + sum(held, ZERO)


@given(journals())
@FEWER
def test_the_same_records_mean_the_same(journal: list[Record]) -> None:
    assert fold(journal) == fold(journal)
    half = fold(journal[: len(journal) // 2])
    for record in journal[len(journal) // 2 :]:
        half.apply(record)
    assert half == fold(journal)


# --- volume that is owed --------------------------------------------------------------------------


def test_a_volume_no_rule_could_say_is_owed_until_it_is_credited() -> None:
    bought = replace_credited(settled(Leg.WORKING, "13636.36", "30"), None)
    state = fold((pair(), placed(), bought))
    progress = state.strategy(STRATEGY)
    assert (progress.credited, progress.rounds) == (Decimal(0), 1)
    (owed,) = state.owed.values()
    assert (owed.executed, owed.quote_usdt) == (Decimal("13636.36"), Decimal(30))
    credited = Credited(at_ms=NOON_MS, intent_id=pair().intent_id, credited=Decimal(15))
    state.apply(credited)
    assert (progress.credited, state.owed) == (Decimal(15), {})
    with pytest.raises(JournalError, match="owed nothing"):
        state.apply(credited)


def test_a_reset_forgets_what_was_owed() -> None:
    bought = replace_credited(settled(Leg.WORKING, "13636.36", "30"), None)
    state = fold((pair(), placed(), bought, Reset(at_ms=NOON_MS, strategy_id=STRATEGY)))
    assert not state.owed


def replace_credited(record: Settled, credited: Decimal | None) -> Settled:
    return msgspec.structs.replace(record, credited=credited)


def test_a_restored_journal_is_compared_from_the_oldest_copy_on() -> None:
    early, late = (Restored(at_ms=NOON_MS, known_until_ms=NOON_MS - s) for s in (9_000, 1_000))
    assert fold([]).copied_until_ms(STRATEGY) is None
    assert fold([late]).copied_until_ms(STRATEGY) == late.known_until_ms
    assert fold([early, late]).copied_until_ms(STRATEGY) == early.known_until_ms
    assert fold([late, early]).copied_until_ms(STRATEGY) == early.known_until_ms
    # What was compared is compared anew after another restoration.
    assert fold([late, CONFIGURED]).copied_until_ms(STRATEGY) is None
    assert fold([late, CONFIGURED, late]).copied_until_ms(STRATEGY) == late.known_until_ms
    other = msgspec.structs.replace(LATCHED, strategies=(STRATEGY,))
    assert fold([late, other, CLEARED]).copied_until_ms(STRATEGY) is None
    assert fold([late, LATCHED, CLEARED]).copied_until_ms(STRATEGY) == late.known_until_ms
