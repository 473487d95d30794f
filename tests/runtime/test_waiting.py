"""Rules that wait, and rules that read the book, in a whole service under the virtual clock."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from alphabot.config import Settings
from alphabot.core.exact import ZERO
from alphabot.core.records import Intended, Leg, Settled
from alphabot.core.values import OrderStatus
from alphabot.runtime.board import Ending, State
from alphabot.runtime.stop import Stop
from alphabot.simulator import ExchangeSettings
from alphabot.simulator.ledger import RequestKind
from alphabot.simulator.misdeeds import DrawnMisbehaviour, PushFault
from tests.runtime.world import World, open_world, seen, settings_of

STILL = ExchangeSettings(
    volatility_percent=0, half_spread_bp=(30, 30), split_fill_percent=0, traffic_percent=0
)
"""A market that stands still and in which nobody trades: who does not cross waits for ever."""
SLOW = replace(STILL, traffic_percent=6, level_usdt=(5, 5))
"""Somebody trades a few dollars now and then: a BUY at the bid fills by and by."""
THIN = replace(STILL, level_usdt=(1, 1), depth_levels=3)


def trading(
    pricing: str = "patient",
    *,
    target: str = "25",
    limits: str = "max_consecutive_failures = 1",
    settings: str = "",
    users: str = "[1]",
    plugins: str = "",
) -> Settings:
    return settings_of(
        f"""
