"""Values to test with: each function returns a plain example, changed where the test says so."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from alphabot.core.progress import UserState
from alphabot.core.records import (
    Intended,
    Leg,
    PlacedRecord,
    Record,
    Settled,
)
from alphabot.core.values import (
    AlphaId,
    FeeRate,
    Grid,
    Instrument,
    IntentId,
    OrderId,
    OrderListId,
    OrderReport,
    OrderStatus,
    Quote,
    Side,
    StrategyId,
    Symbol,
    Token,
)
from alphabot.exchange.wire.stream import Event, order_event, read_frame

SAMPLES = Path(__file__).parent.parent / "wire" / "samples"

KOGE = AlphaId("ALPHA_22")
KOGE_USDT = Symbol("ALPHA_22USDT")
STRATEGY = StrategyId("koge")
BUY_ID = OrderId("10000001")
SELL_ID = OrderId("10000002")
NOON_MS = 1_800_014_400_000
"""2027-01-15, 12:00 UTC."""

ZERO = Decimal(0)


def token(alpha_id: str = KOGE, name: str = "KOGE", **changes: Any) -> Token:
    """Return a token of BSC."""
    plain = Token(
        alpha_id=AlphaId(alpha_id),
        name=name,
        chain_id="56",
        chain_name="BSC",
        mul_point=1,
        tradable=True,
    )
    return replace(plain, **changes)


def instrument(
    *,
    tick: str = "0.00000001",
    step: str = "0.0001",
    fee: str = "0",
    base_precision: int = 8,
    trading: bool = True,
    **grid: str,
) -> Instrument:
    """Return an instrument with the limits of the real ones, and without fees."""
    filters = {
        "min_quantity": step,
        "max_quantity": "100000000",
        "min_notional_usdt": "0.1",
        "max_notional_usdt": "1000000",
    } | grid
    return Instrument(
        token=token(),
        symbol=KOGE_USDT,
        grid=Grid(
            tick_size=Decimal(tick),
            step_size=Decimal(step),
            base_precision=base_precision,
            **{name: Decimal(number) for name, number in filters.items()},
        ),
        fees=FeeRate(buyer=Decimal(fee), seller=Decimal(fee)),
        trading=trading,
    )


def quote(last: str = "100", bid: str | None = None, ask: str | None = None) -> Quote:
    """Return a fresh quote; bid and ask are at the last price unless said otherwise."""
    return Quote(
        last=Decimal(last),
        bid=Decimal(bid or last),
        ask=Decimal(ask or last),
        source="test",
        age_seconds=0.0,
    )


def pair(intent_id: str = "1-1", **changes: Any) -> Intended:
    """Return the intent of a pair: 30 USDT of KOGE at 0.0022, to be sold at 0.00198."""
    fields: dict[str, Any] = {
        "at_ms": NOON_MS,
        "intent_id": IntentId(intent_id),
        "strategy_id": STRATEGY,
        "alpha_id": KOGE,
        "symbol": KOGE_USDT,
        "quantity": Decimal("13636.36"),
        "buy_price": Decimal("0.0022"),
        "sell_price": Decimal("0.00198"),
        "amount_usdt": Decimal("29.99999200"),
        "round_amount_usdt": Decimal(30),
    }
    return Intended(**(fields | changes))


def sale(intent_id: str = "1-1", **changes: Any) -> Intended:
    """Return the intent of a plain SELL."""
    nothing = {"buy_price": None, "amount_usdt": None, "round_amount_usdt": None}
    return pair(intent_id, **(nothing | changes))


def placed(intent_id: str = "1-1", *, pair: bool = True, how: str = "reply") -> PlacedRecord:
    """Return the exchange's yes to a pair or a sale."""
    return PlacedRecord(
        at_ms=NOON_MS,
        intent_id=IntentId(intent_id),
        working_order_id=BUY_ID if pair else None,
        sell_order_id=SELL_ID,
        how=how,
    )


def settled(
    leg: Leg,
    executed: str,
    quote_usdt: str,
    *,
    intent_id: str = "1-1",
    status: OrderStatus = OrderStatus.FILLED,
    at_ms: int = NOON_MS,
    fee_base: str = "0",
    fee_quote_usdt: str = "0",
    credited: str = "0",
    filled_at_ms: int | None = None,
) -> Settled:
    """Return the end of a leg with its figures."""
    return Settled(
        at_ms=at_ms,
        intent_id=IntentId(intent_id),
        leg=leg,
        order_id=BUY_ID if leg is Leg.WORKING else SELL_ID,
        status=status,
        executed=Decimal(executed),
        quote_usdt=Decimal(quote_usdt),
        fee_base=Decimal(fee_base),
        fee_quote_usdt=Decimal(fee_quote_usdt),
        credited=Decimal(credited),
        filled_at_ms=filled_at_ms,
    )


def fold(records: Iterable[Record]) -> UserState:
    """Return what a journal means."""
    state = UserState()
    for record in records:
        state.apply(record)
    return state


def report(
    order_id: OrderId = BUY_ID,
    status: OrderStatus = OrderStatus.NEW,
    executed: str = "0",
    *,
    side: Side | None = None,
    quantity: str = "13636.36",
    price: str = "0.0022",
    **changes: Any,
) -> OrderReport:
    """Return what the exchange says of one leg of the example pair."""
    plain = OrderReport(
        order_id=order_id,
        symbol=KOGE_USDT,
        side=side or (Side.BUY if order_id == BUY_ID else Side.SELL),
        status=status,
        price=Decimal(price),
        quantity=Decimal(quantity),
        executed=Decimal(executed),
        quote_usdt=ZERO,
        source="history",
        order_list_id=OrderListId("9000001"),
        created_at_ms=NOON_MS,
    )
    return replace(plain, **changes)


def captured_updates() -> list[OrderReport]:
    """Return the six updates of the one OTO that was recorded, in the order they came."""
    path = SAMPLES / "ws_execution_report_oto_sequence.frames.json"
    updates = []
    for frame in json.loads(path.read_text("utf-8"))["body"]:
        event = read_frame(json.dumps(frame))
        assert isinstance(event, Event)
        update = order_event(event)
        assert isinstance(update, OrderReport)
        updates.append(update)
    return updates
