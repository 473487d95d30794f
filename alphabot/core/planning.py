"""From what a rule proposes to a plan on the exchange's grid, or to the reason why not.

Rounding directions are fixed: quantity down, buy limit down, sell limit up, and
``amount = floor(price x quantity, 8 places)``, which the exchange compares to the last unit
(protocol section 3; anything else is refused with 000002).
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import overload

from alphabot.core.exact import (
    MAGNITUDE_MAX,
    ZERO,
    ceil_to,
    divide,
    floor_places,
    floor_to,
    multiply,
    plain,
)
from alphabot.core.values import Instrument, PairPlan, Proposal, SalePlan

__all__ = [
    "AMOUNT_PLACES",
    "Unplannable",
    "dust_after",
    "one_lot_less",
    "plan_pair",
    "plan_sale",
    "sold_quantity",
]

AMOUNT_PLACES = 8


class Unplannable(ValueError):
    """A proposal or holding that cannot be put on the grid; ``name`` says which rule it broke."""

    def __init__(self, name: str, detail: str) -> None:
        super().__init__(f"{name}: {detail}")
        self.name = name
        self.detail = detail

    @property
    def too_little(self) -> bool:
        """Whether the quantity is what cannot be traded: of a holding, that it is dust."""
        return self.name in ("quantity_below_minimum", "notional_below_minimum")


def plan_pair(
    proposal: Proposal,
    instrument: Instrument,
    amount_usdt: Decimal,
    exit_loss_percent: Decimal | None = None,
    buy_wait_seconds: Decimal | None = None,
    sell_wait_seconds: Decimal | None = None,
) -> PairPlan:
    """Return the pair that buys for at most ``amount_usdt`` at the proposed limits.

    ``exit_loss_percent`` is how far below the cost the tokens may be sold in the end, if they may
    be offered lower than at the proposed limit; the waits are how long a leg may wait before its
    rule is asked again, if it is to be.

    Raises Unplannable when the limits or the quantity leave the exchange's grid.
    """
    grid = instrument.grid
    if min(proposal.buy_price, proposal.sell_price) <= 0:
        raise Unplannable("price_not_positive", _limits(proposal))
    if max(proposal.buy_price, proposal.sell_price).adjusted() > MAGNITUDE_MAX:
        raise Unplannable("price_out_of_range", _limits(proposal))
    buy_price = floor_to(proposal.buy_price, grid.tick_size)
    sell_price = ceil_to(proposal.sell_price, grid.tick_size)
    if buy_price <= 0:
        raise Unplannable("price_below_tick", f"buy {plain(proposal.buy_price)}")
    quantity = floor_to(divide(amount_usdt, buy_price), grid.step_size)
    _check_quantity(quantity, buy_price, instrument)
    return PairPlan(
        alpha_id=instrument.token.alpha_id,
        symbol=instrument.symbol,
        buy_price=buy_price,
        sell_price=sell_price,
        quantity=quantity,
        amount_usdt=floor_places(multiply(buy_price, quantity), AMOUNT_PLACES),
        exit_loss_percent=exit_loss_percent,
        buy_wait_seconds=buy_wait_seconds,
        sell_wait_seconds=sell_wait_seconds,
    )


@overload
def one_lot_less(plan: PairPlan, instrument: Instrument) -> PairPlan: ...
@overload
def one_lot_less(plan: SalePlan, instrument: Instrument) -> SalePlan: ...
def one_lot_less(plan: PairPlan | SalePlan, instrument: Instrument) -> PairPlan | SalePlan:
    """Return the plan with one step less of quantity; raises Unplannable if that is too little."""
    quantity = plan.quantity - instrument.grid.step_size
    if isinstance(plan, SalePlan):
        _check_quantity(quantity, plan.price, instrument)
        return replace(plan, quantity=quantity)
    _check_quantity(quantity, plan.buy_price, instrument)
    amount_usdt = floor_places(multiply(plan.buy_price, quantity), AMOUNT_PLACES)
    return replace(plan, quantity=quantity, amount_usdt=amount_usdt)


def plan_sale(
    price: Decimal,
    instrument: Instrument,
    held: Decimal,
    exit_loss_percent: Decimal | None = None,
    wait_seconds: Decimal | None = None,
) -> SalePlan:
    """Return a plain SELL of as much of ``held`` tokens as the grid allows in one order.

    Raises Unplannable when that is too little to be sold, which is dust, or at no price at all.
    """
    grid = instrument.grid
    if price <= 0:
        raise Unplannable("price_not_positive", f"sell {price}")
    limit = ceil_to(price, grid.tick_size)
    most = min(grid.max_quantity, divide(grid.max_notional_usdt, limit))
    quantity = floor_to(min(max(held, ZERO), most), grid.step_size)
    _check_quantity(quantity, limit, instrument)
    return SalePlan(
        alpha_id=instrument.token.alpha_id,
        symbol=instrument.symbol,
        price=limit,
        quantity=quantity,
        exit_loss_percent=exit_loss_percent,
        wait_seconds=wait_seconds,
    )


def sold_quantity(bought: Decimal, fee_base: Decimal, instrument: Instrument) -> Decimal:
    """Return what the pending leg sells: floor(bought - fee, step) (protocol section 7)."""
    return floor_to(max(bought - fee_base, ZERO), instrument.grid.step_size)


def dust_after(plan: PairPlan, instrument: Instrument) -> Decimal:
    """Return the tokens that fee and step leave behind when the plan fills wholly."""
    fee = floor_places(
        multiply(plan.quantity, instrument.fees.buyer), instrument.grid.base_precision
    )
    return plan.quantity - fee - sold_quantity(plan.quantity, fee, instrument)


def _limits(proposal: Proposal) -> str:
    return f"buy {proposal.buy_price}, sell {proposal.sell_price}"


def _check_quantity(quantity: Decimal, price: Decimal, instrument: Instrument) -> None:
    grid = instrument.grid
    notional = multiply(price, quantity)
    if quantity <= 0 or quantity < grid.min_quantity:
        raise Unplannable("quantity_below_minimum", f"{plain(quantity)} < {grid.min_quantity}")
    if quantity > grid.max_quantity:
        raise Unplannable("quantity_above_maximum", f"{plain(quantity)} > {grid.max_quantity}")
    if notional < grid.min_notional_usdt:
        raise Unplannable(
            "notional_below_minimum", f"{plain(notional)} < {plain(grid.min_notional_usdt)} USDT"
        )
    if notional > grid.max_notional_usdt:
        raise Unplannable(
            "notional_above_maximum", f"{plain(notional)} > {plain(grid.max_notional_usdt)} USDT"
        )
