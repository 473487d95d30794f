"""Wallet beside ledger: what is explained, what is not, and what a first look fixes."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from alphabot.core.progress import UserState
from alphabot.core.readings import Reading
from alphabot.core.records import Leg, Record, Witnessed, WrittenOff
from alphabot.core.values import Balances, OrderReport, OrderStatus
from alphabot.core.wallet import USDT, gap_of, weigh
from tests.core.samples import BUY_ID, KOGE, NOON_MS, SELL_ID, fold, pair, placed, report, settled

S = OrderStatus
BOUGHT = settled(Leg.WORKING, "13636.36", "30", fee_base="1.36", credited="30")
SOLD = settled(Leg.PENDING, "13635", "29.9", fee_quote_usdt="0.003")
ROUND: tuple[Record, ...] = (pair(), placed(), BOUGHT, SOLD)
BEGUN: tuple[Record, ...] = (
    Witnessed(at_ms=0, asset=KOGE, beside=Decimal(100)),
    Witnessed(at_ms=0, asset=USDT, beside=Decimal(1000)),
)


def wallet(usdt: str = "1000", koge: str | None = None, locked: str = "0") -> Balances:
    tokens = {} if koge is None else {KOGE: (Decimal(koge), Decimal(locked))}
    return Balances(Decimal(usdt), tokens=tokens)


def reading(balances: Balances | None, *reports: OrderReport) -> Reading:
    return Reading(reports, (), balances)


def records_of(state: UserState, balances: Balances, *, quiet: bool = True) -> tuple[Record, ...]:
    found = weigh(state, KOGE, reading(balances), NOON_MS, quiet=quiet)
    assert not found.mismatch
    return found.records


def test_the_first_look_fixes_what_lies_beside_our_rounds() -> None:
    assert records_of(UserState(), wallet("1000", "7", "3")) == (
        Witnessed(at_ms=NOON_MS, asset=KOGE, beside=Decimal(10)),
        Witnessed(at_ms=NOON_MS, asset=USDT, beside=Decimal(1000)),
    )


def test_a_ledger_from_before_the_first_look_is_taken_off() -> None:
    state = fold(ROUND)
    assert state.holding(KOGE).quantity == 0
    assert state.cash_usdt == Decimal("-0.103")
    _, usdt = records_of(state, wallet("999.897"))
    assert usdt == Witnessed(at_ms=NOON_MS, asset=USDT, beside=Decimal(1000))


def test_what_a_round_did_is_explained() -> None:
    state = fold((*BEGUN, *ROUND))
    assert records_of(state, wallet("999.897", "100")) == ()


@pytest.mark.parametrize("koge", ["100.01", "99.99", "0"])
def test_a_token_must_agree_to_the_last_unit(koge: str) -> None:
    found = weigh(fold((*BEGUN, *ROUND)), KOGE, reading(wallet("999.897", koge)), 0, quiet=True)
    assert koge in found.mismatch
    assert found.records == ()


def test_usdt_that_changed_by_itself_is_named_and_taken_as_it_is() -> None:
    found = weigh(fold((*BEGUN, *ROUND)), KOGE, reading(wallet("1500", "100")), 5, quiet=True)
    assert not found.mismatch
    assert found.usdt is not None
    assert found.usdt.difference == Decimal("500.103")
    assert found.records == (Witnessed(at_ms=5, asset=USDT, beside=Decimal("1500.103")),)


def test_cents_of_usdt_are_no_news() -> None:
    found = weigh(fold((*BEGUN, *ROUND)), KOGE, reading(wallet("999.93", "100")), 5, quiet=True)
    assert (found.records, found.usdt) == ((), None)


def test_a_reading_that_was_not_quiet_says_nothing_of_usdt() -> None:
    assert records_of(fold(BEGUN), wallet("5", "100"), quiet=False) == ()
    assert records_of(fold((*BEGUN, pair())), wallet("5", "5")) == ()


def test_without_a_wallet_nothing_is_said() -> None:
    assert weigh(UserState(), KOGE, reading(None), 0, quiet=True).records == ()
    with pytest.raises(ValueError, match="not read"):
        gap_of(UserState(), KOGE, reading(None))


def test_what_the_wallet_has_no_longer_is_written_off_when_weighing_begins_anew() -> None:
    state = fold((pair(), placed(), BOUGHT, settled(Leg.PENDING, "0", "0", status=S.CANCELED)))
    held = Decimal("13635")
    assert state.holding(KOGE).quantity == held
    gone, witnessed, _ = records_of(state, wallet("1000", "5"))
    assert isinstance(gone, WrittenOff)
    assert gone.quantity == held - 5
    assert witnessed == Witnessed(at_ms=NOON_MS, asset=KOGE, beside=Decimal(0))
    for record in (gone, witnessed):
        state.apply(record)
    holding = state.holding(KOGE)
    assert (holding.quantity, holding.unknown) == (Decimal(5), held - 5)
    assert holding.bought == holding.sold + holding.quantity + holding.unknown


def test_orders_that_are_not_settled_explain_with_slack() -> None:
    state = fold((*BEGUN, pair(), placed()))
    half = report(BUY_ID, S.PARTIALLY_FILLED, "6000", quote_usdt=Decimal(13))
    pending = report(SELL_ID, S.PENDING, quantity="0", price="0.00198")
    read = reading(wallet("987", "6099.4"), half, pending)
    token, usdt = gap_of(state, KOGE, read), gap_of(state, USDT, read)
    assert token is not None
    assert usdt is not None
    assert (token.explained, token.slack) == (Decimal(6100), Decimal(60))
    assert (usdt.explained, usdt.slack) == (Decimal(987), Decimal("0.13"))
    assert not token.open
    assert not usdt.open


def test_a_sell_that_is_not_settled_takes_tokens_and_brings_usdt() -> None:
    state = fold((*BEGUN, pair(), placed(), BOUGHT))
    sold = report(SELL_ID, S.FILLED, "13635", quantity="13635", quote_usdt=Decimal(29))
    read = reading(wallet("999", "100"), sold)
    for asset in (KOGE, USDT):
        gap = gap_of(state, asset, read)
        assert gap is not None
        assert not gap.difference


def test_an_order_no_list_shows_may_have_done_anything() -> None:
    state = fold((*BEGUN, pair(), placed()))
    gap = gap_of(state, KOGE, reading(wallet()))
    assert gap is not None
    assert gap.slack > Decimal(13636)


def test_a_clearing_lets_weighing_begin_anew() -> None:
    state = fold(BEGUN)
    state.beside.clear()
    assert gap_of(state, KOGE, reading(wallet())) is None
    assert len(records_of(state, wallet("1", "1"))) == 2


def test_a_gap_says_what_it_is() -> None:
    gap = gap_of(fold(BEGUN), KOGE, reading(wallet("1", "7")))
    assert str(gap) == "the wallet holds 7 ALPHA_22, 100 are explained"
    assert gap is not None
    assert replace(gap, slack=Decimal(93)).open is False
