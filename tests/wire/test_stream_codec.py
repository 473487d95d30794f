"""The WebSocket codec: every recorded message to exact values, everything else to a typed error."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphabot.core.values import (
    EventId,
    Fill,
    ListenKey,
    OrderId,
    OrderListId,
    OrderReport,
    OrderStatus,
    Side,
    Symbol,
)
from alphabot.errors import UnexpectedReply
from alphabot.exchange.wire.stream import (
    FRAME_BYTES_MAX,
    Ack,
    AggTrade,
    BookTicker,
    Event,
    KeyExpired,
    book_stream,
    market_event,
    order_event,
    order_stream,
    read_frame,
    subscribe,
    trade_stream,
    unsubscribe,
)
from tests.wire.recorded import body

KEY = ListenKey("0" * 32)
REPORT = body("ws_execution_report_oto_pending_filled.frame")

BUY = OrderReport(
    order_id=OrderId("10000001"),
    symbol=Symbol("ALPHA_373USDT"),
    side=Side.BUY,
    status=OrderStatus.NEW,
    price=Decimal("0.23"),
    quantity=Decimal("869.56"),
    executed=Decimal(0),
    quote_usdt=Decimal(0),
    source="push",
    order_list_id=OrderListId("9000001"),
    event_id=EventId(12000000001),
    created_at_ms=1759043608334,
)
SELL = replace(
    BUY,
    order_id=OrderId("10000002"),
    side=Side.SELL,
    status=OrderStatus.PENDING,
    price=Decimal("0.0001"),
    quantity=Decimal(0),
    event_id=EventId(12000000002),
)
SELL_QUANTITY = Decimal("869.47")
SEQUENCE = [
    BUY,
    SELL,
    replace(
        BUY,
        status=OrderStatus.FILLED,
        executed=Decimal("869.56"),
        quote_usdt=Decimal("197.30724223"),
        event_id=EventId(12000003429),
        fill=Fill(
            key="12000003429",
            price=Decimal("0.22690469"),
            quantity=Decimal("869.56"),
            quote_usdt=Decimal("197.30724223"),
            fee=Decimal("0.086956"),
            fee_asset="ALPHA_373",
            at_ms=1759043609181,
        ),
    ),
    replace(SELL, status=OrderStatus.NEW, quantity=SELL_QUANTITY, event_id=EventId(12000003431)),
    replace(
        SELL,
        status=OrderStatus.PARTIALLY_FILLED,
        quantity=SELL_QUANTITY,
        executed=Decimal(200),
        quote_usdt=Decimal("45.380936"),
        event_id=EventId(12000007867),
        fill=Fill(
            key="12000007867",
            price=Decimal("0.22690468"),
            quantity=Decimal(200),
            quote_usdt=Decimal("45.380936"),
            fee=Decimal("0.00453809"),
            fee_asset="USDT",
            at_ms=1759043610496,
        ),
    ),
    replace(
        SELL,
        status=OrderStatus.FILLED,
        quantity=SELL_QUANTITY,
        executed=SELL_QUANTITY,
        quote_usdt=Decimal("197.28681211"),
        event_id=EventId(12000007869),
        fill=Fill(
            key="12000007869",
            price=Decimal("0.22690468"),
            quantity=Decimal("669.47"),
            quote_usdt=Decimal("151.90587611"),
            fee=Decimal("0.01519059"),
            fee_asset="USDT",
            at_ms=1759043610496,
        ),
    ),
]


def event(frame: Any) -> Event:
    """Return the event of a frame that has one."""
    found = read_frame(json.dumps(frame))
    assert isinstance(found, Event)
    return found


def report(**changes: Any) -> Event:
    """Return a recorded fill with some keys changed, or taken away if None."""
    data = {**REPORT["data"], **changes}
    return event({"stream": "s", "data": {k: v for k, v in data.items() if v is not None}})


def test_one_pair_as_it_was_recorded() -> None:
    frames = body("ws_execution_report_oto_sequence.frames")
    assert [order_event(event(frame)) for frame in frames] == SEQUENCE


@pytest.mark.parametrize(
    ("name", "position"),
    [
        ("oto_working_new", 0),
        ("oto_pending_pending", 1),
        ("oto_working_filled", 2),
        ("oto_pending_new", 3),
        ("oto_pending_partially_filled", 4),
        ("oto_pending_filled", 5),
    ],
)
def test_each_of_its_messages_alone(name: str, position: int) -> None:
    frame = body(f"ws_execution_report_{name}.frame")
    assert order_event(event(frame)) == SEQUENCE[position]


def test_a_plain_order_is_in_no_list() -> None:
    frame = body("ws_execution_report_plain_filled.frame")
    assert order_event(event(frame)) == OrderReport(
        order_id=OrderId("10000005"),
        symbol=Symbol("ALPHA_118USDT"),
        side=Side.BUY,
        status=OrderStatus.FILLED,
        price=Decimal("0.12929528"),
        quantity=Decimal("7.73"),
        executed=Decimal("7.73"),
        quote_usdt=Decimal("0.98946319"),
        source="push",
        fill=Fill(
            key="12000000005",
            price=Decimal("0.128003"),
            quantity=Decimal("7.73"),
            quote_usdt=Decimal("0.98946319"),
            fee=Decimal("0.000773"),
            fee_asset="ALPHA_118",
            at_ms=1751959949922,
        ),
        event_id=EventId(12000000005),
        created_at_ms=1751959949045,
    )


@pytest.mark.parametrize(
    ("changes", "at_ms"),
    [
        ({"T": 7, "E": 9}, 7),
        ({"T": None, "E": 9}, 9),
        ({"T": 0, "E": 9}, 9),
        ({"T": None, "E": None}, None),
        ({"T": 0, "E": 0}, None),
    ],
)
def test_a_fill_happened_when_it_says_or_else_when_it_was_sent(
    changes: dict[str, Any], at_ms: int | None
) -> None:
    told = order_event(report(**changes))
    assert isinstance(told, OrderReport)
    assert told.fill is not None
    assert told.fill.at_ms == at_ms


@pytest.mark.parametrize(
    ("name", "statuses"),
    [
        ("pending_expired", ["EXPIRED"]),
        ("working_canceled", ["CANCELED", "CANCELED"]),
        ("working_partial_then_canceled", ["PARTIALLY_FILLED", "CANCELED"]),
        ("working_rejected", ["REJECTED"]),
    ],
)
def test_the_endings_nobody_has_recorded(name: str, statuses: list[str]) -> None:
    frames = body(f"ws_execution_report_INFERRED_{name}.frames")
    reports = [order_event(event(frame)) for frame in frames]
    assert [found.status for found in reports if isinstance(found, OrderReport)] == statuses


def test_a_cancelled_rest_keeps_what_was_filled_and_is_no_fill() -> None:
    frames = body("ws_execution_report_INFERRED_working_partial_then_canceled.frames")
    last = order_event(event(frames[-1]))
    assert isinstance(last, OrderReport)
    assert (last.executed, last.quote_usdt, last.fill) == (Decimal(100), Decimal("22.690469"), None)


def test_ids_become_text_and_the_spot_name_of_pending_is_understood() -> None:
    found = order_event(report(i=10000002, il=9000001, X="PENDING_NEW", x="NEW"))
    assert isinstance(found, OrderReport)
    assert (found.order_id, found.order_list_id) == ("10000002", "9000001")
    assert found.status is OrderStatus.PENDING


def test_a_fill_without_a_fee_is_a_fill() -> None:
    found = order_event(report(n=None, N=None))
    assert isinstance(found, OrderReport)
    assert found.fill is not None
    assert (found.fill.fee, found.fill.fee_asset) == (Decimal(0), "")


@pytest.mark.parametrize(
    "changes",
    [
        {"X": "TRADE_PREVENTION"},
        {"X": None},
        {"x": "REPLACED"},
        {"S": "HOLD"},
        {"i": None},
        {"i": ""},
        {"i": True},
        {"i": "1 or 2"},
        {"id": None},
        {"id": "seven"},
        {"id": True},
        {"s": ""},
        {"s": "a b"},
        {"z": "NaN"},
        {"z": "-1"},
        {"Z": "1e400"},
        {"Z": "Infinity"},
        {"p": "0." + "0" * 41 + "1"},
        {"p": [1]},
        {"l": "0"},
        {"L": "0"},
        {"Y": "-3"},
        {"n": "-0.1"},
        {"N": "a token\n"},
        {"O": "yesterday"},
    ],
    ids=str,
)
def test_an_order_event_that_cannot_be_trusted_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(UnexpectedReply, match="executionReport") as refused:
        order_event(report(**changes))
    assert b"ALPHA_373" in refused.value.raw


def test_what_is_kept_of_a_refused_event_does_not_name_the_listen_key() -> None:
    frame = {**REPORT, "data": {**REPORT["data"], "X": "?"}}
    with pytest.raises(UnexpectedReply) as refused:
        order_event(event(frame))
    assert KEY.encode() not in refused.value.raw


def test_a_key_that_expired() -> None:
    named = {"stream": order_stream(KEY), "data": {"e": "listenKeyExpired", "listenKey": KEY}}
    assert order_event(event(named)) == KeyExpired(KEY)
    assert order_event(event({"e": "listenKeyExpired", "E": 1})) == KeyExpired(None)


def test_the_recorded_acknowledgements() -> None:
    variants = [read_frame(json.dumps(frame)) for frame in body("ws_ack_variants.frame")]
    assert variants == [Ack(2), Ack(1)]


@pytest.mark.parametrize(
    ("frame", "ack"),
    [
        ({"id": "abc", "result": None}, Ack("abc")),
        ({"id": None, "result": None}, Ack(None)),
        ({"id": 3, "result": ["alpha_22usdt@trade"]}, Ack(3)),
        ({"id": 3, "error": {"code": 2, "msg": "no"}}, Ack(3, "{'code': 2, 'msg': 'no'}")),
        ({"id": None, "code": 2, "msg": "Invalid request"}, Ack(None, "Invalid request")),
    ],
)
def test_other_acknowledgements_and_refusals(frame: Any, ack: Ack) -> None:
    assert read_frame(json.dumps(frame)) == ack


def test_recorded_prices() -> None:
    assert market_event(event(body("ws_agg_trade.frame"))) == AggTrade(
        Symbol("ALPHA_373USDT"), Decimal("0.22690468"), Decimal("26959.29")
    )
    assert market_event(event(body("ws_book_ticker.frame"))) == BookTicker(
        Symbol("ALPHA_116USDT"),
        bid=Decimal("8.3"),
        bid_quantity=Decimal("0.910769"),
        ask=Decimal("9.3"),
        ask_quantity=Decimal("2.003532"),
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"b": "0.00000000", "B": "0.00000000"},
        {"a": "-1"},
        {"a": "NaN"},
        {"b": "9.4"},
        {"b": "1e99"},
        {"A": ""},
        {"s": 5},
    ],
    ids=str,
)
def test_a_price_that_is_none_is_refused(changes: dict[str, Any]) -> None:
    frame = body("ws_book_ticker.frame")
    with pytest.raises(UnexpectedReply, match="bookTicker"):
        market_event(event({"stream": "s", "data": {**frame["data"], **changes}}))


@pytest.mark.parametrize("changes", [{"p": "0"}, {"q": "0"}, {"p": None}, {"p": "junk"}], ids=str)
def test_a_trade_at_no_price_is_refused(changes: dict[str, Any]) -> None:
    frame = body("ws_agg_trade.frame")
    with pytest.raises(UnexpectedReply, match="aggTrade"):
        market_event(event({"stream": "s", "data": {**frame["data"], **changes}}))


@pytest.mark.parametrize(
    "name",
    [
        "ws_24hr_mini_ticker",
        "ws_24hr_ticker",
        "ws_fulldepth",
        "ws_kline_came_2025",
        "ws_kline_came_2026",
        "ws_kline_symbol",
        "ws_ticker24",
        "ws_trade",
    ],
)
def test_other_recorded_events_are_none_of_our_business(name: str) -> None:
    found = read_frame(json.dumps(body(f"{name}.frame")))
    assert found is None or (order_event(found), market_event(found)) == (None, None)  # type: ignore[arg-type] # they are events


@pytest.mark.parametrize("text", ["{}", "[]", "1", '"a"', '{"ping": 1}', '{"stream": "s"}'])
def test_unknown_json_is_ignored(text: str) -> None:
    assert read_frame(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not json",
        '{"id": NaN}',
        '{"data": {"e": "x", "X": "NEW", "X": "FILLED"}, "stream": "s"}',
        "[" * 100_000,
        '{"a": 1e200000000}',
        '{"a": "\ud800"}',
        "9" * 5000,
    ],
    ids=lambda text: text[:12],
)
def test_what_is_no_json_or_ambiguous_is_refused(text: str) -> None:
    with pytest.raises(UnexpectedReply):
        read_frame(text)


def test_the_largest_message_is_counted_in_bytes() -> None:
    padding = FRAME_BYTES_MAX - len('{"a":""}')
    assert read_frame('{"a":"' + "x" * padding + '"}') is None
    with pytest.raises(UnexpectedReply, match="bytes"):
        read_frame('{"a":"' + "x" * (padding + 1) + '"}')
    with pytest.raises(UnexpectedReply, match="bytes"):
        read_frame('{"a":"' + "é" * (padding // 2 + 1) + '"}')


def test_what_we_send_is_what_was_recorded() -> None:
    recorded = body("ws_subscribe_private.frame")
    assert json.loads(subscribe([order_stream(KEY)], 2)) == recorded
    assert json.loads(unsubscribe([order_stream(KEY)], 3)) == {
        **recorded,
        "method": "UNSUBSCRIBE",
        "id": 3,
    }
    assert trade_stream(Symbol("ALPHA_971USDT")) in body("ws_subscribe_public.frame")["params"]
    assert book_stream(Symbol("ALPHA_971USDT")) == "alpha_971usdt@bookTicker"


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["NEW", "TRADE", "BUY", "1", "0.5", "-1", "NaN", "1e999"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


def read_all(text: str) -> None:
    """Read a message the whole way; only UnexpectedReply may come of it."""
    try:
        found = read_frame(text)
        if isinstance(found, Event):
            market_event(found)
            order_event(found)
    except UnexpectedReply:
        pass


@given(st.text())
def test_any_text_gives_a_value_or_a_typed_error(text: str) -> None:
    read_all(text)


@given(
    st.sampled_from(["executionReport", "listenKeyExpired", "aggTrade", "bookTicker"]),
    st.dictionaries(st.sampled_from(sorted(REPORT["data"].keys() | set("bBaAq"))), JSON),
)
def test_any_contents_give_a_value_or_a_typed_error(name: str, changes: dict[str, Any]) -> None:
    data = {**REPORT["data"], **body("ws_book_ticker.frame")["data"], **changes, "e": name}
    read_all(json.dumps({"stream": "s", "data": data}))


@given(st.data())
def test_any_byte_of_a_recorded_message_may_change(data: st.DataObject) -> None:
    raw = bytearray(
        json.dumps(data.draw(st.sampled_from([REPORT, body("ws_agg_trade.frame")]))), "utf-8"
    )
    position = data.draw(st.integers(0, len(raw) - 1))
    raw[position : position + 1] = data.draw(st.binary(max_size=3))
    read_all(raw.decode("utf-8", "surrogateescape"))
