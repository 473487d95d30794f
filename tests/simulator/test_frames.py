"""Every frame has the shape of the recorded one, and the streams behave as the protocol says."""

from __future__ import annotations

import json
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from alphabot.simulator import DEFAULT_TOKENS, ExchangeSettings
from tests.simulator.samples import differences, sample
from tests.simulator.world import (
    CANCEL,
    KOGE_PAIR,
    PLACE,
    PLACE_PAIR,
    PUBLIC,
    Listener,
    World,
    grid,
    marketable_pair,
    memory_world,
    pair_body,
    plain_body,
)

MARKET_FRAMES = {
    "alpha_22usdt@aggTrade": "ws_agg_trade",
    "alpha_22usdt@trade": "ws_trade",
    "alpha_22usdt@bookTicker": "ws_book_ticker",
    "alpha_22usdt@miniTicker": "ws_24hr_mini_ticker",
    "alpha_22usdt@ticker": "ws_24hr_ticker",
    "alpha_22usdt@fulldepth@500ms": "ws_fulldepth",
    "alpha_22usdt@fulldepth@100ms": "ws_fulldepth",
    "alpha_22usdt@depth5@500ms": "ws_fulldepth",
    "alpha_22usdt@kline_1m": "ws_kline_symbol",
    "came@alpha_22@short@kline_1s": "ws_kline_came_2026",
    "came@0xe6df05ce8c8301223373cf5b969afcb1498c5528@56@kline_1s": "ws_kline_came_2026",
    "came@allTokens@ticker24": "ws_ticker24",
}


@pytest.mark.parametrize(("stream", "name"), MARKET_FRAMES.items())
async def test_market_frame_has_the_recorded_shape(
    stream: str, name: str, autojump_clock: MockClock
) -> None:
    async with memory_world() as world:
        listener = await world.markets(stream)
        frames = [await listener.next() for _ in range(5)]
    for frame in frames:
        assert frame["stream"] == stream
        assert differences(frame, sample(f"{name}.frame")) == []


@pytest.mark.parametrize("stream", ["!miniTicker@arr", "!ticker@arr"])
async def test_an_array_has_every_token_as_its_own_stream_has_it(
    stream: str, autojump_clock: MockClock
) -> None:
    name = "ws_24hr_mini_ticker" if stream == "!miniTicker@arr" else "ws_24hr_ticker"
    async with memory_world() as world:
        listener = await world.markets(stream)
        frame = await listener.next()
    rows: Any = frame["data"]
    assert {row["s"] for row in rows} == {token.pair for token in DEFAULT_TOKENS}
    for row in rows:
        assert differences(row, sample(f"{name}.frame")["data"]) == []


async def test_a_kline_grows_and_then_closes(autojump_clock: MockClock) -> None:
    async with memory_world() as world:
        listener = await world.markets("alpha_22usdt@kline_15s")
        candles: Any = [(await listener.next())["data"]["k"] for _ in range(20)]
    first = [k for k in candles if k["t"] == candles[0]["t"]]
    assert 2 <= len(first) < len(candles)
    assert [Decimal(k["v"]) for k in first] == sorted(Decimal(k["v"]) for k in first)
    for k in candles:
        assert Decimal(k["l"]) <= min(Decimal(k["o"]), Decimal(k["c"]))
        assert Decimal(k["h"]) >= max(Decimal(k["o"]), Decimal(k["c"]))


@pytest.mark.parametrize("stream", ["alpha_22usdt@kline_7m", "alpha_0usdt@ticker", "!nothing@arr"])
async def test_an_unknown_name_stays_silent(stream: str, autojump_clock: MockClock) -> None:
    async with memory_world() as world:
        listener = await world.markets(stream)
        with pytest.raises(trio.TooSlowError):
            await listener.next()


async def pair_frames(world: World, listener: Listener) -> list[dict[str, object]]:
    """Return the data of every frame of a pair that trades to its end."""
    body = marketable_pair(await world.last_price())
    ids = (await world.user.post(PLACE_PAIR, body)).data
    return await listener.data_until(i=str(ids["pendingOrderId"]), X="FILLED")


async def test_reports_of_a_pair_have_the_recorded_shape(autojump_clock: MockClock) -> None:
    recorded = [frame["data"] for frame in sample("ws_execution_report_oto_sequence.frames")]
    async with memory_world(ExchangeSettings(split_fill_percent=100)) as world:
        frames = await pair_frames(world, await world.orders())
    kinds = {(frame["cp"], frame["X"]) for frame in frames}
    assert kinds >= {(frame["cp"], frame["X"]) for frame in recorded}
    for frame in frames:
        alike = [old for old in recorded if (old["x"], old["X"]) == (frame["x"], frame["X"])]
        assert differences(frame, alike[0]) == []


