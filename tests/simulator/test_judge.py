"""What the exchange refuses, and with which code (protocol: errors)."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from trio.testing import MockClock

from alphabot.simulator import DEFAULT_TOKENS, ExchangeSettings
from alphabot.simulator.exchange import Exchange
from alphabot.simulator.ledger import RequestKind
from alphabot.simulator.refusals import Refusal
from tests.simulator.samples import differences, sample
from tests.simulator.world import (
    EPOCH_MS,
    PLACE,
    PLACE_PAIR,
    memory_world,
    pair_body,
    plain_body,
)

Change = Callable[[dict[str, Any]], None]


def put(name: str, value: object) -> Change:
    """Return the change that sets a field."""

    def change(body: dict[str, Any]) -> None:
        body[name] = value

    return change


def without(name: str) -> Change:
    """Return the change that leaves a field out."""

    def change(body: dict[str, Any]) -> None:
        del body[name]

    return change


def pay(**values: object) -> Change:
    """Return the change of how the order is paid."""

    def change(body: dict[str, Any]) -> None:
        body["paymentDetails"][0] |= values

    return change


def order(price: str, quantity: str, side: str = "BUY", asset: str = "ALPHA_22") -> Change:
    """Return the change into another order, paid as it must be."""

    def change(body: dict[str, Any]) -> None:
        body |= plain_body(side, Decimal(price), Decimal(quantity), asset)

    return change


def several(*changes: Change) -> Change:
    """Return all changes as one."""

    def change(body: dict[str, Any]) -> None:
        for each in changes:
            each(body)

    return change


REFUSALS: dict[str, tuple[Change, str]] = {
    "no price": (without("price"), "481001"),
    "price null": (put("price", None), "481001"),
    "price true": (put("price", True), "481001"),
    "price text": (put("price", "cheap"), "481001"),
    "price NaN": (put("price", "NaN"), "481001"),
    "price infinite": (put("price", "Infinity"), "481001"),
    "price absurd": (put("price", "1e999999999"), "481001"),
    "price endless": (put("price", "1" * 50), "481001"),
    "no side": (without("side"), "481001"),
    "side unknown": (put("side", "HOLD"), "481001"),
    "market order": (put("orderType", "MARKET"), "481001"),
    "no payment": (put("paymentDetails", []), "481001"),
    "two payments": (put("paymentDetails", [{}, {}]), "481001"),
    "payment no object": (put("paymentDetails", ["10"]), "481001"),
    "wrong wallet": (pay(paymentWalletType="ALPHA"), "481001"),
    "unknown token": (order("0.001", "15000", asset="ALPHA_999"), "481901"),
    "token offline": (order("0.1", "100", asset="ALPHA_5"), "481901"),
    "unknown quote": (put("quoteAsset", "USDC"), "481901"),
    "off tick": (order("0.001000005", "15000"), "481002"),
    "float noise": (put("price", "0.0010000000000000002"), "481002"),
    "price zero": (order("0", "15000"), "481002"),
    "price negative": (order("-0.001", "15000"), "481002"),
    "price over maximum": (order("10000.5", "0.01"), "481002"),
    "off step": (order("0.001", "15000.005"), "481002"),
    "quantity zero": (order("0.001", "0"), "481002"),
    "quantity over maximum": (order("0.00000001", "100000000"), "481011"),
    "amount a unit short": (pay(amount="14.99999999"), "000002"),
    "amount a unit over": (pay(amount="15.00000001"), "000002"),
    "under notional": (order("0.001", "99.99"), "481013"),
    "over notional": (order("1000", "1000.01"), "481903"),
    "more than the wallet holds": (order("1", "10000.01"), "481020"),
    "tokens one does not have": (order("0.001", "15000", side="SELL"), "481020"),
}


def refused_code(model: Exchange, body: object) -> str:
    """Return the code with which a plain order is refused."""
    with pytest.raises(Refusal) as refusal:
        model.place(1, body if isinstance(body, bytes) else json.dumps(body).encode())
    return refusal.value.code


@pytest.mark.parametrize(("change", "code"), REFUSALS.values(), ids=REFUSALS.keys())
def test_order_is_refused_with(change: Change, code: str) -> None:
    model = Exchange(ExchangeSettings(), EPOCH_MS)
    body = plain_body("BUY", Decimal("0.001"), Decimal(15000))
    change(body)
    assert refused_code(model, body) == code
    assert [(each.kind, each.code) for each in model.ledger.requests] == [(RequestKind.PLACE, code)]
    assert not model.desk.orders
    account = model.desk.account(1)
    assert account.funding.free == account.funding.total == 10000


@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b"\xff", b"[" * 5000])
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    assert refused_code(Exchange(ExchangeSettings(), EPOCH_MS), body) == "481001"


def test_a_number_is_read_by_its_digits() -> None:
    """A float would drop the last one and find the price on the tick."""
    body = json.dumps(plain_body("BUY", Decimal("0.001"), Decimal(15000))).encode()
    noisy = body.replace(b'"0.001"', b"0.00100000000000000000001")
    assert noisy != body
    assert refused_code(Exchange(ExchangeSettings(), EPOCH_MS), noisy) == "481002"


def test_too_many_open_orders_are_refused() -> None:
    model = Exchange(ExchangeSettings(funding_usdt=Decimal(10**6)), EPOCH_MS)
    body = json.dumps(plain_body("BUY", Decimal("0.001"), Decimal(15000))).encode()
    for _ in range(DEFAULT_TOKENS[0].open_orders_max):
        model.place(1, body)
    assert refused_code(model, body) == "481902"
    model.place(2, body)


PAIR_REFUSALS: dict[str, tuple[Change, str]] = {
    "pending price off tick": (put("pendingPrice", "0.000000005"), "481002"),
    "pending price missing": (without("pendingPrice"), "481001"),
    "pending market order": (put("pendingType", "MARKET"), "481001"),
    "working sell": (put("workingSide", "SELL"), "481001"),
    "amount a unit short": (pay(amount="14.99999999"), "000002"),
    "working price off tick": (put("workingPrice", "0.001000005"), "481002"),
}


@pytest.mark.parametrize(("change", "code"), PAIR_REFUSALS.values(), ids=PAIR_REFUSALS.keys())
def test_pair_is_refused_with(change: Change, code: str) -> None:
    model = Exchange(ExchangeSettings(), EPOCH_MS)
    body = pair_body(Decimal("0.001"), Decimal(15000), Decimal("0.0009"))
    change(body)
    with pytest.raises(Refusal) as refusal:
        model.place_pair(1, json.dumps(body).encode())
    assert refusal.value.code == code
    assert not model.desk.orders


def test_a_pending_price_far_below_the_market_is_accepted() -> None:
    """0.0001 against 0.227 was, though the leg alone would be under the minimum notional."""
    model = Exchange(ExchangeSettings(), EPOCH_MS)
    body = pair_body(Decimal("0.001"), Decimal(15000), Decimal("0.00000001"))
    assert model.place_pair(1, json.dumps(body).encode()).orders


RECORDED_REQUESTS = [
    "order_place_buy.request",
    "order_place_buy_2025.request",
    "order_place_buy_2025_07.request",
    "order_place_sell.request",
    "oto_place_mobile_2025.request",
    "oto_place_web_2025.request",
    "oto_place_web_2026.request",
]


@pytest.mark.parametrize("name", RECORDED_REQUESTS)
@pytest.mark.parametrize("family", ["asset", "defi"])
async def test_every_recorded_order_is_accepted(
    name: str, family: str, autojump_clock: MockClock
) -> None:
    """As it was sent: numbers or texts, with exponents or without, with a type or without."""
    body = sample(name)
    token = DEFAULT_TOKENS[4] if body["baseAsset"] == "ALPHA_971" else DEFAULT_TOKENS[0]
    body["baseAsset"] = token.alpha_id
    if name == "oto_place_web_2025.request":
        # KOGE had a finer step then.
        body |= {"workingQuantity": Decimal("0.20")}
        body["paymentDetails"][0]["amount"] = "9.60341308"
    path = PLACE_PAIR if "workingSide" in body else PLACE
    async with memory_world() as world:
        wallet = world.exchange.model.desk.account(7).alpha[token.alpha_id]
        wallet.credit(Decimal(10**7))
        raw = json.dumps(body, default=Literal).encode()
        reply = await world.user.post(path.replace("/asset/", f"/{family}/"), raw)
    assert reply.code == "000000"


class Literal(float):
    """A number that is written with the digits it was recorded with."""

    def __init__(self, number: Decimal) -> None:
        self._number = number

    def __repr__(self) -> str:
        return str(self._number)


ENVELOPES = {
    "error_000002_amount_mismatch": ("0.001", "15000", pay(amount="1")),
    "error_481002_price_or_amount": ("0.021797010000000002", "15000", pay()),
    "error_481013_min_notional": ("0.001", "50", pay()),
    "error_481020_insufficient_balance": ("1", "20000", pay()),
}


@pytest.mark.parametrize("name", ENVELOPES)
async def test_refusal_looks_like_the_recorded_one(name: str, autojump_clock: MockClock) -> None:
    price, quantity, change = ENVELOPES[name]
    body = plain_body("BUY", Decimal(price), Decimal(quantity))
    change(body)
    async with memory_world() as world:
        reply = await world.user.post(PLACE, body)
    assert reply.status == 200
    recorded = sample(f"{name}.response")
    assert differences(reply.envelope, recorded) == []
    assert (reply.code, reply.envelope["message"]) == (recorded["code"], recorded["message"])


async def test_a_pair_whose_amount_is_wrong_is_told_so_in_its_own_words(
    autojump_clock: MockClock,
) -> None:
    body = pair_body(Decimal("0.001"), Decimal(15000), Decimal("0.0009"))
    body["paymentDetails"][0]["amount"] = "1"
    async with memory_world() as world:
        reply = await world.user.post(PLACE_PAIR, body)
    assert reply.envelope["message"] == (
        "workingPrice*workingQuantity must be the same as sum(paymentDetail.amount)"
    )
