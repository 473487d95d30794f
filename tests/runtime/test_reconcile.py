"""Journal, exchange and wallet beside each other: what opens the gate, and what latches a user."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from alphabot.clocks import TrioClock
from alphabot.config import Settings
from alphabot.core.planning import plan_sale
from alphabot.core.records import (
    Cleared,
    Intended,
    Latched,
    Leg,
    PlacedRecord,
    Settled,
    UnknownRecord,
    WrittenOff,
)
from alphabot.core.values import AlphaId, StrategyId, UserId
from alphabot.runtime.board import Ending, State
from alphabot.runtime.desk import Desk
from alphabot.runtime.recorder import Recorder
from alphabot.simulator import ExchangeSettings
from alphabot.simulator.faults import (
    CUT_OFF,
    NEVER_LEFT,
    REFUSED,
    Direction,
    Fault,
    FaultKind,
    ScriptedFaults,
)
from alphabot.simulator.faulty_net import FaultyNet, open_faulty_net
from alphabot.simulator.ledger import Request, RequestKind
from alphabot.simulator.misbehaviour import Behaving, Oddity, Said, Visit
from alphabot.wiring import Venue
from tests.core.samples import SELL_ID, instrument, report
from tests.runtime.world import World, open_world, seen, settings_of

KOGE = AlphaId("ALPHA_22")
REST_PORT, STREAM_PORT = 80, 8080


def koge(**changes: object) -> Settings:
    """Return settings with user 1's KOGE strategy alone."""
    settings = settings_of()
    (strategy,) = (s for s in settings.strategies if s.strategy_id == "koge")
    return replace(settings, strategies=(replace(strategy, **changes),))  # type: ignore[arg-type]


def pairs(world: World, user_id: int = 1) -> list[Request]:
    """Return a user's pairs that the exchange accepted."""
    return [
        request
        for request in world.exchange.ledger.requests
        if request.kind is RequestKind.PLACE_PAIR
        and request.accepted
        and request.user_id == user_id
    ]


def over(world: World, net: FaultyNet) -> Venue:
    """Return the exchange as reached through a faulty network."""
    return replace(world.venue(), net=net)


def body_of(side: str, price: str, quantity: str) -> bytes:
    """Return the request of a plain KOGE order, as a person's app would send it."""
    amount = Decimal(price) * Decimal(quantity) if side == "BUY" else Decimal(quantity)
    wallet = "CARD" if side == "BUY" else "ALPHA"
    fields = {
        "baseAsset": KOGE,
        "quoteAsset": "USDT",
        "side": side,
        "price": price,
        "quantity": quantity,
        "orderType": "LIMIT",
        "paymentDetails": [{"amount": f"{amount.normalize():f}", "paymentWalletType": wallet}],
    }
    return json.dumps(fields).encode()


def told(records: Iterable[object]) -> str:
    """Return why a user was latched."""
    (latched,) = (record for record in records if isinstance(record, Latched))
    return latched.reason


# --- the gate after a reconnect ---------------------------------------------------------------


