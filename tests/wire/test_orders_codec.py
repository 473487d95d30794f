"""Orders on the wire: requests as the exchange was seen to accept them, answers as it gave them."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphabot.core.values import (
    AlphaId,
    OrderId,
    OrderReport,
    OrderStatus,
    PairPlan,
    PlacedPair,
    SalePlan,
    Side,
    Symbol,
)
from alphabot.errors import NotAuthorised, Refused, UnexpectedReply
from alphabot.exchange.wire import orders
from alphabot.exchange.wire.envelope import Reply
from alphabot.exchange.wire.history import PAGES_MAX, ROWS, History, HistoryPage, history_page
from tests.wire.recorded import body, reply, reply_of

SYMBOL = Symbol("ALPHA_971USDT")
ALPHA = AlphaId("ALPHA_971")
PAIR = PairPlan(
    alpha_id=ALPHA,
    symbol=SYMBOL,
    buy_price=Decimal("0.000005619"),
    sell_price=Decimal("0.00000580"),
    quantity=Decimal("1779676.00"),
    amount_usdt=Decimal("9.99999944"),
)


def literal(name: str) -> Any:
    """Return a recorded request with each number as the digits that were sent."""
    path = Path(__file__).parent / "samples" / f"{name}.request.json"
    return json.loads(path.read_text("utf-8"), parse_float=str, parse_int=str)["body"]


def digits(raw: bytes) -> Any:
    return json.loads(raw, parse_float=str, parse_int=str)


def changed(name: str, **members: Any) -> Reply:
    return reply_of(body(f"{name}.response") | members)


def test_a_pair_is_what_the_web_page_sends() -> None:
    raw = orders.pair_request(PAIR, as_numbers=True)
    assert digits(raw) == literal("oto_place_web_2026")
    assert b'"workingPrice":0.000005619,' in raw


def test_by_default_every_figure_is_a_string() -> None:
    assert json.loads(orders.pair_request(PAIR)) == literal("oto_place_web_2026")


def test_a_pair_is_what_the_phone_sends_and_the_pending_type() -> None:
    plan = PairPlan(
        alpha_id=AlphaId("ALPHA_373"),
        symbol=Symbol("ALPHA_373USDT"),
        buy_price=Decimal("0.22983662"),
        sell_price=Decimal("0.0001"),
        quantity=Decimal("435.09"),
        amount_usdt=Decimal("99.99961499"),
    )
    sent = json.loads(orders.pair_request(plan))
    assert sent == body("oto_place_mobile_2025.request") | {"pendingType": "LIMIT"}


@pytest.mark.parametrize("as_numbers", [False, True])
def test_a_sale_is_what_the_web_page_sends(as_numbers: bool) -> None:
    plan = SalePlan(ALPHA, SYMBOL, Decimal("0.000005637"), Decimal("1790972.6"))
    raw = orders.sale_request(plan, as_numbers=as_numbers)
    assert digits(raw) == literal("order_place_sell")
    assert (b'"quantity":1790972.6' in raw) is as_numbers


def test_a_cancellation_is_what_the_web_page_sends() -> None:
    raw = orders.cancel_request(OrderId("10000001"), SYMBOL)
    assert json.loads(raw) == body("order_cancel.request")


decimals = st.decimals(Decimal("1e-12"), Decimal("1e12"), places=12, allow_nan=False)


@given(decimals, decimals, st.booleans())
def test_figures_are_exact_and_have_no_exponent(
    price: Decimal, quantity: Decimal, as_numbers: bool
) -> None:
    raw = orders.sale_request(SalePlan(ALPHA, SYMBOL, price, quantity), as_numbers=as_numbers)
    sent = digits(raw)
    assert (Decimal(sent["price"]), Decimal(sent["quantity"])) == (price, quantity)
    assert sent["paymentDetails"] == [{"amount": sent["quantity"], "paymentWalletType": "ALPHA"}]
    assert not set("eE+") & set(sent["price"] + sent["quantity"])


@pytest.mark.parametrize("symbol", ["ALPHA_9712USDT", "ALPHA_971", "ALPHA_97USDT", "BTCUSDT"])
def test_a_symbol_of_another_token_is_a_bug(symbol: str) -> None:
    with pytest.raises(ValueError, match="ALPHA_971"):
        orders.sale_request(SalePlan(ALPHA, Symbol(symbol), Decimal(1), Decimal(1)))


def test_the_ids_of_a_pair_become_text() -> None:
    placed = orders.placed_pair(reply("oto_place"))
    assert placed == PlacedPair(OrderId("10000001"), OrderId("10000002"))
    as_text = changed("oto_place", data={"workingOrderId": "7", "pendingOrderId": "8"})
    assert orders.placed_pair(as_text) == PlacedPair(OrderId("7"), OrderId("8"))


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        [],
        "10000001",
        {"workingOrderId": 1},
        {"workingOrderId": 1, "pendingOrderId": None},
        {"workingOrderId": 1, "pendingOrderId": 1},
        {"workingOrderId": 0, "pendingOrderId": 1},
        {"workingOrderId": -1, "pendingOrderId": 1},
        {"workingOrderId": True, "pendingOrderId": 1},
        {"workingOrderId": 1.5, "pendingOrderId": 1},
        {"workingOrderId": "", "pendingOrderId": 1},
        {"workingOrderId": "1 ", "pendingOrderId": 2},
        {"workingOrderId": "x1", "pendingOrderId": 2},
        {"workingOrderId": "٣", "pendingOrderId": 2},
        {"workingOrderId": "1" * 33, "pendingOrderId": 2},
    ],
)
def test_a_success_without_two_ids_proves_nothing(data: object) -> None:
    with pytest.raises(UnexpectedReply):
        orders.placed_pair(changed("oto_place", data=data))


def test_the_id_of_a_plain_order_may_be_a_number() -> None:
    assert orders.placed_sale(reply("order_place")) == "10000001"
    assert orders.placed_sale(changed("order_place", data=10000001)) == "10000001"
    unreadable: tuple[object, ...] = (None, "", {}, True, "0")
    for data in unreadable:
        with pytest.raises(UnexpectedReply):
            orders.placed_sale(changed("order_place", data=data))


def test_a_cancellation_accepted_in_both_forms() -> None:
    orders.cancelled(reply("order_cancel"))
    orders.cancelled(reply("order_cancel_legacy_2025"))
    with pytest.raises(NotAuthorised):
        orders.cancelled(reply("error_100002001_login_expired"))


def test_the_cancellation_of_2025_says_how_the_order_ended() -> None:
    said = orders.cancelled_2025(reply("order_cancel_legacy_2025"))
    assert said == (OrderId("10000001"), OrderStatus.CANCELED)
    for data in (
        None,
        {"orderId": "10000001"},
        {"orderId": "1.5", "status": "CANCELED"},
        {"orderId": 1.5, "status": "CANCELED"},
        {"orderId": "10000001", "status": "GONE"},
    ):
        with pytest.raises(UnexpectedReply):
            orders.cancelled_2025(changed("order_cancel_legacy_2025", data=data))


def test_history_rows_become_reports() -> None:
    page = history_page(reply("order_history_merge"))
    assert page.total == 4
    plain, pending, working, cancelled = page.reports
    assert plain == OrderReport(
        order_id=OrderId("10000003"),
        symbol=SYMBOL,
        side=Side.BUY,
        status=OrderStatus.FILLED,
        price=Decimal("0.000005933"),
        quantity=Decimal("1685487.9"),
        executed=Decimal("1685487.9"),
        quote_usdt=Decimal("9.9865158"),
        source="history",
        created_at_ms=1779368143285,
    )
    assert pending.order_list_id == working.order_list_id == "9000001"
    assert (working.side, pending.side) == (Side.BUY, Side.SELL)
    assert cancelled.status is OrderStatus.CANCELED
    assert cancelled.executed == 0
    assert cancelled.order_list_id is None


@pytest.mark.parametrize("wrap", ["rows", "list"])
def test_a_list_may_be_wrapped(wrap: str) -> None:
    rows = body("order_history_merge.response")["data"]
    page = history_page(
        reply_of({"code": "000000", "success": True, "data": {wrap: rows, "total": 4}})
    )
    assert page == history_page(reply("order_history_merge"))


def test_open_orders_are_expected_to_look_like_the_history() -> None:
    assert orders.open_orders(reply("open_orders_empty")) == ()
    row = body("order_history_merge.response")["data"][0]
    for status, state in (
        ("NEW", OrderStatus.NEW),
        ("PENDING", OrderStatus.PENDING),
        ("PENDING_NEW", OrderStatus.PENDING),
    ):
        (found,) = orders.open_orders(changed("open_orders_empty", data=[row | {"status": status}]))
        assert (found.status, found.source) == (state, "open-orders")


def test_an_incomplete_list_of_open_orders_is_no_list() -> None:
    with pytest.raises(UnexpectedReply, match="announced"):
        orders.open_orders(changed("open_orders_empty", total=1))


@pytest.mark.parametrize(
    "change",
    [
        {"status": "SOMETHING_NEW"},
        {"status": None},
        {"side": "HOLD"},
        {"executedQty": "-1"},
        {"executedQty": "NaN"},
        {"cumQuote": "1E+200000000"},
        {"price": "1_0"},
        {"price": None},
        {"price": True},
        {"orderId": None},
        {"orderId": ""},
        {"symbol": "A\nB"},
        {"orderListId": "x"},
        {"time": "soon"},
    ],
)
def test_a_row_that_cannot_be_read_is_not_skipped(change: dict[str, Any]) -> None:
    row = body("order_history_merge.response")["data"][0] | change
    with pytest.raises(UnexpectedReply):
        history_page(changed("order_history_merge", data=[row], total=1))


def test_fills_are_told_apart_by_their_page_id() -> None:
    found = orders.fills(reply("user_trades_sell"), OrderId("10000002"))
    assert [fill.key for fill in found] == ["8000000003", "8000000001"]
    assert sum(fill.quote_usdt for fill in found) == Decimal("10.06347503")
    assert sum(fill.fee for fill in found) == Decimal("0.00100635")
    (bought,) = orders.fills(reply("user_trades_buy"), OrderId("10000001"))
    assert (bought.fee, bought.fee_asset) == (Decimal("5.29"), "ALPHA_971")


@pytest.mark.parametrize("nothing", [{}, {"time": None}, {"time": 0}])
def test_a_fill_says_when_it_happened_where_the_row_does(nothing: dict[str, Any]) -> None:
    found = orders.fills(reply("user_trades_sell"), OrderId("10000002"))
    assert [fill.at_ms for fill in found] == [1779369064032] * 2
    row = body("user_trades_buy.response")["data"][0]
    timeless = {key: value for key, value in row.items() if key != "time"} | nothing
    answer = changed("user_trades_buy", data=[timeless])
    assert [fill.at_ms for fill in orders.fills(answer, OrderId("10000001"))] == [None]


def test_fills_of_another_order_or_twice_are_refused() -> None:
    with pytest.raises(UnexpectedReply, match="10000009"):
        orders.fills(reply("user_trades_sell"), OrderId("10000009"))
    row = body("user_trades_buy.response")["data"][0]
    with pytest.raises(UnexpectedReply, match="twice"):
        orders.fills(changed("user_trades_buy", data=[row, row]), OrderId("10000001"))


def report(number: int, symbol: str = SYMBOL) -> OrderReport:
    zero = Decimal(0)
    return OrderReport(
        OrderId(str(number)),
        Symbol(symbol),
        Side.BUY,
        OrderStatus.FILLED,
        zero,
        zero,
        zero,
        zero,
        "",
    )


def page(numbers: range, total: int | None) -> HistoryPage:
    return HistoryPage(tuple(map(report, numbers)), total)


def new_history() -> History:
    return History(ALPHA, 1779206400000, 1779379199000)


def test_the_history_is_asked_for_as_the_web_page_does() -> None:
    query = new_history().query()
    assert query == {
        "page": "1",
        "rows": "200",
        "orderStatus": "FILLED,PARTIALLY_FILLED,EXPIRED,CANCELED,REJECTED",
        "startTime": "1779206400000",
        "endTime": "1779379199000",
        "kind": "LIMIT",
        "baseAsset": "ALPHA_971",
    }


def test_pages_are_put_together() -> None:
    history = new_history()
    assert not history.add(page(range(1, 201), 250))
    assert history.query()["page"] == "2"
    assert history.add(page(range(201, 251), 250))
    assert len(history.reports()) == 250


def test_a_server_with_smaller_pages_is_followed() -> None:
    history = new_history()
    assert not history.add(page(range(1, 101), 150))
    assert history.add(page(range(101, 151), 150))


def test_without_a_total_an_empty_page_is_the_end() -> None:
    history = new_history()
    assert not history.add(page(range(1, 51), None))
    assert history.add(page(range(0), None))
    assert len(history.reports()) == 50


@pytest.mark.parametrize(
    "second",
    [
        page(range(200, 251), 250),  # one row of the first page again: the pages shifted
        page(range(201, 252), 251),  # an order ended meanwhile
        page(range(201, 250), None),
        page(range(0), 250),
        page(range(201, 252), 250),  # more than announced
    ],
)
def test_pages_that_do_not_fit_are_no_history(second: HistoryPage) -> None:
    history = new_history()
    history.add(page(range(1, 201), 250))
    with pytest.raises(UnexpectedReply):
        history.add(second)


def test_a_history_without_end_is_given_up() -> None:
    history = new_history()
    for number in range(PAGES_MAX - 1):
        assert not history.add(page(range(number * ROWS + 1, (number + 1) * ROWS + 1), None))
    with pytest.raises(UnexpectedReply):
        history.add(page(range(10**6, 10**6 + ROWS), None))


def test_an_empty_history_is_complete() -> None:
    history = new_history()
    assert history.add(page(range(0), 0))
    assert history.reports() == ()


def test_other_tokens_are_left_out() -> None:
    history = new_history()
    rows = (
        report(1),
        report(2, "ALPHA_9711USDT"),
        report(3, "ALPHA_971U"),
        report(4, "ALPHA_97USDT"),
    )
    history.add(HistoryPage(rows, 4))
    assert [row.order_id for row in history.reports()] == ["1", "3"]


leaves = st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.just("NaN")


@st.composite
def damaged(draw: st.DrawFn, name: str) -> Reply:
    """A recorded answer with one member replaced or gone."""
    payload = json.loads(json.dumps(body(name)))
    node = payload
    while isinstance(node, dict | list) and node:
        keys = list(node) if isinstance(node, dict) else range(len(node))
        key = draw(st.sampled_from(list(keys)))
        inner = node[key]
        if not isinstance(inner, dict | list) or not inner or draw(st.booleans()):
            if isinstance(node, dict) and draw(st.booleans()):
                del node[key]
            else:
                node[key] = draw(leaves)
            break
        node = inner
    return reply_of(payload)


READERS: dict[str, Callable[[Reply], object]] = {
    "oto_place.response": orders.placed_pair,
    "order_place.response": orders.placed_sale,
    "order_cancel.response": orders.cancelled,
    "order_history_merge.response": history_page,
    "user_trades_sell.response": lambda answer: orders.fills(answer, OrderId("10000002")),
}


@given(st.data())
def test_a_damaged_answer_is_a_value_or_a_typed_error(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(READERS)))
    answer = data.draw(damaged(name))
    try:
        READERS[name](answer)
    except (UnexpectedReply, Refused, NotAuthorised):
        return


@given(st.binary(max_size=100))
def test_any_bytes_are_a_value_or_a_typed_error(raw: bytes) -> None:
    for read in READERS.values():
        with pytest.raises(UnexpectedReply):
            read(Reply(200, {}, raw))
