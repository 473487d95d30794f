"""What people ask of a running service: status, pause, resume, drain, stop, clear."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal

import pytest
import trio
from trio.testing import MockClock, memory_stream_pair

from alphabot.config import Settings
from alphabot.core.records import Cleared, Latched, Leg
from alphabot.core.values import UserId
from alphabot.runtime.board import Ending, State
from alphabot.runtime.control import ANSWER_SECONDS, QUESTION_SECONDS, REQUEST_BYTES_MAX, Request
from alphabot.simulator import ExchangeSettings
from alphabot.simulator.ledger import RequestKind
from tests.runtime.steered import Asked, steered, strategy_of, user_of
from tests.runtime.test_service import settled
from tests.runtime.world import World, open_world, seen, settings_of

PLACINGS = (RequestKind.PLACE, RequestKind.PLACE_PAIR)


def long_run(**values: object) -> Settings:
    """Return settings under which everyone has many rounds to go."""
    settings = settings_of()
    values = {"target_volume": Decimal(200)} | values
    strategies = tuple(replace(s, **values) for s in settings.strategies)  # type: ignore[arg-type]
    return replace(settings, strategies=strategies)


def placed(world: World, user_id: int | None = None) -> int:
    """Return how many order requests the exchange has accepted, of one user or of all."""
    return sum(
        request.kind in PLACINGS and request.accepted and user_id in (None, request.user_id)
        for request in world.exchange.ledger.requests
    )


async def all_paused(asked: Asked) -> None:
    while any(s.state != State.PAUSED for u in (await asked.status()).users for s in u.strategies):
        await trio.sleep(0.1)


# --- status -----------------------------------------------------------------------------------


async def test_status_tells_what_everyone_does_and_how_much_is_left(
    autojump_clock: MockClock,
) -> None:
    async with open_world() as world, steered(world, long_run()) as asked:
        await seen(lambda: world.row(1, "koge").rounds == 3)
        await seen(lambda: world.row(1, "koge").state is State.WAITING_SELL)
        status = await asked.status()
        koge, row = strategy_of(status, 1, "koge"), world.row(1, "koge")
        assert (koge.state, koge.rounds, koge.credited) == ("waiting_sell", 3, row.credited)
        assert row.waiting_until is not None
        assert koge.seconds_left == pytest.approx(row.waiting_until - trio.current_time(), abs=0.01)
        assert koge.seconds_left is not None
        assert koge.until_ms == pytest.approx(status.now_ms + koge.seconds_left * 1000, abs=10)
        user = user_of(status, 1)
        assert (status.running, user.running, user.connection) == (True, True, "live")
        assert (user.latched, status.halted) == (None, "")
        limits = {limit.name: limit for limit in user.limits}
        minute = limits["max_orders_per_minute"]
        assert 0 <= minute.used - placed(world, 1) <= 1  # a request may be under way
        assert minute.headroom == 30 - minute.used
        exposure = limits["max_exposure_usdt"]
        assert 27 < exposure.used < 61
        assert exposure.headroom == 100 - exposure.used
        (total,) = status.limits
        assert total.used == sum(u.limits[0].used for u in status.users)
        assert "koge" in [e.strategy_id for e in user.open_intents if e.state == "bought"]
        world.stop.now()


async def test_each_refusal_of_the_gate_is_counted_by_its_rule(autojump_clock: MockClock) -> None:
    settings = long_run()
    settings = replace(settings, limits=replace(settings.limits, max_spread_bp=Decimal(0)))
    async with open_world() as world, steered(world, settings) as asked:
        await trio.sleep(50)
        koge = strategy_of(await asked.status(), 1, "koge")
        assert koge.refusals == {"max_spread_bp": 3}  # at the start, and after 20 s and 40 s
        assert (koge.state, koge.waits_for.partition(":")[0]) == ("backing_off", "max_spread_bp")
        world.stop.request()


# --- pause and resume -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("whom", "goes_on"),
    [
        (Request(command="pause"), set()),
        (Request(command="pause", user=1), {(2, "aop")}),
        (Request(command="pause", strategy="aop"), {(1, "koge")}),
        (Request(command="pause", user=1, strategy="aop"), {(1, "koge"), (2, "aop")}),
    ],
)
async def test_a_pause_holds_those_who_are_meant_and_nobody_else(
    whom: Request, goes_on: set[tuple[int, str]], autojump_clock: MockClock
) -> None:
    async with open_world() as world, steered(world, long_run()) as asked:
        await seen(lambda: all(row.rounds for row in world.board.rows))
        reply = await asked.ask(whom)
        everyone = {(1, "koge"), (1, "aop"), (2, "aop")}
        assert set(map(tuple, reply.meant)) == everyone - goes_on
        await trio.sleep(5)
        before = {(r.user_id, r.strategy_id): r.rounds for r in world.board.rows}
        await trio.sleep(15)
        for row in world.board.rows:
            key = (row.user_id, row.strategy_id)
            if key in goes_on:
                assert row.rounds > before[key] + 2
            else:
                assert (row.rounds, row.state) == (before[key], State.PAUSED)
                assert row.connection == "live"
        await asked.ask(Request(command="resume"))
        await seen(lambda: all(row.ending is Ending.REACHED for row in world.board.rows))


async def test_who_has_ended_before_is_told_apart_from_who_was_asked(
    autojump_clock: MockClock,
) -> None:
    async with open_world() as world, steered(world, long_run()) as asked:
        await seen(lambda: all(row.rounds for row in world.board.rows))
        await asked.ask(Request(command="stop", strategy="koge"))
        await seen(lambda: world.row(1, "koge").ending is not None)
        for command in ("pause", "resume", "drain"):
            reply = await asked.ask(Request(command=command, user=1))
            assert [tuple(each) for each in reply.meant] == [(1, "aop")]
            assert [tuple(each) for each in reply.ended] == [(1, "koge")]
        gone = await asked.ask(Request(command="stop", strategy="koge"))
        assert (list(gone.meant), [tuple(each) for each in gone.ended]) == ([], [(1, "koge")])
        await asked.ask(Request(command="stop"))


async def test_what_a_latched_user_has_done_is_shown_from_the_start(
    autojump_clock: MockClock,
) -> None:
    async with open_world() as world:
        await world.run()
        done = world.row(1, "koge")
        assert done.rounds
        latched = Latched(at_ms=world.clock.now_ms(), reason="of a test", clears="alphabot clear 1")
        await world.journal.append(UserId(1), latched)
        world.killed()
        await world.run()
        row = world.row(1, "koge")
        assert row.ending is Ending.LATCHED
        assert (row.rounds, row.credited, row.volume_usdt, row.wear_usdt) == (
            done.rounds,
            done.credited,
            done.volume_usdt,
            done.wear_usdt,
        )


async def test_no_buy_leaves_once_the_pause_was_answered(autojump_clock: MockClock) -> None:
    """Also none that had passed the gate already: each round is paused at another moment."""
    for number in range(8):
        async with open_world() as world, steered(world, long_run()) as asked:
            await seen(lambda w=world: placed(w) >= 1)  # type: ignore[misc]
            await trio.sleep(number * 0.5)
            await asked.ask(Request(command="pause"))
            pairs = [r for r in world.exchange.ledger.requests if r.kind is RequestKind.PLACE_PAIR]
            before = len(pairs)
            await trio.sleep(60)
            requests = world.exchange.ledger.requests
            # One that was on the wire at that moment arrives a millisecond later.
            assert sum(r.kind is RequestKind.PLACE_PAIR for r in requests) <= before + 1
            late = [r for r in requests if r.kind is RequestKind.PLACE_PAIR][before:]
            assert all(r.at_ms <= world.clock.now_ms() - 59_990 for r in late)
            world.stop.now()


async def test_who_waits_for_its_turn_meets_the_pause_at_the_gate(
    autojump_clock: MockClock,
) -> None:
    async with open_world() as world, steered(world, long_run()) as asked:
        await seen(lambda: world.row(2, "aop").state is State.WAITING_TURN)
        await asked.ask(Request(command="pause", user=2))
        await seen(lambda: world.row(2, "aop").state is State.PAUSED)
        aop = world.row(2, "aop")
        assert (aop.refusals, aop.failed_rounds) == ({"paused": 1}, 0)
        world.stop.now()


async def test_a_buy_that_waits_for_the_pace_does_not_leave_into_a_pause(
    autojump_clock: MockClock,
) -> None:
    """It had passed the gate before; the last word is said at its first byte."""
    async with open_world() as world:
        venue = world.venue()
        slow = replace(venue, pace=replace(venue.pace, requests_per_second=0.2, request_burst=1))
        settings = replace(long_run(), strategies=long_run().strategies[:1])
        async with steered(world, settings, venue=slow) as asked:
            await seen(lambda: world.row(1, "koge").state is State.PLACING)
            await asked.ask(Request(command="pause"))
            await seen(lambda: world.row(1, "koge").state is State.PAUSED)
            assert placed(world) == 0
            world.stop.now()


async def test_what_is_left_over_is_sold_while_paused(autojump_clock: MockClock) -> None:
    # A thin book, so that BUYs are cut short and what they bought is sold by itself.
    thin = ExchangeSettings(level_usdt=(1, 2), traffic_percent=20, depth_levels=3)
    settings = long_run(single_trade_amount_usdt=Decimal(90), order_timeout_seconds=3.0)
    settings = replace(settings, strategies=settings.strategies[:1])
    async with open_world(thin) as world, steered(world, settings) as asked:
        await seen(lambda: world.row(1, "koge").state is State.CANCELLING)
        await asked.ask(Request(command="pause"))
        await all_paused(asked)
        row = world.row(1, "koge")
        assert (row.leftover_cost_usdt < 1, row.volume_usdt > 1) == (True, True)
        assert len(await settled(world, Leg.SALE)) == 1
        assert placed(world) == 2
        world.stop.now()


# --- drain and stop ---------------------------------------------------------------------------


async def test_a_drain_waits_for_the_round_and_a_stop_does_not(autojump_clock: MockClock) -> None:
    stuck = long_run(buy_offset_percentage=Decimal(-5), order_timeout_seconds=300.0)
    koge, aop = stuck.strategies
    # Two users take turns with a token, and who is first is left to chance.
    stuck = replace(stuck, strategies=(koge, replace(aop, user_ids=(UserId(2),))))
    async with open_world() as world:
        async with steered(world, stuck) as asked:
            await seen(lambda: (placed(world, 1), placed(world, 2)) == (1, 1))
            began = trio.current_time()
            await asked.ask(Request(command="drain", user=1))
            await asked.ask(Request(command="stop", user=2))
            await seen(lambda: world.row(2, "aop").ending is not None)
            assert trio.current_time() - began == pytest.approx(30, abs=3)
            assert world.row(2, "aop").ending is Ending.OPEN
            await seen(lambda: world.row(1, "koge").ending is not None)
            assert trio.current_time() - began == pytest.approx(300, abs=5)
            assert world.row(1, "koge").ending is Ending.STOPPED
        assert [row.ending is None for row in world.board.rows] == [False] * 2


async def test_a_stopped_strategy_leaves_the_others_trading(autojump_clock: MockClock) -> None:
    async with open_world() as world:
        async with steered(world, long_run()) as asked:
            await seen(lambda: world.row(1, "koge").rounds == 2)
            await asked.ask(Request(command="stop", strategy="koge"))
        endings = {(r.user_id, r.strategy_id): r.ending for r in world.board.rows}
        reached = Ending.REACHED
        assert endings == {(1, "koge"): Ending.STOPPED, (1, "aop"): reached, (2, "aop"): reached}
        assert world.row(1, "koge").rounds <= 3


# --- clear ------------------------------------------------------------------------------------


async def test_a_cleared_user_is_reconciled_and_trades_on_in_the_same_run(
    autojump_clock: MockClock,
) -> None:
    async with open_world() as world:
        async with steered(world, long_run(target_volume=Decimal(400))) as asked:
            await seen(lambda: world.row(2, "aop").state is State.WAITING_SELL)
            world.exchange.raise_challenge(2)
            await seen(lambda: world.row(2, "aop").ending is Ending.LATCHED)
            user = user_of(await asked.status(), 2)
            assert user.latched is not None
            assert (user.running, user.connection) == (False, "")
            rounds = world.row(1, "koge").rounds
            await trio.sleep(20)
            assert world.row(1, "koge").rounds > rounds

            world.exchange.lift_challenge(2)
            wrong = Request(command="clear", user=2, latched_at_ms=user.latched.at_ms - 1)
            assert (await asked.ask(wrong)).refused == "changed"
            right = replace_latch(wrong, user.latched.at_ms)
            reply = await asked.ask(right)
            assert (reply.refused, reply.started_anew) == ("", True)
            before, calls = placed(world, 2), len(world.exchange.ledger.calls)
            await seen(lambda: placed(world, 2) > before)
            paths = [c.path for c in world.exchange.ledger.calls[calls:] if c.user_id == 2]
            asks, places = (
                [i for i, path in enumerate(paths) if path.endswith(end)]
                for end in ("/get-open-order", "/place")
            )
            assert min(asks) < min(places)
            again = user_of(await asked.status(), 2)
            assert (again.latched, again.running, again.connection) == (None, True, "live")
            assert (await asked.ask(right)).refused == "nothing_to_clear"
        assert [row.ending for row in world.board.rows] == [Ending.REACHED] * 3
        kinds = [type(record) for record in await world.records(2)]
        assert (kinds.count(Latched), kinds.count(Cleared)) == (1, 1)
        assert not world.exchange.ledger.self_crosses
        assert world.row(2, "aop").volume_usdt == world.row(2, "aop").exchange_volume_usdt


def replace_latch(request: Request, at_ms: int) -> Request:
    return Request(command=request.command, user=request.user, latched_at_ms=at_ms)


async def test_who_was_told_to_stop_does_not_start_anew(autojump_clock: MockClock) -> None:
    async with open_world() as world, steered(world, long_run()) as asked:
        await seen(lambda: placed(world, 2) >= 1)
        world.exchange.raise_challenge(2)
        await seen(lambda: world.row(2, "aop").ending is Ending.LATCHED)
        await asked.ask(Request(command="stop", user=2))
        latched = user_of(await asked.status(), 2).latched
        assert latched is not None
        reply = await asked.ask(Request(command="clear", user=2, latched_at_ms=latched.at_ms))
        assert (reply.refused, reply.started_anew) == ("", False)
        world.stop.now()


# --- those who ask badly ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        b"\n",
        b"stop\n",
        b"\xff\xfe\x00\n",
        b'{"command":"stop"\n',
        b'{"command":"explode"}\n',
        b'{"command":"stop","user":"1"}\n',
        b'{"command":"stop","force":true}\n',
        b'["stop"]\n',
        b"[" * 4000 + b"\n",
        b'{"command":"stop","user":' + b"9" * 3000 + b"}\n",
    ],
)
async def test_what_cannot_be_read_is_said_so_and_changes_nothing(
    words: bytes, autojump_clock: MockClock
) -> None:
    async with open_world() as world, steered(world, long_run()) as asked:
        assert json.loads(await asked.say(words))["refused"] in ("unreadable", "nobody")
        assert not world.stop.requested.is_set()
        world.stop.now()


async def test_an_answer_that_cannot_be_written_does_not_end_the_service(
    autojump_clock: MockClock,
) -> None:
    async with (
        open_world() as world,
        steered(world, long_run(), halt=lambda: "half a character: \ud800") as asked,
    ):
        assert (await asked.ask(Request(command="status"))).refused == "failed"
        assert (await asked.ask(Request(command="pause"))).refused == ""
        world.stop.now()


@pytest.mark.parametrize(
    "request_",
    [
        Request(command="stop", user=3),
        Request(command="pause", strategy="kog"),
        Request(command="drain", user=2, strategy="koge"),
        Request(command="clear"),
        Request(command="clear", user=9),
    ],
)
async def test_who_means_nobody_is_told_who_there_is(
    request_: Request, autojump_clock: MockClock
) -> None:
    async with open_world() as world, steered(world, long_run()) as asked:
        reply = await asked.ask(request_)
        assert (reply.refused, reply.detail) == ("nobody", "1/koge, 1/aop, 2/aop")
        world.stop.now()


async def never_ends_its_line(asked: Asked) -> None:
    ours, theirs = memory_stream_pair()
    await ours.send_all(b'{"command":')
    began = trio.current_time()
    await asked.control.attend(theirs)
    assert trio.current_time() - began == QUESTION_SECONDS


async def never_ends(asked: Asked) -> None:
    ours, theirs = memory_stream_pair()
    await ours.send_all(b"x" * (REQUEST_BYTES_MAX + 1))
    await asked.control.attend(theirs)
    assert await ours.receive_some() == b""


async def never_reads(asked: Asked) -> None:
    class Full(trio.abc.SendStream):
        async def send_all(self, data: bytes | bytearray | memoryview) -> None:
            await trio.sleep_forever()

        async def wait_send_all_might_not_block(self) -> None: ...

        async def aclose(self) -> None: ...

    ours, theirs = memory_stream_pair()
    await ours.send_all(b'{"command":"status"}\n')
    began = trio.current_time()
    await asked.control.attend(trio.StapledStream(Full(), theirs.receive_stream))
    assert trio.current_time() - began == ANSWER_SECONDS


async def hangs_up(asked: Asked) -> None:
    ours, theirs = memory_stream_pair()
    await ours.send_all(b'{"command":"status"}\n')
    await ours.aclose()
    await asked.control.attend(theirs)


async def hangs_up_at_once(asked: Asked) -> None:
    ours, theirs = memory_stream_pair()
    await ours.aclose()
    await asked.control.attend(theirs)


@pytest.mark.parametrize(
    "client", [never_ends_its_line, never_ends, never_reads, hangs_up, hangs_up_at_once]
)
async def test_whoever_does_not_keep_to_the_bounds_is_left(
    client: Callable[[Asked], Awaitable[None]], autojump_clock: MockClock
) -> None:
    async with open_world() as world, steered(world, long_run()) as asked:
        async with trio.open_nursery() as nursery:
            for _ in range(20):
                nursery.start_soon(client, asked)
        assert (await asked.status()).running
        world.stop.now()
