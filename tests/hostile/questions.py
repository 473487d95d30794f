"""What the client asks the exchange, and what it needs of each answer.

A question's sound answer is the recorded one. ``needs`` names every value the codec reads, by its
place in the answer's ``data``; so each of them can be spoiled in turn, and anything else must not
matter.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Final

from alphabot.core.values import AlphaId, OrderId, Symbol
from alphabot.exchange.wire import account, market, orders
from alphabot.exchange.wire.envelope import Reply
from alphabot.exchange.wire.history import history_page
from alphabot.exchange.wire.rules import EXCHANGE_INFO_PATH, exchange_info
from alphabot.exchange.wire.steps import Steps, finish
from tests.wire.recorded import body

__all__ = ["QUESTIONS", "Kind", "Place", "Question"]

Place = tuple[str | int, ...]
"""Keys and positions from ``data`` down to a value; ``()`` is ``data`` itself."""

_TRADE = "/bapi/defi/v1/private/alpha-trade"


class Kind(Enum):
    """What a value has to be."""

    ABOVE_ZERO = auto()
    NOT_BELOW_ZERO = auto()
    ID = auto()
    STATUS = auto()
    SIDE = auto()
    WORD = auto()
    FLAG = auto()
    MULTIPLIER = auto()
    PLACES = auto()
    LIST = auto()
    FILTER_NAME = auto()
    COUNT = auto()
    VOLUME = auto()
    """As NOT_BELOW_ZERO, and a JSON fraction as well."""


@dataclass(frozen=True)
class Question:
    """One thing the client asks for: where, what a sound answer is, and what is read of it."""

    name: str
    path: str
    sample: dict[str, Any]
    read: Callable[[Reply], object]
    needs: Mapping[Place, Kind]
    optional: frozenset[Place] = field(default_factory=frozenset)
    """Places that older answers lack, and that have a default."""
    steps: Callable[[Reply], Steps[object]] | None = None
    """How a long list is read, which the client does with a pass of its loop between two steps."""

    @property
    def text(self) -> bytes:
        """The sound answer's body."""
        return json.dumps(self.sample).encode()


_K = Kind
_ROW_NEEDS: Final[dict[str, Kind]] = {
    "orderId": _K.ID,
    "symbol": _K.WORD,
    "status": _K.STATUS,
    "price": _K.NOT_BELOW_ZERO,
    "origQty": _K.NOT_BELOW_ZERO,
    "executedQty": _K.NOT_BELOW_ZERO,
    "cumQuote": _K.NOT_BELOW_ZERO,
    "side": _K.SIDE,
}
_LIST: Final[dict[Place, Kind]] = {(): _K.LIST}


def _open_orders() -> dict[str, Any]:
    """None was recorded but the empty list; its rows are expected to be like the history's."""
    sample = body("order_history_merge.response")
    rows = [row | {"status": "NEW", "executedQty": "0", "cumQuote": "0"} for row in sample["data"]]
    return {**sample, "data": rows, "total": len(rows)}


def _history() -> dict[str, Any]:
    sample = body("order_history_merge.response")
    return {**sample, "total": len(sample["data"])}


def _asked(name: str) -> dict[str, Any]:
    sample = body(f"{name}.response")
    assert isinstance(sample, dict)
    return sample


