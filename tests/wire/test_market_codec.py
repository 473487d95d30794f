"""The public REST answers: every recorded one to exact values, junk kept apart or refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphabot.core.values import AlphaId, FeeRate, Grid, Level, Symbol, Token
from alphabot.errors import AlphabotError, RateLimited, UnexpectedReply
from alphabot.exchange.wire import market, rules
from alphabot.exchange.wire.envelope import Reply
from alphabot.exchange.wire.listing import Listing
from alphabot.exchange.wire.market import (
    Depth,
    fee_rate,
    full_depth,
    last_price,
    payment_assets,
    symbol_of,
)
from alphabot.exchange.wire.rules import SymbolRules
from alphabot.exchange.wire.steps import finish
from tests.wire.recorded import body, exchange_info_of, reply, reply_of, token_list_of

KOGE = AlphaId("ALPHA_22")


def token_list(answer: Reply) -> Listing[AlphaId, Token]:
    """Return the tokens of an answer, all steps taken at once."""
    return finish(market.token_list(answer))


def exchange_info(answer: Reply) -> Listing[Symbol, SymbolRules]:
    """Return the rules of an answer, all steps taken at once."""
    return finish(rules.exchange_info(answer))


READERS: list[Callable[[Reply], object]] = [
    token_list,
    exchange_info,
    fee_rate,
    lambda found: full_depth(found, Symbol("ALPHA_971USDT")),
    lambda found: last_price(found, Symbol("ALPHA_175USDT")),
]


def with_row(name: str, changes: dict[str, Any], position: int = 0) -> Reply:
    """Return a recorded list with one row changed; a key changed to ... is taken away."""
    payload = body(f"{name}.response")
    data = payload["data"]
    row = (data["symbols"] if isinstance(data, dict) else data)[position]
    row.update(changes)
    for key in [key for key, value in changes.items() if value is ...]:
        del row[key]
    return reply_of(payload)


def test_the_token_list() -> None:
    assert token_list(reply("token_list")).readable == {
        "ALPHA_175": Token(
            alpha_id=AlphaId("ALPHA_175"),
            name="gorilla",
            chain_id="56",
            chain_name="BSC",
            mul_point=1,
            tradable=True,
            listed_at_ms=1746686700000,
        )
    }


def test_the_aggregate_ticker_has_the_same_rows() -> None:
    listing = token_list(reply("agg_ticker24"))
    assert [(t.alpha_id, t.name, t.mul_point, t.tradable) for t in listing.readable.values()] == [
        ("ALPHA_396", "LIGHT", 4, True),
        ("ALPHA_5", "AIXBT", 1, False),
        ("ALPHA_22", "KOGE", 1, True),
        ("ALPHA_418", "PIPE", 2, True),
    ]
    assert not listing.refused


def test_a_row_of_2025_has_no_mul_point_and_is_not_bought_by() -> None:
    old = {"mulPoint": ..., "listingTime": ..., "count24h": ..., "stockState": ...}
    token = token_list(with_row("token_list", old)).find(AlphaId("ALPHA_175"))
    assert (token.mul_point, token.listed_at_ms, token.tradable) == (1, 0, False)


def test_a_row_of_2026_has_more_keys() -> None:
    new = {"rwaInfo": {"a": [1]}, "cexStates": 3, "fullyDelisted": True}
    assert not token_list(with_row("token_list", new)).find(AlphaId("ALPHA_175")).tradable


@pytest.mark.parametrize("value", [0, -1, 1.5, 4.0, "4", None, True, []], ids=repr)
def test_a_mul_point_that_is_none_takes_its_token_away_and_no_other(value: object) -> None:
    listing = token_list(with_row("agg_ticker24", {"mulPoint": value}))
    assert sorted(listing.readable) == ["ALPHA_22", "ALPHA_418", "ALPHA_5"]
    with pytest.raises(UnexpectedReply, match=r"ALPHA_396.*mulPoint"):
        listing.find(AlphaId("ALPHA_396"))


@pytest.mark.parametrize("flag", ["offline", "offsell"])
def test_a_token_that_cannot_be_sold_is_not_tradable(flag: str) -> None:
    listing = token_list(with_row("token_list", {flag: True}))
    assert not listing.find(AlphaId("ALPHA_175")).tradable
    assert token_list(with_row("token_list", {flag: ...})).refused


@pytest.mark.parametrize("again", [{"mulPoint": 4}, {"mulPoint": None}], ids=str)
@pytest.mark.parametrize("position", [0, 4])
def test_a_token_listed_twice_is_refused(again: dict[str, Any], position: int) -> None:
    payload = body("agg_ticker24.response")
    payload["data"].insert(position, {**payload["data"][2], **again})
    listing = token_list(reply_of(payload))
    with pytest.raises(UnexpectedReply, match=r"twice|mulPoint"):
        listing.find(KOGE)
    assert not listing.holds(KOGE)
    assert sorted(listing.readable) == ["ALPHA_396", "ALPHA_418", "ALPHA_5"]


def test_a_token_that_is_not_listed() -> None:
    with pytest.raises(UnexpectedReply, match=r"ALPHA_9: .*not list"):
        token_list(reply("token_list")).find(AlphaId("ALPHA_9"))


def test_the_rules_of_padded_and_compact_symbols() -> None:
    listing = exchange_info(reply("exchange_info"))
    assert listing.readable == {
        "ALPHA_22USDT": SymbolRules(
            Grid(
                tick_size=Decimal("0.00000001"),
                step_size=Decimal("0.0001"),
                min_quantity=Decimal("0.0001"),
                max_quantity=Decimal(19909),
                min_notional_usdt=Decimal("0.1"),
                max_notional_usdt=Decimal(1000000),
                base_precision=8,
            ),
            trading=True,
        ),
        "ALPHA_388USDT": SymbolRules(
            Grid(
                tick_size=Decimal("0.00000001"),
                step_size=Decimal("0.001"),
                min_quantity=Decimal("0.001"),
                max_quantity=Decimal(333333),
                min_notional_usdt=Decimal("0.1"),
                max_notional_usdt=Decimal(1000000),
                base_precision=8,
            ),
            trading=False,
        ),
        "ALPHA_971USDT": SymbolRules(
            Grid(
                tick_size=Decimal("0.000000001"),
                step_size=Decimal("0.1"),
                min_quantity=Decimal("0.1"),
                max_quantity=Decimal(9999999999),
                min_notional_usdt=Decimal("0.1"),
                max_notional_usdt=Decimal(10**15),
                base_precision=2,
            ),
            trading=True,
        ),
    }
    assert not listing.refused


LOT = {"filterType": "LOT_SIZE", "stepSize": "1", "minQty": "1", "maxQty": "9"}
PRICE = {"filterType": "PRICE_FILTER", "tickSize": "0.1"}


@pytest.mark.parametrize(
    "changes",
    [
        {"filters": [LOT]},
        {"filters": [PRICE]},
        {"filters": [PRICE, LOT, LOT]},
        {"filters": [PRICE, LOT, {"filterType": "TRAILING_DELTA"}]},
        {"filters": [PRICE, {**LOT, "stepSize": "0"}]},
        {"filters": [PRICE, {**LOT, "maxQty": None}]},
        {"filters": [{**PRICE, "tickSize": "NaN"}, LOT]},
        {"filters": [PRICE, LOT, {"filterType": "MIN_NOTIONAL", "minNotional": "-1"}]},
        {"filters": ...},
        {"baseAssetPrecision": -1},
        {"baseAssetPrecision": "8"},
        {"status": 1},
    ],
    ids=str,
)
def test_a_symbol_whose_rules_are_not_understood_is_refused_alone(changes: dict[str, Any]) -> None:
    listing = exchange_info(with_row("exchange_info", changes))
    assert sorted(listing.readable) == ["ALPHA_388USDT", "ALPHA_971USDT"]
    with pytest.raises(UnexpectedReply, match="ALPHA_22USDT"):
        listing.find(Symbol("ALPHA_22USDT"))


@pytest.mark.parametrize("changes", [{"status": "INIT"}, {"status": "?"}, {"orderTypes": []}])
def test_a_symbol_that_takes_no_limit_orders_is_not_trading(changes: dict[str, Any]) -> None:
    listing = exchange_info(with_row("exchange_info", changes))
    assert not listing.find(Symbol("ALPHA_22USDT")).trading


def test_nothing_trades_where_pairs_are_switched_off() -> None:
    payload = body("exchange_info.response")
    payload["data"]["otoEnabled"] = False
    assert not any(found.trading for found in exchange_info(reply_of(payload)).readable.values())
    del payload["data"]["otoEnabled"]
    assert any(found.trading for found in exchange_info(reply_of(payload)).readable.values())


def test_the_largest_of_the_least_notionals_counts() -> None:
    filters = [
        PRICE,
        LOT,
        {"filterType": "MIN_NOTIONAL", "minNotional": "0.1"},
        {"filterType": "NOTIONAL", "minNotional": "5", "maxNotional": "100"},
        {"filterType": "MAX_NOTIONAL", "maxNotional": "1000"},
    ]
    listing = exchange_info(with_row("exchange_info", {"filters": filters}))
    grid = listing.find(Symbol("ALPHA_22USDT")).grid
    assert (grid.min_notional_usdt, grid.max_notional_usdt) == (Decimal(5), Decimal(100))


def test_the_lists_may_grow_to_thrice_their_length_of_2025() -> None:
    assert len(exchange_info(exchange_info_of(3 * 685)).readable) == 3 * 685
    assert len(token_list(token_list_of(3 * 403)).readable) == 3 * 403


def test_the_recorded_depth_is_crossed_and_told_as_it_is() -> None:
    assert full_depth(reply("full_depth"), Symbol("ALPHA_971USDT")) == Depth(
        bids=(Level(Decimal("0.000005845"), Decimal("24385377.90")),),
        asks=(Level(Decimal("0.000005840"), Decimal("13632133.40")),),
    )


def test_levels_come_best_first_and_empty_ones_are_none() -> None:
    payload = body("full_depth.response")
    payload["data"]["bids"] = [["1", "2"], ["3", "4"], ["9", "0.00"]]
    payload["data"]["asks"] = [["8", "1"], [7, "1"], ["6", "0"]]
    depth = full_depth(reply_of(payload), Symbol("ALPHA_971USDT"))
    assert [level.price for level in depth.bids] == [3, 1]
    assert [level.price for level in depth.asks] == [7, 8]


@pytest.mark.parametrize(
    "changes",
    [
        {"bids": []},
        {"asks": [["1", "0"]]},
        {"bids": [["0", "1"]]},
        {"bids": [["-1", "1"]]},
        {"bids": [["1", "-1"]]},
        {"bids": [["NaN", "1"]]},
        {"bids": [["1"]]},
        {"bids": None},
        {"symbol": "ALPHA_22USDT"},
    ],
    ids=str,
)
def test_a_book_that_is_none_is_refused(changes: dict[str, Any]) -> None:
    payload = body("full_depth.response")
    payload["data"].update(changes)
    with pytest.raises(UnexpectedReply):
        full_depth(reply_of(payload), Symbol("ALPHA_971USDT"))


def test_the_last_price() -> None:
    assert last_price(reply("ticker"), Symbol("ALPHA_175USDT")) == Decimal("0.00073954")


@pytest.mark.parametrize("price", ["0", "0.00000000", "-1", "NaN", "", None, []], ids=repr)
def test_a_last_price_that_is_none_is_refused(price: object) -> None:
    payload = body("ticker.response")
    payload["data"]["lastPrice"] = price
    with pytest.raises(UnexpectedReply):
        last_price(reply_of(payload), Symbol("ALPHA_175USDT"))


def test_another_symbols_price_is_refused() -> None:
    with pytest.raises(UnexpectedReply, match="ALPHA_22USDT was asked for"):
        last_price(reply("ticker"), symbol_of(KOGE))


def test_fees_are_millionths_on_the_wire() -> None:
    assert fee_rate(reply("fee_rate")) == FeeRate(Decimal("0.0001"), Decimal("0.0001"))


@pytest.mark.parametrize("fee", [-1, 1_000_000, "NaN", None, True], ids=repr)
def test_a_fee_that_is_none_is_refused(fee: object) -> None:
    payload = body("fee_rate.response")
    payload["data"]["buyerCommission"] = fee
    with pytest.raises(UnexpectedReply):
        fee_rate(reply_of(payload))


def test_the_assets_to_pay_with() -> None:
    assert payment_assets(reply("from_asset")) == ("USDT", "USDC", "U")
    for data in ([1.5], ["a b"], [None], "USDT", None):
        with pytest.raises(UnexpectedReply):
            payment_assets(reply_of(body("from_asset.response") | {"data": data}))


@pytest.mark.parametrize("read", READERS)
def test_errors_of_the_exchange_come_through(read: Callable[[Reply], object]) -> None:
    with pytest.raises(RateLimited):
        read(Reply(429, {"retry-after": "7"}, b""))
    with pytest.raises(UnexpectedReply):
        read(Reply(502, {}, b"<html>"))


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)
NAMES = ["token_list", "agg_ticker24", "exchange_info", "full_depth", "ticker", "fee_rate"]


@given(st.sampled_from(READERS), st.binary())
def test_any_bytes_give_a_value_or_a_typed_error(
    read: Callable[[Reply], object], raw: bytes
) -> None:
    with suppress(AlphabotError):
        read(Reply(200, {}, raw))


@given(st.data())
def test_any_part_of_a_recorded_answer_may_be_something_else(data: st.DataObject) -> None:
    payload = body(f"{data.draw(st.sampled_from(NAMES))}.response")
    node: Any = payload["data"]
    while isinstance(node, dict | list) and node:
        keys = sorted(node) if isinstance(node, dict) else range(len(node))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(node[key], dict | list) or data.draw(st.booleans()):
            node[key] = data.draw(JUNK)
            break
        node = node[key]
    found = Reply(200, {}, json.dumps(payload).encode())
    for read in READERS:
        with suppress(AlphabotError):
            read(found)
