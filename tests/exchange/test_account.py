"""An account at the simulated exchange, over memory, judged at the exchange's own ledger."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import pytest
import trio
from trio.testing import MockClock

from alphabot.core.exact import floor_places, floor_to, multiply, plain
from alphabot.core.values import AlphaId, OrderId, OrderStatus, Side, Symbol
from alphabot.errors import NotAuthorised, NotSent, OutcomeUnknown, Refused
from alphabot.ports import CommittedIntent, Net
from alphabot.simulator import ExchangeSettings
from alphabot.simulator.ledger import RequestKind
from tests.exchange.scripted import Break, Fault, Wire
from tests.exchange.simulated import USER, World, pair_intent, sale_intent, simulated

KOGE = AlphaId("ALPHA_22")
SYMBOL = Symbol("ALPHA_22USDT")
# Byte positions: a request has some 600, of which the last ones decide, and an answer some 250.
IN_HEAD, IN_BODY = range(0, 300, 60), range(400, 620, 7)
ANSWERED = (*range(0, 300, 30), 10_000)
STEP, TICK = Decimal("0.01"), Decimal("0.00000001")


def pair_near_market(world: World, offset: str = "1.1", usdt: str = "30") -> CommittedIntent:
    """Return an intent for a pair that buys at ``offset`` times the last price."""
    last = world.exchange.model.market(KOGE).last_price
    buy = floor_to(multiply(last, Decimal(offset)), TICK)
    sell = floor_to(multiply(last, Decimal("0.9")), TICK)
    quantity = floor_to(Decimal(usdt) / buy, STEP)
    amount = floor_places(multiply(buy, quantity), 8)
    return pair_intent(SYMBOL, plain(buy), plain(sell), plain(quantity), plain(amount))


async def test_a_pair_is_placed_filled_and_read_back(autojump_clock: MockClock) -> None:
    async with simulated() as world:
        account = world.account
        before = await account.balances()
        placed = await account.place_pair(pair_near_market(world))
        await trio.sleep(10)
        history = {row.order_id: row for row in await account.order_history(KOGE, 0)}
        working, pending = history[placed.working_order_id], history[placed.pending_order_id]
        assert (working.side, pending.side) == (Side.BUY, Side.SELL)
        assert working.status is pending.status is OrderStatus.FILLED
        assert working.order_list_id == pending.order_list_id is not None
        fills = await account.fills(placed.working_order_id, SYMBOL)
        assert sum(fill.quantity for fill in fills) == working.executed
        assert sum(fill.quote_usdt for fill in fills) == working.quote_usdt
        assert {fill.fee_asset for fill in fills} == {KOGE}
        assert await account.open_orders() == ()
        after = await account.balances()
        cost = before.funding_free_usdt - after.funding_free_usdt
        sold = await account.fills(placed.pending_order_id, SYMBOL)
        received = sum(fill.quote_usdt - fill.fee for fill in sold)
        assert cost == working.quote_usdt - received
        assert 0 <= sum(after.tokens[KOGE]) < STEP
        requests = world.exchange.ledger.requests
        assert [(request.kind, request.code) for request in requests] == [
            (RequestKind.PLACE_PAIR, None)
        ]


async def test_an_open_pair_is_listed_cancelled_and_ends_in_the_history(
    autojump_clock: MockClock,
) -> None:
    async with simulated() as world:
        account = world.account
        placed = await account.place_pair(pair_near_market(world, offset="0.5"))
        listed = {row.order_id: row for row in await account.open_orders()}
        assert listed[placed.working_order_id].status is OrderStatus.NEW
        assert listed[placed.pending_order_id].status is OrderStatus.PENDING
        await account.cancel(placed.working_order_id, SYMBOL)
        assert await account.open_orders() == ()
        history = {row.order_id: row.status for row in await account.order_history(KOGE, 0)}
        assert history[placed.working_order_id] is OrderStatus.CANCELED
        assert placed.pending_order_id in history


async def test_a_leftover_is_sold_with_a_plain_order(autojump_clock: MockClock) -> None:
    async with simulated() as world:
        account = world.account
        world.exchange.model.desk.account(USER).alpha[KOGE].free += Decimal(5000)
        last = world.exchange.model.market(KOGE).last_price
        price = plain(floor_to(last * Decimal("0.9"), TICK))
        sold = await account.place_sale(sale_intent(SYMBOL, price, "5000"))
        await trio.sleep(10)
        (row,) = await account.order_history(KOGE, 0)
        assert (row.order_id, row.side, row.status) == (sold, Side.SELL, OrderStatus.FILLED)
        assert row.order_list_id is None


async def test_a_refusal_carries_the_exchange_s_code(autojump_clock: MockClock) -> None:
    async with simulated() as world:
        off_amount = pair_intent(SYMBOL, "0.002", "0.0019", "15000", "29.99999999")
        with pytest.raises(Refused) as refused:
            await world.account.place_pair(off_amount)
        assert refused.value.code == "000002"
        with pytest.raises(Refused) as refused:
            await world.account.place_pair(pair_near_market(world, usdt="20000"))
        assert refused.value.code == "481020"


async def test_a_code_nobody_reviewed_proves_nothing(autojump_clock: MockClock) -> None:
    async with simulated() as world:
        with pytest.raises(OutcomeUnknown):
            await world.account.cancel(OrderId("123456"), SYMBOL)


@pytest.mark.parametrize("trouble", ["expire_session", "raise_challenge"])
async def test_after_not_authorised_no_private_request_leaves(
    trouble: str, autojump_clock: MockClock
) -> None:
    async with simulated() as world:
        getattr(world.exchange, trouble)(USER)
        with pytest.raises(NotAuthorised):
            await world.account.open_orders()
        calls = len(world.exchange.ledger.calls)
        account = world.account
        for attempt in (
            lambda: account.place_pair(pair_near_market(world)),
            lambda: account.cancel(OrderId("1"), SYMBOL),
            account.open_orders,
            account.balances,
            account.listen_key,
            lambda: account.order_history(KOGE, 0),
            lambda: account.fills(OrderId("1"), SYMBOL),
        ):
            with pytest.raises(NotAuthorised):
                await attempt()
        assert len(world.exchange.ledger.calls) == calls


async def test_orders_behind_one_that_is_not_welcome_stay_here(autojump_clock: MockClock) -> None:
    async with simulated() as world:
        world.exchange.expire_session(USER)
        refused: list[NotAuthorised] = []

        async def place() -> None:
            try:
                await world.account.place_pair(pair_near_market(world))
            except NotAuthorised as error:
                refused.append(error)

        async with trio.open_nursery() as nursery:
            for _ in range(5):
                nursery.start_soon(place)
        assert len(refused) == 5
        arrived = [call for call in world.exchange.ledger.calls if "place" in call.path]
        assert len(arrived) == 1


async def test_a_long_history_is_read_page_by_page(autojump_clock: MockClock) -> None:
    settings = ExchangeSettings(funding_usdt=Decimal(10_000_000))
    async with simulated(settings) as world:
        placed = set()
        for _ in range(230):
            pair = await world.account.place_pair(pair_near_market(world, offset="0.5"))
            await world.account.cancel(pair.working_order_id, SYMBOL)
            placed |= {pair.working_order_id, pair.pending_order_id}
        history = await world.account.order_history(KOGE, 0)
        assert {row.order_id for row in history} == placed


async def test_the_listen_key_is_given(autojump_clock: MockClock) -> None:
    async with simulated() as world:
        assert len(await world.account.listen_key()) == 32
        assert await world.account.volume_today() == 0


class FaultyNet:
    """The simulated exchange behind a wire whose next connections break as they are told."""

    def __init__(self, net: Net) -> None:
        self._net = net
        self.going: Fault | None = None
        self.coming: Fault | None = None

    async def open(self, host: str, port: int, *, tls: bool) -> trio.abc.Stream:
        wire = Wire(await self._net.open(host, port, tls=tls))
        wire.arm(self.going, self.coming)
        return wire


def going(*kinds: Break, positions: Iterable[int]) -> list[tuple[Fault | None, Fault | None]]:
    return [(Fault(kind, at), None) for kind in kinds for at in positions]


def coming(*kinds: Break) -> list[tuple[Fault | None, Fault | None]]:
    return [(None, Fault(kind, at)) for kind in kinds for at in ANSWERED]


@pytest.mark.parametrize(
    ("faults", "expected"),
    [
        (going(Break.CUT, Break.LATE, positions=IN_HEAD), {"NotSent"}),
        (going(Break.CUT, Break.LATE, positions=IN_BODY), {"NotSent", "placed"}),
        (going(Break.LOST, positions=(*IN_HEAD, *IN_BODY)), {"OutcomeUnknown", "placed"}),
        (coming(Break.CUT, Break.END, Break.STALLED), {"OutcomeUnknown", "placed"}),
    ],
    ids=["head cut", "body cut", "lost", "answer"],
)
async def test_what_became_of_a_pair_is_what_the_ledger_says(
    autojump_clock: MockClock,
    faults: list[tuple[Fault | None, Fault | None]],
    expected: set[str],
) -> None:
    seen: set[str] = set()
    async with simulated(wrap=FaultyNet) as world:
        net, requests = world.door, world.exchange.ledger.requests
        assert isinstance(net, FaultyNet)
        for fault in faults:
            net.going, net.coming = fault
            before, placed, outcome = len(requests), None, "placed"
            try:
                placed = await world.account.place_pair(pair_near_market(world, offset="0.5"))
            except (NotSent, OutcomeUnknown) as error:
                outcome = type(error).__name__
            await trio.sleep(
                20
            )  # the exchange acts in its own time, and the lane's connection ages
            effects = [request.order_ids for request in requests[before:]]
            if placed is not None:
                ids = int(placed.working_order_id), int(placed.pending_order_id)
                assert effects == [ids]
            elif outcome == "NotSent":
                assert effects == []
            else:
                assert len(effects) <= 1
            seen.add(outcome)
    assert seen >= expected


async def test_a_read_on_a_connection_that_was_closed_under_it_is_asked_again(
    autojump_clock: MockClock,
) -> None:
    # The exchange gives up an idle connection while our request is on its way to it.
    async with simulated(ExchangeSettings(keep_alive_ms=2000)) as world:
        for half_ms in range(20):
            assert await world.account.open_orders() == ()
            await trio.sleep(1.995 + half_ms / 2000)
