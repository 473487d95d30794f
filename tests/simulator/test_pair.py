"""The life of an OTO pair, held against the one that was recorded (protocol: OTO behaviour)."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Any

import pytest
from trio.testing import MockClock

from alphabot.simulator import ExchangeSettings
from alphabot.simulator.book import Side
from tests.simulator.samples import sample
from tests.simulator.world import (
    CANCEL,
    HISTORY,
    KOGE,
    KOGE_PAIR,
    OPEN_ORDERS,
    PLACE,
    PLACE_PAIR,
    TRADES,
    Reply,
    World,
    grid,
    marketable_pair,
    memory_world,
    pair_body,
    plain_body,
)

_FEE = Decimal("0.0001")
_NOTHING_SPLIT = ExchangeSettings(split_fill_percent=0, level_usdt=(500, 500))


def check_relations(frames: list[dict[str, Any]]) -> None:
    """Check what held between the frames of the recorded pair."""
    working = [frame for frame in frames if frame["cp"] == "OTO_WORKING"]
    pending = [frame for frame in frames if frame["cp"] == "OTO_PENDING"]
    assert int(pending[0]["i"]) == int(working[0]["i"]) + 1
    assert len({frame["il"] for frame in frames}) == 1
    assert [(frame["x"], frame["X"]) for frame in frames[:2]] == [
        ("NEW", "NEW"),
        ("NEW", "PENDING"),
    ]
    assert frames[1]["q"] == "0"
    assert frames[0]["T"] == frames[1]["T"] == frames[0]["O"] == frames[-1]["O"]
    ids = [frame["id"] for frame in frames]
    assert ids == sorted(set(ids))
    assert all(earlier["E"] <= later["E"] for earlier, later in pairwise(frames))
    assert all(frame["T"] <= frame["E"] for frame in frames)
    assert working[-1]["X"] == pending[-1]["X"] == "FILLED"
    activation = pending[1]
    assert (activation["x"], activation["X"], activation["z"]) == ("NEW", "NEW", "0")
    assert activation["T"] == working[-1]["T"]
    for leg in (working, pending):
        check_fills(leg)
        # The first fill takes from the book; whether the buyer is the maker depends on the side.
        first = next(frame for frame in leg if frame["x"] == "TRADE")
        assert first["m"] is (first["S"] == "SELL")
    bought = sum(
        (Decimal(frame["l"]) - Decimal(frame.get("n", 0)) for frame in working), Decimal(0)
    )
    step = Decimal(1).scaleb(-len(activation["q"].rstrip("0").partition(".")[2]))
    assert Decimal(activation["q"]) == Decimal(bought).quantize(step, ROUND_DOWN)


def check_fills(leg: list[dict[str, Any]]) -> None:
    """Check the sums, averages and fees of one leg."""
    quantity = quote = Decimal(0)
    for frame in leg:
        is_fill = frame["x"] == "TRADE"
        assert ("n" in frame) == ("N" in frame) == is_fill
        assert (frame["t"] != "0") == is_fill
        if not is_fill:
            continue
        last, price = Decimal(frame["l"]), Decimal(frame["L"])
        quantity += last
        quote += Decimal(frame["Y"])
        assert Decimal(frame["Y"]) == grid(last * price, "1e-8")
        assert (Decimal(frame["z"]), Decimal(frame["Z"])) == (quantity, quote)
        assert Decimal(frame["ap"]) == grid(quote / quantity, "1e-9")
        if frame["S"] == "BUY":
            assert frame["N"] == frame["ba"]
            assert Decimal(frame["n"]) == grid(last * _FEE, "1e-8")
        else:
            fee = (Decimal(frame["Y"]) * _FEE).quantize(Decimal("1e-8"), ROUND_HALF_UP)
            assert (frame["N"], Decimal(frame["n"])) == ("USDT", fee)
    assert quantity == Decimal(leg[-1]["q"])


def test_the_recorded_pair_obeys_the_relations_we_check() -> None:
    check_relations([frame["data"] for frame in sample("ws_execution_report_oto_sequence.frames")])


@pytest.mark.parametrize("seed", range(8))
async def test_our_pairs_obey_them_too(seed: int, autojump_clock: MockClock) -> None:
    async with memory_world(ExchangeSettings(seed=seed, split_fill_percent=50)) as world:
        listener = await world.orders()
        for amount in (30, 400, 9000):
            body = marketable_pair(await world.last_price(), Decimal(amount))
            ids = (await world.user.post(PLACE_PAIR, body)).data
            frames = await listener.data_until(i=str(ids["pendingOrderId"]), X="FILLED")
            check_relations(frames)
            assert [ids["workingOrderId"], ids["pendingOrderId"]] == [
                int(frames[0]["i"]),
                int(frames[1]["i"]),
            ]


async def test_a_round_takes_one_to_three_seconds_and_some_basis_points(
    autojump_clock: MockClock,
) -> None:
    async with memory_world(ExchangeSettings(push_before_reply_percent=0)) as world:
        listener = await world.orders()
        multiple = 0
        for _ in range(40):
            body = marketable_pair(await world.last_price())
            ids = (await world.user.post(PLACE_PAIR, body)).data
            frames = await listener.data_until(i=str(ids["pendingOrderId"]), X="FILLED")
            assert 300 <= frames[-1]["T"] - frames[0]["T"] <= 3500
            multiple += any(frame["X"] == "PARTIALLY_FILLED" for frame in frames)
        account = world.exchange.model.desk.account(7)
    spread = (account.bought_quote - account.sold_quote) / account.bought_quote
    assert Decimal("0.0001") < spread < Decimal("0.0020")
    assert 2 <= multiple <= 24


async def test_a_buy_above_the_ask_fills_at_the_ask(autojump_clock: MockClock) -> None:
    async with memory_world(_NOTHING_SPLIT) as world:
        listener = await world.orders()
        book = world.exchange.model.market(KOGE).book
        price = grid(await world.last_price() * 3, "1e-8")
        body = plain_body("BUY", price, grid(30 / price, "0.01"))
        await world.user.post(PLACE, body)
        fill = (await listener.data_until(X="FILLED"))[-1]
        assert Decimal(fill["L"]) < price / 2
        assert abs(Decimal(fill["L"]) / book.depth(Side.SELL)[0][0] - 1) < Decimal("0.01")
        # What was locked beyond the price paid is free again.
        wallet = world.exchange.model.desk.account(7).funding
        assert wallet.locked == 0
        assert wallet.free == Decimal(10000) - Decimal(fill["Z"])


async def statuses(world: World) -> dict[str, str]:
    """Return the status of every order the user can find, by id."""
    open_rows = (await world.user.get(OPEN_ORDERS, side="")).data
    done_rows = (await world.user.get(HISTORY, rows=500)).data
    return {row["orderId"]: row["status"] for row in open_rows + done_rows}


async def cancel(world: World, order_id: int) -> Reply:
    """Cancel an order."""
    return await world.user.post(CANCEL, {"orderId": str(order_id), "symbol": KOGE_PAIR})


async def test_cancelling_an_unfilled_buy_takes_its_sell_with_it(
    autojump_clock: MockClock,
) -> None:
    async with memory_world() as world:
        price = grid(await world.last_price() / 2, "1e-8")
        reply = await world.user.post(PLACE_PAIR, pair_body(price, grid(30 / price, "0.01"), price))
        working, pending = reply.data["workingOrderId"], reply.data["pendingOrderId"]
        refused = await cancel(world, pending)
        assert (await cancel(world, working)).code == "000000"
        assert await statuses(world) == {str(working): "CANCELED", str(pending): "CANCELED"}
        funding = world.exchange.model.desk.account(7).funding
        assert funding.free == funding.total == 10000
    assert not refused.envelope["success"]


async def test_cancelling_a_partly_filled_buy_leaves_what_it_bought(
    autojump_clock: MockClock,
) -> None:
    settings = ExchangeSettings(split_fill_percent=100, fill_delay_ms=(500, 500))
    async with memory_world(settings) as world:
        listener = await world.orders()
        body = marketable_pair(await world.last_price())
        reply = await world.user.post(PLACE_PAIR, body)
        working, pending = reply.data["workingOrderId"], reply.data["pendingOrderId"]
        partly = (await listener.data_until(X="PARTIALLY_FILLED"))[-1]
        tokens = world.exchange.model.desk.account(7).alpha[KOGE]
        assert tokens.free == 0
        assert (await cancel(world, working)).code == "000000"
        ended = [await listener.data(), await listener.data()]
        assert [(frame["i"], frame["X"]) for frame in ended] == [
            (str(working), "CANCELED"),
            (str(pending), "CANCELED"),
        ]
        assert Decimal(ended[0]["z"]) == Decimal(partly["z"])
        fees = sum(
            Decimal(row["commission"])
            for row in (await world.user.get(TRADES, orderId=working, symbol=KOGE_PAIR)).data
        )
        assert tokens.free == tokens.total == Decimal(partly["z"]) - fees


async def test_cancelling_an_activated_sell_frees_its_tokens(autojump_clock: MockClock) -> None:
    async with memory_world() as world:
        listener = await world.orders()
        last = await world.last_price()
        price = grid(last * Decimal("1.1"), "1e-8")
        body = pair_body(price, grid(30 / price, "0.01"), grid(last * 3, "1e-8"))
        pending = (await world.user.post(PLACE_PAIR, body)).data["pendingOrderId"]
        sell = (await listener.data_until(i=str(pending), X="NEW"))[-1]
        tokens = world.exchange.model.desk.account(7).alpha[KOGE]
        assert tokens.locked == Decimal(sell["q"])
        assert (await cancel(world, pending)).code == "000000"
        assert tokens.locked == 0
        assert tokens.free >= Decimal(sell["q"])


async def test_cancelling_what_has_ended_is_refused(autojump_clock: MockClock) -> None:
    async with memory_world() as world:
        listener = await world.orders()
        body = marketable_pair(await world.last_price())
        reply = await world.user.post(PLACE_PAIR, body)
        await listener.data_until(i=str(reply.data["pendingOrderId"]), X="FILLED")
        for order_id in (*reply.data.values(), 999):
            refusal = await cancel(world, order_id)
            assert not refusal.envelope["success"]
        assert set((await statuses(world)).values()) == {"FILLED"}


async def test_a_leg_that_would_sell_nothing_expires(autojump_clock: MockClock) -> None:
    """One step bought, less the fee, is less than one step."""
    async with memory_world(ExchangeSettings(volatility_percent=0)) as world:
        listener = await world.orders()
        price = Decimal(100)
        body = pair_body(price, Decimal("0.01"), price)
        pending = (await world.user.post(PLACE_PAIR, body)).data["pendingOrderId"]
        frames = await listener.data_until(i=str(pending), X="EXPIRED")
        assert frames[-2]["X"] == "FILLED"
        tokens = world.exchange.model.desk.account(7).alpha[KOGE]
        assert tokens.free == tokens.total == Decimal("0.009999")
