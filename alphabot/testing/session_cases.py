"""Protocol 1, 9 and 10: who may call, and what is said to those who may not, or not now.

Some of these states no request brings about. Whoever has a session in such a state may hand it
over; otherwise the case says that it was not tried.
"""

from __future__ import annotations

from typing import Final

import trio

from alphabot.exchange.parts import open_parts
from alphabot.testing.bench import ASSET, DEFI, PUBLIC, WALLET, Bench
from alphabot.testing.callers import Answer, Caller
from alphabot.testing.cases import Untried, case, demand

__all__: list[str] = []

_PLACE, _PLACE_PAIR = f"{ASSET}/order/place", f"{ASSET}/oto-order/place"
_PRIVATE_READS = (
    f"{DEFI}/order/get-open-order",
    f"{DEFI}/order/get-order-history-merge",
    f"{DEFI}/order/get-user-trades",
    f"{WALLET}/cloud-wallet/alpha",
    f"{WALLET}/buw/wallet/today/user-volume",
)
_LOGGED_OUT, _CHALLENGE = "100002001", "100001003"

BURST: Final = 200
"""Requests that are sent to see whether they are too many; none of them is answered at length."""
_WAIT_SECONDS_MAX = 20
"""A case waits no longer than this for the end of a pause."""


@case(103, "whoever is not logged in is told nothing private")
async def _strangers_read_nothing(bench: Bench) -> None:
    await trio.lowlevel.checkpoint()
    for path in _PRIVATE_READS:
        answer = await bench.public.get(path)
        answer.refused()
        demand(_is_logged_out(answer), f"{path}: {_told(answer)}")


@case(104, "whoever is not logged in cannot trade, nor have a listen key")
async def _strangers_do_nothing(bench: Bench) -> None:
    price = await bench.price(50)
    body = bench.buy(price, bench.quantity(price))
    (await bench.public.post(_PLACE, body)).refused()
    (await bench.public.post(f"{DEFI}/order/cancel-all", {})).refused()
    (await bench.public.post(f"{DEFI}/get-listen-key", {})).refused()


@case(106, "a session with a forged login or csrftoken is told that it is logged out")
async def _forgers(bench: Bench) -> None:
    await trio.lowlevel.checkpoint()
    for what, forger in bench.callers.forgers.items():
        for answer in await _every_answer(bench, forger):
            demand(_is_logged_out(answer), f"{what}: {_told(answer)}")


@case(107, "an expired session is told that it is logged out, on reads and orders alike")
async def _expired(bench: Bench) -> None:
    expired = bench.callers.expired
    if expired is None:
        raise Untried("it needs an expired session")
    for answer in await _every_answer(bench, expired):
        demand(_is_logged_out(answer), _told(answer))


@case(901, "an account under a risk challenge is told so by code and headers, whatever it asks")
async def _challenged(bench: Bench) -> None:
    challenged = bench.callers.challenged
    if challenged is None:
        raise Untried("it needs a session under a risk challenge")
    for answer in await _every_answer(bench, challenged):
        demand(answer.envelope.get("code") == _CHALLENGE, _told(answer))
        demand(bool(answer.headers.get("risk_challenge_biz_no")), "no risk_challenge_biz_no")
        enabled = answer.headers.get("risk_challenge_enable_flow")
        demand(enabled == "true", f"risk_challenge_enable_flow was {enabled!r}")


@case(1001, "too many requests are answered with 429 and the seconds to wait, and then no more")
async def _too_many(bench: Bench) -> None:
    path = f"{PUBLIC}/get-from-asset"
    refused: list[str] = []

    async def ask() -> None:
        status, headers = await bench.public.status(path)
        if status == 429:
            refused.append(headers.get("retry-after", ""))

    async with open_parts() as nursery:
        for _ in range(BURST):
            nursery.start_soon(ask)
    if not refused:
        raise Untried(f"{BURST} requests at once were not too many")
    whole = [text.isascii() and text.isdigit() and int(text) > 0 for text in refused]
    demand(all(whole), f"Retry-After was {sorted(set(refused))}")
    seconds = max(map(int, refused))
    if seconds > _WAIT_SECONDS_MAX:
        raise Untried(f"the pause of {seconds} s is longer than a case waits")
    await trio.sleep(seconds)
    status, _ = await bench.public.status(path)
    demand(status == 200, f"HTTP {status} after the {seconds} s that were to be waited")


async def _every_answer(bench: Bench, caller: Caller) -> list[Answer]:
    """Return what this caller is told when it reads, trades and asks for a listen key."""
    price = await bench.price(50)
    quantity = bench.quantity(price)
    answers = [await caller.get(path) for path in _PRIVATE_READS]
    answers.append(await caller.post(_PLACE, bench.buy(price, quantity)))
    answers.append(await caller.post(_PLACE_PAIR, bench.pair(price, quantity, price)))
    answers.append(await caller.post(f"{DEFI}/get-listen-key", {}))
    for answer in answers:
        answer.refused()
    return answers


def _is_logged_out(answer: Answer) -> bool:
    return answer.status in (401, 403) or answer.envelope.get("code") == _LOGGED_OUT


def _told(answer: Answer) -> str:
    return f"HTTP {answer.status} {answer.envelope!r:.120}"
