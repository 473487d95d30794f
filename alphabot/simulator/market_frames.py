"""The ``data`` of the public market streams, to the letter of the recorded frames."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any

from alphabot.simulator.amounts import ZERO, fixed, plain
from alphabot.simulator.book import Side
from alphabot.simulator.day import Candle, Day
from alphabot.simulator.market import Market, Print

__all__ = [
    "Levels",
    "agg_trade",
    "book_ticker",
    "came_kline",
    "depth_update",
    "kline",
    "mini_ticker",
    "partial_depth",
    "ticker",
    "ticker24",
    "trade",
]

_QUANTITY_PLACES = 8
_QUOTE_PLACES = 8

Levels = dict[Decimal, Decimal]


def agg_trade(market: Market, traded: Print, now_ms: int) -> dict[str, Any]:
    """Return an aggTrade; every match is an aggregate of its own."""
    return {
        "e": "aggTrade",
        "E": now_ms,
        "s": market.token.pair,
        "a": traded.trade_id,
        "p": _price(market, traded.price),
        "q": fixed(traded.quantity, _QUANTITY_PLACES),
        "f": traded.trade_id,
        "l": traded.trade_id,
        "T": traded.at_ms,
        "m": traded.buyer_is_maker,
    }


def trade(market: Market, traded: Print, now_ms: int) -> dict[str, Any]:
    """Return a trade."""
    return {
        "e": "trade",
        "E": now_ms,
        "T": traded.at_ms,
        "s": market.token.pair,
        "t": traded.trade_id,
        "p": _price(market, traded.price),
        "q": fixed(traded.quantity, _QUANTITY_PLACES),
        "m": traded.buyer_is_maker,
    }


def book_ticker(market: Market, now_ms: int) -> dict[str, Any]:
    """Return the best bid and ask; a side on which nobody waits is zero."""
    bid, bid_quantity = next(iter(market.book.depth(Side.BUY)), (ZERO, ZERO))
    ask, ask_quantity = next(iter(market.book.depth(Side.SELL)), (ZERO, ZERO))
    return {
        "e": "bookTicker",
        "E": now_ms,
        "T": now_ms,
        "u": market.update_id,
        "s": market.token.pair,
        "b": _price(market, bid),
        "B": fixed(bid_quantity, _QUANTITY_PLACES),
        "a": _price(market, ask),
        "A": fixed(ask_quantity, _QUANTITY_PLACES),
    }


def depth_update(
    market: Market, changed: tuple[Levels, Levels], *, previous_id: int, now_ms: int
) -> dict[str, Any]:
    """Return the levels that changed since ``previous_id``; quantity zero deletes a level."""
    bids, asks = changed
    return {
        "e": "depthUpdate",
        "E": now_ms,
        "T": now_ms,
        "s": market.token.pair,
        "U": previous_id + 1,
        "u": market.update_id,
        "pu": previous_id,
        "b": _levels(market, bids),
        "a": _levels(market, asks),
    }


def partial_depth(market: Market, levels: int, now_ms: int) -> dict[str, Any]:
    """Return the best levels of both sides, whole each time."""
    bids = dict(itertools.islice(market.book.depth(Side.BUY), levels))
    asks = dict(itertools.islice(market.book.depth(Side.SELL), levels))
    whole = (bids, asks)
    return depth_update(market, whole, previous_id=market.update_id - 1, now_ms=now_ms)


def kline(market: Market, candle: Candle, interval: str, now_ms: int) -> dict[str, Any]:
    """Return the candle that is being drawn; half of its volume is the takers'."""
    half = candle.volume / 2
    return {
        "e": "kline",
        "E": now_ms,
        "s": market.token.pair,
        "k": {
            "t": candle.open_ms,
            "T": candle.close_ms,
            "s": market.token.pair,
            "i": interval,
            "f": market.prints[0].trade_id if market.prints else 0,
            "L": market.prints[-1].trade_id if market.prints else 0,
            "o": _price(market, candle.open),
            "c": _price(market, candle.close),
            "h": _price(market, candle.high),
            "l": _price(market, candle.low),
            "v": fixed(candle.volume, _QUANTITY_PLACES),
            "n": candle.count,
            "x": now_ms >= candle.close_ms,
            "q": fixed(candle.quote, _QUOTE_PLACES),
            "V": fixed(half, _QUANTITY_PLACES),
            "Q": fixed(candle.quote / 2, _QUOTE_PLACES),
            "B": "0",
        },
    }


def came_kline(market: Market, candle: Candle, interval: str, now_ms: int) -> dict[str, Any]:
    """Return the same in the web page's form of 2026, keyed by contract and chain."""
    return {
        "e": "kline",
        "ca": f"{market.token.contract}@{market.token.chain_id}",
        "k": {
            "i": interval,
            "ot": candle.open_ms,
            "ct": candle.close_ms + 1,
            "o": plain(candle.open),
            "h": plain(candle.high),
            "l": plain(candle.low),
            "c": plain(candle.close),
            "v": plain(candle.volume),
        },
    }


def mini_ticker(market: Market, day: Day, now_ms: int) -> dict[str, Any]:
    """Return the short form of the day's figures."""
    return {
        "e": "24hrMiniTicker",
        "E": now_ms,
        "s": market.token.pair,
        "c": _price(market, day.last),
        "o": _price(market, day.open),
        "h": _price(market, day.high),
        "l": _price(market, day.low),
        "v": fixed(day.volume, _QUANTITY_PLACES),
        "q": fixed(day.quote, _QUOTE_PLACES),
    }


def ticker(market: Market, day: Day, now_ms: int) -> dict[str, Any]:
    """Return the long form of the day's figures."""
    last = market.prints[-1] if market.prints else None
    return {
        "e": "24hrTicker",
        "E": now_ms,
        "s": market.token.pair,
        "p": _price(market, day.change),
        "P": fixed(day.change_percent, 2),
        "w": _price(market, day.quote / day.volume),
        "c": _price(market, day.last),
        "Q": fixed(last.quantity if last else ZERO, _QUANTITY_PLACES),
        "o": _price(market, day.open),
        "h": _price(market, day.high),
        "l": _price(market, day.low),
        "v": fixed(day.volume, _QUANTITY_PLACES),
        "q": fixed(day.quote, _QUOTE_PLACES),
        "O": day.opened_ms,
        "C": now_ms,
        "F": market.prints[0].trade_id if market.prints else 0,
        "L": last.trade_id if last else 0,
        "n": day.count,
    }


def ticker24(rows: list[tuple[Market, Day]], now_ms: int) -> dict[str, Any]:
    """Return the row of every token, keyed by contract and chain."""
    return {"e": "tickerList", "d": [_ticker24_row(*row, now_ms) for row in rows]}


def _ticker24_row(market: Market, day: Day, now_ms: int) -> dict[str, Any]:
    token = market.token
    return {
        "ca": f"{token.contract}@{token.chain_id}",
        "p": plain(day.last),
        "pc24": fixed(day.change_percent, 2),
        "vol24": plain(day.quote),
        "mc": fixed(day.last * token.circulating_supply, 8),
        "fdv": fixed(day.last * token.total_supply, 8),
        "liq": plain(day.quote / 50),
        "hc": str(token.holders),
        "cnt24": day.count,
        "s": str(token.score),
        "t": now_ms,
    }


def _price(market: Market, price: Decimal) -> str:
    return fixed(price, market.token.price_precision)


def _levels(market: Market, levels: Levels) -> list[list[str]]:
    places = market.token.base_precision
    return [[_price(market, price), fixed(levels[price], places)] for price in levels]
