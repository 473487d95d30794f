"""The text of the exchange's WebSockets: what is sent, and what comes back (protocol section 6).

Pure: text in, values out, no I/O. Reading has two steps on purpose. :func:`read_frame` says what
kind of thing a message is; :func:`order_event` and :func:`market_event` read its contents. So
each stream's owner can decide what an unreadable event costs: an order event that cannot be read
may hide a fill, and ends the connection; a price event that cannot be read is only a price that
is not used.

Unknown events are ignored, unknown contents of known events are refused: a new kind of message is
none of our business, a new order status is (safety: unknown input fails closed).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, TypeVar

import msgspec

from alphabot.core.exact import ZERO, Exact
from alphabot.core.values import (
    EventId,
    Fill,
    ListenKey,
    OrderReport,
    Side,
    Symbol,
)
from alphabot.errors import UnexpectedReply
from alphabot.exchange.wire.ids import order_id, order_list_id, order_status
from alphabot.exchange.wire.numbers import Count, Number, Word, not_negative, positive
from alphabot.exchange.wire.strict import shaped, strict_json

__all__ = [
    "FRAME_BYTES_MAX",
    "Ack",
    "AggTrade",
    "BookTicker",
    "Event",
    "KeyExpired",
    "book_stream",
    "market_event",
    "order_event",
    "order_stream",
    "read_event",
    "read_frame",
    "subscribe",
    "trade_stream",
    "unsubscribe",
]

FRAME_BYTES_MAX = 256 * 1024
"""The largest message that is read; the largest one recorded has 1 KB (safety: S18)."""

_ERROR_CHARACTERS_MAX = 200

Shape = TypeVar("Shape")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Ack:
    """The exchange's answer to a request of ours; ``error`` is its text if it refused."""

    request_id: int | str | None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something the exchange pushed: the event's name (``e``) and its data."""

    name: str
    data: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class KeyExpired:
    """A listen key is no longer served; ``listen_key`` is None where the event names none."""

    listen_key: ListenKey | None


@dataclass(frozen=True, slots=True)
class AggTrade(Exact):
    """A trade of anyone; the quantity is in tokens."""

    symbol: Symbol
    price: Decimal
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class BookTicker(Exact):
    """The best prices of a book changed; quantities are in tokens."""

    symbol: Symbol
    bid: Decimal
    bid_quantity: Decimal
    ask: Decimal
    ask_quantity: Decimal


def order_stream(key: ListenKey) -> str:
    """Return the name of the stream on which a listen key's order events come."""
    return f"alpha@{key}"


def book_stream(symbol: Symbol) -> str:
    """Return the name of the stream of a symbol's best prices."""
    return f"{symbol.lower()}@bookTicker"


def trade_stream(symbol: Symbol) -> str:
    """Return the name of the stream of a symbol's trades."""
    return f"{symbol.lower()}@aggTrade"


def subscribe(streams: Sequence[str], request_id: int) -> str:
    """Return the message that asks for streams; its :class:`Ack` carries ``request_id``."""
    return _request("SUBSCRIBE", streams, request_id)


def unsubscribe(streams: Sequence[str], request_id: int) -> str:
    """Return the message that gives streams up; its :class:`Ack` carries ``request_id``."""
    return _request("UNSUBSCRIBE", streams, request_id)


def read_frame(text: str) -> Ack | Event | None:
    """Return what a message is, or None if it is JSON that says nothing to us.

    Raises UnexpectedReply for what is no JSON, is ambiguous JSON, or is larger than
    FRAME_BYTES_MAX.
    """
    raw = text.encode("utf-8", "surrogatepass")
    frame = strict_json(raw, size_max=FRAME_BYTES_MAX)
    if not isinstance(frame, dict):
        return None
    data = frame.get("data") if "stream" in frame else frame
    if isinstance(data, dict) and isinstance(name := data.get("e"), str):
        return Event(name, data)
    if "stream" in frame or "id" not in frame:
        return None
    return shaped(frame, _Ack, _ack, raw)


def order_event(event: Event) -> OrderReport | KeyExpired | None:
    """Return what an event says about an order or the listen key, or None if neither.

    Raises UnexpectedReply for an executionReport with a missing field, an unknown status, side or
    execution type, or a number that is none.
    """
    match event.name:
        case "executionReport":
            return read_event(event, _ExecutionReport, _order_report)
        case "listenKeyExpired":
            return read_event(event, _KeyExpired, _key_expired)
        case _:
            return None


def market_event(event: Event) -> AggTrade | BookTicker | None:
    """Return what an event says about a price, or None if nothing.

    Raises UnexpectedReply for a price or quantity that is not above zero (so may an empty side of
    the book be sent), and for a bid above its own ask.
    """
    match event.name:
        case "aggTrade":
            return read_event(event, _AggTrade, _agg_trade)
        case "bookTicker":
            return read_event(event, _BookTicker, _book_ticker)
        case _:
            return None