def _public() -> list[Question]:
    info = ("symbols", 0)
    lot, price = (*info, "filters", 1), (*info, "filters", 0)
    return [
        Question(
            "token list",
            market.ALPHA_LIST_PATH,
            _asked("token_list"),
            lambda reply: finish(market.token_list(reply)).find(AlphaId("ALPHA_175")),
            {
                (): _K.LIST,
                (0, "symbol"): _K.WORD,
                (0, "chainId"): _K.WORD,
                (0, "offline"): _K.FLAG,
                (0, "offsell"): _K.FLAG,
                (0, "mulPoint"): _K.MULTIPLIER,
            },
            frozenset({(0, "mulPoint")}),
            steps=market.token_list,
        ),
        Question(
            "exchange info",
            EXCHANGE_INFO_PATH,
            _asked("exchange_info"),
            lambda reply: finish(exchange_info(reply)).find(Symbol("ALPHA_22USDT")),
            {
                ("symbols",): _K.LIST,
                (*info, "status"): _K.WORD,
                (*info, "baseAssetPrecision"): _K.PLACES,
                (*info, "filters"): _K.LIST,
                (*info, "orderTypes"): _K.LIST,
                (*price, "filterType"): _K.FILTER_NAME,
                (*price, "tickSize"): _K.ABOVE_ZERO,
                (*lot, "stepSize"): _K.ABOVE_ZERO,
                (*lot, "minQty"): _K.ABOVE_ZERO,
                (*lot, "maxQty"): _K.ABOVE_ZERO,
            },
            steps=exchange_info,
        ),
        Question(
            "fees",
            market.FEE_RATE_PATH,
            _asked("fee_rate"),
            market.fee_rate,
            {("buyerCommission",): _K.NOT_BELOW_ZERO, ("sellerCommission",): _K.NOT_BELOW_ZERO},
        ),
        Question(
            "last price",
            market.TICKER_PATH,
            _asked("ticker"),
            lambda reply: market.last_price(reply, Symbol("ALPHA_175USDT")),
            {("symbol",): _K.WORD, ("lastPrice",): _K.ABOVE_ZERO},
        ),
        Question(
            "book",
            market.FULL_DEPTH_PATH,
            _asked("full_depth"),
            lambda reply: market.full_depth(reply, Symbol("ALPHA_971USDT")),
            {
                ("symbol",): _K.WORD,
                ("bids",): _K.LIST,
                ("asks",): _K.LIST,
                ("bids", 0): _K.LIST,
                ("bids", 0, 0): _K.ABOVE_ZERO,
                ("bids", 0, 1): _K.ABOVE_ZERO,
                ("asks", 0, 0): _K.ABOVE_ZERO,
                ("asks", 0, 1): _K.ABOVE_ZERO,
            },
        ),
    ]


def _private() -> list[Question]:
    rows = {(0, key): kind for key, kind in _ROW_NEEDS.items()}
    return [
        Question(
            "pair",
            "/bapi/asset/v1/private/alpha-trade/oto-order/place",
            _asked("oto_place"),
            orders.placed_pair,
            {("workingOrderId",): _K.ID, ("pendingOrderId",): _K.ID},
        ),
        Question(
            "sale",
            "/bapi/asset/v1/private/alpha-trade/order/place",
            _asked("order_place"),
            orders.placed_sale,
            {(): _K.ID},
        ),
        Question("cancel", f"{_TRADE}/order/cancel", _asked("order_cancel"), orders.cancelled, {}),
        Question(
            "open orders",
            f"{_TRADE}/order/get-open-order",
            _open_orders(),
            orders.open_orders,
            _LIST | rows,
        ),
        Question(
            "history",
            f"{_TRADE}/order/get-order-history-merge",
            _history(),
            history_page,
            _LIST | rows,
        ),
        Question(
            "fills",
            f"{_TRADE}/order/get-user-trades",
            _asked("user_trades_buy"),
            lambda reply: orders.fills(reply, OrderId("10000001")),
            {
                (): _K.LIST,
                (0, "orderId"): _K.ID,
                (0, "price"): _K.ABOVE_ZERO,
                (0, "qty"): _K.ABOVE_ZERO,
                (0, "quoteQty"): _K.NOT_BELOW_ZERO,
                (0, "commission"): _K.NOT_BELOW_ZERO,
                (0, "commissionAsset"): _K.WORD,
            },
        ),
        Question(
            "wallets",
            "/bapi/asset/v3/private/asset-service/asset/get-wallet-asset",
            _asked("get_wallet_asset"),
            account.funding,
            {
                (): _K.LIST,
                (0, "funding", "free"): _K.NOT_BELOW_ZERO,
                (0, "funding", "locked"): _K.NOT_BELOW_ZERO,
                (0, "earn", "free"): _K.NOT_BELOW_ZERO,
            },
            frozenset({(0, "funding", "locked")}),
        ),
        Question(
            "token wallet",
            "/bapi/defi/v1/private/wallet-direct/cloud-wallet/alpha",
            _asked("alpha_wallet"),
            account.tokens,
            {
                ("list",): _K.LIST,
                ("list", 0, "tokenId"): _K.ID,
                ("list", 0, "free"): _K.NOT_BELOW_ZERO,
                ("list", 0, "freeze"): _K.NOT_BELOW_ZERO,
            },
            frozenset({("list", 0, "freeze")}),
        ),
        Question(
            "listen key",
            f"{_TRADE}/get-listen-key",
            _asked("listen_key"),
            account.listen_key,
            {(): _K.WORD},
        ),
        Question(
            "volume",
            "/bapi/defi/v1/private/wallet-direct/buw/wallet/today/user-volume",
            _asked("user_volume"),
            account.volume_today,
            {("totalVolume",): _K.VOLUME},
        ),
    ]


QUESTIONS: Final = {question.name: question for question in (*_public(), *_private())}
