"""Protocol 3 and 9: plain orders, what is refused, cancelling, and what is on record."""

from __future__ import annotations

import json
from decimal import Decimal
from types import NoneType
from typing import Any

from alphabot.testing.bench import ASSET, DEFI, Bench, due
from alphabot.testing.cases import Untried, case, demand, shaped

__all__: list[str] = []

_UNIT = Decimal("1e-8")
_PLACE, _PLACE_PAIR = f"{ASSET}/order/place", f"{ASSET}/oto-order/place"


async def _off_floor(bench: Bench) -> tuple[Decimal, Decimal]:
    """Return a price and a quantity whose product has more than eight places."""
    price = await bench.price(50)
    quantity = bench.quantity(price)
    for _ in range(1000):
        if due(price, quantity) != price * quantity:
            return price, quantity
        quantity += bench.grid.step
    return price, quantity


@case(301, "a plain BUY pays floor(price*quantity, 8), to the last unit either way")
async def _amount(bench: Bench) -> None:
    price, quantity = await _off_floor(bench)
    amount = due(price, quantity)
    for wrong in (amount + _UNIT, amount - _UNIT):
        (await bench.user.post(_PLACE, bench.buy(price, quantity, wrong))).refused("000002")
    placed = await bench.user.post(_PLACE, bench.buy(price, quantity, amount))
    demand(type(placed.data) in (str, int), f"the reply's data was {placed.data!r}")
    await bench.cancel(str(placed.data))


@case(302, "an OTO pays floor(workingPrice*workingQuantity, 8), to the last unit either way")
async def _pair_amount(bench: Bench) -> None:
    price, quantity = await _off_floor(bench)
    amount = due(price, quantity)
    for wrong in (amount + _UNIT, amount - _UNIT):
        body = bench.pair(price, quantity, price, wrong)
        (await bench.user.post(_PLACE_PAIR, body)).refused("000002")
    placed = await bench.user.post(_PLACE_PAIR, bench.pair(price, quantity, price, amount))
    await bench.cancel(str(placed.data["workingOrderId"]))


@case(303, "a price off the tick is refused with 481002, on either leg")
async def _tick(bench: Bench) -> None:
    price = await bench.price(50)
    quantity, off = bench.quantity(price), price + bench.grid.tick / 2
    (await bench.user.post(_PLACE, bench.buy(off, quantity))).refused("481002")
    (await bench.user.post(_PLACE_PAIR, bench.pair(off, quantity, price))).refused("481002")
    (await bench.user.post(_PLACE_PAIR, bench.pair(price, quantity, off))).refused("481002")


@case(304, "a quantity off the step is refused")
async def _step(bench: Bench) -> None:
    price = await bench.price(50)
    quantity = bench.quantity(price) + bench.grid.step / 2
    (await bench.user.post(_PLACE, bench.buy(price, quantity))).refused()


@case(305, "less than the minimum notional is refused with 481013")
async def _notional(bench: Bench) -> None:
    price = await bench.price(50)
    steps = int(bench.grid.notional_min / price / bench.grid.step)
    if steps < 1:
        raise Untried("one step of this token is worth more than the minimum")
    quantity = bench.grid.step * steps
    while price * quantity >= bench.grid.notional_min:
        quantity -= bench.grid.step
    (await bench.user.post(_PLACE, bench.buy(price, quantity))).refused("481013")


@case(306, "more than the largest quantity is refused with 481011")
async def _quantity_max(bench: Bench) -> None:
    quantity = bench.grid.quantity_max + bench.grid.step
    (await bench.user.post(_PLACE, bench.buy(bench.grid.tick, quantity))).refused("481011")


@case(307, "selling more than is held is refused with 481020")
async def _balance(bench: Bench) -> None:
    price = await bench.price(100)
    quantity = bench.grid.quantity_max
    usdt = min(price * quantity, Decimal(900_000))
    body = bench.sell(price, bench.quantity(price, int(usdt)))
    (await bench.user.post(_PLACE, body)).refused("481020")