[global_settings]
pricing = "{pricing}"
{settings}
[limits]
{limits}
[[strategies]]
strategy_id = "koge"
target_token = "KOGE"
target_chain = "BSC"
target_volume = {target}
user_ids = {users}
{plugins}
"""
    )


async def intents(world: World, user_id: int = 1) -> list[Intended]:
    return [r for r in await world.records(user_id) if isinstance(r, Intended)]


async def ends(world: World, leg: Leg) -> list[Settled]:
    return [r for r in await world.records(1) if isinstance(r, Settled) and r.leg is leg]


async def books_agree(world: World) -> None:
    """Judge that both sides counted alike, and that nothing of what was bought is lost."""
    row = world.row(1, "koge")
    assert row.volume_usdt == row.exchange_volume_usdt
    bought = sum((r.executed - r.fee_base for r in await ends(world, Leg.WORKING)), ZERO)
    sold = [*await ends(world, Leg.PENDING), *await ends(world, Leg.SALE)]
    assert bought - sum((r.executed for r in sold), ZERO) == row.leftover
    assert not world.exchange.ledger.self_crosses


def waiting(world: World, state: State, user_id: int = 1) -> bool:
    return bool(world.board.rows) and world.row(user_id, "koge").state is state


# --- patient --------------------------------------------------------------------------------------


async def test_patient_joins_waits_is_cancelled_and_crosses_both_ways(
    autojump_clock: MockClock,
) -> None:
    async with open_world(STILL) as world:
        await world.run(trading())
        row = world.row(1, "koge")
        assert (row.ending, row.rounds, row.failed_rounds) == (Ending.REACHED, 1, 0)
        asked = await intents(world)
        pairs = [r for r in asked if r.is_pair]
        bid, ask = pairs[0].buy_price, pairs[0].sell_price
        assert bid is not None
        assert bid < ask
        assert [r.buy_price for r in pairs] == [bid] * 3 + [ask]
        assert [r.status for r in await ends(world, Leg.WORKING)] == (
            [OrderStatus.CANCELED] * 3 + [OrderStatus.FILLED]
        )
        # Its pending leg was cancelled with each BUY, and sold nothing.
        assert not any(r.executed for r in (await ends(world, Leg.PENDING))[:3])
        sales = [r.sell_price for r in asked if not r.is_pair]
        assert sales == [ask, ask, bid]
        assert {r.buy_wait_seconds for r in pairs} == {Decimal(10)}
        assert {r.sell_wait_seconds for r in asked} == {Decimal(10)}
        assert {r.exit_loss_percent for r in asked} == {Decimal(3)}
        assert 60 < trio.current_time() < 80
        await books_agree(world)


async def test_what_filled_while_waiting_is_credited_and_sold_and_counts_as_no_failure(
    autojump_clock: MockClock,
) -> None:
    async with open_world(SLOW) as world:
        await world.run(trading(target="60"))
        row = world.row(1, "koge")
        assert row.ending is Ending.REACHED
        partly = [r for r in await ends(world, Leg.WORKING) if r.status is OrderStatus.CANCELED]
        assert any(r.executed for r in partly)
        assert row.credited == sum(r.credited or ZERO for r in await ends(world, Leg.WORKING))
        assert row.failed_rounds == 0
        await books_agree(world)


async def test_what_the_stream_does_not_tell_is_asked_when_the_wait_is_over(
    autojump_clock: MockClock,
) -> None:
    plan = DrawnMisbehaviour(1, {PushFault.LOST: 1000})
    async with open_world(SLOW, plan) as world:
        await world.run(trading())
        assert plan.misdeeds
        assert world.row(1, "koge").ending is Ending.REACHED
        await books_agree(world)


async def test_waiting_orders_are_counted_and_too_many_a_minute_wait(
    autojump_clock: MockClock,
) -> None:
    async with open_world(STILL) as world:
        await world.run(trading(limits="max_orders_per_minute = 2"))
        row = world.row(1, "koge")
        assert row.ending is Ending.REACHED
        assert row.refusals["max_orders_per_minute"] > 0
        assert row.failed_rounds == 0
        times = [r.at_ms for r in await intents(world)]
        assert all(b - a >= 60_000 for a, b in zip(times, times[2:], strict=False))


async def test_users_of_one_token_take_turns_in_waiting_and_never_meet(
    autojump_clock: MockClock,
) -> None:
    async with open_world(replace(SLOW, traffic_percent=60)) as world:
        board = await world.run(trading(users="[1, 2, 3]", target="50"))
        assert {row.ending for row in board.rows} == {Ending.REACHED}
        assert not world.exchange.ledger.self_crosses


@pytest.mark.parametrize("policy", ["wait", "ladder"])
async def test_no_order_waits_longer_than_the_timeout_in_all(
    policy: str, autojump_clock: MockClock
) -> None:
    """With 15 seconds there is one planned wait; then the order stays for the timeout and fails."""
    async with open_world(STILL) as world:
        text = f'order_timeout_seconds = 15\non_sell_timeout = "{policy}"'
        await world.run(trading(settings=text, limits="max_consecutive_failures = 2"))
        assert world.row(1, "koge").ending is Ending.FAILED
        assert world.row(1, "koge").failed_rounds == 2
        assert [r.buy_wait_seconds for r in await intents(world)] == [Decimal(10), None] * 2


async def test_a_buy_that_somebody_else_cancels_is_a_failure_and_gets_no_wait(
    autojump_clock: MockClock,
) -> None:
    async with open_world(STILL) as world, trio.open_nursery() as nursery:
        limits = "max_consecutive_failures = 2"
        nursery.start_soon(world.run, trading(limits=limits, settings="order_timeout_seconds = 35"))
        await seen(lambda: waiting(world, State.WAITING_BUY))
        world.exchange.model.cancel_all(1)
        world.exchange.catch_up()
        await seen(lambda: waiting(world, State.BACKING_OFF))
        assert world.row(1, "koge").failed_rounds == 1
        await seen(lambda: waiting(world, State.WAITING_BUY))
        assert [r.buy_wait_seconds for r in await intents(world)] == [Decimal(10), None]
        world.stop.now()


# --- stopping and dying while an order waits ------------------------------------------------------


async def test_a_stop_takes_a_waiting_buy_back_at_once(autojump_clock: MockClock) -> None:
    async with open_world(STILL) as world:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.run, trading())
            await seen(lambda: waiting(world, State.WAITING_BUY))
            await trio.sleep(2)
            began = trio.current_time()
            world.stop.request()
        assert trio.current_time() - began < 3
        assert world.row(1, "koge").ending is Ending.STOPPED
        assert [r.status for r in await ends(world, Leg.WORKING)] == [OrderStatus.CANCELED]
        await books_agree(world)


async def test_a_stop_sells_what_waits_to_be_sold(autojump_clock: MockClock) -> None:
    async with open_world(STILL) as world:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.run, trading(target="100"))
            await seen(lambda: waiting(world, State.WAITING_SELL))
            began = trio.current_time()
            world.stop.request()
        assert trio.current_time() - began < 10
        row = world.row(1, "koge")
        assert (row.ending, row.rounds) == (Ending.STOPPED, 1)
        assert row.leftover_cost_usdt < Decimal("0.1")
        last = (await intents(world))[-1]
        assert (last.is_pair, last.sell_wait_seconds) == (False, None)
        await books_agree(world)


async def test_without_grace_a_waiting_order_stays_and_the_next_run_settles_it(
    autojump_clock: MockClock,
) -> None:
    async with open_world(STILL) as world:
        world.stop = Stop(grace_seconds=0)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.run, trading())
            await seen(lambda: waiting(world, State.WAITING_BUY))
            world.stop.request()
        assert world.row(1, "koge").ending is Ending.OPEN
        world.killed()
        await world.run(trading())
        assert world.row(1, "koge").ending is Ending.REACHED
        await books_agree(world)


@pytest.mark.parametrize("moment", [1, 9, *(10 + n / 4 for n in range(8)), 25, 36, 45, 56, 65, 71])
async def test_a_run_killed_while_an_order_waits_is_carried_on(
    moment: float, autojump_clock: MockClock
) -> None:
    """The moments in between are those of a cancel, its proof and its settlement."""
    async with open_world(STILL) as world:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.run, trading())
            await trio.sleep(moment)
            nursery.cancel_scope.cancel()
        world.killed()
        await world.run(trading())
        assert world.row(1, "koge").ending in (Ending.REACHED, Ending.ALREADY_REACHED)
        await books_agree(world)
        assert sum(r.executed > 0 for r in await ends(world, Leg.WORKING)) == 1


@pytest.mark.parametrize("number", [1, 4])
async def test_a_run_killed_right_after_its_cancel_takes_it_for_its_own(
    number: int, autojump_clock: MockClock
) -> None:
    """Of a BUY, and of the first SELL: what nobody has seen end was not closed by a person."""

    def cancels() -> int:
        requests = world.exchange.ledger.requests
        return sum(request.kind is RequestKind.CANCEL for request in requests)

    async with open_world(STILL) as world:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.run, trading())
            await seen(lambda: len(world.exchange.ledger.requests) == 2 * number - 1)
            await trio.sleep(9.5)
            while cancels() < number:
                await trio.sleep(0.0005)
            nursery.cancel_scope.cancel()
        world.killed()
        before = len([r for r in await world.records(1) if isinstance(r, Settled)])
        await world.run(trading())
        row = world.row(1, "koge")
        assert row.ending in (Ending.REACHED, Ending.ALREADY_REACHED)
        assert row.leftover_cost_usdt < Decimal("0.1")
        assert before < len([r for r in await world.records(1) if isinstance(r, Settled)])
        await books_agree(world)


# --- book_touch -----------------------------------------------------------------------------------


async def test_book_touch_buys_and_sells_within_the_book(autojump_clock: MockClock) -> None:
    async with open_world(STILL) as world:
        await world.run(trading("book_touch", target="50"))
        row = world.row(1, "koge")
        assert (row.ending, row.rounds, row.failed_rounds) == (Ending.REACHED, 2, 0)
        for intended in await intents(world):
            assert intended.buy_price is not None
            # The whole book of this market is about a percent wide.
            assert intended.sell_price < intended.buy_price < intended.sell_price * Decimal("1.02")
        await books_agree(world)


async def test_a_book_too_thin_for_the_amount_skips_the_round_and_says_why(
    autojump_clock: MockClock,
) -> None:
    async with open_world(THIN) as world, trio.open_nursery() as nursery:
        nursery.start_soon(world.run, trading("book_touch"))
        await seen(lambda: waiting(world, State.BACKING_OFF))
        row = world.row(1, "koge")
        assert row.waits_for.startswith("thin_book: the asks that are known hold ")
        assert row.waits_for.endswith(" of 30 USDT")
        await trio.sleep(100)
        assert not world.exchange.ledger.requests
        assert row.ending is None
        world.stop.request()


async def test_a_book_that_runs_away_is_followed(autojump_clock: MockClock) -> None:
    jumpy = ExchangeSettings(volatility_percent=1500, fill_delay_ms=(1500, 2500))
    async with open_world(jumpy) as world:
        await world.run(trading("book_touch", target="300"))
        row = world.row(1, "koge")
        assert (row.ending, row.failed_rounds) == (Ending.REACHED, 0)
        assert any(r.status is OrderStatus.CANCELED for r in await ends(world, Leg.WORKING))
        await books_agree(world)


# --- rules of others ------------------------------------------------------------------------------

GREEDY = """
from decimal import Decimal
from alphabot import Proposal, hookimpl

