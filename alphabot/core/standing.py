"""What a user has at stake, worked out from the journal's fold: exposure, leftovers, losses.

Nothing here is an order or a price of its own: the gate compares these figures with its limits.
All are in USDT unless they say otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from alphabot.core.exact import ZERO, Exact, multiply, percent_of
from alphabot.core.holdings import Holding
from alphabot.core.ladder import exit_floor
from alphabot.core.progress import OpenIntent, UserState
from alphabot.core.records import Intended, Leg
from alphabot.core.values import AlphaId, FeeRate, OrderReport, OrderStatus, Quote, Side

__all__ = [
    "Other",
    "Stake",
    "buys_at_risk",
    "foreign_buys_usdt",
    "highest",
    "leftover_usdt",
    "limits_of_others",
    "loss_usdt",
    "on_sale",
    "stake",
    "total_exposure_usdt",
]

UNDER_WAY_SECONDS = 600.0
"""How long an order that nobody follows may be on its way to the book, its release included.

As long as an order may be missing from the exchange's lists: nothing shorter is proven there.
"""


@dataclass(frozen=True, slots=True)
class Stake(Exact):
    """What one user has used up of its limits; the gate judges by it, and a status shows it."""

    exposure_usdt: Decimal
    """As in :class:`~.limit_case.Standing`, like the figures below."""
    foreign_usdt: Decimal
    """Of that, what orders that are none of ours may cost."""
    leftover_usdt: Decimal
    loss_today_usdt: Decimal
    orders_last_minute: int


def stake(
    state: UserState,
    now_ms: int,
    bids: Mapping[AlphaId, Decimal],
    fees: FeeRate,
    foreign: Iterable[OrderReport],
) -> Stake:
    """Return what a user has at stake, valued at these bids and fees.

    ``foreign`` are the open orders of the account that are none of ours.
    """
    foreign_usdt = foreign_buys_usdt(foreign)
    return Stake(
        exposure_usdt=state.exposure_usdt() + foreign_usdt,
        foreign_usdt=foreign_usdt,
        leftover_usdt=leftover_usdt(state),
        loss_today_usdt=loss_usdt(state, now_ms, bids, fees),
        orders_last_minute=state.orders_last_minute(now_ms),
    )


def total_exposure_usdt(exposures_usdt: Iterable[Decimal], foreign_usdt: Decimal) -> Decimal:
    """Return the exposure of all users, as the gate counts it.

    ``exposures_usdt`` are everybody's without foreign orders, ``foreign_usdt`` is what those may
    cost on the accounts that are read in this run.
    """
    return sum(exposures_usdt, foreign_usdt)


def highest(one: FeeRate, other: FeeRate) -> FeeRate:
    """Return the higher of two fees for each side."""
    return FeeRate(max(one.buyer, other.buyer), max(one.seller, other.seller))


def on_sale(state: UserState, alpha_id: AlphaId) -> tuple[Decimal, Decimal]:
    """Return how many tokens are on SELLs of ours that have not ended, and what these bring.

    The second figure is at their limits, or at the ladder's floor, before fees: the least they
    can bring.
    """
    quantity, brings = ZERO, ZERO
    for entry in state.open_intents.values():
        intended = entry.intended
        if intended.alpha_id != alpha_id or (intended.is_pair and Leg.WORKING not in entry.settled):
            continue
        bought = entry.settled.get(Leg.WORKING)
        offered = intended.quantity if bought is None else bought.executed - bought.fee_base
        update = entry.updates.get(Leg.PENDING if intended.is_pair else Leg.SALE)
        sold = ZERO if update is None else update.executed
        # What a stall has already sold is still in the holding until its order settles.
        quantity += offered
        brings += multiply(offered - sold, _least(state, intended))
        brings += ZERO if update is None else update.quote_usdt
    return quantity, brings


def leftover_usdt(state: UserState) -> Decimal:
    """Return what all tokens that are on no order of ours have cost, dust included."""
    total = ZERO
    for alpha_id, holding in state.holdings.items():
        offered, _ = on_sale(state, alpha_id)
        total += holding.cost_usdt - holding.cost_of(max(offered, ZERO))
    return total


def loss_usdt(
    state: UserState, now_ms: int, bids: Mapping[AlphaId, Decimal], fees: FeeRate
) -> Decimal:
    """Return the loss of the UTC day if everything that is open or held ended at its worst.

    Realised, plus what holdings would lose at the limit they are offered at or at the bid, plus
    what open pairs could lose from limit to limit, all after fees. A token without a bid is
    taken to be worth nothing, and a gain that nobody has made yet makes up for no loss.
    """
    kept = 1 - fees.seller
    total = state.loss_today_usdt(now_ms)
    for alpha_id, holding in state.holdings.items():
        brings = multiply(_brings(state, alpha_id, holding, bids), kept)
        total += max(ZERO, holding.cost_usdt - brings)
    for entry in buys_at_risk(state.open_intents.values()):
        intended = entry.intended
        amount_usdt = intended.amount_usdt or ZERO
        exit_price = intended.sell_price
        if intended.buy_price is not None and intended.exit_loss_percent is not None:
            exit_price = min(
                exit_price, percent_of(intended.buy_price, -intended.exit_loss_percent)
            )
        sold = multiply(multiply(intended.quantity, exit_price), (1 - fees.buyer) * kept)
        total += max(ZERO, amount_usdt - sold)
    return total


def buys_at_risk(entries: Iterable[OpenIntent]) -> list[OpenIntent]:
    """Return the pairs whose BUY may still fill, unknown ones among them."""
    return [e for e in entries if e.intended.is_pair and Leg.WORKING not in e.settled]


def foreign_buys_usdt(orders: Iterable[OrderReport]) -> Decimal:
    """Return what open BUYs that are none of ours may still cost at their limits."""
    return sum(
        (
            multiply(max(order.quantity - order.executed, ZERO), order.price)
            for order in orders
            if order.side is Side.BUY and order.status is not OrderStatus.PENDING
        ),
        ZERO,
    )


@dataclass(frozen=True, slots=True)
class Other:
    """Another user of this service, whose orders must not meet ours."""

    state: UserState
    still_seconds: float | None = None
    """For how long nobody has followed this user's orders; None while somebody does."""