@case(308, "prices and quantities are taken as JSON numbers too")
async def _numbers(bench: Bench) -> None:
    price = await bench.price(50)
    body = bench.buy(price, bench.quantity(price))
    # Spelt out: a float would be written with an exponent.
    figures = {f'"{body[name]}"': body[name] for name in ("price", "quantity")}
    text = json.dumps(body)
    for quoted, bare in figures.items():
        text = text.replace(f": {quoted}", f": {bare}", 1)
    await bench.cancel(str((await bench.user.post(_PLACE, text.encode())).data))


@case(309, "orders without orderType and pendingType are taken, as those of 2025 were")
async def _without_type(bench: Bench) -> None:
    price = await bench.price(50)
    plain, pair = (
        bench.buy(price, bench.quantity(price)),
        bench.pair(price, bench.quantity(price), price),
    )
    del plain["orderType"], pair["pendingType"]
    await bench.cancel(str((await bench.user.post(_PLACE, plain)).data))
    await bench.cancel(str((await bench.user.post(_PLACE_PAIR, pair)).data["workingOrderId"]))


@case(310, "orders are placed under asset/v1 and under defi/v1 alike")
async def _families(bench: Bench) -> None:
    price = await bench.price(50)
    body = bench.buy(price, bench.quantity(price))
    for family in (ASSET, DEFI):
        await bench.cancel(str((await bench.user.post(f"{family}/order/place", body)).data))


@case(311, "the ids of a pair are numbers in the reply, and strings in every list")
async def _ids(bench: Bench) -> None:
    price = await bench.price(50)
    body = bench.pair(price, bench.quantity(price), price)
    ids = (await bench.user.post(_PLACE_PAIR, body)).data
    shaped(ids, {"workingOrderId": int, "pendingOrderId": int}, "the reply's data")
    rows = (await bench.user.get(f"{DEFI}/order/get-open-order", side="")).data
    demand(all(type(row["orderId"]) is str for row in rows), "an id in a list is no string")
    demand(str(ids["workingOrderId"]) in [row["orderId"] for row in rows], "the BUY is not open")
    await bench.cancel(str(ids["workingOrderId"]))


@case(312, "an order that rests is open and not in the history")
async def _open(bench: Bench) -> None:
    order_id = await bench.rest()
    row = _row((await bench.open_orders()).get(order_id))
    history = [row["orderId"] for row in (await bench.history()).data]
    await bench.cancel(order_id)
    demand(row["status"] == "NEW", f"the status was {row['status']}")
    demand(row["orderListId"] == "-1", f"orderListId was {row['orderListId']}")
    demand(order_id not in history, "it is in the history as well")


@case(313, "a cancelled order leaves the open ones and enters the history as CANCELED")
async def _cancel(bench: Bench) -> None:
    order_id = await bench.rest()
    demand((await bench.cancel(order_id)).data is None, "data is null where a cancel is accepted")
    demand(order_id not in await bench.open_orders(), "it is still open")
    rows = {row["orderId"]: row for row in (await bench.history()).data}
    demand(_row(rows.get(order_id))["status"] == "CANCELED", f"{rows.get(order_id)!r:.200}")


@case(314, "an order that has ended, or never was, cannot be cancelled")
async def _cancel_again(bench: Bench) -> None:
    order_id = await bench.rest()
    await bench.cancel(order_id)
    (await bench.cancel(order_id)).refused()
    (await bench.cancel("1")).refused()


@case(315, "the cancel of 2025 names the order and how it stands")
async def _cancel_legacy(bench: Bench) -> None:
    order_id = await bench.rest()
    body = {"orderId": order_id, "baseAsset": bench.grid.asset, "quoteAsset": "USDT"}
    data = (await bench.user.post(f"{ASSET}/order/cancel", body)).data
    demand(data == {"orderId": order_id, "status": "CANCELED"}, f"data was {data!r:.120}")


