"""Prices, book and crowd: what a market does whether or not somebody looks."""

from __future__ import annotations

import json
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphabot.simulator import DEFAULT_TOKENS, ExchangeSettings, Token
from alphabot.simulator.book import Book, Maker, Side
from alphabot.simulator.exchange import Exchange
from alphabot.simulator.market import Market
from alphabot.simulator.orders import Status
from alphabot.simulator.prices import PricePath
from tests.simulator.world import EPOCH_MS, KOGE, grid, plain_body

_TOKEN = DEFAULT_TOKENS[0]
_TRADABLE = [token for token in DEFAULT_TOKENS if token.tradable]


@pytest.mark.parametrize("token", DEFAULT_TOKENS, ids=lambda token: token.alpha_id)
def test_price_moves_gently_and_stays_near_its_anchor(token: Token) -> None:
    path = PricePath(3, token, 100)
    prices = [path.middle(step) for step in range(-2000, 4000)]
    largest_step = max(abs(later / earlier - 1) for earlier, later in pairwise(prices))
    # A tick of the coarsest token is 1.7 basis points.
    assert largest_step < Decimal("0.0006")
    assert all(abs(price / token.anchor_price - 1) < Decimal("0.04") for price in prices)
    assert len(set(prices)) > 20


def test_price_returns_to_its_anchor() -> None:
    path = PricePath(3, _TOKEN, 100)
    above = [path.middle(step) > _TOKEN.anchor_price for step in range(0, 2_000_000, 5_000)]
    assert 0.2 < sum(above) / len(above) < 0.8


def test_price_can_be_pinned() -> None:
    assert {PricePath(3, _TOKEN, 0).middle(step) for step in range(100)} == {_TOKEN.anchor_price}


def test_price_depends_on_seed_and_token() -> None:
    one, other = PricePath(1, _TOKEN, 100), PricePath(2, _TOKEN, 100)
    assert [one.middle(step) for step in range(50)] != [other.middle(step) for step in range(50)]


@pytest.mark.parametrize("token", _TRADABLE, ids=lambda token: token.alpha_id)
def test_quotes_stand_on_the_grid_around_a_narrow_spread(token: Token) -> None:
    market = Market(ExchangeSettings(), token, EPOCH_MS)
    for number in range(50):
        market.catch_up(EPOCH_MS + number * 250)
        bids, asks = market.book.depth(Side.BUY), market.book.depth(Side.SELL)
        assert len(bids) == len(asks) == 12
        assert bids == sorted(bids, reverse=True)
        assert asks == sorted(asks)
        assert 0 < asks[0][0] / bids[0][0] - 1 < Decimal("0.0012")
        for price, quantity in bids + asks:
            assert price % token.tick == 0
            assert quantity % token.step == 0
            assert quantity > 0


@settings(max_examples=20)
@given(st.lists(st.integers(0, 150), max_size=12))
def test_a_market_is_the_same_however_often_one_looks(looks: list[int]) -> None:
    busy = ExchangeSettings(traffic_percent=100)
    often, once = (Market(busy, _TOKEN, EPOCH_MS) for _ in range(2))
    for step in sorted(looks):
        often.catch_up(EPOCH_MS + step * 250)
    often.catch_up(EPOCH_MS + 150 * 250)
    once.catch_up(EPOCH_MS + 150 * 250)
    for side in Side:
        assert often.book.depth(side) == once.book.depth(side)
    assert list(often.prints)[-len(once.prints) :] == list(once.prints)
    assert often.last_price == once.last_price


def maker(price: str, quantity: str, since_ms: int = 0, order_id: int | None = None) -> Maker:
    """Return somebody who waits."""
    return Maker(Decimal(price), Decimal(quantity), since_ms, order_id)


def a_book() -> Book:
    """Return a book with a crowd on both sides."""
    book = Book()
    book.refresh([maker("9", "5"), maker("8", "5")], [maker("11", "5"), maker("12", "5")])
    return book


def test_an_order_takes_the_best_price_first_and_no_worse_than_its_limit() -> None:
    taken = a_book().take(Side.BUY, Decimal("11.5"), Decimal(8))
    assert [(take.maker.price, take.quantity) for take in taken] == [(Decimal(11), Decimal(5))]
    taken = a_book().take(Side.SELL, Decimal(8), Decimal(8))
    assert [(take.maker.price, take.quantity) for take in taken] == [
        (Decimal(9), Decimal(5)),
        (Decimal(8), Decimal(3)),
    ]


def test_of_one_price_the_older_comes_first() -> None:
    book = a_book()
    book.rest(Side.SELL, maker("10", "1", since_ms=7, order_id=2))
    book.rest(Side.SELL, maker("10", "1", since_ms=5, order_id=1))
    book.rest(Side.SELL, maker("10", "1", since_ms=7, order_id=3))
    book.rest(Side.SELL, maker("11", "1", since_ms=-1, order_id=4))
    taken = book.take(Side.BUY, Decimal(11), Decimal(9))
    assert [take.maker.order_id for take in taken] == [1, 2, 3, 4, None]
    assert book.touch(Side.SELL) == 12


