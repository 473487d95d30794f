"""The executionReport of the order stream, to the letter of the recorded frames."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from alphabot.simulator.amounts import ZERO, average_price, fixed, plain
from alphabot.simulator.orders import Fill, Order, OrderState
from alphabot.simulator.tokens import QUOTE_ASSET

__all__ = ["Push", "execution_report"]

_QUANTITY_PLACES = 8
_QUOTE_PLACES = 8
_AVERAGE_PLACES = 9


@dataclass(frozen=True, slots=True)
class Push:
    """One event for one user's order stream, due to be sent at ``due_ms``."""

    due_ms: int
    user_id: int
    data: dict[str, Any]
    raw: str | bytes | None = None
    """What is sent in place of a frame with ``data``: of an exchange that misbehaves."""


def execution_report(
    order: Order, kind: str, fill: Fill | None, *, event_id: int, sent_ms: int
) -> dict[str, Any]:
    """Return the ``data`` of a frame about the order's present state (protocol: executionReport).

    ``kind`` is x: NEW, TRADE, CANCELED or EXPIRED. The keys n and N are there only with a fill,
    il, ct and cp only with a pair.
    """
    state = order.state
    data: dict[str, Any] = {
        "s": order.token.pair,
        "c": order.client_order_id,
        "S": str(order.side),
        "o": "LIMIT",
        "f": "GTC",
        "q": _quantity(state.quantity),
        "p": fixed(order.price, order.token.price_precision),
        "ap": _average(state),
        "P": "0",
        "x": kind,
        "X": str(state.status),
        "i": str(order.order_id),
        "l": "0",
        "z": _executed(state.executed, fill),
        "L": "0",
    }
    data |= _of_fill(order, fill)
    data |= {
        "m": fill.buyer_is_maker if fill else False,
        "ot": "LIMIT",
        "st": 1,
        "O": order.created_ms,
        "Z": _quote(state.quote),
        "Y": _quote(fill.quote if fill else ZERO),
        "Q": "0",
        "ba": order.token.alpha_id,
        "qa": QUOTE_ASSET,
        "id": event_id,
    }
    data |= _of_pair(order)
    data |= {"e": "executionReport", "T": state.at_ms, "u": state.at_ms, "E": sent_ms}
    return data


def _of_fill(order: Order, fill: Fill | None) -> dict[str, Any]:
    if fill is None:
        return {"t": "0"}
    return {
        "l": _executed(fill.quantity, fill),
        "L": fixed(fill.price, order.token.price_precision),
        "n": fixed(fill.fee, _QUOTE_PLACES),
        "N": fill.fee_asset,
        "t": str(fill.trade_id),
    }


def _of_pair(order: Order) -> dict[str, Any]:
    if order.pair is None:
        return {}
    return {"il": str(order.pair.list_id), "ct": "OTO", "cp": str(order.pair.leg)}


def _quantity(quantity: Decimal) -> str:
    return fixed(quantity, _QUANTITY_PLACES) if quantity else "0"


def _executed(quantity: Decimal, fill: Fill | None) -> str:
    # A fill that ends the order was seen with eight places, one that does not without ("200").
    if fill is not None and not fill.completes:
        return plain(quantity)
    return _quantity(quantity)


def _quote(quote: Decimal) -> str:
    return fixed(quote, _QUOTE_PLACES) if quote else "0"


def _average(state: OrderState) -> str:
    # Cut, not rounded: 197.30724223 / 869.56 was sent as 0.226904689.
    if not state.executed:
        return "0"
    return fixed(average_price(state.quote, state.executed), _AVERAGE_PLACES)
