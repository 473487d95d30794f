"""The headroom that a status shows is where the gate refuses, no more and no less."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from trio.testing import MockClock

from alphabot.core import limit_rules as rules
from alphabot.core.records import Leg, Record
from alphabot.core.standing import Stake, stake, total_exposure_usdt
from alphabot.core.values import FeeRate, OrderId, OrderStatus, PairPlan
from alphabot.runtime.status import LimitStatus, total_exposure, user_limits
from alphabot.simulator import ExchangeSettings
from tests.core.samples import KOGE, NOON_MS, fold, pair, placed, report, settled
from tests.core.test_limits import BUY, LIMITS, STANDING
from tests.runtime.steered import steered, user_of
from tests.runtime.world import open_world, seen, settings_of

GRAIN = Decimal("0.00000001")
FEES = FeeRate(Decimal("0.0001"), Decimal("0.0001"))
BOUGHT = settled(Leg.WORKING, "13636.36", "30", fee_base="0.36")
ENDED = settled(Leg.PENDING, "6000", "12.9", status=OrderStatus.CANCELED)
FOREIGN = report(OrderId("7"), quantity="1000")

PASTS: dict[str, tuple[Record, ...]] = {
    "nothing": (),
    "an open pair": (pair(), placed()),
    "a SELL that waits": (pair(), placed(), BOUGHT),
    "a leftover": (pair(), placed(), BOUGHT, ENDED),
    "a leftover and a pair": (pair(), placed(), BOUGHT, ENDED, pair("1-2"), placed("1-2")),
}


def plan(amount_usdt: Decimal, loss_usdt: Decimal) -> PairPlan:
    """Return a pair of this amount that loses this much at worst."""
    price = amount_usdt - loss_usdt
    return replace(BUY.pair, buy_price=amount_usdt, sell_price=price, amount_usdt=amount_usdt)


def by_name(at_stake: Stake) -> dict[str, LimitStatus]:
    total = total_exposure(
        total_exposure_usdt([at_stake.exposure_usdt - at_stake.foreign_usdt], Decimal(12)), LIMITS
    )
    return {limit.name: limit for limit in (*user_limits(at_stake, LIMITS), total)}


@pytest.mark.parametrize("past", PASTS)
@pytest.mark.parametrize("bid", [None, "0.0019"])
def test_the_gate_allows_the_headroom_and_not_a_grain_more(past: str, bid: str | None) -> None:
    bids = {} if bid is None else {KOGE: Decimal(bid)}
    at_stake = stake(fold(PASTS[past]), NOON_MS, bids, FEES, [FOREIGN])
    shown = by_name(at_stake)
    standing = replace(
        STANDING,
        exposure_usdt=at_stake.exposure_usdt,
        total_exposure_usdt=shown["max_total_exposure_usdt"].used,
        loss_today_usdt=at_stake.loss_today_usdt,
    )
    case = replace(BUY, standing=standing)
    loss, room = shown["max_daily_loss_usdt"], shown["max_exposure_usdt"]
    total = shown["max_total_exposure_usdt"]
    for rule, allowed, refused in (
        (
            rules.daily_loss,
            plan(Decimal(100), loss.headroom),
            plan(Decimal(100), loss.headroom + GRAIN),
        ),
        (rules.exposure, plan(room.headroom, GRAIN), plan(room.headroom + GRAIN, GRAIN)),
        (rules.total_exposure, plan(total.headroom, GRAIN), plan(total.headroom + GRAIN, GRAIN)),
    ):
        if loss.used <= loss.most or rule is not rules.daily_loss:
            assert rule(replace(case, plan=allowed)) is None
        assert rule(replace(case, plan=refused)) is not None


async def test_a_running_service_shows_what_its_gate_refused_by(
    autojump_clock: MockClock,
) -> None:
    """One pair may lose 3 USDT at worst: beside an open one, a second has no room in 5."""
    settings = settings_of()
    settings = replace(settings, limits=replace(settings.limits, max_daily_loss_usdt=Decimal(5)))
    slow = ExchangeSettings(fill_delay_ms=(5_000, 5_000))
    async with open_world(slow) as world, steered(world, settings) as asked:
        rule = "max_daily_loss_usdt"
        await seen(
            lambda: any(row.refusals.get(rule) for row in world.board.rows if row.user_id == 1)
        )
        user = user_of(await asked.status(), 1)
        (loss,) = (limit for limit in user.limits if limit.name == rule)
        assert user.realised_loss_usdt < 1
        assert Decimal(2) < loss.used - user.realised_loss_usdt < Decimal(4)
        assert loss.headroom == 5 - loss.used < Decimal("2.9")
        world.stop.now()


def test_without_a_price_what_is_on_no_order_counts_as_lost() -> None:
    at_stake = stake(fold(PASTS["a leftover"]), NOON_MS, {}, FEES, ())
    state = fold(PASTS["a leftover"])
    held = state.holding(KOGE).cost_usdt
    assert at_stake.loss_today_usdt == state.loss_today_usdt(NOON_MS) + held
