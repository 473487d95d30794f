"""The strategies draw what they promise, and every case that the tests are written for."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar, get_args

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from alphabot.core.exact import exact
from alphabot.core.orders import Legs
from alphabot.core.records import (
    Checkpointed,
    Folded,
    Leg,
    Record,
    Reset,
)
from alphabot.core.values import Grid, Instrument, OrderReport, OrderStatus, Proposal, Quote
from tests.core.samples import fold
from tests.strategies import (
    Life,
    amounts,
    garbled,
    grids,
    instruments,
    journals,
    lives,
    numbers,
    proposals,
    quotes,
    records,
    steps,
)

Drawn = TypeVar("Drawn")
# For find(), which raises NoSuchExample where none is drawn; any example will do.
SEARCH = settings(max_examples=2000, phases=[Phase.generate])


def merged(life: Life) -> Legs:
    legs = life.placed
    for event in life.events:
        legs = legs.merge(event)
    return legs


def ends_with(leg: Leg, status: OrderStatus, *, executed: bool) -> Callable[[Life], bool]:
    def ends(life: Life) -> bool:
        order = merged(life)[leg]
        return order.status is status and (order.executed > 0) == executed

    return ends


@pytest.mark.parametrize(
    "ends",
    [
        ends_with(Leg.PENDING, OrderStatus.FILLED, executed=True),
        ends_with(Leg.PENDING, OrderStatus.CANCELED, executed=True),
        ends_with(Leg.PENDING, OrderStatus.EXPIRED, executed=False),
        ends_with(Leg.PENDING, OrderStatus.REJECTED, executed=False),
        ends_with(Leg.WORKING, OrderStatus.CANCELED, executed=True),
        ends_with(Leg.WORKING, OrderStatus.EXPIRED, executed=False),
        ends_with(Leg.WORKING, OrderStatus.REJECTED, executed=False),
        lambda life: len(life.events) == 8,
        lambda life: len(merged(life)[Leg.PENDING].fills) >= 3,
    ],
)
def test_lives_end_in_every_way(ends: Callable[[Life], bool]) -> None:
    find(lives(), ends, settings=SEARCH)


@given(lives())
def test_a_life_is_legal_and_short(life: Life) -> None:
    assert len(life.events) <= 8
    assert merged(life).over
    assert len({event.event_id for event in life.events}) == len(life.events)
    for order in merged(life).orders.values():
        assert order.fills_complete


@given(st.data())
def test_what_arrives_of_a_life_holds_the_end_of_each_leg(data: st.DataObject) -> None:
    life = data.draw(lives())
    arrived = data.draw(garbled(life.events))
    assert all(event in life.events for event in arrived)
    last = {event.order_id: event for event in life.events}
    assert all(event in arrived for event in last.values())


@pytest.mark.parametrize("kind", ["lost", "twice", "overtaken"])
def test_reports_get_lost_repeat_and_overtake(kind: str) -> None:
    def seen(pair: tuple[Life, list[OrderReport]]) -> bool:
        life, arrived = pair
        positions = [life.events.index(event) for event in arrived]
        return {
            "lost": len(set(positions)) < len(life.events),
            "twice": len(set(positions)) < len(positions),
            "overtaken": positions != sorted(positions),
        }[kind]

    pairs = lives().flatmap(lambda life: st.tuples(st.just(life), garbled(life.events)))
    find(pairs, seen, settings=SEARCH)


@given(numbers)
def test_a_number_is_one_that_may_be_read(number: Decimal) -> None:
    assert exact(number) == number


@given(amounts, steps)
def test_an_amount_and_a_step_are_sane(amount: Decimal, step: Decimal) -> None:
    assert exact(amount) >= 0
    assert exact(step) > 0


@given(grids(), instruments(), quotes(), proposals)
def test_what_is_traded_is_possible(
    grid: Grid, instrument: Instrument, quote: Quote, proposal: Proposal
) -> None:
    assert 0 < grid.step_size <= grid.min_quantity <= grid.max_quantity
    assert instrument.trading
    assert min(quote.last, quote.bid, quote.ask, proposal.buy_price, proposal.sell_price) > 0


def test_a_book_may_be_crossed_or_wide() -> None:
    find(quotes(), lambda quote: quote.bid > quote.ask, settings=SEARCH)
    find(quotes(), lambda quote: quote.ask > quote.last * 2 - 1, settings=SEARCH)


def test_journals_can_be_folded_and_hold_every_kind_of_record() -> None:
    kinds: set[type] = set()

    @given(journals())
    def look(journal: list[Record]) -> None:
        fold(journal)
        kinds.update(map(type, journal))

    look()
    # A reset is drawn alone, see below; what a start writes when it folds, where folding is tried.
    assert kinds == set(get_args(Record)) - {Reset, Folded, Checkpointed}


def test_a_reset_is_drawn_among_the_records() -> None:
    find(records, lambda record: isinstance(record, Reset), settings=SEARCH)


def test_a_case_that_is_never_drawn_would_be_noticed() -> None:
    with pytest.raises(NoSuchExample):
        find(quotes(), lambda quote: quote.last <= 0, settings=settings(max_examples=50))
