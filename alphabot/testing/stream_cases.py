"""Protocol 6: subscribing, and the executionReport of a plain order."""

from __future__ import annotations

import itertools
import re
from typing import Any

import trio

from alphabot.testing.bench import ASSET, Bench
from alphabot.testing.cases import Violation, case, demand, shaped

__all__ = ["report"]

_TEXTS = "s c S o f q p ap P x X i l z L t ot Z Y Q ba qa"
_INTS = "st O id T u E"


def report(data: Any, *, pair: bool) -> dict[str, Any]:
    """Return an executionReport with every key of its table; raises Violation if one is missing.

    The fee's two are there with a fill alone, the pair's three with a pair alone.
    """
    texts, ints = dict.fromkeys(_TEXTS.split(), str), dict.fromkeys(_INTS.split(), int)
    shaped(data, {"e": str, "m": bool, **texts, **ints}, "the report")
    demand(data["e"] == "executionReport", f"e was {data['e']!r}")
    for keys, wanted in ((("n", "N"), data["x"] == "TRADE"), (("il", "ct", "cp"), pair)):
        if wanted:
            shaped(data, dict.fromkeys(keys, str), "the report")
        else:
            demand(not set(keys) & data.keys(), f"{keys} in a report {data['x']}/{data['X']}")
    demand(re.fullmatch(r"web_[0-9a-f]{32}", data["c"]) is not None, f"c was {data['c']!r}")
    return dict(data)


@case(601, "a subscription is acknowledged under its id, be it a number, a text or null")
async def _acknowledged(bench: Bench) -> None:
    stream = f"{bench.grid.symbol.lower()}@bookTicker"
    async with bench.markets() as ear:
        for request_id in (7, 2**62, "a" * 36, None):
            answer = await ear.ask("SUBSCRIBE", stream, request_id=request_id)
            demand(answer.get("id", "") == request_id, f"{request_id!r} came back as {answer!r}")
            demand(answer.get("result") is None, f"the result was {answer.get('result')!r}")
            demand("error" not in answer, f"it was refused: {answer!r}")
    async with bench.orders() as ear:
        answer = await ear.ask("UNSUBSCRIBE", "alpha@" + "0" * 32, request_id=2)
        demand(answer == {"result": None, "id": 2}, f"the private host answered {answer!r}")


@case(602, "LIST_SUBSCRIPTIONS tells what is subscribed, and no longer what was given up")
async def _listed(bench: Bench) -> None:
    book, trades = (f"{bench.grid.symbol.lower()}@{kind}" for kind in ("bookTicker", "trade"))
    async with bench.markets(book, trades) as ear:
        listed = (await ear.ask("LIST_SUBSCRIPTIONS"))["result"]
        demand(sorted(listed) == sorted((book, trades)), f"the list was {listed!r}")
        await ear.ask("UNSUBSCRIBE", book)
        listed = (await ear.ask("LIST_SUBSCRIPTIONS"))["result"]
        demand(listed == [trades], f"the list was {listed!r}")


@case(603, "a stream that was given up is silent")
async def _given_up(bench: Bench) -> None:
    stream = f"{bench.grid.symbol.lower()}@miniTicker"
    async with bench.markets(stream) as ear:
        await ear.frame()
        await ear.ask("UNSUBSCRIBE", stream)
        await ear.ask("LIST_SUBSCRIPTIONS")
        with trio.move_on_after(2):
            frames = 0
            while True:
                await ear.frame()
                frames += 1
                # One may have been under way.
                demand(frames < 2, "it still tells")


@case(604, "what cannot be read is answered with an error, and the connection goes on")
async def _unreadable(bench: Bench) -> None:
    async with bench.markets() as ear:
        answer = await ear.ask("DANCE")
        demand("error" in answer, f"the answer was {answer!r}")
        demand((await ear.ask("LIST_SUBSCRIPTIONS"))["result"] == [], "the list was not empty")


@case(605, "a plain order is reported NEW and CANCELED, with every key and none of a pair")
async def _plain(bench: Bench) -> None:
    async with bench.orders() as ear:
        order_id = await bench.rest()
        await bench.cancel(order_id)
        heard = await ear.until(lambda data: data["X"] == "CANCELED")
    reports = [report(data, pair=False) for data in heard if data["i"] == order_id]
    states = [(data["x"], data["X"]) for data in reports]
    demand(states == [("NEW", "NEW"), ("CANCELED", "CANCELED")], f"the states were {states}")


@case(606, "event ids rise and are unique, and nothing is sent before it has happened")
async def _event_ids(bench: Bench) -> None:
    price = await bench.price(105)
    async with bench.orders() as ear:
        resting = [await bench.rest() for _ in range(2)]
        await bench.user.post(f"{ASSET}/order/place", bench.buy(price, bench.quantity(price)))
        heard = await ear.until(lambda data: data["X"] == "FILLED")
        for order_id in resting:
            await bench.cancel(order_id)
    ids = [data["id"] for data in heard]
    demand(all(a < b for a, b in itertools.pairwise(ids)), f"the ids were {ids}")
    demand(all(data["E"] >= data["T"] for data in heard), "sent before it happened")


@case(607, "only the holder of the key hears of the orders")
async def _key_needed(bench: Bench) -> None:
    async with bench.orders("0" * 32) as stranger, bench.orders() as ear:
        order_id = await bench.rest()
        await ear.until(lambda data: data["i"] == order_id)
        await bench.cancel(order_id)
        with trio.move_on_after(1):
            await stranger.frame()
            raise Violation("a stranger heard of an order")