async def test_after_a_reconnect_no_order_leaves_before_the_account_was_read(
    autojump_clock: MockClock,
) -> None:
    script = ScriptedFaults()
    async with (
        open_world() as world,
        open_faulty_net(world.net, script) as net,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(world.run, koge(), over(world, net))
        await seen(lambda: len(pairs(world)) == 1)
        await seen(lambda: bool(world.row(1, "koge").rounds))
        # The stream comes back, but the lists cannot be had; prices come by their own stream.
        script.on_request(b"/order/get-open-order", NEVER_LEFT, times=40)
        net.strike(CUT_OFF, port=STREAM_PORT)
        await seen(lambda: world.row(1, "koge").connection == "live")
        before = len(pairs(world))
        await trio.sleep(60)
        assert len(pairs(world)) == before
        assert world.row(1, "koge").state is not State.ENDED
        await seen(lambda: len(pairs(world)) > before)
        world.stop.request()


# --- orders that are not ours -----------------------------------------------------------------


async def test_a_strategy_waits_while_a_person_has_an_order_there_and_leaves_it_alone(
    autojump_clock: MockClock,
) -> None:
    async with open_world() as world, trio.open_nursery() as nursery:
        theirs = world.exchange.model.place(1, body_of("BUY", "0.001", "10000"))
        (order,) = theirs.orders
        nursery.start_soon(world.run, koge())
        await seen(lambda: bool(world.board.rows))
        await trio.sleep(120)
        row = world.row(1, "koge")
        assert row.refusals["foreign_order"] >= 3
        assert not pairs(world)
        assert order.state.status.is_live
        world.exchange.model.cancel(1, json.dumps({"orderId": str(order.order_id)}).encode())
        await seen(lambda: row.ending is not None)
        assert row.ending is Ending.REACHED
        cancels = [r for r in world.exchange.ledger.requests if r.kind is RequestKind.CANCEL]
        assert len(cancels) == 1  # the person's own


# --- wallet and ledger ------------------------------------------------------------------------


async def test_tokens_held_for_other_reasons_are_no_concern_of_ours(
    autojump_clock: MockClock,
) -> None:
    async with open_world() as world:
        world.exchange.model.desk.account(1).alpha[KOGE].credit(Decimal("123.45"))
        await world.run(koge())
        assert world.row(1, "koge").ending is Ending.REACHED
        held = world.exchange.model.desk.account(1).alpha[KOGE].total
        assert held == Decimal("123.45") + world.row(1, "koge").leftover


@pytest.mark.parametrize("change", ["more", "less"])
async def test_a_token_that_moves_by_itself_latches_its_user(
    change: str, autojump_clock: MockClock
) -> None:
    async with open_world() as world:
        account = world.exchange.model.desk.account(1)
        account.alpha[KOGE].credit(Decimal(100))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.run, koge())
            await seen(lambda: len(pairs(world)) == 2)
            if change == "more":
                account.alpha[KOGE].credit(Decimal(1))
            else:
                account.alpha[KOGE].free -= 1
        row = world.row(1, "koge")
        assert row.ending is Ending.LATCHED
        assert "ALPHA_22" in told(await world.records(1))
        assert len(pairs(world)) <= 3


async def test_the_last_round_is_compared_as_well(autojump_clock: MockClock) -> None:
    """The target is in sight, so no further round would notice."""
    async with open_world() as world:
        account = world.exchange.model.desk.account(1)
        account.alpha[KOGE].credit(Decimal(100))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.run, koge(target_volume=Decimal(5)))
            await seen(lambda: len(pairs(world)) == 1)
            account.alpha[KOGE].free -= 1
        assert len(pairs(world)) == 1
        assert world.row(1, "koge").ending is Ending.LATCHED


async def test_usdt_that_comes_by_itself_stops_nobody(autojump_clock: MockClock) -> None:
    async with open_world() as world:
        account = world.exchange.model.desk.account(1)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.run, koge())
            await seen(lambda: len(pairs(world)) == 2)
            account.funding.credit(Decimal(500))
            account.move_to_earn(Decimal(300))
        assert world.row(1, "koge").ending is Ending.REACHED


async def test_a_leftover_that_a_person_sold_is_written_off_once_the_user_is_cleared(
    autojump_clock: MockClock,
) -> None:
    async with open_world(ExchangeSettings(split_fill_percent=0)) as world:
        settings = koge(
            buy_offset_percentage=Decimal(2),
            sell_profit_percentage=Decimal(-5),
            order_timeout_seconds=5.0,
        )
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.run, settings)
            await seen(lambda: bool(world.board.rows))
            row = world.row(1, "koge")
            await seen(lambda: row.state is State.WAITING_SELL and row.leftover > 0)
            await trio.sleep(10)
            # In the app: the waiting SELL is cancelled, and the tokens are sold.
            world.exchange.model.cancel_all(1)
            await seen(lambda: row.ending is Ending.OPEN)
        account = world.exchange.model.desk.account(1)
        held = world.row(1, "koge").leftover
        account.alpha[KOGE].free -= held
        clear = Cleared(at_ms=world.clock.now_ms(), by="a person")
        await world.journal.append(UserId(1), clear)
        world.killed()
        await world.run(koge())
        assert world.row(1, "koge").ending is Ending.REACHED
        (gone,) = (r for r in await world.records(1) if isinstance(r, WrittenOff))
        assert gone.quantity == held
        assert (
            world.exchange.model.desk.account(1).alpha[KOGE].total == world.row(1, "koge").leftover
        )