def limits_of_others(
    others: Iterable[Other], alpha_id: AlphaId, quote: Quote
) -> tuple[Decimal | None, Decimal | None]:
    """Return the lowest SELL and the highest BUY limit these users may have open on a token.

    Whose journal stands still (a latched user's) cannot learn that an order has ended, but the
    book tells: a SELL below the best ask, or a BUY above the best bid, does not rest in it. For a
    while after it began to stand still, orders may be under way to the book and count all the
    same.
    """
    sells: list[Decimal] = []
    buys: list[Decimal] = []
    for other in others:
        still = other.still_seconds
        believed = still is None or still < UNDER_WAY_SECONDS
        for entry in other.state.open_intents.values():
            intended = entry.intended
            if intended.alpha_id != alpha_id:
                continue
            buying = Leg.WORKING not in entry.settled and intended.buy_price is not None
            if buying and intended.buy_price is not None:
                buying = believed or intended.buy_price <= quote.bid
                if buying:
                    buys.append(intended.buy_price)
            if buying or believed or intended.sell_price >= quote.ask:
                sells.append(intended.sell_price)
    return min(sells, default=None), max(buys, default=None)


def _least(state: UserState, intended: Intended) -> Decimal:
    """Return the lowest limit at which bought tokens on this SELL may be offered in the end."""
    if intended.exit_loss_percent is None:
        return intended.sell_price
    floor = exit_floor(state.holding(intended.alpha_id), intended.exit_loss_percent)
    return min(intended.sell_price, floor)


def _brings(
    state: UserState, alpha_id: AlphaId, holding: Holding, bids: Mapping[AlphaId, Decimal]
) -> Decimal:
    """Return what a holding brings at worst, before fees."""
    offered, brings = on_sale(state, alpha_id)
    return brings + multiply(max(holding.quantity - offered, ZERO), bids.get(alpha_id, ZERO))
