"""Every REST answer has the shape of the recorded one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest
from trio.testing import MockClock

from alphabot.simulator import ExchangeSettings
from tests.simulator.samples import differences, sample
from tests.simulator.world import (
    CANCEL,
    HISTORY,
    KOGE_PAIR,
    LISTEN_KEY,
    OPEN_ORDERS,
    PLACE,
    PLACE_PAIR,
    PRIVATE,
    PUBLIC,
    TOKEN_LIST,
    TRADES,
    USER_VOLUME,
    Reply,
    World,
    grid,
    marketable_pair,
    memory_world,
    plain_body,
)

_WALLET = "/bapi/defi/v1/private/wallet-direct"
# A plain order has no contingency; "each bucket null or an object".
_NULLABLE = {"contingencyType", "contingencyOrderPosition", "spot", "funding", "earn"}

Ask = Callable[[World], Awaitable[Reply]]


def get(path: str, **query: object) -> Ask:
    """Return a question."""

    async def ask(world: World) -> Reply:
        return await world.user.get(path, **query)

    return ask


def post(path: str, body: object = None) -> Ask:
    """Return a request."""

    async def ask(world: World) -> Reply:
        return await world.user.post(path, body)

    return ask


async def traded(world: World) -> tuple[str, str]:
    """Let a pair trade to its end, and return the ids of its legs."""
    listener = await world.orders()
    body = marketable_pair(await world.last_price())
    ids = (await world.user.post(PLACE_PAIR, body)).data
    await listener.data_until(i=str(ids["pendingOrderId"]), X="FILLED")
    return str(ids["workingOrderId"]), str(ids["pendingOrderId"])


async def place_pair(world: World) -> Reply:
    """Place a pair."""
    return await world.user.post(PLACE_PAIR, marketable_pair(await world.last_price()))


async def place(world: World) -> Reply:
    """Place a BUY that will rest."""
    price = grid(await world.last_price() / 2, "1e-8")
    return await world.user.post(PLACE, plain_body("BUY", price, grid(30 / price, "0.01")))


async def cancel(world: World) -> Reply:
    """Cancel an order as in 2026."""
    order_id = (await place(world)).data
    return await world.user.post(CANCEL, {"orderId": order_id, "symbol": KOGE_PAIR})


async def cancel_as_in_2025(world: World) -> Reply:
    """Cancel an order by the older path and body."""
    body = {"orderId": (await place(world)).data, "baseAsset": "ALPHA_22", "quoteAsset": "USDT"}
    return await world.user.post("/bapi/asset/v1/private/alpha-trade/order/cancel", body)


async def history(world: World) -> Reply:
    """Ask for the history of a pair that has traded."""
    await traded(world)
    return await world.user.get(HISTORY, page=1, rows=50, kind="LIMIT")


async def open_orders(world: World) -> Reply:
    """Ask for the open orders of one who has some."""
    await place(world)
    await place_pair(world)
    return await world.user.get(OPEN_ORDERS, side="")


async def buy_trades(world: World) -> Reply:
    """Ask for the fills of a BUY."""
    working, _ = await traded(world)
    return await world.user.get(TRADES, orderId=working, symbol=KOGE_PAIR)


async def sell_trades(world: World) -> Reply:
    """Ask for the fills of a SELL."""
    _, pending = await traded(world)
    return await world.user.get(TRADES, orderId=pending, symbol=KOGE_PAIR)


def after_trading(ask: Ask) -> Ask:
    """Return the question of one who owns some tokens and has some volume."""

    async def asks_later(world: World) -> Reply:
        await traded(world)
        return await ask(world)

    return asks_later


KOGE_PLACE: dict[str, object] = {
    "chainId": "56",
    "tokenAddress": "0xe6df05ce8c8301223373cf5b969afcb1498c5528",
}
ANSWERS: dict[str, tuple[Ask, str]] = {
    "token list": (get(TOKEN_LIST), "token_list"),
    "aggTicker24": (get(f"{PUBLIC}/aggTicker24", dataType="aggregate"), "agg_ticker24"),
    "exchange info": (get(f"{PUBLIC}/get-exchange-info"), "exchange_info"),
    "ticker": (get(f"{PUBLIC}/ticker", symbol=KOGE_PAIR), "ticker"),
    "full depth": (get(f"{PUBLIC}/fullDepth", symbol=KOGE_PAIR, limit=1000), "full_depth"),
    "agg trades": (get(f"{PUBLIC}/agg-trades", symbol=KOGE_PAIR, limit=40), "agg_trades"),
    "klines": (get(f"{PUBLIC}/klines", symbol=KOGE_PAIR, interval="1h", limit=2), "klines"),
    "agg klines": (get(f"{PUBLIC}/agg-klines", **KOGE_PLACE, interval="1s", limit=2), "agg_klines"),
    "fee rate": (get(f"{PUBLIC}/get-fee-rate", symbol=KOGE_PAIR), "fee_rate"),
    "from asset": (get(f"{PUBLIC}/get-from-asset"), "from_asset"),
    "place a pair": (place_pair, "oto_place"),
    "place": (place, "order_place"),
    "cancel": (cancel, "order_cancel"),
    "cancel as in 2025": (cancel_as_in_2025, "order_cancel_legacy_2025"),
    "cancel all": (post(f"{PRIVATE}/order/cancel-all"), "order_cancel"),
    "history": (history, "order_history_merge"),
    "no open orders": (get(OPEN_ORDERS, side=""), "open_orders_empty"),
    "trades of a BUY": (buy_trades, "user_trades_buy"),
    "trades of a SELL": (sell_trades, "user_trades_sell"),
    "alpha wallet": (after_trading(get(f"{_WALLET}/cloud-wallet/alpha")), "alpha_wallet"),
    "wallet assets": (
        post(
            "/bapi/asset/v3/private/asset-service/asset/get-wallet-asset",
            sample("get_wallet_asset.request"),
        ),
        "get_wallet_asset",
    ),
    "wallet list": (
        after_trading(get("/bapi/asset/v2/private/asset-service/wallet/asset", needAlphaAsset=1)),
        "wallet_asset",
    ),
    "listen key": (post(LISTEN_KEY), "listen_key"),
    "user score": (get(f"{_WALLET}/buw/tge/common/user-score"), "user_score"),
}


def recorded(name: str) -> Any:
    """Return a recorded answer, less the forms that are not ours."""
    answer = sample(f"{name}.response")
    # The client library's fixtures have empty texts where the exchange itself sends null.
    answer |= {key: None for key in ("message", "messageDetail") if answer.get(key) == ""}
    if name == "exchange_info":
        # One capture wrote filters in a compact form; the exchange pads them.
        answer["data"]["symbols"] = answer["data"]["symbols"][:2]
    if name == "token_list":
        # "Same row shape as agg_ticker24", where there is also a chain whose id is no number.
        answer["data"] += sample("agg_ticker24.response")["data"]
    if name == "listen_key":
        answer["data"] = "f" * 32
    if name == "order_history_merge":
        # The other rows were recorded in part.
        answer["data"] = answer["data"][:1]
    return answer


@pytest.mark.parametrize(("ask", "name"), ANSWERS.values(), ids=ANSWERS.keys())
async def test_answer_has_the_recorded_shape(
    ask: Ask, name: str, autojump_clock: MockClock
) -> None:
    async with memory_world() as world:
        ours = (await ask(world)).envelope
    assert ours["data"] or not recorded(name)["data"]
    assert differences(ours, recorded(name), nullable=_NULLABLE) == []


async def test_user_volume_has_the_recorded_shape(autojump_clock: MockClock) -> None:
    settings = ExchangeSettings(user_volume_lag_ms=(0, 0))
    async with memory_world(settings) as world:
        assert (
            differences(
                (await world.user.get(USER_VOLUME)).envelope, sample("user_volume.response")
            )
            == []
        )
        await traded(world)
        ours = (await world.user.get(USER_VOLUME)).envelope
    assert ours["data"]["tradeVolumeInfoList"]
    assert differences(ours, sample("user_volume.response")) == []


async def test_an_open_order_looks_like_one_of_the_history(autojump_clock: MockClock) -> None:
    async with memory_world() as world:
        rows = (await open_orders(world)).data
    assert [(row["side"], row["status"]) for row in rows] == [
        ("SELL", "PENDING"),
        ("BUY", "NEW"),
        ("BUY", "NEW"),
    ]
    assert differences(rows, recorded("order_history_merge")["data"], nullable=_NULLABLE) == []


async def test_money_of_earn_is_shown_apart(autojump_clock: MockClock) -> None:
    settings = ExchangeSettings(earn_usdt=Decimal(900))
    async with memory_world(settings) as world:
        reply = await world.user.post(
            "/bapi/asset/v3/private/asset-service/asset/get-wallet-asset",
            sample("get_wallet_asset.request"),
        )
    assert reply.data[0]["earn"]["free"] == "900.00000000"
    assert differences(reply.envelope, sample("get_wallet_asset.response")) == []


async def test_a_path_nobody_knows_is_not_found(autojump_clock: MockClock) -> None:
    async with memory_world() as world:
        assert (await world.user.get("/bapi/defi/v1/private/alpha-trade/nothing")).status == 404
        assert (await world.user.get(LISTEN_KEY)).status == 405


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("ticker", {"symbol": "ALPHA_999USDT"}),
        ("ticker", {}),
        ("ticker", {"symbol": "ALPHA_22"}),
        ("klines", {"symbol": KOGE_PAIR, "interval": "7m"}),
        ("agg-klines", {**KOGE_PLACE, "interval": "7m"}),
        ("agg-klines", {**KOGE_PLACE, "chainId": "1", "interval": "1m"}),
        ("agg-klines", {"chainId": "56", "interval": "1m"}),
        ("agg-trades", {"symbol": KOGE_PAIR, "limit": "many"}),
        ("fullDepth", {"symbol": KOGE_PAIR, "limit": "1" * 40}),
    ],
)
async def test_a_question_that_makes_no_sense_is_refused(
    path: str, query: dict[str, object], autojump_clock: MockClock
) -> None:
    async with memory_world() as world:
        reply = await world.user.get(f"{PUBLIC}/{path}", **query)
    assert (reply.status, reply.code) == (200, "481001")


def test_the_comparison_finds_what_differs() -> None:
    assert differences({"a": 1}, {"a": 1, "b": 2})
    assert differences({"a": "1"}, {"a": 1})
    assert differences({"a": "x"}, {"a": "1"})
    assert differences({"a": "5e-6"}, {"a": "0.000005"})
    assert differences({"a": None}, {"a": "1"})
    assert differences([{"a": 1}, {"a": "1"}], [{"a": 2}])
    assert differences([["1", "2"]], [["1", 2]])
    assert differences({"a": True}, {"a": 1})
    assert not differences({"a": None}, {"a": "1"}, nullable={"a"})
    assert not differences([{"a": 1}, {"b": 1}], [{"b": 2}, {"a": 2}])
