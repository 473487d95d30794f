"""What can be asked of the past: lists that lag, filters, pages, and the points programme."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import pytest
import trio
from trio.testing import MockClock

from alphabot.simulator import DEFAULT_TOKENS, ExchangeSettings
from alphabot.simulator.exchange import Exchange
from alphabot.simulator.orders import Fill, Order
from alphabot.simulator.points import user_score
from tests.simulator.world import (
    CANCEL,
    EPOCH_MS,
    HISTORY,
    KOGE,
    KOGE_PAIR,
    OPEN_ORDERS,
    PLACE,
    PLACE_PAIR,
    PRIVATE,
    PUBLIC,
    TRADES,
    USER,
    USER_VOLUME,
    Reply,
    World,
    grid,
    marketable_pair,
    memory_world,
    plain_body,
)

_DAY_SECONDS = 86_400


async def trade(world: World, amount: Decimal = Decimal(30)) -> tuple[str, str]:
    """Trade a pair to its end, and return the ids of its legs."""
    listener = await world.orders()
    reply = await world.user.post(PLACE_PAIR, marketable_pair(await world.last_price(), amount))
    working, pending = (str(order_id) for order_id in reply.data.values())
    await listener.data_until(i=pending, X="FILLED")
    return working, pending


async def cancelled(world: World) -> str:
    """Place and cancel an order, and return its id."""
    price = grid(await world.last_price() / 2, "1e-8")
    reply = await world.user.post(PLACE, plain_body("BUY", price, grid(30 / price, "0.01")))
    await world.user.post(CANCEL, {"orderId": reply.data, "symbol": KOGE_PAIR})
    return str(reply.data)


def ids(reply: Reply) -> list[str]:
    """Return the order ids of a list."""
    return [row["orderId"] for row in reply.data]


@pytest.mark.parametrize("name", ["get-order-history-merge", "get-order-history-web"])
async def test_history_is_filtered_and_paged(name: str, autojump_clock: MockClock) -> None:
    path = f"{PRIVATE}/order/{name}"
    async with memory_world() as world:
        working, pending = await trade(world)
        middle_ms = EPOCH_MS + round(trio.current_time() * 1000)
        await trio.sleep(1)
        gone = await cancelled(world)

        async def found(**query: object) -> list[str]:
            return ids(await world.user.get(path, **query))

        assert await found() == [gone, pending, working]
        assert await found(orderStatus="CANCELED") == [gone]
        assert await found(orderStatus="FILLED,EXPIRED") == [pending, working]
        assert await found(side="SELL") == [pending]
        assert await found(baseAsset="ALPHA_382") == []
        assert await found(startTime=middle_ms) == [gone]
        assert await found(endTime=middle_ms) == [pending, working]
        assert await found(page=2, rows=2) == [working]
        assert await found(page=3, rows=2) == []
        assert await found(page=0, rows=2) == await found(page=1, rows=2)
        assert (await world.user.get(path, rows=1)).envelope["total"] == 3


async def test_an_open_order_is_not_in_the_history(autojump_clock: MockClock) -> None:
    """Not even one that was filled in part; it is among the open ones."""
    settings = ExchangeSettings(split_fill_percent=100, fill_delay_ms=(500, 500))
    async with memory_world(settings) as world:
        listener = await world.orders()
        await world.user.post(PLACE_PAIR, marketable_pair(await world.last_price()))
        await listener.data_until(X="PARTIALLY_FILLED")
        assert (await world.user.get(HISTORY)).data == []
        rows = (await world.user.get(OPEN_ORDERS, side="BUY")).data
    assert [row["status"] for row in rows] == ["PARTIALLY_FILLED"]
    assert Decimal(rows[0]["executedQty"]) > 0


async def test_rows_agree_with_fills(autojump_clock: MockClock) -> None:
    async with memory_world(ExchangeSettings(split_fill_percent=100)) as world:
        for order_id in await trade(world, Decimal(2000)):
            fills = (await world.user.get(TRADES, orderId=order_id, symbol=KOGE_PAIR)).data
            (row,) = (
                row for row in (await world.user.get(HISTORY)).data if row["orderId"] == order_id
            )
            assert Decimal(row["executedQty"]) == sum(Decimal(fill["qty"]) for fill in fills)
            assert Decimal(row["cumQuote"]) == sum(Decimal(fill["quoteQty"]) for fill in fills)
            pages = [int(fill["pageId"]) for fill in fills]
            assert pages == sorted(set(pages), reverse=True)
            assert [fill["lastTrade"] for fill in fills] == [True] + [False] * (len(fills) - 1)
            assert all(fill["id"] == fill["tradeId"] for fill in fills)


async def test_lists_may_lag_up_to_the_limit(autojump_clock: MockClock) -> None:
    settings = ExchangeSettings(visibility_lag_ms_max=60_000)
    async with memory_world(settings) as world:
        assert world.exchange.visibility_lag_ms_max == 60_000
        order_ids = set(await trade(world))

        async def done() -> set[str]:
            return set(ids(await world.user.get(HISTORY)))

        assert await done() < order_ids
        await trio.sleep(61)
        assert await done() == order_ids


async def test_a_lagging_order_appears_open_before_it_appears_done(
    autojump_clock: MockClock,
) -> None:
    settings = ExchangeSettings(visibility_lag_ms_max=10_000)
    seen: list[str] = []
    async with memory_world(settings) as world:
        working, _ = await trade(world)
        while "FILLED" not in seen:
            rows = (await world.user.get(OPEN_ORDERS)).data + (await world.user.get(HISTORY)).data
            now = [row["status"] for row in rows if row["orderId"] == working]
            seen += [status for status in now if status not in seen]
            await trio.sleep(0.1)
    assert seen[0] == "NEW"
    assert seen[-1] == "FILLED"


@pytest.mark.parametrize(("multiplied", "times"), [(True, 4), (False, 1)])
async def test_volume_comes_late_and_counts_purchases(
    multiplied: bool, times: int, autojump_clock: MockClock
) -> None:
    koge = replace(DEFAULT_TOKENS[0], mul_point=4)
    settings = ExchangeSettings(tokens=(koge,), user_volume_multiplied=multiplied)
    async with memory_world(settings) as world:
        await trade(world)
        bought = world.exchange.model.desk.account(USER).bought_quote
        await trio.sleep(50)
        assert (await world.user.get(USER_VOLUME)).data["totalVolume"] == 0
        await trio.sleep(75)
        shown = (await world.user.get(USER_VOLUME)).data
        assert shown["totalVolume"] == bought * times
        assert shown["tradeVolumeInfoList"][0]["tokenName"] == "KOGE"
        await trio.sleep(_DAY_SECONDS)
        assert (await world.user.get(USER_VOLUME)).data["totalVolume"] == 0


@pytest.mark.parametrize(
    ("volume", "points"),
    [("1.99", 0), ("2", 1), ("4", 2), ("131072", 17), ("131874.26", 17), ("262144", 18)],
)
def test_points_are_the_logarithm_of_the_volume(volume: str, points: int) -> None:
    model = Exchange(ExchangeSettings(), EPOCH_MS)
    order = buy_worth(model, Decimal(volume))
    score = user_score([order], Decimal(2000), EPOCH_MS)
    assert score["list"][0]["alphaVolumeScore"] == str(points)
    assert score["list"][0]["balanceScore"] == "2"
    assert len(score["list"]) == 15
    assert score["sumScore"] == str(points + 15 * 2)
    assert score["endDatetime"] - score["startDatetime"] == 14 * _DAY_SECONDS * 1000


def buy_worth(model: Exchange, quote: Decimal) -> Order:
    """Return an order whose only fill was worth that much."""
    body = json.dumps(plain_body("BUY", Decimal("0.001"), Decimal(15000))).encode()
    order = model.place(1, body).orders[0]
    order.fills.append(
        Fill(1, 1, 1, Decimal(1), quote, quote, Decimal(0), KOGE, False, True, EPOCH_MS)
    )
    return order


async def test_tokens_of_one_symbol_are_told_apart_by_their_id(autojump_clock: MockClock) -> None:
    async with memory_world() as world:
        rows = (await world.user.get(f"{PUBLIC}/aggTicker24")).data
    by_symbol: dict[str, list[tuple[str, str]]] = {}
    for row in rows:
        by_symbol.setdefault(row["symbol"], []).append((row["alphaId"], row["chainId"]))
    assert [found for found in by_symbol.values() if len(found) > 1] == [
        [("ALPHA_417", "56"), ("ALPHA_978", "8453")]
    ]
    assert {row["mulPoint"] for row in rows} == {1, 2, 4}
    assert [row["alphaId"] for row in rows if row["offline"] and row["offsell"]] == ["ALPHA_5"]
    assert len({row["tokenId"] for row in rows}) == len(rows)


async def test_klines_join_and_end_now(autojump_clock: MockClock) -> None:
    async with memory_world() as world:
        query: dict[str, object] = {"symbol": KOGE_PAIR, "interval": "1m"}
        rows = (await world.user.get(f"{PUBLIC}/klines", limit=10, **query)).data
        begin = int(rows[3][0])
        query |= {"startTime": begin, "endTime": begin + 60_000}
        part = (await world.user.get(f"{PUBLIC}/klines", **query)).data
    assert len(rows) == 10
    for row, later in pairwise(rows):
        assert int(later[0]) == int(row[6]) + 1
        assert later[1] == row[4]
    assert all(Decimal(row[3]) <= Decimal(row[1]) <= Decimal(row[2]) for row in rows)
    assert int(rows[-1][0]) <= EPOCH_MS + 60_000
    assert part == rows[3:5]


async def test_aggregate_klines_are_those_of_the_symbol(autojump_clock: MockClock) -> None:
    koge = next(token for token in DEFAULT_TOKENS if token.pair == KOGE_PAIR)
    asked: dict[str, object] = {"interval": "5m", "limit": 3}
    async with memory_world() as world:
        rows = (await world.user.get(f"{PUBLIC}/klines", symbol=KOGE_PAIR, **asked)).data
        place: dict[str, object] = {"chainId": koge.chain_id, "tokenAddress": koge.contract}
        found = (await world.user.get(f"{PUBLIC}/agg-klines", **place, **asked)).data
    assert found == {"klineInfos": [row[:7] for row in rows]}


async def test_the_ticker_compares_with_the_day_before(autojump_clock: MockClock) -> None:
    async with memory_world() as world:
        ticker = (await world.user.get(f"{PUBLIC}/ticker", symbol=KOGE_PAIR)).data
        market = world.exchange.model.market(KOGE)
    last, opened = Decimal(ticker["lastPrice"]), Decimal(ticker["openPrice"])
    assert opened == market.path.middle(market.step_at(ticker["openTime"]))
    assert ticker["closeTime"] - ticker["openTime"] == _DAY_SECONDS * 1000
    assert Decimal(ticker["priceChange"]) == last - opened != 0
    assert Decimal(ticker["lowPrice"]) <= min(last, opened)
    assert Decimal(ticker["highPrice"]) >= max(last, opened)


async def test_trades_can_be_asked_for_from_one_on(autojump_clock: MockClock) -> None:
    async with memory_world() as world:
        path, symbol = f"{PUBLIC}/agg-trades", KOGE_PAIR
        rows = (await world.user.get(path, symbol=symbol, limit=5)).data
        later = (await world.user.get(path, symbol=symbol, limit=2, fromId=rows[2]["a"])).data
        late = (await world.user.get(path, symbol=symbol, startTime=rows[3]["T"])).data
        early = (await world.user.get(path, symbol=symbol, endTime=rows[1]["T"])).data
    assert len(rows) == 5
    assert later == rows[2:4]
    assert late == rows[3:]
    assert early[-2:] == rows[:2]


async def test_depth_is_cut_to_the_limit(autojump_clock: MockClock) -> None:
    async with memory_world() as world:
        path = f"{PUBLIC}/fullDepth"
        whole = (await world.user.get(path, symbol=KOGE_PAIR)).data
        part = (await world.user.get(path, symbol=KOGE_PAIR, limit=5)).data
    assert part["bids"] == whole["bids"][:5]
    assert part["asks"] == whole["asks"][:5]


def test_settings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="fill_delay_ms"):
        ExchangeSettings(fill_delay_ms=(800, 200))
    with pytest.raises(ValueError, match="step_ms"):
        ExchangeSettings(step_ms=0)
    with pytest.raises(ValueError, match="alphaId"):
        ExchangeSettings(tokens=DEFAULT_TOKENS + DEFAULT_TOKENS[:1])
