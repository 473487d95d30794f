"""How the exchange says no: every error envelope it sends (protocol: errors).

Codes from 481900 on are our own, for refusals whose real code was never recorded. A client must
not rely on them: on any of these it should ask the history what is true.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from alphabot.simulator.amounts import plain

__all__ = ["NOT_CANCELLABLE_CODE", "Refusal"]

NOT_CANCELLABLE_CODE = "481900"
_NOT_TRADABLE_CODE = "481901"
_TOO_MANY_ORDERS_CODE = "481902"
_OVER_NOTIONAL_CODE = "481903"

_EMPTY_DETAIL = {
    "title": None,
    "type": None,
    "icon": None,
    "action": None,
    "linkTitle": None,
    "linkUrl": None,
}


class Refusal(Exception):
    """The exchange will not do what was asked; carries the reply that says so."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        detailed: bool = True,
        bare: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{code} {message}")
        self.code = code
        self.message = message
        self.detailed = detailed
        self.bare = bare
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        """Return the envelope: 481xxx errors carry an object of nulls, a lost login no data."""
        if self.bare:
            return {"code": self.code, "message": self.message, "success": False}
        return {
            "code": self.code,
            "message": self.message,
            "messageDetail": dict(_EMPTY_DETAIL) if self.detailed else None,
            "data": None,
            "success": False,
        }

    @classmethod
    def login_expired(cls) -> Refusal:
        """Cookie or token missing, unknown, unequal or expired."""
        return cls("100002001", "登录状态已经失效，请重新登录！", bare=True)

    @classmethod
    def risk_challenge(cls, biz_no: str) -> Refusal:
        """The account must pass a check of the exchange first."""
        return cls(
            "100001003",
            "补充认证失败，您必须完成此认证才能进入下一步",
            headers={"risk_challenge_biz_no": biz_no, "risk_challenge_enable_flow": "true"},
        )

    @classmethod
    def unreadable(cls, what: str) -> Refusal:
        """A field is missing or cannot be read."""
        return cls("481001", f"Illegal parameter: {what}.")

    @classmethod
    def amount_mismatch(cls, *, oto: bool) -> Refusal:
        """The paid amount is not exactly ``floor(price * quantity, 8)``."""
        product = "workingPrice*workingQuantity" if oto else "price*quantity"
        message = f"{product} must be the same as sum(paymentDetail.amount)"
        return cls("000002", message, detailed=False)

    @classmethod
    def off_tick(cls) -> Refusal:
        """A price is off the tick or outside its bounds, or a quantity under its minimum."""
        return cls("481002", "Unable to place order due to incorrect price or amount.")

    @classmethod
    def off_step(cls) -> Refusal:
        """A quantity is off the step; the real code of this message was not recorded."""
        return cls(
            "481002",
            "Order amount must be an integer multiple of the minimum amount movement.",
        )

    @classmethod
    def over_quantity(cls, quantity_max: Decimal) -> Refusal:
        """The quantity is above the lot size's maximum."""
        return cls("481011", f"Amount must be less than {plain(quantity_max)}")

    @classmethod
    def under_notional(cls, notional_min: Decimal) -> Refusal:
        """Price times quantity is under the minimum."""
        return cls("481013", f"Total must be greater than {plain(notional_min)}")

    @classmethod
    def over_notional(cls, notional_max: Decimal) -> Refusal:
        """Price times quantity is over the maximum; the code is ours."""
        return cls(_OVER_NOTIONAL_CODE, f"Total must be less than {plain(notional_max)}")

    @classmethod
    def balance_too_small(cls) -> Refusal:
        """The wallet that pays holds too little that is free."""
        return cls("481020", "余额不足，下单失败。")

    @classmethod
    def not_tradable(cls) -> Refusal:
        """The symbol is unknown or does not trade; the code is ours."""
        return cls(_NOT_TRADABLE_CODE, "This token is not available for trading.")

    @classmethod
    def too_many_orders(cls) -> Refusal:
        """MAX_NUM_ORDERS are already open; the code is ours."""
        return cls(_TOO_MANY_ORDERS_CODE, "Too many open orders.")

    @classmethod
    def not_cancellable(cls) -> Refusal:
        """The order has ended, is not activated yet, or is not the caller's; the code is ours."""
        return cls(NOT_CANCELLABLE_CODE, "Unknown order or order already finished.")
