"""Orders on the wire: what is sent to place and cancel them, and what the exchange says of them.

Protocol section 3. Figures are sent as plain fixed-point strings, which live exchanges accepted
from three kinds of client; ``as_numbers`` sends JSON numbers like the web page, never with an
exponent. ``orderType`` and ``pendingType`` are always sent: pages of 2026 do, those of 2025 did
not need to.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from alphabot.core.exact import plain
from alphabot.core.values import (
    AlphaId,
    Fill,
    OrderId,
    OrderReport,
    OrderStatus,
    PairPlan,
    PlacedPair,
    SalePlan,
    Side,
    Symbol,
)
from alphabot.errors import UnexpectedReply
from alphabot.exchange.wire.envelope import Reply, open_envelope, shaped, unwrap
from alphabot.exchange.wire.ids import order_id, order_list_id, order_status
from alphabot.exchange.wire.numbers import Count, Number, Word, not_negative, positive

__all__ = [
    "cancel_request",
    "cancelled",
    "cancelled_2025",
    "fills",
    "open_orders",
    "order_rows",
    "pair_request",
    "placed_pair",
    "placed_sale",
    "sale_request",
]


def pair_request(plan: PairPlan, *, as_numbers: bool = False) -> bytes:
    """Return the body that places an OTO pair; the exchange derives the SELL's quantity itself."""
    return _encode(
        {
            "baseAsset": plan.alpha_id,
            "quoteAsset": _quote_asset(plan.alpha_id, plan.symbol),
            "workingSide": "BUY",
            "workingPrice": _figure(plan.buy_price, as_numbers),
            "workingQuantity": _figure(plan.quantity, as_numbers),
            # The amount is a string even where the page sends numbers.
            "paymentDetails": [{"amount": plain(plan.amount_usdt), "paymentWalletType": "CARD"}],
            "pendingPrice": _figure(plan.sell_price, as_numbers),
            "pendingType": "LIMIT",
        }
    )


def sale_request(plan: SalePlan, *, as_numbers: bool = False) -> bytes:
    """Return the body that places a plain limit SELL; its amount is the quantity in tokens."""
    quantity = _figure(plan.quantity, as_numbers)
    return _encode(
        {
            "baseAsset": plan.alpha_id,
            "quoteAsset": _quote_asset(plan.alpha_id, plan.symbol),
            "side": "SELL",
            "price": _figure(plan.price, as_numbers),
            "quantity": quantity,
            "paymentDetails": [{"amount": quantity, "paymentWalletType": "ALPHA"}],
            "orderType": "LIMIT",
        }
    )


def cancel_request(order: OrderId, symbol: Symbol) -> bytes:
    """Return the body that asks for an order's cancellation."""
    return _encode({"orderId": order, "symbol": symbol})


def placed_pair(reply: Reply) -> PlacedPair:
    """Return the ids of an accepted pair; raises as :func:`~.envelope.unwrap`."""
    return unwrap(reply, _PairIds, _placed_pair)


def placed_sale(reply: Reply) -> OrderId:
    """Return the id of an accepted plain order; raises as :func:`~.envelope.unwrap`."""
    return unwrap(reply, object, order_id)


def cancelled(reply: Reply) -> None:
    """Check that a cancellation was accepted; how the order ended must be asked for."""
    open_envelope(reply)


def cancelled_2025(reply: Reply) -> tuple[OrderId, OrderStatus]:
    """Return which order the cancellation of 2025 says has ended, and how."""
    return unwrap(
        reply,
        _Cancelled,
        lambda found: (order_id(found.order_id), order_status(found.status)),
    )


def open_orders(reply: Reply) -> tuple[OrderReport, ...]:
    """Return every open order; raises UnexpectedReply when the list says it is not complete."""
    reports, total = order_rows(reply, "open-orders")
    if total is not None and total != len(reports):
        raise UnexpectedReply(f"{total} open orders were announced, were {len(reports)}")
    return reports