async def test_too_little_money_is_waited_for_and_nothing_is_asked_in_vain(
    autojump_clock: MockClock,
) -> None:
    async with open_world(ExchangeSettings(funding_usdt=Decimal(5))) as world:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.run, koge())
            await seen(lambda: bool(world.board.rows))
            row = world.row(1, "koge")
            await seen(lambda: row.refusals["balance"] >= 2)
            assert not world.exchange.ledger.requests
            world.exchange.model.desk.account(1).funding.credit(Decimal(1000))
        assert row.ending is Ending.REACHED


# --- one account under two names --------------------------------------------------------------


async def test_one_account_under_two_users_latches_both(autojump_clock: MockClock) -> None:
    async with open_world() as world:
        venue = world.venue()
        same = replace(venue, credentials=lambda user_id: venue.credentials(UserId(1)))
        await world.run(settings_of(), same)
        endings = {world.row(user, "aop").ending for user in (1, 2)}
        assert endings == {Ending.LATCHED}
        assert "one account" in told(await world.records(1))
        assert "one account" in told(await world.records(2))


# --- what lags ----------------------------------------------------------------------------------


async def test_a_leg_that_one_list_leaves_out_is_not_taken_for_gone(
    autojump_clock: MockClock,
) -> None:
    """The lists lag, the stream is dead: a dropped SELL is concluded from several readings."""
    settings = ExchangeSettings(visibility_lag_ms_max=3000, split_fill_percent=0)
    script = ScriptedFaults()
    async with open_world(settings) as world, open_faulty_net(world.net, script) as net:
        dear = koge(buy_offset_percentage=Decimal(-5), order_timeout_seconds=3.0)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.run, dear, over(world, net))
            await seen(lambda: len(pairs(world)) == 1)
            script.on_open(REFUSED, port=STREAM_PORT, times=1000)
            net.strike(CUT_OFF, port=STREAM_PORT)
            await seen(lambda: world.row(1, "koge").failed_rounds == 1)
            world.stop.request()
        records = await world.records(1)
        legs = {record.leg for record in records if isinstance(record, Settled)}
        assert legs == {Leg.WORKING, Leg.PENDING}
        for order in world.exchange.model.desk.orders.values():
            assert not order.state.status.is_live


async def test_a_subscription_that_died_in_silence_is_noticed_and_replaced(
    autojump_clock: MockClock,
) -> None:
    async with open_world(ExchangeSettings(listen_key_reuse=False)) as world:
        keys = "get-listen-key"
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.run, koge())
            await seen(lambda: len(pairs(world)) == 1)
            world.exchange.expire_listen_keys(1)
        row = world.row(1, "koge")
        assert row.ending is Ending.REACHED
        assert sum(keys in call.path for call in world.exchange.ledger.calls) == 2
        # One round was found out about by asking; the others heard it from the new stream.
        assert row.round_seconds_total < 60


# --- a clock that is wrong ------------------------------------------------------------------------


@dataclass
class SetClock:
    """The world's clock, set wrong by a person or a dead battery."""

    right: TrioClock
    off_ms: int = 0

    def now_ms(self) -> int:
        """Return the time as this machine has it."""
        return self.right.now_ms() + self.off_ms


@pytest.mark.parametrize("hours", [1, -1])
async def test_with_a_clock_that_is_wrong_nothing_is_placed_until_it_is_right(
    hours: int, autojump_clock: MockClock
) -> None:
    async with open_world() as world, trio.open_nursery() as nursery:
        clock = SetClock(world.clock)
        nursery.start_soon(partial(world.run, koge(), clock=clock))
        await seen(lambda: len(pairs(world)) == 1)
        clock.off_ms = hours * 3_600_000
        await seen(lambda: world.row(1, "koge").refusals["clock"] >= 2)
        before = len(pairs(world))
        await trio.sleep(300)
        assert len(pairs(world)) == before
        clock.off_ms = 0
        await seen(lambda: world.row(1, "koge").ending is not None)
        assert world.row(1, "koge").ending is Ending.REACHED
        assert world.row(1, "koge").volume_usdt == world.row(1, "koge").exchange_volume_usdt


# --- one request at a time ------------------------------------------------------------------------


