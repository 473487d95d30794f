"""What the cases work with: who asks, both streams, and one token's grid."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Any

import trio

from alphabot.exchange.sockets import Socket, StreamAddress, open_socket
from alphabot.ports import Net
from alphabot.simulator.addresses import Addresses
from alphabot.testing.callers import Answer, Callers, json_object

__all__ = [
    "ASSET",
    "DEFI",
    "PUBLIC",
    "WALLET",
    "Bench",
    "Ear",
    "Grid",
    "due",
    "floor",
]

PUBLIC = "/bapi/defi/v1/public/alpha-trade"
DEFI = "/bapi/defi/v1/private/alpha-trade"
ASSET = "/bapi/asset/v1/private/alpha-trade"
WALLET = "/bapi/defi/v1/private/wallet-direct"

_AMOUNT_STEP = Decimal("1e-8")


def floor(value: Decimal, step: Decimal) -> Decimal:
    """Return the largest multiple of a step that is not above a value."""
    return (value / step).to_integral_value(ROUND_DOWN) * step


class Ear:
    """A WebSocket whose frames wait until a case asks for them."""

    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        self._frames: deque[dict[str, Any]] = deque()

    async def ask(self, method: str, *streams: str, request_id: int | str | None = 1) -> Any:
        """Send a request and return its answer; frames that come before it are kept."""
        request: dict[str, Any] = {"method": method, "id": request_id}
        if method != "LIST_SUBSCRIPTIONS":
            request["params"] = list(streams)
        await self._socket.send(json.dumps(request))
        while True:
            message = json_object(await self._socket.receive())
            if "stream" not in message:
                return message
            self._frames.append(message)

    async def frame(self) -> dict[str, Any]:
        """Return the next ``{stream, data}``."""
        await trio.lowlevel.checkpoint()
        while not self._frames:
            message = json_object(await self._socket.receive())
            if "stream" in message:
                self._frames.append(message)
        return self._frames.popleft()

    async def until(self, wanted: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
        """Return the data of frames up to and with the first that is wanted."""
        await trio.lowlevel.checkpoint()
        heard: list[dict[str, Any]] = []
        while not heard or not wanted(heard[-1]):
            heard.append((await self.frame())["data"])
        return heard


@dataclass(frozen=True, slots=True)
class Grid:
    """The token that the cases trade, and what its filters ask for."""

    asset: str
    contract: str
    chain_id: str
    tick: Decimal
    step: Decimal
    quantity_max: Decimal
    notional_min: Decimal

    @property
    def symbol(self) -> str:
        """The symbol as orders name it."""
        return f"{self.asset}USDT"


class Bench:
    """Everything a case may use; see the module."""

    def __init__(self, net: Net, addresses: Addresses, callers: Callers, grid: Grid) -> None:
        self.callers = callers
        self.user = callers.user
        self.public = callers.public
        self.grid = grid
        self._net = net
        self._addresses = addresses

    @asynccontextmanager
    async def orders(self, key: str | None = None) -> AsyncIterator[Ear]:
        """Open the order stream, subscribed with this key or with the user's."""
        key = key or str((await self.user.post(f"{DEFI}/get-listen-key", {})).data)
        async with self._ear(self._addresses.order_stream_url) as ear:
            await ear.ask("SUBSCRIBE", f"alpha@{key}")
            yield ear

    @asynccontextmanager
    async def markets(self, *streams: str) -> AsyncIterator[Ear]:
        """Open the market stream, subscribed to these."""
        async with self._ear(self._addresses.market_stream_url) as ear:
            if streams:
                await ear.ask("SUBSCRIBE", *streams)
            yield ear

    @asynccontextmanager
    async def _ear(self, url: str) -> AsyncIterator[Ear]:
        async with open_socket(self._net, StreamAddress.parse(url)) as socket:
            yield Ear(socket)

    async def last_price(self) -> Decimal:
        """Return what the token last traded at."""
        ticker = (await self.public.get(f"{PUBLIC}/ticker", symbol=self.grid.symbol)).data
        return Decimal(ticker["lastPrice"])

    async def price(self, percent_of_last: int) -> Decimal:
        """Return a price on the grid, so many percent of the last one."""
        return floor(await self.last_price() * percent_of_last / 100, self.grid.tick)

    def quantity(self, price: Decimal, usdt: int = 20) -> Decimal:
        """Return how much of the token that is, on the grid."""
        return floor(usdt / price, self.grid.step)

    def buy(self, price: Decimal, quantity: Decimal, amount: Decimal | None = None) -> Any:
        """Return a plain BUY as a client of 2026 sends it."""
        return self._plain("BUY", "CARD", price, quantity, amount or due(price, quantity))

    def sell(self, price: Decimal, quantity: Decimal) -> Any:
        """Return a plain SELL."""
        return self._plain("SELL", "ALPHA", price, quantity, quantity)

    def pair(
        self, price: Decimal, quantity: Decimal, pending: Decimal, amount: Decimal | None = None
    ) -> Any:
        """Return an OTO as a client of 2026 sends it."""
        return {
            "baseAsset": self.grid.asset,
            "quoteAsset": "USDT",
            "workingSide": "BUY",
            "workingPrice": f"{price:f}",
            "workingQuantity": f"{quantity:f}",
            "paymentDetails": [_payment(amount or due(price, quantity), "CARD")],
            "pendingPrice": f"{pending:f}",
            "pendingType": "LIMIT",
        }

    async def rest(self) -> str:
        """Place a BUY far below the market and return its id."""
        price = await self.price(50)
        body = self.buy(price, self.quantity(price))
        return str((await self.user.post(f"{ASSET}/order/place", body)).data)

    async def cancel(self, order_id: str) -> Answer:
        """Ask for an order's cancellation."""
        body = {"orderId": order_id, "symbol": self.grid.symbol}
        return await self.user.post(f"{DEFI}/order/cancel", body)

    async def open_orders(self) -> dict[str, dict[str, Any]]:
        """Return the user's open orders by id."""
        rows = (await self.user.get(f"{DEFI}/order/get-open-order", side="")).data
        return {row["orderId"]: row for row in rows}

    async def traded(self, order_id: str) -> None:
        """Return once an order is no longer open."""
        while order_id in await self.open_orders():  # noqa: ASYNC110 - REST tells nobody
            await trio.sleep(0.2)

    async def history(self, **query: object) -> Answer:
        """Return a page of the user's ended orders."""
        asked = {"page": 1, "rows": 50, "kind": "LIMIT", "baseAsset": self.grid.asset} | query
        return await self.user.get(f"{DEFI}/order/get-order-history-merge", **asked)

    def _plain(
        self, side: str, wallet: str, price: Decimal, quantity: Decimal, amount: Decimal
    ) -> Any:
        return {
            "baseAsset": self.grid.asset,
            "quoteAsset": "USDT",
            "side": side,
            "price": f"{price:f}",
            "quantity": f"{quantity:f}",
            "paymentDetails": [_payment(amount, wallet)],
            "orderType": "LIMIT",
        }


def due(price: Decimal, quantity: Decimal) -> Decimal:
    """Return what a BUY pays: ``floor(price * quantity, 8)``."""
    return floor(price * quantity, _AMOUNT_STEP)


def _payment(amount: Decimal, wallet: str) -> dict[str, str]:
    return {"amount": f"{amount:f}", "paymentWalletType": wallet}
