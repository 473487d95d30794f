"""Protocol 7: the life of an OTO pair, on the stream and on record."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from alphabot.testing.bench import ASSET, DEFI, WALLET, Bench, Ear, floor
from alphabot.testing.cases import case, demand
from alphabot.testing.stream_cases import report

__all__: list[str] = []

_PLACE_PAIR = f"{ASSET}/oto-order/place"
_ENDED = {"CANCELED", "EXPIRED", "REJECTED"}
_FEE = Decimal("0.0001")

_Reports = list[dict[str, Any]]


async def _place(bench: Bench, buy_percent: int, sell_percent: int) -> tuple[str, str]:
    """Place a pair at these percents of the last price and return the ids of its legs."""
    price, pending = await bench.price(buy_percent), await bench.price(sell_percent)
    body = bench.pair(price, bench.quantity(price), pending)
    ids = (await bench.user.post(_PLACE_PAIR, body)).data
    return str(ids["workingOrderId"]), str(ids["pendingOrderId"])


async def _until(ear: Ear, order_id: str, *states: str) -> _Reports:
    """Return reports up to the first of an order in one of these states."""
    return await ear.until(lambda data: data["i"] == order_id and data["X"] in states)


async def _round(bench: Bench) -> tuple[_Reports, _Reports]:
    """Trade a pair through and return the reports of its two legs."""
    async with bench.orders() as ear:
        working, pending = await _place(bench, 110, 90)
        heard = [report(data, pair=True) for data in await _until(ear, pending, "FILLED")]
    return [d for d in heard if d["i"] == working], [d for d in heard if d["i"] == pending]


def _states(reports: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(data["x"], data["X"]) for data in reports]


@case(701, "both legs are announced at once: the BUY as NEW, the SELL as PENDING with quantity 0")
async def _announced(bench: Bench) -> None:
    working, pending = await _round(bench)
    demand(_states(working)[0] == ("NEW", "NEW"), f"the BUY began as {_states(working)[0]}")
    demand(_states(pending)[0] == ("NEW", "PENDING"), f"the SELL began as {_states(pending)[0]}")
    demand(pending[0]["q"] == "0", f"the waiting SELL's q was {pending[0]['q']!r}")
    demand(working[0]["T"] == pending[0]["T"], "the legs were not announced in one moment")
    demand(working[0]["id"] < pending[0]["id"], "the SELL was announced before the BUY")


@case(702, "the legs share a list id, and say which leg of an OTO they are")
async def _one_list(bench: Bench) -> None:
    working, pending = await _round(bench)
    demand(len({data["il"] for data in working + pending}) == 1, "il differs")
    demand({data["ct"] for data in working + pending} == {"OTO"}, "ct is not OTO")
    demand({data["cp"] for data in working} == {"OTO_WORKING"}, "the BUY is not OTO_WORKING")
    demand({data["cp"] for data in pending} == {"OTO_PENDING"}, "the SELL is not OTO_PENDING")
    demand({data["S"] for data in working} == {"BUY"}, "the working leg is no BUY")
    demand({data["S"] for data in pending} == {"SELL"}, "the pending leg is no SELL")


@case(703, "the SELL becomes NEW in the moment the BUY is FILLED, and not before")
async def _activated(bench: Bench) -> None:
    working, pending = await _round(bench)
    demand(working[-1]["X"] == "FILLED", f"the BUY ended as {working[-1]['X']}")
    demand(_states(pending)[1] == ("NEW", "NEW"), f"the SELL went on as {_states(pending)[1]}")
    demand(pending[1]["T"] == working[-1]["T"], "the SELL was not activated in that moment")
    demand(pending[1]["id"] > working[-1]["id"], "the SELL was active before the BUY was filled")


@case(704, "the SELL has what was bought less the fee, down to the step")
async def _quantity(bench: Bench) -> None:
    working, pending = await _round(bench)
    fee = sum((Decimal(data["n"]) for data in working if data["x"] == "TRADE"), Decimal(0))
    due = floor(Decimal(working[-1]["z"]) - fee, bench.grid.step)
    demand(Decimal(pending[1]["q"]) == due, f"q was {pending[1]['q']}, {due} was due")


@case(705, "fills add up: z to l, Z to Y, ap to Z over z, and z ends at q")
async def _cumulative(bench: Bench) -> None:
    for reports in await _round(bench):
        filled = quote = Decimal(0)
        for data in reports:
            if data["x"] == "TRADE":
                filled += Decimal(data["l"])
                quote += Decimal(data["Y"])
                demand(data["t"] != "0", "a fill without a trade id")
                average = abs(Decimal(data["ap"]) - quote / filled)
                demand(average < Decimal("1e-8"), f"ap was {data['ap']}, {quote / filled} was due")
            demand(Decimal(data["z"]) == filled, f"z was {data['z']}, {filled} was due")
            demand(Decimal(data["Z"]) == quote, f"Z was {data['Z']}, {quote} was due")
        demand(filled == Decimal(reports[-1]["q"]), f"FILLED at {filled} of {reports[-1]['q']}")


@case(706, "the BUY pays 0.01 % in the token, the SELL in USDT, to eight places")
async def _fees(bench: Bench) -> None:
    working, pending = await _round(bench)
    for data in (data for data in working if data["x"] == "TRADE"):
        demand(data["N"] == bench.grid.asset, f"the BUY's fee was in {data['N']}")
        due, fee = Decimal(data["l"]) * _FEE, Decimal(data["n"])
        # Rounded at the token's precision, which the stream does not tell.
        demand(abs(fee - due) <= bench.grid.step, f"the BUY's fee was {fee}, {due} was due")
    for data in (data for data in pending if data["x"] == "TRADE"):
        demand(data["N"] == "USDT", f"the SELL's fee was in {data['N']}")
        due = (Decimal(data["Y"]) * _FEE).quantize(Decimal("1e-8"), ROUND_HALF_UP)
        demand(Decimal(data["n"]) == due, f"the SELL's fee was {data['n']}, {due} was due")


@case(707, "a limit beyond the market trades at the market, never worse than the limit")
async def _at_market(bench: Bench) -> None:
    working, pending = await _round(bench)
    bought, sold = (Decimal(leg[-1]["ap"]) for leg in (working, pending))
    last = await bench.last_price()
    demand(bought <= Decimal(working[0]["p"]), f"bought at {bought}, over its limit")
    demand(sold >= Decimal(pending[0]["p"]), f"sold at {sold}, under its limit")
    demand(bought < last * Decimal("1.08"), f"bought at {bought}, the market was at {last}")
    demand(sold > last * Decimal("0.92"), f"sold at {sold}, the market was at {last}")


@case(708, "a BUY cancelled before it fills takes its SELL with it")
async def _cancelled(bench: Bench) -> None:
    async with bench.orders() as ear:
        working, pending = await _place(bench, 50, 50)
        demand((await bench.cancel(working)).accepted, "the cancel was refused")
        heard = await _until(ear, pending, *_ENDED)
    ended = {data["i"]: data["X"] for data in heard}
    demand(ended.get(working) == "CANCELED", f"the BUY ended as {ended.get(working)}")
    demand(not {working, pending} & (await bench.open_orders()).keys(), "a leg is still open")
    rows = {row["orderId"]: row for row in (await bench.history()).data}
    for leg in (working, pending):
        demand(rows[leg]["status"] in _ENDED, f"{leg} is on record as {rows[leg]['status']}")
        demand(Decimal(rows[leg]["executedQty"]) == 0, f"{leg} is on record as traded")


@case(709, "a SELL that was activated is cancelled by its own id, and its tokens are free again")
async def _cancelled_sell(bench: Bench) -> None:
    async with bench.orders() as ear:
        before = await _free(bench)
        _, pending = await _place(bench, 110, 300)
        heard = await _until(ear, pending, "NEW")
        locked = await _free(bench)
        demand((await bench.cancel(pending)).accepted, "the cancel was refused")
        await _until(ear, pending, "CANCELED")
    quantity = Decimal(heard[-1]["q"])
    after = await _free(bench)
    demand(after - locked == quantity, f"{after - locked} became free, {quantity} was on sale")
    demand(after > before, "what was bought is not there")


@case(710, "the history has a pair as two rows with one orderListId")
async def _on_record(bench: Bench) -> None:
    working, pending = await _round(bench)
    rows = {row["orderId"]: row for row in (await bench.history()).data}
    legs = [rows[working[0]["i"]], rows[pending[0]["i"]]]
    demand({row["orderListId"] for row in legs} == {working[0]["il"]}, "orderListId is not il")
    demand({row["contingencyType"] for row in legs} == {"OTO"}, "contingencyType is not OTO")
    positions = [row["contingencyOrderPosition"] for row in legs]
    demand(positions == ["OTO_WORKING", "OTO_PENDING"], f"the positions were {positions}")
    for row, reports in zip(legs, (working, pending), strict=True):
        demand(Decimal(row["cumQuote"]) == Decimal(reports[-1]["Z"]), "cumQuote is not Z")
        demand(Decimal(row["executedQty"]) == Decimal(reports[-1]["z"]), "executedQty is not z")


@case(711, "a pair of which the BUY rests is open with both its legs, the SELL without quantity")
async def _both_open(bench: Bench) -> None:
    working, pending = await _place(bench, 50, 50)
    rows = (await bench.user.get(f"{DEFI}/order/get-open-order", side="")).data
    await bench.cancel(working)
    states = {row["orderId"]: row["status"] for row in rows}
    demand(states.get(working) == "NEW", f"the BUY was {states.get(working)}")
    waiting = states.get(pending, "PENDING")  # Not recorded: it may also not be listed.
    demand(waiting in ("PENDING", "PENDING_NEW"), f"the SELL was {waiting}")


async def _free(bench: Bench) -> Decimal:
    rows = (await bench.user.get(f"{WALLET}/cloud-wallet/alpha")).data["list"]
    free = [Decimal(row["free"]) for row in rows if row["tokenId"] == bench.grid.asset]
    return sum(free, Decimal(0))