async def test_no_order_leaves_on_top_of_one_whose_answer_is_awaited(
    autojump_clock: MockClock,
) -> None:
    """Two strategies of one user; the first one's answer never comes."""
    script = ScriptedFaults()
    script.on_request(b"/oto-order/place", Fault(FaultKind.HELD, Direction.IN))
    async with open_world() as world, open_faulty_net(world.net, script) as net:
        both = settings_of()
        mine = tuple(replace(s, user_ids=(UserId(1),)) for s in both.strategies)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.run, replace(both, strategies=mine), over(world, net))
            await seen(lambda: len(pairs(world)) == 2)
            first, second = pairs(world)
            unknown = next(
                r for r in await world.records(1) if isinstance(r, UnknownRecord | PlacedRecord)
            )
            assert isinstance(unknown, UnknownRecord)
            # The second left only once the first was found among the account's orders.
            matched = next(r for r in await world.records(1) if isinstance(r, PlacedRecord))
            assert matched.how == "matched"
            assert second.at_ms >= matched.at_ms >= first.at_ms
            world.stop.request()


# --- what a person does while a turn is waited for ----------------------------------------------


async def test_an_order_that_a_person_placed_while_the_turn_was_waited_for_is_seen(
    autojump_clock: MockClock,
) -> None:
    settings = settings_of()
    (strategy,) = (s for s in settings.strategies if s.strategy_id == "koge")
    slow = replace(
        strategy,
        user_ids=(UserId(1),),
        buy_offset_percentage=Decimal(-4),
        order_timeout_seconds=300.0,
    )
    waits = replace(strategy, strategy_id=StrategyId("waits"), user_ids=(UserId(2),))
    quiet = ExchangeSettings(traffic_percent=0, volatility_percent=0)
    async with open_world(quiet) as world, trio.open_nursery() as nursery:
        nursery.start_soon(world.run, replace(settings, strategies=(slow, waits)))
        await seen(lambda: bool(world.board.rows))
        await seen(lambda: world.row(1, "koge").state is State.WAITING_BUY)
        await seen(lambda: world.row(2, "waits").state is State.WAITING_TURN)
        await trio.sleep(60)
        before = len(pairs(world, 2))
        theirs = world.exchange.model.place(2, body_of("BUY", "0.0015", "20000"))
        (order,) = theirs.orders
        await seen(lambda: world.row(2, "waits").refusals["foreign_order"] >= 1)
        assert len(pairs(world, 2)) == before
        world.exchange.model.cancel(2, json.dumps({"orderId": str(order.order_id)}).encode())
        await seen(lambda: len(pairs(world, 2)) > before)
        world.stop.now()


async def test_the_stream_tells_of_a_persons_order_before_any_list_is_read(
    autojump_clock: MockClock,
) -> None:
    async with open_world() as world, trio.open_nursery() as nursery:
        nursery.start_soon(world.run, koge(trade_interval_seconds=Decimal(5)))
        await seen(lambda: len(pairs(world)) >= 1)
        row = world.row(1, "koge")
        await seen(lambda: row.state is State.PAUSING)
        # Within what a comparison holds for: without the stream the next round would not see it.
        theirs = world.exchange.model.place(1, body_of("BUY", "0.0015", "20000"))
        (order,) = theirs.orders
        before = len(pairs(world))
        await seen(lambda: row.refusals["foreign_order"] >= 1)
        assert len(pairs(world)) == before
        world.exchange.model.cancel(1, json.dumps({"orderId": str(order.order_id)}).encode())
        await seen(lambda: len(pairs(world)) > before)
        world.stop.now()


# --- what a person has to decide ----------------------------------------------------------------


class OnlyFilledSells(Behaving):
    """An exchange whose history lists no SELL that ended without being released."""

    def at_visit(self, visit: Visit) -> Oddity | None:
        return Oddity("sells left out", _without_sells) if "history" in visit.path else None


class NothingDated(Behaving):
    """An exchange that does not say when an order was made."""

    def at_visit(self, visit: Visit) -> Oddity | None:
        lists = ("get-open-order", "order-history")
        return Oddity("undated", _undated) if visit.path.endswith(lists) else None


def _without_sells(said: Said) -> Said:
    envelope = json.loads(said.body)
    rows = [r for r in envelope["data"] if r["side"] == "BUY" or r["status"] == "FILLED"]
    return replace(said, body=json.dumps({**envelope, "data": rows, "total": len(rows)}).encode())


