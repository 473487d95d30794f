"""From a proposal to a plan: the original figures, the captured orders, and the grid."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from alphabot.builtin.percent_offset import percent_offset
from alphabot.core.exact import floor_places, multiply
from alphabot.core.planning import (
    AMOUNT_PLACES,
    Unplannable,
    dust_after,
    one_lot_less,
    plan_pair,
    plan_sale,
    sold_quantity,
)
from alphabot.core.values import Instrument, PairPlan, PricingRequest, Proposal, Quote
from tests.core.samples import KOGE, KOGE_USDT, SAMPLES, instrument, quote
from tests.strategies import instruments, proposals, quotes


def original_rule(price: str, of: Instrument) -> PairPlan:
    """Return the plan of the original rule: 30 USDT, ten percent up, ten percent down."""
    proposal = percent_offset(
        PricingRequest(
            quote=quote(price),
            instrument=of,
            amount_usdt=Decimal(30),
            buy_offset_percent=Decimal(10),
            sell_profit_percent=Decimal(10),
        )
    )
    return plan_pair(proposal, of, Decimal(30))


@pytest.mark.parametrize(
    ("price", "step", "buy", "sell", "quantity", "amount"),
    [
        ("100", "0.0001", "110", "99", "0.2727", "29.99700000"),
        ("0.002", "0.01", "0.0022", "0.00198", "13636.36", "29.99999200"),
    ],
)
def test_the_original_figures(
    price: str, step: str, buy: str, sell: str, quantity: str, amount: str
) -> None:
    assert original_rule(price, instrument(step=step)) == PairPlan(
        alpha_id=KOGE,
        symbol=KOGE_USDT,
        buy_price=Decimal(buy),
        sell_price=Decimal(sell),
        quantity=Decimal(quantity),
        amount_usdt=Decimal(amount),
    )


def captured_buys() -> list[Path]:
    return sorted(
        [*SAMPLES.glob("oto_place_*.request.json"), *SAMPLES.glob("order_place_buy*.json")]
    )


def test_there_are_captured_buys() -> None:
    assert len(captured_buys()) == 6


@pytest.mark.parametrize("path", captured_buys(), ids=lambda path: path.name)
def test_the_amount_is_the_one_that_the_exchange_accepted(path: Path) -> None:
    body = json.loads(path.read_text("utf-8"), parse_float=Decimal)["body"]
    price, quantity = (
        Decimal(body.get(f"working{key.title()}", body.get(key))) for key in ("price", "quantity")
    )
    accepted = Decimal(body["paymentDetails"][0]["amount"])
    assert floor_places(multiply(price, quantity), AMOUNT_PLACES) == accepted
    step = str(quantity.normalize().as_tuple().exponent)
    of = instrument(tick="1e-9", step=f"1e{step}")
    plan = plan_pair(Proposal(price, price), of, multiply(price, quantity))
    assert (plan.quantity, plan.amount_usdt) == (quantity, accepted)


def test_limits_move_to_the_safe_side_of_the_grid() -> None:
    of = instrument(tick="0.01", step="0.1")
    plan = plan_pair(Proposal(Decimal("10.019"), Decimal("9.991")), of, Decimal(30))
    assert (plan.buy_price, plan.sell_price) == (Decimal("10.01"), Decimal("10.00"))
    assert plan.quantity == Decimal("2.9")


@pytest.mark.parametrize(
    ("name", "buy", "sell", "amount", "changes"),
    [
        ("price_not_positive", "0", "1", "30", {}),
        ("price_not_positive", "1", "0", "30", {}),
        ("price_not_positive", "-1", "1", "30", {}),
        ("price_not_positive", "1", "-0.1", "30", {}),
        ("price_out_of_range", "1e41", "1", "30", {}),
        ("price_out_of_range", "1", "1e500", "30", {}),
        ("price_below_tick", "0.009", "1", "30", {"tick": "0.01"}),
        ("price_below_tick", "1e-500", "1", "30", {}),
        ("quantity_below_minimum", "100", "99", "0.009", {}),
        ("quantity_below_minimum", "100", "99", "30", {"min_quantity": "0.3001"}),
        ("quantity_below_minimum", "1e40", "99", "30", {}),
        ("quantity_below_minimum", "100", "99", "0.009", {"min_quantity": "0"}),
        ("quantity_above_maximum", "100", "99", "30", {"max_quantity": "0.2999"}),
        ("notional_below_minimum", "100", "99", "30", {"min_notional_usdt": "30.01"}),
        ("notional_above_maximum", "100", "99", "30", {"max_notional_usdt": "29.99"}),
    ],
)
def test_what_cannot_be_planned_says_by_which_rule(
    name: str, buy: str, sell: str, amount: str, changes: dict[str, Any]
) -> None:
    with pytest.raises(Unplannable, match=f"^{name}: ") as refused:
        plan_pair(Proposal(Decimal(buy), Decimal(sell)), instrument(**changes), Decimal(amount))
    assert str(refused.value) == f"{refused.value.name}: {refused.value.detail}"
    assert refused.value.name == name


@pytest.mark.parametrize(
    "changes",
    [
        {"min_quantity": "0.3"},
        {"max_quantity": "0.3"},
        {"min_notional_usdt": "30"},
        {"max_notional_usdt": "30"},
    ],
)
def test_what_is_just_at_a_filter_can_be_planned(changes: dict[str, Any]) -> None:
    plan = plan_pair(Proposal(Decimal(100), Decimal(99)), instrument(**changes), Decimal(30))
    assert (plan.quantity, plan.amount_usdt) == (Decimal("0.3"), Decimal(30))


def fractions(*values: Decimal) -> list[Fraction]:
    return [Fraction(value) for value in values]


@given(proposals, instruments(), st.decimals(1, 100_000, places=4))
def test_a_plan_is_on_the_grid_and_within_the_amount(
    proposal: Proposal, of: Instrument, amount: Decimal
) -> None:
    try:
        plan = plan_pair(proposal, of, amount)
    except Unplannable:
        return
    tick, step = fractions(of.grid.tick_size, of.grid.step_size)
    buy, sell, quantity = fractions(plan.buy_price, plan.sell_price, plan.quantity)
    assert buy % tick == sell % tick == quantity % step == 0
    assert buy <= Fraction(proposal.buy_price) < buy + tick
    assert sell - tick < Fraction(proposal.sell_price) <= sell
    assert buy * quantity <= Fraction(amount) < buy * (quantity + step)
    assert 0 <= buy * quantity - Fraction(plan.amount_usdt) < Fraction(1, 10**AMOUNT_PLACES)
    assert of.grid.min_quantity <= plan.quantity <= of.grid.max_quantity
    assert Fraction(of.grid.min_notional_usdt) <= buy * quantity
    assert buy * quantity <= Fraction(of.grid.max_notional_usdt)


@given(quotes(), instruments(), st.decimals(0, 50, places=2), st.decimals(0, 50, places=2))
def test_the_original_rule_is_exact(
    quote: Quote, of: Instrument, up: Decimal, down: Decimal
) -> None:
    proposal = percent_offset(PricingRequest(quote, of, Decimal(30), up, down))
    buy, sell, last = fractions(proposal.buy_price, proposal.sell_price, quote.last)
    assert buy == last * (100 + Fraction(up)) / 100
    assert sell == buy * (100 - Fraction(down)) / 100


# --- selling what is left -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bought", "fee", "step", "sold"),
    [
        ("869.56", "0.086956", "0.01", "869.47"),  # protocol section 7
        ("1686625", "168.66", "0.1", "1686456.3"),
        ("1", "1", "0.01", "0"),
        ("1", "2", "0.01", "0"),
        ("0", "0", "0.01", "0"),
    ],
)
def test_what_the_pending_leg_sells(bought: str, fee: str, step: str, sold: str) -> None:
    of = instrument(step=step)
    assert sold_quantity(Decimal(bought), Decimal(fee), of) == Decimal(sold)


def test_dust_is_what_fee_and_step_leave_behind() -> None:
    of = instrument(step="0.01", fee="0.0001", base_precision=2)
    plan = replace(original_rule("0.002", of), quantity=Decimal(52938))
    assert dust_after(plan, of) == 0  # 52938 - 5.29, the captured fee
    of = instrument(step="0.01", fee="0.0001", base_precision=8)
    assert dust_after(plan, of) == Decimal("0.0062")  # 52938 - 5.2938
    assert dust_after(plan, instrument(step="0.01")) == 0


@given(proposals, instruments(), st.decimals(1, 100_000, places=4))
def test_bought_is_fee_and_sold_and_dust(
    proposal: Proposal, of: Instrument, amount: Decimal
) -> None:
    try:
        plan = plan_pair(proposal, of, amount)
    except Unplannable:
        assume(False)
    fee = floor_places(multiply(plan.quantity, of.fees.buyer), of.grid.base_precision)
    sold = sold_quantity(plan.quantity, fee, of)
    assert sold + fee + dust_after(plan, of) == plan.quantity
    assert 0 <= dust_after(plan, of) < of.grid.step_size


@pytest.mark.parametrize(
    ("price", "held", "changes", "sells"),
    [
        ("0.002", "13636.369", {"step": "0.01"}, "13636.36"),
        ("0.002", "13636.369", {"step": "0.01", "max_quantity": "100"}, "100"),
        ("0.002", "13636.369", {"step": "0.01", "max_quantity": "100.005"}, "100"),
        ("100", "0.001", {}, "0.001"),
        ("0.002", "13636.369", {"step": "0.01", "max_notional_usdt": "20.00001"}, "10000"),
    ],
)
def test_a_sale_sells_what_the_grid_allows(
    price: str, held: str, changes: dict[str, Any], sells: str
) -> None:
    plan = plan_sale(Decimal(price), instrument(**changes), Decimal(held))
    assert (plan.price, plan.quantity) == (Decimal(price), Decimal(sells))


def test_a_sale_is_never_below_its_price() -> None:
    plan = plan_sale(Decimal("0.00198001"), instrument(tick="0.0001"), Decimal(1000))
    assert plan.price == Decimal("0.0020")


@pytest.mark.parametrize(
    ("name", "price", "held"),
    [
        ("price_not_positive", "0", "1"),
        ("price_not_positive", "-1", "1"),
        ("quantity_below_minimum", "100", "0"),
        ("quantity_below_minimum", "100", "-1"),
        ("quantity_below_minimum", "100", "0.00009"),
        ("notional_below_minimum", "100", "0.0009"),
    ],
)
def test_dust_cannot_be_sold_and_is_told_from_a_price_that_is_none(
    name: str, price: str, held: str
) -> None:
    with pytest.raises(Unplannable, match=f"^{name}: ") as caught:
        plan_sale(Decimal(price), instrument(), Decimal(held))
    assert caught.value.too_little is (name != "price_not_positive")


@given(st.decimals("0.0001", 1000, places=6), instruments(), st.decimals(0, 10**10, places=8))
def test_a_sale_is_on_the_grid_and_never_more_than_is_held(
    price: Decimal, of: Instrument, held: Decimal
) -> None:
    try:
        plan = plan_sale(price, of, held)
    except Unplannable:
        return
    assert plan.quantity <= held
    assert of.grid.min_quantity <= plan.quantity <= of.grid.max_quantity
    assert Fraction(plan.quantity) % Fraction(of.grid.step_size) == 0
    assert Fraction(plan.price) % Fraction(of.grid.tick_size) == 0
    assert plan.price >= price


def test_a_plan_that_would_be_taken_for_another_is_one_lot_less() -> None:
    of = instrument(step="0.01")
    sale = plan_sale(Decimal("0.002"), of, Decimal(100))
    smaller = one_lot_less(sale, of)
    assert (smaller.quantity, smaller.price) == (Decimal("99.99"), sale.price)
    pair = plan_pair(Proposal(buy_price=Decimal(2), sell_price=Decimal(2)), of, Decimal(20))
    less = one_lot_less(pair, of)
    assert (pair.quantity, less.quantity) == (Decimal(10), Decimal("9.99"))
    assert (pair.amount_usdt, less.amount_usdt) == (Decimal(20), Decimal("19.98"))
    dust = plan_sale(Decimal(10), of, Decimal("0.01"))
    with pytest.raises(Unplannable) as caught:
        one_lot_less(dust, of)
    assert caught.value.too_little