@case(316, "cancel-all leaves nothing open")
async def _cancel_all(bench: Bench) -> None:
    for _ in range(2):
        await bench.rest()
    demand((await bench.user.post(f"{DEFI}/order/cancel-all", {})).accepted, "it was refused")
    demand(not await bench.open_orders(), "orders are still open")


@case(317, "the history is paged, counts all rows in total, and filters by status and side")
async def _history(bench: Bench) -> None:
    for _ in range(3):
        await bench.cancel(await bench.rest())
    whole = await bench.history(rows=500)
    total = whole.envelope.get("total")
    demand(type(total) is int and total >= 3, f"total was {total!r}")
    pages = [(await bench.history(rows=2, page=page)).data for page in (1, 2)]
    ids = [row["orderId"] for row in (*pages[0], *pages[1])]
    demand(len(pages[0]) == 2, f"{len(pages[0])} rows on a page of 2")
    demand(ids == [row["orderId"] for row in whole.data][: len(ids)], f"the pages were {ids}")
    filled = (await bench.history(orderStatus="FILLED")).data
    demand(all(row["status"] == "FILLED" for row in filled), "the status filter does nothing")
    demand(not (await bench.history(startTime=4_000_000_000_000)).data, "startTime does nothing")


@case(318, "the fills of an order add up to what its row says, each with a pageId of its own")
async def _fills(bench: Bench) -> None:
    price = await bench.price(105)
    body = bench.buy(price, bench.quantity(price))
    order_id = str((await bench.user.post(_PLACE, body)).data)
    await bench.traded(order_id)
    row = next(row for row in (await bench.history()).data if row["orderId"] == order_id)
    query = {"orderId": order_id, "symbol": bench.grid.symbol}
    fills = (await bench.user.get(f"{DEFI}/order/get-user-trades", **query)).data
    texts = "symbol id orderId tradeId side price qty quoteQty commission commissionAsset pageId"
    shape = dict.fromkeys(texts.split(), str) | {"time": int, "buyer": bool, "lastTrade": bool}
    for fill in fills:
        shaped(fill, shape, "a fill")
        demand(fill["commissionAsset"] == bench.grid.asset, "a BUY pays its fee in the token")
        demand(Decimal(fill["price"]) <= price, f"bought at {fill['price']}, over {price}")
    demand(len({fill["pageId"] for fill in fills}) == len(fills), "two fills share a pageId")
    for whole, part in (("executedQty", "qty"), ("cumQuote", "quoteQty")):
        total = sum((Decimal(fill[part]) for fill in fills), Decimal(0))
        demand(total == Decimal(row[whole]), f"{part} adds up to {total}, {whole} is {row[whole]}")


@case(319, "the older history has the same ended orders, in a list or in rows")
async def _history_web(bench: Bench) -> None:
    order_id = await bench.rest()
    await bench.cancel(order_id)
    query = {"page": 1, "rows": 50, "kind": "LIMIT", "baseAsset": bench.grid.asset}
    listed = (await bench.user.get(f"{DEFI}/order/get-order-history-web", **query)).data
    if isinstance(listed, dict):
        listed = listed.get("rows", listed.get("list"))
    demand(isinstance(listed, list), f"the rows were {listed!r:.120}")
    rows = {row["orderId"]: row for row in listed}
    demand(_row(rows.get(order_id))["status"] == "CANCELED", f"{rows.get(order_id)!r:.200}")
    merged = [row["orderId"] for row in (await bench.history()).data]
    demand(list(rows) == merged, f"{list(rows)!r:.120} here, {merged!r:.120} there")


def _row(row: Any) -> dict[str, Any]:
    """Return a row of an order list, if it is shaped like one."""
    texts = (
        "kind orderId symbol status price avgPrice origQty executedQty cumQuote type side "
        "stopPrice orderListId baseAsset quoteAsset alphaId"
    )
    ints = dict.fromkeys(("time", "updateTime", "workingTime"), int)
    pair = dict.fromkeys(("contingencyType", "contingencyOrderPosition"), (str, NoneType))
    return shaped(row, {**dict.fromkeys(texts.split(), str), **ints, **pair}, "the order's row")