def greedy(request):
    price = request.quote.ask * 2 if not request.unsold else request.quote.bid / 2
    return Proposal(request.quote.ask * Decimal("1.02"), request.quote.ask * Decimal("1.05")
                    if not request.unsold else price, wait_seconds=Decimal({wait}))

@hookimpl
def register_pricing_rules(register):
    register("greedy", greedy)
"""


def with_rule(folder: Path, **words: object) -> Settings:
    (folder / "mine.py").write_text(GREEDY.format(**words))
    plugins = f'[plugins]\npaths = ["{folder}"]\nenabled = ["mine"]'
    return trading("greedy", plugins=plugins)


async def test_a_rule_that_waits_can_sell_no_lower_than_the_allowed_loss(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    """Its SELL never fills above the market, and half the bid is what it would sell at then."""
    async with open_world(STILL) as world:
        await world.run(with_rule(tmp_path, wait="'5'"))
        row = world.row(1, "koge")
        assert row.ending is Ending.REACHED
        (bought,) = await ends(world, Leg.WORKING)
        cost = bought.quote_usdt / (bought.executed - bought.fee_base)
        sale = (await intents(world))[-1]
        assert Decimal("0.9699") < sale.sell_price / cost < Decimal("0.9701")
        await books_agree(world)


@pytest.mark.parametrize("wait", ["0", "'0.5'", "'-5'", "'NaN'"])
async def test_a_wait_that_is_none_skips_the_round(
    wait: str, tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with open_world(STILL) as world, trio.open_nursery() as nursery:
        nursery.start_soon(world.run, with_rule(tmp_path, wait=wait))
        await seen(lambda: waiting(world, State.BACKING_OFF))
        assert "greedy" in world.row(1, "koge").waits_for
        assert not world.exchange.ledger.requests
        world.stop.now()