def _undated(said: Said) -> Said:
    envelope = json.loads(said.body)
    rows = [{key: row[key] for key in row if key != "time"} for row in envelope["data"]]
    return replace(said, body=json.dumps({**envelope, "data": rows}).encode())


QUIET = ExchangeSettings(traffic_percent=0, volatility_percent=0)
ANSWER_LOST = Fault(FaultKind.HELD, Direction.IN)


async def test_a_buy_that_ended_before_it_was_found_needs_no_sell(
    autojump_clock: MockClock,
) -> None:
    script = ScriptedFaults()
    script.on_request(b"/oto-order/place", ANSWER_LOST)
    slow = koge(buy_offset_percentage=Decimal(-4), order_timeout_seconds=3000.0)
    async with (
        open_world(QUIET, OnlyFilledSells()) as world,
        open_faulty_net(world.net, script) as net,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(world.run, slow, over(world, net))
        await seen(lambda: len(pairs(world)) == 1)
        world.exchange.model.cancel_all(1)
        await seen(lambda: len(pairs(world)) == 2)  # it trades on
        records = await world.records(1)
        (found,) = (r for r in records if isinstance(r, PlacedRecord) and r.how == "matched")
        assert found.sell_order_id is None
        ends = [r for r in records if isinstance(r, Settled)]
        assert [(r.leg, r.order_id) for r in ends] == [(Leg.WORKING, found.working_order_id)]
        world.stop.now()


async def test_what_nobody_can_tell_is_a_persons_once_it_is_cleared(
    autojump_clock: MockClock,
) -> None:
    script = ScriptedFaults()
    script.on_request(b"/oto-order/place", ANSWER_LOST)
    slow = koge(buy_offset_percentage=Decimal(-4), order_timeout_seconds=3000.0)
    async with open_world(QUIET, NothingDated()) as world:
        async with open_faulty_net(world.net, script) as net:
            await world.run(slow, over(world, net))
        assert world.row(1, "koge").ending is Ending.LATCHED
        (lost,) = (r for r in await world.records(1) if isinstance(r, UnknownRecord))
        world.killed()
        recorder = Recorder(world.journal, UserId(1), world.clock)
        await recorder.replay()
        assert recorder.state.open_intents.keys() == {lost.intent_id}
        await recorder.clear("a person")
        assert not recorder.state.open_intents
        assert recorder.state.latched is None
        # It may lie there still: then it is a person's, and nothing is placed beside it.
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.run, slow)
            await seen(lambda: world.row(1, "koge").refusals["foreign_order"] >= 1)
            assert len(pairs(world)) == 1
            world.exchange.model.cancel_all(1)
            await seen(lambda: len(pairs(world)) == 2)
            world.stop.now()


async def test_an_order_that_looks_like_a_persons_is_made_one_lot_smaller(
    autojump_clock: MockClock,
) -> None:
    slow = koge(buy_offset_percentage=Decimal(-4), order_timeout_seconds=20.0)
    async with open_world(QUIET) as world, trio.open_nursery() as nursery:
        nursery.start_soon(world.run, slow)
        await seen(lambda: len(pairs(world)) == 1)
        await seen(lambda: world.row(1, "koge").state is State.BACKING_OFF)
        (first,) = [r for r in await world.records(1) if isinstance(r, Intended)]
        body = body_of("BUY", f"{first.buy_price:f}", f"{first.quantity:f}")
        (order,) = world.exchange.model.place(1, body).orders
        world.exchange.model.cancel(1, json.dumps({"orderId": str(order.order_id)}).encode())
        await seen(lambda: len(pairs(world)) == 2)
        (_, second) = [r for r in await world.records(1) if isinstance(r, Intended)]
        assert second.buy_price == first.buy_price
        assert first.quantity - second.quantity == world.exchange.model.tokens[KOGE].step
        world.stop.now()


@pytest.mark.parametrize(("quantity", "found"), [("100", True), ("99.99", False)])
def test_a_sale_can_have_a_twin_as_well(quantity: str, found: bool) -> None:
    plan = plan_sale(Decimal("0.002"), instrument(step="0.01"), Decimal(quantity))
    theirs = report(SELL_ID, price="0.002", quantity="100")
    desk: Any = SimpleNamespace(
        router=SimpleNamespace(unclaimed=[]), reconciler=SimpleNamespace(foreign=[theirs])
    )
    assert Desk.twin(desk, plan) is found
