"""Whether an order may stand: the exchange's checks, in the order in which it makes them."""

from __future__ import annotations

from decimal import Decimal

from alphabot.simulator.amounts import floor_money, is_on_grid
from alphabot.simulator.book import Side
from alphabot.simulator.refusals import Refusal
from alphabot.simulator.requests import PairRequest, PlaceRequest
from alphabot.simulator.tokens import QUOTE_ASSET, Token

__all__ = ["judge_order", "judge_pair", "tradable_token"]


def tradable_token(tokens: dict[str, Token], request: PlaceRequest) -> Token:
    """Return the token an order names; raises Refusal if it is unknown or does not trade."""
    token = tokens.get(request.base_asset)
    if token is None or not token.tradable or request.quote_asset != QUOTE_ASSET:
        raise Refusal.not_tradable()
    return token


def judge_order(token: Token, request: PlaceRequest, *, free: Decimal, open_orders: int) -> None:
    """Raise Refusal unless a plain order may stand; ``free`` is what its wallet can pay."""
    _judge(token, request, free=free, open_orders=open_orders, oto=False)


def judge_pair(token: Token, request: PairRequest, *, free: Decimal, open_orders: int) -> None:
    """Raise Refusal unless a pair may stand.

    The pending price need only be on the grid: 0.0001 against a market of 0.227 was accepted
    with a notional under the minimum (protocol: OTO order).
    """
    _judge_price(token, request.pending_price)
    _judge(token, request.working, free=free, open_orders=open_orders, oto=True)


def _judge(
    token: Token, request: PlaceRequest, *, free: Decimal, open_orders: int, oto: bool
) -> None:
    _judge_price(token, request.price)
    _judge_quantity(token, request.quantity)
    worth = floor_money(request.price, request.quantity)
    due = worth if request.side is Side.BUY else request.quantity
    if request.amount != due:
        raise Refusal.amount_mismatch(oto=oto)
    if worth < token.notional_min:
        raise Refusal.under_notional(token.notional_min)
    if worth > token.notional_max:
        raise Refusal.over_notional(token.notional_max)
    if open_orders >= token.open_orders_max:
        raise Refusal.too_many_orders()
    if due > free:
        raise Refusal.balance_too_small()


def _judge_price(token: Token, price: Decimal) -> None:
    if not token.tick <= price <= token.price_max or not is_on_grid(price, token.tick):
        raise Refusal.off_tick()


def _judge_quantity(token: Token, quantity: Decimal) -> None:
    if quantity > token.quantity_max:
        raise Refusal.over_quantity(token.quantity_max)
    if quantity < token.step:
        raise Refusal.off_tick()
    if not is_on_grid(quantity, token.step):
        raise Refusal.off_step()