def test_a_withdrawn_order_takes_no_part() -> None:
    book = a_book()
    book.rest(Side.BUY, maker("10", "1", order_id=1))
    assert book.crosses(Side.SELL, Decimal(10))
    book.remove(Side.BUY, 1)
    assert not book.crosses(Side.SELL, Decimal(10))
    assert book.depth(Side.BUY) == a_book().depth(Side.BUY)


def place(model: Exchange, user_id: int, side: str, price: Decimal, usdt: int = 30) -> int:
    """Place a plain order of KOGE and return its id."""
    body = plain_body(side, price, grid(usdt / price, "0.01"))
    return model.place(user_id, json.dumps(body).encode()).orders[0].order_id


def model_with_tokens(chosen: ExchangeSettings | None = None) -> Exchange:
    """Return an exchange whose first users own KOGE."""
    model = Exchange(chosen or ExchangeSettings(), EPOCH_MS)
    for user_id in (1, 2, 3):
        model.desk.account(user_id).alpha[KOGE].credit(Decimal(10**7))
    return model


@pytest.mark.parametrize("side", ["BUY", "SELL"])
def test_an_order_at_the_touch_is_filled_by_the_crowd_in_time(side: str) -> None:
    """Its price holds, and it often takes several trades."""
    parts = []
    for seed in range(12):
        model = model_with_tokens(ExchangeSettings(seed=seed, volatility_percent=0))
        price = model.market(KOGE).book.touch(Side(side)) or Decimal(0)
        order = model.desk.orders[place(model, 1, side, price, usdt=300)]
        model.advance(EPOCH_MS + 600_000)
        assert order.state.status is Status.FILLED
        assert {fill.price for fill in order.fills} == {price}
        assert order.fills[0].at_ms > EPOCH_MS
        parts.append(len(order.fills))
    assert max(parts) > 1


@pytest.mark.parametrize("side", ["BUY", "SELL"])
def test_an_order_the_market_moves_through_trades_at_its_own_price(side: str) -> None:
    filled = 0
    for seed in range(8):
        model = model_with_tokens(ExchangeSettings(seed=seed, volatility_percent=400))
        touch = model.market(KOGE).book.touch(Side(side)) or Decimal(0)
        away = Decimal("0.999") if side == "BUY" else Decimal("1.001")
        order = model.desk.orders[place(model, 1, side, grid(touch * away, "1e-8"))]
        model.advance(EPOCH_MS + 120_000)
        assert all(fill.price == order.price for fill in order.fills)
        filled += order.state.status is Status.FILLED
    assert filled


def test_the_crowd_does_not_exploit_a_limit_beyond_the_touch() -> None:
    """Of more than the whole book, what remains waits at its limit and trades at the market."""
    model = model_with_tokens(ExchangeSettings(level_usdt=(10, 10), funding_usdt=Decimal(10**6)))
    anchor = model.market(KOGE).last_price
    order = model.desk.orders[place(model, 1, "BUY", anchor * 2, usdt=2000)]
    model.advance(EPOCH_MS + 60_000)
    assert order.state.status is Status.FILLED
    assert len(order.fills) > 20
    assert max(fill.price for fill in order.fills) < anchor * Decimal("1.01")


def test_two_users_can_trade_with_each_other_and_it_is_noted() -> None:
    model = model_with_tokens()
    touch = model.market(KOGE).book.touch(Side.SELL) or Decimal(0)
    inside = touch - _TOKEN.tick
    sell = place(model, 1, "SELL", inside)
    buy = place(model, 2, "BUY", inside * 2)
    model.advance(EPOCH_MS + 1000)
    cross = model.ledger.self_crosses[0]
    assert (cross.sell_order_id, cross.buy_order_id) == (sell, buy)
    assert (cross.seller_id, cross.buyer_id, cross.price) == (1, 2, inside)
    assert model.desk.orders[sell].fills[0].trade_id == model.desk.orders[buy].fills[0].trade_id


def test_fills_at_one_price_are_one_match() -> None:
    """They share a trade id and differ in the others; another price is another match."""
    for seed in range(40):
        model = model_with_tokens(ExchangeSettings(seed=seed, split_fill_percent=0))
        order = model.desk.orders[place(model, 1, "BUY", Decimal("0.004"), usdt=3000)]
        model.advance(EPOCH_MS + 900)
        by_match: dict[int, set[Decimal]] = {}
        for fill in order.fills:
            by_match.setdefault(fill.trade_id, set()).add(fill.price)
        assert all(len(prices) == 1 for prices in by_match.values())
        assert len({fill.event_id for fill in order.fills}) == len(order.fills)
        assert len({fill.page_id for fill in order.fills}) == len(order.fills)
        if len(by_match) < len(order.fills):
            return
    pytest.fail("no two fills shared a match")


def test_a_sleeping_exchange_has_nothing_to_do() -> None:
    model = model_with_tokens()
    assert model.next_due_ms is None
    order_id = place(model, 1, "BUY", Decimal("0.001"))
    assert model.next_due_ms is not None
    model.advance(EPOCH_MS + 5000)
    model.cancel(1, json.dumps({"orderId": order_id}).encode())
    model.advance(EPOCH_MS + 6000)
    assert model.next_due_ms is None


def test_time_that_goes_back_changes_nothing() -> None:
    model = model_with_tokens()
    model.advance(EPOCH_MS + 5000)
    model.advance(EPOCH_MS)
    assert model.now_ms == EPOCH_MS + 5000
