"""Private calls over REST: what each path does for the user who calls it.

Paths and shapes are those of the protocol: orders, account, listen key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from alphabot.simulator.account_rows import (
    alpha_wallet,
    order_row,
    trade_rows,
    wallet_assets,
    wallet_list,
)
from alphabot.simulator.front_office import FrontOffice
from alphabot.simulator.orders import Order, OrderState
from alphabot.simulator.points import user_score, user_volume
from alphabot.simulator.refusals import Refusal
from alphabot.simulator.requests import read_json
from alphabot.simulator.rest_public import whole_number

__all__ = ["PRIVATE_CALLS", "Answer", "Call", "PrivateCall"]

_ROWS = 50
_ROWS_MAX = 500
_DONE = "FILLED,PARTIALLY_FILLED,EXPIRED,CANCELED,REJECTED"


@dataclass(frozen=True, slots=True)
class Call:
    """Who asks what."""

    model: FrontOffice
    user_id: int
    query: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What the envelope carries; ``extra`` goes beside ``data``, ``terse`` leaves nulls out."""

    data: Any
    extra: Mapping[str, Any] | None = None
    terse: bool = False
    reply_at_ms: int = 0


PrivateCall = Callable[[Call], Answer]


def _place(call: Call) -> Answer:
    placement = call.model.place(call.user_id, call.body)
    return Answer(str(placement.orders[0].order_id), reply_at_ms=placement.reply_at_ms)


def _place_pair(call: Call) -> Answer:
    placement = call.model.place_pair(call.user_id, call.body)
    working, pending = placement.orders
    data = {"workingOrderId": working.order_id, "pendingOrderId": pending.order_id}
    return Answer(data, reply_at_ms=placement.reply_at_ms)


def _cancel(call: Call) -> Answer:
    call.model.cancel(call.user_id, call.body)
    return Answer(None)


def _cancel_legacy(call: Call) -> Answer:
    placement = call.model.cancel(call.user_id, call.body)
    order = placement.orders[0]
    return Answer({"orderId": str(order.order_id), "status": str(order.state.status)}, terse=True)


def _cancel_all(call: Call) -> Answer:
    call.model.cancel_all(call.user_id)
    return Answer(None)


def _open_orders(call: Call) -> Answer:
    """Open orders newest first, a pending leg that waits for its working one among them."""
    side = call.query.get("side", "")
    rows = [
        order_row(order, state)
        for order, state in _seen(call)
        if not state.status.is_final and side in ("", order.side)
    ]
    return Answer(rows)


def _history(call: Call) -> Answer:
    """Ended orders newest first; an open one is not there even if it was partly filled."""
    query = call.query
    statuses = set((query.get("orderStatus") or _DONE).split(","))
    start_ms, end_ms = whole_number(query, "startTime", 0), whole_number(query, "endTime", 0)
    found = [
        (order, state)
        for order, state in _seen(call)
        if state.status.is_final
        and state.status in statuses
        and order.created_ms >= start_ms
        and (not end_ms or order.created_ms <= end_ms)
        and query.get("baseAsset") in (None, "", order.token.alpha_id)
        and query.get("side") in (None, "", order.side)
    ]
    rows = max(1, min(whole_number(query, "rows", _ROWS), _ROWS_MAX))
    first = (max(1, whole_number(query, "page", 1)) - 1) * rows
    page = [order_row(order, state) for order, state in found[first : first + rows]]
    return Answer(page, extra={"total": len(found)})


def _user_trades(call: Call) -> Answer:
    order = call.model.desk.orders.get(whole_number(call.query, "orderId", 0))
    if order is None or order.user_id != call.user_id:
        return Answer([])
    state = call.model.seen_state(order)
    if state is None or call.query.get("symbol", order.token.pair) != order.token.pair:
        return Answer([])
    return Answer(trade_rows(order, state))


def _listen_key(call: Call) -> Answer:
    return Answer(call.model.listen_keys.issue(call.user_id, call.model.now_ms))


def _alpha_wallet(call: Call) -> Answer:
    account = call.model.desk.account(call.user_id)
    return Answer(alpha_wallet(account, call.model.tokens, _prices(call)))


def _wallet_assets(call: Call) -> Answer:
    wallets = read_json(call.body).get("includeWallets")
    if not isinstance(wallets, list):
        raise Refusal.unreadable("includeWallets")
    names = {name for name in wallets if isinstance(name, str)}
    return Answer(wallet_assets(call.model.desk.account(call.user_id), names))


def _wallet_list(call: Call) -> Answer:
    account = call.model.desk.account(call.user_id)
    return Answer(wallet_list(account, call.model.tokens, _prices(call)))


def _user_volume(call: Call) -> Answer:
    orders = call.model.desk.orders_of[call.user_id]
    return Answer(user_volume(call.model.settings, orders, call.model.now_ms))


def _user_score(call: Call) -> Answer:
    account = call.model.desk.account(call.user_id)
    prices = _prices(call)
    tokens = (balance.total * prices[alpha_id] for alpha_id, balance in account.alpha.items())
    balance_usdt = account.funding.total + account.earn.total + sum(tokens, Decimal(0))
    orders = call.model.desk.orders_of[call.user_id]
    return Answer(user_score(orders, balance_usdt, call.model.now_ms))


def _seen(call: Call) -> list[tuple[Order, OrderState]]:
    """The caller's orders as the lists show them now, newest first."""
    seen = []
    for order in reversed(call.model.desk.orders_of[call.user_id]):
        state = call.model.seen_state(order)
        if state is not None:
            seen.append((order, state))
    return seen


def _prices(call: Call) -> dict[str, Decimal]:
    held = call.model.desk.account(call.user_id).alpha
    return {alpha_id: call.model.last_price(alpha_id) for alpha_id in held}


_DEFI = "/bapi/defi/v1/private/alpha-trade"
_ASSET = "/bapi/asset/v1/private/alpha-trade"
_WALLET = "/bapi/defi/v1/private/wallet-direct"
_ASSETS = "/bapi/asset"
PRIVATE_CALLS: dict[tuple[str, str], PrivateCall] = {
    ("POST", f"{_ASSET}/oto-order/place"): _place_pair,
    ("POST", f"{_DEFI}/oto-order/place"): _place_pair,
    ("POST", f"{_ASSET}/order/place"): _place,
    ("POST", f"{_DEFI}/order/place"): _place,
    ("POST", f"{_DEFI}/order/cancel"): _cancel,
    ("POST", f"{_ASSET}/order/cancel"): _cancel_legacy,
    ("POST", f"{_DEFI}/order/cancel-all"): _cancel_all,
    ("GET", f"{_DEFI}/order/get-open-order"): _open_orders,
    ("GET", f"{_DEFI}/order/get-order-history-merge"): _history,
    ("GET", f"{_DEFI}/order/get-order-history-web"): _history,
    ("GET", f"{_DEFI}/order/get-user-trades"): _user_trades,
    ("POST", f"{_DEFI}/get-listen-key"): _listen_key,
    ("GET", f"{_WALLET}/cloud-wallet/alpha"): _alpha_wallet,
    ("POST", f"{_ASSETS}/v3/private/asset-service/asset/get-wallet-asset"): _wallet_assets,
    ("GET", f"{_ASSETS}/v2/private/asset-service/wallet/asset"): _wallet_list,
    ("GET", f"{_WALLET}/buw/wallet/today/user-volume"): _user_volume,
    ("GET", f"{_WALLET}/buw/tge/common/user-score"): _user_score,
}
