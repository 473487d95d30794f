"""The same bot the usual way: asyncio, websockets, httpx, json, one asyncio.Event per order.

It trades the same rounds on the same wire, and is written for speed where that costs it nothing:
one HTTP client per user (a shared pool is slower), one TLS context for all of them, the price from
a market stream that all users share, no request but the placing itself, one log line a round.

What it does not do: keep a journal, look at limits, prove an outcome, notice a lost update or a
stream that has gone quiet, count fees, wear or leftovers, mask secrets in its log. Its volume is a
number in memory.

Started with its plan as JSON: ``token``, ``headers`` by user, the exchange's three addresses.
"""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
import sys
from collections import defaultdict
from decimal import ROUND_DOWN, Decimal
from typing import Any

import httpx
import websockets

PRIVATE = "/bapi/defi/v1/private/alpha-trade"
PLACE = "/bapi/asset/v1/private/alpha-trade/oto-order/place"
TICKER = "/bapi/defi/v1/public/alpha-trade/ticker"
AMOUNT, TARGET = Decimal(30), Decimal(1_000_000_000)
TICK, STEP = Decimal("0.00000001"), Decimal("0.01")

log = logging.getLogger("usual_bot")


class Market:
    """The last price, from the market stream."""

    def __init__(self, plan: dict[str, Any], price: Decimal) -> None:
        self.price = price
        self.url = plan["market_stream_url"]
        self.stream_name = f"{plan['token'].lower()}usdt@aggTrade"

    async def run(self) -> None:
        async with websockets.connect(self.url) as stream:
            params = [self.stream_name]
            await stream.send(json.dumps({"method": "SUBSCRIBE", "params": params, "id": 1}))
            async for message in stream:
                data = json.loads(message).get("data")
                if data and data["e"] == "aggTrade":
                    self.price = Decimal(data["p"])


class Bot:
    """One user: places a pair, waits for both fills, counts, and begins again."""

    def __init__(self, user: str, plan: dict[str, Any], market: Market, tls: ssl.SSLContext):
        self.user = user
        self.token = plan["token"]
        self.market = market
        self.stream_url = plan["order_stream_url"]
        self.http = httpx.AsyncClient(
            base_url=plan["rest_url"], headers=plan["headers"][user], verify=tls
        )
        self.filled: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.bought: dict[str, Decimal] = {}
        self.volume = Decimal(0)

    async def run(self) -> None:
        key = await self.post(f"{PRIVATE}/get-listen-key", {})
        async with websockets.connect(self.stream_url) as stream:
            params = [f"alpha@{key}"]
            await stream.send(json.dumps({"method": "SUBSCRIBE", "params": params, "id": 1}))
            await asyncio.gather(self.listen(stream), self.trade())

    async def listen(self, stream: Any) -> None:
        async for message in stream:
            data = json.loads(message).get("data")
            if data and data["e"] == "executionReport" and data["X"] == "FILLED":
                self.bought[data["i"]] = Decimal(data["Z"])
                self.filled[data["i"]].set()

    async def trade(self) -> None:  # noqa: ASYNC910 - another pass of the loop would cost it time
        while self.volume < TARGET:
            buy = (self.market.price * Decimal("1.1")).quantize(TICK, ROUND_DOWN)
            sell = (buy * Decimal("0.9")).quantize(TICK, ROUND_DOWN)
            quantity = (AMOUNT / buy).quantize(STEP, ROUND_DOWN)
            amount = (buy * quantity).quantize(TICK, ROUND_DOWN)
            placed = await self.post(
                PLACE,
                {
                    "baseAsset": self.token,
                    "quoteAsset": "USDT",
                    "workingSide": "BUY",
                    "workingPrice": str(buy),
                    "workingQuantity": str(quantity),
                    "paymentDetails": [{"amount": str(amount), "paymentWalletType": "CARD"}],
                    "pendingPrice": str(sell),
                    "pendingType": "LIMIT",
                },
            )
            working, pending = str(placed["workingOrderId"]), str(placed["pendingOrderId"])
            await self.filled[working].wait()
            await self.filled[pending].wait()
            self.volume += self.bought[working]
            for order in (working, pending):
                del self.filled[order], self.bought[order]
            log.info("Trade succeeded, user_id=%s, volume=%s", self.user, self.volume)

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        reply = (await self.http.post(path, json=body)).json()
        if reply["code"] != "000000":
            raise RuntimeError(f"{path}: {reply}")
        return reply["data"]


async def main(plan: dict[str, Any]) -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    tls = ssl.create_default_context()
    async with httpx.AsyncClient(base_url=plan["rest_url"], verify=tls) as http:
        ticker = (await http.get(TICKER, params={"symbol": f"{plan['token']}USDT"})).json()
    market = Market(plan, Decimal(ticker["data"]["lastPrice"]))
    bots = [Bot(user, plan, market, tls) for user in plan["headers"]]
    await asyncio.gather(market.run(), *(bot.run() for bot in bots))


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