class _Ack(msgspec.Struct):
    """Refusals were never seen here; ``error`` and ``msg`` are how the spot streams spell them."""

    id: int | str | None
    error: Any = None
    msg: Any = None


class _KeyExpired(msgspec.Struct):
    key: str | None = msgspec.field(name="listenKey", default=None)


class _AggTrade(msgspec.Struct):
    s: Word
    p: Number
    q: Number


class _BookTicker(msgspec.Struct):
    s: Word
    b: Number
    B: Number
    a: Number
    A: Number


_Happening = Literal["NEW", "PENDING", "PENDING_NEW", "TRADE", "CANCELED", "EXPIRED", "REJECTED"]
"""NEW and TRADE were seen, the others are expected; anything else is refused."""


class _ExecutionReport(msgspec.Struct):
    """The keys that are read, of the table in protocol section 6."""

    event_id: Count = msgspec.field(name="id")
    order_id: str | int = msgspec.field(name="i")
    symbol: Word = msgspec.field(name="s")
    side: Side = msgspec.field(name="S")
    happened: _Happening = msgspec.field(name="x")
    status: str = msgspec.field(name="X")
    price: Number = msgspec.field(name="p")
    quantity: Number = msgspec.field(name="q")
    executed: Number = msgspec.field(name="z")
    quote: Number = msgspec.field(name="Z")
    fill_quantity: Number = msgspec.field(name="l")
    fill_price: Number = msgspec.field(name="L")
    fill_quote: Number = msgspec.field(name="Y")
    created_at_ms: Count = msgspec.field(name="O")
    # Absent unless a fee was taken:
    fee: Number | None = msgspec.field(name="n", default=None)
    fee_asset: Word | None = msgspec.field(name="N", default=None)
    # Absent on plain orders:
    order_list_id: str | int | None = msgspec.field(name="il", default=None)
    # Nothing depends on these being there:
    traded_at_ms: Count | None = msgspec.field(name="T", default=None)
    sent_at_ms: Count | None = msgspec.field(name="E", default=None)


def read_event(event: Event, shape: type[Shape], build: Callable[[Shape], Value]) -> Value:
    """Return ``build`` of an event's data, which must have the shape of ``shape``."""
    try:
        return shaped(event.data, shape, build)
    except UnexpectedReply as refused:
        # The data alone is kept: around it is the stream's name, and in that the listen key.
        raw = json.dumps(event.data, default=str).encode()
        raise UnexpectedReply(f"{event.name}: {refused}", raw) from refused.__cause__


def _request(method: str, streams: Sequence[str], request_id: int) -> str:
    message = {"method": method, "params": list(streams), "id": request_id}
    return json.dumps(message, separators=(",", ":"))


def _ack(found: _Ack) -> Ack:
    refusal = found.error if found.error is not None else found.msg
    return Ack(found.id, None if refusal is None else str(refusal)[:_ERROR_CHARACTERS_MAX])


def _key_expired(found: _KeyExpired) -> KeyExpired:
    return KeyExpired(None if found.key is None else ListenKey(found.key))


def _agg_trade(found: _AggTrade) -> AggTrade:
    return AggTrade(Symbol(found.s), positive(found.p), positive(found.q))


def _book_ticker(found: _BookTicker) -> BookTicker:
    bid, ask = positive(found.b), positive(found.a)
    if bid > ask:
        raise ValueError(f"bid {bid} was above ask {ask}")
    return BookTicker(Symbol(found.s), bid, positive(found.B), ask, positive(found.A))


def _order_report(found: _ExecutionReport) -> OrderReport:
    return OrderReport(
        order_id=order_id(found.order_id),
        symbol=Symbol(found.symbol),
        side=found.side,
        status=order_status(found.status),
        price=not_negative(found.price),
        quantity=not_negative(found.quantity),
        executed=not_negative(found.executed),
        quote_usdt=not_negative(found.quote),
        source="push",
        order_list_id=order_list_id(found.order_list_id),
        fill=_fill(found) if found.happened == "TRADE" else None,
        event_id=EventId(found.event_id),
        created_at_ms=found.created_at_ms,
    )


def _fill(found: _ExecutionReport) -> Fill:
    return Fill(
        key=str(found.event_id),
        price=positive(found.fill_price),
        quantity=positive(found.fill_quantity),
        # Eight places may hold nothing of a grain that was sold for less than that.
        quote_usdt=not_negative(found.fill_quote),
        fee=ZERO if found.fee is None else not_negative(found.fee),
        fee_asset=found.fee_asset or "",
        at_ms=found.traded_at_ms or found.sent_at_ms or None,
    )
