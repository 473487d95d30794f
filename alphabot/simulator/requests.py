"""Reading what a client asks for: exact numbers in either form, and nothing guessed.

The web page sends prices and quantities as JSON numbers, the phone as strings (protocol: numbers,
orders). Both become Decimals from their digits; a float never stands between.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from alphabot.simulator.book import Side
from alphabot.simulator.refusals import Refusal

__all__ = ["PairRequest", "PlaceRequest", "read_json", "read_order_id", "read_pair", "read_plain"]

_NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,2})?", re.ASCII)
_WALLETS = {Side.BUY: "CARD", Side.SELL: "ALPHA"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceRequest:
    """One limit order as asked for; ``amount`` is what the wallet of its side pays."""

    base_asset: str
    quote_asset: str
    side: Side
    price: Decimal
    quantity: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRequest:
    """An OTO as asked for: the working order, and the limit of the sale that follows it."""

    working: PlaceRequest
    pending_price: Decimal


def read_json(body: bytes) -> dict[str, Any]:
    """Return the object in a request's body; raises Refusal for anything else."""
    try:
        # Digits stay digits until _number has seen them.
        value = json.loads(body or b"{}", parse_float=_Digits, parse_int=_Digits)
    except (ValueError, RecursionError) as error:
        raise Refusal.unreadable("body") from error
    if not isinstance(value, dict):
        raise Refusal.unreadable("body")
    return value


def read_plain(fields: dict[str, Any]) -> PlaceRequest:
    """Return a plain order; ``orderType`` was absent in 2025 and may be. Raises Refusal."""
    _limit_only(fields, "orderType")
    try:
        side = Side(_text(fields, "side"))
    except ValueError as error:
        raise Refusal.unreadable("side") from error
    return _order(fields, side, "price", "quantity")


def read_pair(fields: dict[str, Any]) -> PairRequest:
    """Return an OTO; ``pendingType`` was absent in 2025 and may be. Raises Refusal.

    Only a BUY works first: nothing else was ever seen (protocol: never observed, 7).
    """
    _limit_only(fields, "pendingType")
    if _text(fields, "workingSide") != Side.BUY:
        raise Refusal.unreadable("workingSide")
    return PairRequest(
        working=_order(fields, Side.BUY, "workingPrice", "workingQuantity"),
        pending_price=_number(fields, "pendingPrice"),
    )


def read_order_id(fields: dict[str, Any]) -> int:
    """Return the order id of a cancel, which is sent as a string or a number. Raises Refusal."""
    value = fields.get("orderId")
    text = value.text if isinstance(value, _Digits) else value
    if not isinstance(text, str) or not re.fullmatch(r"[0-9]{1,18}", text, re.ASCII):
        raise Refusal.unreadable("orderId")
    return int(text)


class _Digits:
    """A JSON number, still as it was written."""

    def __init__(self, text: str) -> None:
        self.text = text


def _order(fields: dict[str, Any], side: Side, price: str, quantity: str) -> PlaceRequest:
    details = fields.get("paymentDetails")
    if not isinstance(details, list) or len(details) != 1 or not isinstance(details[0], dict):
        raise Refusal.unreadable("paymentDetails")
    if details[0].get("paymentWalletType") != _WALLETS[side]:
        raise Refusal.unreadable("paymentWalletType")
    return PlaceRequest(
        base_asset=_text(fields, "baseAsset"),
        quote_asset=_text(fields, "quoteAsset"),
        side=side,
        price=_number(fields, price),
        quantity=_number(fields, quantity),
        amount=_number(details[0], "amount"),
    )


def _limit_only(fields: dict[str, Any], name: str) -> None:
    if fields.get(name, "LIMIT") != "LIMIT":
        raise Refusal.unreadable(name)


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise Refusal.unreadable(name)
    return value


def _number(fields: dict[str, Any], name: str) -> Decimal:
    value = fields.get(name)
    text = value.text if isinstance(value, _Digits) else value
    if not isinstance(text, str) or not _NUMBER.fullmatch(text):
        raise Refusal.unreadable(name)
    return Decimal(text)
