"""The router: every update reaches its claim, or the claim hears that it must ask."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock, wait_all_tasks_blocked

from alphabot.core.values import EventId, OrderId, OrderReport
from alphabot.ports import FeedGap, FeedItem, FeedLive
from alphabot.runtime.router import (
    CLAIM_REPORTS_MAX,
    MISSED,
    PARKED_REPORTS_MAX,
    Claim,
    Missed,
    Router,
)
from tests.core.samples import BUY_ID, SELL_ID, report

LEGS = (BUY_ID, SELL_ID)
GAP = FeedGap("the connection was lost")


def live_router() -> Router:
    router = Router()
    router.deliver(FeedLive())
    router.reconciled(1)
    return router


def push(number: int, order_id: OrderId = BUY_ID) -> OrderReport:
    return replace(report(order_id), source="push", event_id=EventId(number))


async def take_all(claim: Claim) -> list[OrderReport | Missed]:
    """Return everything the claim has to say at this moment."""
    heard: list[OrderReport | Missed] = []
    with trio.move_on_after(0):
        while True:
            heard.append(await claim.next())
    return heard


async def test_updates_reach_their_claim_in_order(autojump_clock: MockClock) -> None:
    router = live_router()
    with router.claim(LEGS) as claim, router.claim([OrderId("7")]) as other:
        updates = [push(1), push(2, SELL_ID), push(3), push(4, OrderId("7"))]
        for update in updates:
            router.deliver(update)
        assert await take_all(claim) == updates[:3]
        assert await take_all(other) == updates[3:]
        assert await take_all(claim) == []


async def test_a_claim_waits_for_what_comes(autojump_clock: MockClock) -> None:
    router = live_router()
    heard: list[OrderReport | Missed] = []

    async def listen(claim: Claim) -> None:
        while len(heard) < 3:
            heard.append(await claim.next())

    with router.claim(LEGS) as claim:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(listen, claim)
            for number in range(3):
                await trio.sleep(10)
                assert len(heard) == number
                router.deliver(push(number))
    assert heard == [push(0), push(1), push(2)]


async def test_a_cancelled_wait_loses_nothing(autojump_clock: MockClock) -> None:
    router = live_router()
    with router.claim(LEGS) as claim:
        for number in range(5):
            with trio.move_on_after(1) as waiting:
                await claim.next()
            assert waiting.cancelled_caught
            router.deliver(push(number))
            assert await claim.next() == push(number)


async def test_an_update_and_a_deadline_of_the_same_moment_lose_nothing(
    autojump_clock: MockClock,
) -> None:
    router, heard = live_router(), []
    with router.claim(LEGS) as claim, trio.CancelScope() as waiting:
        async with trio.open_nursery() as nursery:

            async def listen() -> None:
                heard.append(await claim.next())

            nursery.start_soon(listen)
            await wait_all_tasks_blocked()
            router.deliver(push(1))
            waiting.cancel()
    heard += await take_all(claim)
    assert heard == [push(1)]


# --- updates that come before their claim -------------------------------------------------------


async def test_an_update_that_beats_the_reply_waits_for_its_claim(
    autojump_clock: MockClock,
) -> None:
    router = live_router()
    for update in (push(1), push(2, SELL_ID), push(3), push(4, OrderId("7"))):
        router.deliver(update)
    with router.claim(LEGS) as claim:
        router.deliver(push(5, SELL_ID))
        expected = [push(1), push(2, SELL_ID), push(3), push(5, SELL_ID)]
        assert await take_all(claim) == expected
    with router.claim([OrderId("7")]) as other:
        assert await take_all(other) == [push(4, OrderId("7"))]


async def test_what_was_handed_over_is_not_kept(autojump_clock: MockClock) -> None:
    router = live_router()
    router.deliver(push(1))
    with router.claim(LEGS):
        pass
    with router.claim(LEGS) as again:
        assert await take_all(again) == []


async def test_after_its_claim_an_order_is_parked_again(autojump_clock: MockClock) -> None:
    router = live_router()
    with pytest.raises(ValueError, match="from inside"), router.claim(LEGS):
        raise ValueError("from inside")
    router.deliver(push(1))
    with router.claim(LEGS) as again:
        assert await take_all(again) == [push(1)]


async def test_as_many_as_may_be_parked_are_handed_over(autojump_clock: MockClock) -> None:
    router = live_router()
    for number in range(PARKED_REPORTS_MAX):
        router.deliver(push(number, OrderId(f"{number}")))
    for number in range(PARKED_REPORTS_MAX):
        with router.claim([OrderId(f"{number}")]) as claim:
            assert await take_all(claim) == [push(number, OrderId(f"{number}"))]


async def test_what_was_handed_over_makes_room(autojump_clock: MockClock) -> None:
    router = live_router()
    for _ in range(3):
        for number in range(PARKED_REPORTS_MAX // 2):
            router.deliver(push(number, SELL_ID))
        with router.claim(LEGS):
            pass
    for number in range(PARKED_REPORTS_MAX):
        router.deliver(push(number, OrderId(f"{number}")))
    with router.claim([OrderId("0")]) as claim:
        assert await take_all(claim) == [push(0, OrderId("0"))]


async def test_beyond_that_the_oldest_go_and_claims_ask(autojump_clock: MockClock) -> None:
    router = live_router()
    for number in range(PARKED_REPORTS_MAX + 1):
        router.deliver(push(number, OrderId(f"{number}")))
    for number, heard in ((0, [MISSED]), (1, [push(1, OrderId("1")), MISSED])):
        with router.claim([OrderId(f"{number}")]) as claim:
            assert await take_all(claim) == heard


async def test_parking_is_bounded_in_reports_however_few_the_orders(
    autojump_clock: MockClock,
) -> None:
    router = live_router()
    for number in range(3 * PARKED_REPORTS_MAX):
        router.deliver(push(number, OrderId(f"{number % 3}")))
    kept = 0
    for number in range(3):
        with router.claim([OrderId(f"{number}")]) as claim:
            heard = await take_all(claim)
            assert MISSED in heard
            kept += len(heard) - 1
    assert kept <= PARKED_REPORTS_MAX


# --- what a claim may miss ----------------------------------------------------------------------


async def test_a_claim_that_does_not_listen_is_told_what_it_missed(
    autojump_clock: MockClock,
) -> None:
    router = live_router()
    with router.claim(LEGS) as claim:
        for number in range(CLAIM_REPORTS_MAX):
            router.deliver(push(number))
        assert "256 waiting" in repr(claim)
        assert MISSED not in await take_all(claim)
        for number in range(CLAIM_REPORTS_MAX + 10):
            router.deliver(push(number))
        heard = await take_all(claim)
        assert heard == [*map(push, range(CLAIM_REPORTS_MAX)), MISSED]
        router.deliver(push(1))
        assert await take_all(claim) == [push(1)]


async def test_a_gap_closes_and_every_claim_asks_when_it_is_over(autojump_clock: MockClock) -> None:
    router = live_router()
    with router.claim(LEGS) as claim, router.claim([OrderId("7")]) as other:
        router.deliver(push(1))
        router.deliver(GAP)
        assert not router.live
        assert await take_all(claim) == [push(1)]
        router.deliver(FeedLive())
        assert not router.live
        router.deliver(push(2))
        assert await take_all(claim) == [push(2), MISSED]
        router.reconciled(2)
        assert router.live
        assert await take_all(other) == [MISSED]


async def test_a_waiting_claim_hears_at_once_that_the_stream_is_back(
    autojump_clock: MockClock,
) -> None:
    router = live_router()
    with router.claim(LEGS) as claim:
        async with trio.open_nursery() as nursery:

            async def listen() -> None:
                assert await claim.next() is MISSED
                assert trio.current_time() == 5

            nursery.start_soon(listen)
            await trio.sleep(5)
            router.deliver(GAP)
            router.deliver(FeedLive())


@pytest.mark.parametrize("items", [[], [FeedLive(), GAP]])
async def test_a_claim_made_while_the_stream_is_away_asks(
    items: list[FeedItem], autojump_clock: MockClock
) -> None:
    router = Router()
    for item in items:
        router.deliver(item)
    with router.claim(LEGS) as claim:
        assert await take_all(claim) == [MISSED]


# --- the stream itself --------------------------------------------------------------------------


async def test_who_waits_for_the_stream_goes_on_when_it_is_there(
    autojump_clock: MockClock,
) -> None:
    router = Router()
    assert not router.live
    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(router.wait_live)
        await trio.sleep(5)
        router.deliver(FeedLive())
        await trio.sleep(5)
        assert len(nursery.child_tasks) == 3
        router.reconciled(1)
    assert trio.current_time() == 10
    await router.wait_live()


async def test_a_second_loss_does_not_strand_who_waits_since_the_first(
    autojump_clock: MockClock,
) -> None:
    router = live_router()
    router.deliver(GAP)
    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(router.wait_live)
            await trio.sleep(1)
            router.deliver(GAP)
            await trio.sleep(1)
            router.deliver(FeedLive())
            router.reconciled(2)


async def test_what_was_read_for_an_earlier_connection_opens_nothing(
    autojump_clock: MockClock,
) -> None:
    router = Router()
    router.deliver(FeedLive())
    assert await router.next_connection(0) == 1
    router.deliver(GAP)
    router.reconciled(1)
    assert not router.live
    router.deliver(FeedLive())
    router.reconciled(1)
    assert not router.live
    assert await router.next_connection(1) == 2
    router.reconciled(2)
    assert router.live
    router.close()
    assert not router.live


async def test_a_connection_that_follows_another_without_a_word_closes_the_gate(
    autojump_clock: MockClock,
) -> None:
    router = live_router()
    async with trio.open_nursery() as nursery:

        async def reconcile() -> None:
            assert await router.next_connection(1) == 2
            assert trio.current_time() == 5

        nursery.start_soon(reconcile)
        await trio.sleep(5)
        router.deliver(FeedLive())
        assert not router.live


async def test_whoever_asks_is_told_of_orders_nobody_claimed() -> None:
    router, told = live_router(), []
    router.on_unclaimed = lambda report: told.append(report.order_id)
    with router.claim([BUY_ID]):
        router.deliver(push(1))
        router.deliver(push(2, SELL_ID))
    assert told == [SELL_ID]
    assert [report.order_id for report in router.unclaimed] == [SELL_ID]


async def test_people_are_told_of_each_loss_and_return() -> None:
    router, told = Router(), []
    router.on_connection = lambda live, reason: told.append((live, reason, router.live))
    for item in (FeedLive(), GAP, FeedLive()):
        router.deliver(item)
    assert told == [(True, "", False), (False, GAP.reason, False), (True, "", False)]


async def test_it_runs_until_the_feed_closes_its_end(autojump_clock: MockClock) -> None:
    router = Router()
    send, receive = trio.open_memory_channel[FeedItem](10)
    async with trio.open_nursery() as nursery, send:
        nursery.start_soon(router.run, receive)
        await send.send(FeedLive())
        router.reconciled(await router.next_connection(0))
        with router.claim(LEGS) as claim:
            await send.send(push(1))
            assert await claim.next() == push(1)


# --- whatever the order -------------------------------------------------------------------------

ORDERS = [OrderId("1"), OrderId("2")]
CLAIM_FIRST, CLAIM_SECOND = range(2)
STEPS = st.lists(
    st.sampled_from([*ORDERS, CLAIM_FIRST, CLAIM_SECOND, GAP, FeedLive()]), max_size=60
)


@given(STEPS)
def test_each_update_is_heard_in_order_and_a_gap_too(
    steps: list[OrderId | int | FeedGap | FeedLive],
) -> None:
    """Whether its claim was open already or opens only later."""

    async def play() -> None:
        router = live_router()
        claims: dict[OrderId, Claim] = {}
        sent: dict[OrderId, list[OrderReport]] = {order_id: [] for order_id in ORDERS}
        must_ask: set[OrderId] = set()
        connections = 1
        with ExitStack() as open_claims:
            for number, step in enumerate(steps):
                if isinstance(step, int):
                    order_id = ORDERS[step]
                    if order_id not in claims:
                        claims[order_id] = open_claims.enter_context(router.claim([order_id]))
                        must_ask |= set() if router.live else {order_id}
                elif isinstance(step, str):
                    router.deliver(push(number, step))
                    sent[step].append(push(number, step))
                else:
                    router.deliver(step)
                    connections += isinstance(step, FeedLive)
                    router.reconciled(connections)
                    must_ask |= set(claims) if isinstance(step, FeedLive) else set()
            for order_id, claim in claims.items():
                heard = await take_all(claim)
                assert heard == sent[order_id] + [MISSED] * (order_id in must_ask)

    trio.run(play, clock=MockClock(autojump_threshold=0))