async def test_a_partial_fill_is_written_without_the_zeros(autojump_clock: MockClock) -> None:
    """As recorded: 200, and then 669.47000000."""
    async with memory_world(ExchangeSettings(split_fill_percent=100)) as world:
        frames = await pair_frames(world, await world.orders())
    fills = [(str(frame["X"]), str(frame["l"]), str(frame["z"])) for frame in frames]
    for status, last, executed in fills:
        if status == "PARTIALLY_FILLED":
            assert not last.endswith("0") or "." not in last
            assert not executed.endswith("0") or "." not in executed
        if status == "FILLED":
            assert len(last.partition(".")[2]) == len(executed.partition(".")[2]) == 8
    assert {"PARTIALLY_FILLED", "FILLED"} <= {status for status, _, _ in fills}


async def test_reports_of_a_plain_order_have_the_recorded_shape(autojump_clock: MockClock) -> None:
    async with memory_world(ExchangeSettings(split_fill_percent=0)) as world:
        listener = await world.orders()
        price = grid(await world.last_price() * 2, "1e-8")
        await world.user.post(PLACE, plain_body("BUY", price, grid(30 / price, "0.01")))
        frames = await listener.data_until(X="FILLED")
    assert differences(frames[-1], sample("ws_execution_report_plain_filled.frame")["data"]) == []
    assert not {"il", "ct", "cp", "n", "N"} & frames[0].keys()


async def test_reports_of_a_cancelled_pair_look_as_inferred(autojump_clock: MockClock) -> None:
    async with memory_world() as world:
        listener = await world.orders()
        price = grid(await world.last_price() / 2, "1e-8")
        body = pair_body(price, grid(30 / price, "0.01"), price)
        working = (await world.user.post(PLACE_PAIR, body)).data["workingOrderId"]
        await world.user.post(CANCEL, {"orderId": str(working), "symbol": KOGE_PAIR})
        frames = [await listener.data() for _ in range(4)][2:]
    inferred = sample("ws_execution_report_INFERRED_working_canceled.frames")
    assert [frame["cp"] for frame in frames] == ["OTO_WORKING", "OTO_PENDING"]
    for frame, old in zip(frames, inferred, strict=True):
        assert differences(frame, old["data"]) == []
        assert (frame["x"], frame["X"]) == ("CANCELED", "CANCELED")


async def test_acks_are_those_of_the_two_hosts(autojump_clock: MockClock) -> None:
    async with memory_world() as world:
        private = await world.listen(world.addresses.order_stream_url)
        public = await world.listen(world.addresses.market_stream_url)
        acks = [await private.subscribe("alpha@x"), await public.subscribe("nothing@trade")]
    old = sample("ws_ack_variants.frame")
    assert [ack.keys() for ack in acks] == [ack.keys() for ack in old]
    assert acks == [{"result": None, "id": 1}, {"id": 1}]


async def test_subscriptions_can_be_listed_and_ended(autojump_clock: MockClock) -> None:
    async with memory_world() as world:
        listener = await world.listen(world.addresses.market_stream_url)
        await listener.subscribe("a@trade", "b@trade", "b@trade")
        await listener.send({"method": "UNSUBSCRIBE", "params": ["a@trade", "c@trade"], "id": 2})
        assert await listener.next() == {"id": 2}
        await listener.send({"method": "LIST_SUBSCRIPTIONS", "id": "x"})
        assert await listener.next() == {"result": ["b@trade"], "id": "x"}


@pytest.mark.parametrize(
    "message",
    ["", "nonsense", "[]", "[" * 10_000, json.dumps({"method": "JUMP"}), '{"params": 5}'],
)
async def test_a_message_without_sense_is_answered_and_forgiven(
    message: str, autojump_clock: MockClock
) -> None:
    async with memory_world() as world:
        listener = await world.listen(world.addresses.order_stream_url)
        await listener.socket.send_message(message)
        assert "error" in await listener.next()
        assert await listener.subscribe("alpha@x") == {"result": None, "id": 1}


async def test_depth_updates_continue_a_snapshot(autojump_clock: MockClock) -> None:
    """Apply updates the way the protocol says, and arrive at what a new snapshot shows."""
    depth = f"{PUBLIC}/fullDepth"
    async with memory_world() as world:
        listener = await world.markets("alpha_22usdt@fulldepth@500ms")
        updates = [await listener.data()]
        snapshot = (await world.user.get(depth, symbol=KOGE_PAIR, limit=1000)).data
        while True:
            updates.append(await listener.data())
            later = (await world.user.get(depth, symbol=KOGE_PAIR, limit=1000)).data
            if len(updates) > 5 and later["lastUpdateId"] == updates[-1]["u"]:
                break
    assert all(after["pu"] == before["u"] for before, after in pairwise(updates))
    fresh = [update for update in updates if update["u"] > snapshot["lastUpdateId"]]
    assert fresh[0]["U"] <= snapshot["lastUpdateId"] + 1 <= fresh[0]["u"]
    for side, name in (("b", "bids"), ("a", "asks")):
        book = dict(snapshot[name])
        for update in fresh:
            book |= dict(update[side])
        assert {price: left for price, left in book.items() if Decimal(left)} == dict(later[name])