def order_rows(reply: Reply, source: str) -> tuple[tuple[OrderReport, ...], int | None]:
    """Return a list of orders, and the ``total`` that came with it.

    Some clients read ``{rows: [...]}`` or ``{list: [...]}`` where a bare list is on record.
    """
    envelope = open_envelope(reply)
    page: dict[str, object] = {"rows": envelope.data, "total": envelope.total}
    if isinstance(envelope.data, dict):
        inner = envelope.data
        page = {"rows": inner.get("rows", inner.get("list")), "total": inner.get("total")}
    return shaped(
        page, _OrderList, lambda found: (_reports(found.rows, source), found.total), reply.body
    )


def fills(reply: Reply, order: OrderId) -> tuple[Fill, ...]:
    """Return an order's fills; raises UnexpectedReply if one is another order's, or twice there."""
    return unwrap(reply, list[_TradeRow], lambda rows: _fills(rows, order))


class _PairIds(msgspec.Struct):
    working: str | int = msgspec.field(name="workingOrderId")
    pending: str | int = msgspec.field(name="pendingOrderId")


class _Cancelled(msgspec.Struct, rename="camel"):
    order_id: str | int
    status: str


class _OrderRow(msgspec.Struct, rename="camel"):
    """The keys that are read, of a row of the history; open orders are expected to be alike."""

    order_id: str | int
    symbol: Word
    status: str
    price: Number
    orig_qty: Number
    executed_qty: Number
    cum_quote: Number
    side: Side
    # Some recorded rows lack these:
    time: Count | None = None
    order_list_id: str | int | None = None


class _TradeRow(msgspec.Struct, rename="camel"):
    """The keys that are read, of a row of the user's trades."""

    order_id: str | int
    page_id: Word | int
    price: Number
    qty: Number
    quote_qty: Number
    commission: Number
    commission_asset: Word
    time: Count | None = None


class _OrderList(msgspec.Struct):
    """Whichever of the forms on record the list came in."""

    rows: list[_OrderRow]
    total: int | None = None


def _placed_pair(ids: _PairIds) -> PlacedPair:
    working, pending = order_id(ids.working), order_id(ids.pending)
    if working == pending:
        raise ValueError(f"two orders were expected, was {working} twice")
    return PlacedPair(working_order_id=working, pending_order_id=pending)


def _reports(rows: Sequence[_OrderRow], source: str) -> tuple[OrderReport, ...]:
    return tuple(
        OrderReport(
            order_id=order_id(row.order_id),
            symbol=Symbol(row.symbol),
            side=row.side,
            status=order_status(row.status),
            price=not_negative(row.price),
            quantity=not_negative(row.orig_qty),
            executed=not_negative(row.executed_qty),
            quote_usdt=not_negative(row.cum_quote),
            source=source,
            order_list_id=order_list_id(row.order_list_id),
            created_at_ms=row.time,
        )
        for row in rows
    )


def _fills(rows: Sequence[_TradeRow], order: OrderId) -> tuple[Fill, ...]:
    if any(order_id(row.order_id) != order for row in rows):
        raise ValueError(f"fills of order {order} alone were expected")
    # Sub-fills of one match share their id and tradeId; the pageId is unique.
    if len({str(row.page_id) for row in rows}) != len(rows):
        raise ValueError("one fill came twice")
    return tuple(
        Fill(
            key=str(row.page_id),
            price=positive(row.price),
            quantity=positive(row.qty),
            quote_usdt=not_negative(row.quote_qty),
            fee=not_negative(row.commission),
            fee_asset=row.commission_asset,
            at_ms=row.time or None,
        )
        for row in rows
    )


def _quote_asset(alpha_id: AlphaId, symbol: Symbol) -> str:
    quote = symbol.removeprefix(alpha_id)
    # ALPHA_22 is the beginning of ALPHA_222USDT too.
    if quote == symbol or not quote.isalpha():
        raise ValueError(f"a symbol of {alpha_id} was expected, was {symbol}")
    return quote


def _figure(value: Decimal, as_number: bool) -> str | msgspec.Raw:
    text = plain(value)
    return msgspec.Raw(text.encode()) if as_number else text


def _encode(body: dict[str, object]) -> bytes:
    return msgspec.json.encode(body)
