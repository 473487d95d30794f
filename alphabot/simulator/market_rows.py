"""The ``data`` of the public REST answers, to the letter of the recorded replies."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from alphabot.simulator.amounts import ZERO, fixed, plain, product
from alphabot.simulator.book import Side
from alphabot.simulator.day import DAY_MS, Candle, Day
from alphabot.simulator.market import Market
from alphabot.simulator.seeded import draw_between
from alphabot.simulator.tokens import QUOTE_ASSET, Token

__all__ = [
    "agg_kline_row",
    "agg_trade_rows",
    "depth",
    "exchange_info",
    "kline_row",
    "ticker",
    "token_row",
]

_CHAIN_ICON = "https://bin.bnbstatic.com/image/chain.png"
_COIN_ICON = "https://bin.bnbstatic.com/images/token.png"
_QUANTITY_PLACES = 8
_QUOTE_PLACES = 8
_AGGREGATE_PLACES = 20
_FILTER_KEYS = (
    "minPrice",
    "maxPrice",
    "tickSize",
    "stepSize",
    "maxQty",
    "minQty",
    "limit",
    "minNotional",
    "maxNotional",
    "multiplierDown",
    "multiplierUp",
    "bidMultiplierUp",
    "askMultiplierUp",
    "bidMultiplierDown",
    "askMultiplierDown",
)
_MULTIPLIER_UP = "100000"
_MULTIPLIER_DOWN = "0.00001"


def token_row(market: Market, day: Day, seed: int) -> dict[str, Any]:
    """Return a row of the token list.

    ``price`` is an aggregate over the chain: near the book's price, not on it, and off the tick.
    """
    token = market.token
    parts = draw_between(-300_000, 300_000, seed, "aggregate", token.alpha_id, market.step)
    price = product(market.path.middle(market.step), 1 + Decimal(parts) / 10**9)
    return {
        "tokenId": hashlib.md5(token.alpha_id.encode(), usedforsecurity=False).hexdigest().upper(),
        "chainId": token.chain_id,
        "chainIconUrl": _CHAIN_ICON,
        "chainName": token.chain_name,
        "contractAddress": token.contract,
        "name": token.name,
        "symbol": token.symbol,
        "iconUrl": _COIN_ICON,
        "price": fixed(price, _AGGREGATE_PLACES),
        "percentChange24h": fixed(day.change_percent, 2),
        "volume24h": plain(day.quote),
        "marketCap": fixed(price * token.circulating_supply, 8),
        "fdv": fixed(price * token.total_supply, 8),
        "liquidity": plain(day.quote / 50),
        "totalSupply": plain(token.total_supply),
        "circulatingSupply": plain(token.circulating_supply),
        "holders": str(token.holders),
        "decimals": token.decimals,
        "listingCex": token.on_spot,
        "hotTag": False,
        "cexCoinName": token.symbol if token.on_spot else "",
        "canTransfer": False,
        "denomination": 1,
        "offline": not token.tradable,
        "tradeDecimal": 8,
        "alphaId": token.alpha_id,
        "offsell": not token.tradable,
        "priceHigh24h": plain(day.high),
        "priceLow24h": plain(day.low),
        "count24h": str(day.count),
        "onlineTge": False,
        "onlineAirdrop": token.mul_point > 1,
        "score": token.score,
        "cexOffDisplay": not token.tradable,
        "stockState": False,
        "listingTime": market.opened_ms - token.listed_days * DAY_MS,
        "mulPoint": token.mul_point,
        "bnExclusiveState": False,
    }


def exchange_info(tokens: Iterable[Token]) -> dict[str, Any]:
    """Return every symbol with its filters, each padded with the keys of all others."""
    tokens = list(tokens)
    assets = [*(token.alpha_id for token in tokens), QUOTE_ASSET]
    return {
        "timezone": "UTC",
        "assets": [{"asset": asset} for asset in assets],
        "symbols": [_symbol(token) for token in tokens],
        "otoEnabled": True,
    }


def ticker(market: Market, day: Day, now_ms: int) -> dict[str, Any]:
    """Return the day's figures of one symbol."""
    last = market.prints[-1] if market.prints else None
    return {
        "symbol": market.token.pair,
        "priceChange": _price(market, day.change),
        "priceChangePercent": fixed(day.change_percent, 3),
        "weightedAvgPrice": _price(market, day.quote / day.volume),
        "lastPrice": _price(market, day.last),
        "lastQty": fixed(last.quantity if last else ZERO, _QUANTITY_PLACES),
        "openPrice": _price(market, day.open),
        "highPrice": _price(market, day.high),
        "lowPrice": _price(market, day.low),
        "volume": fixed(day.volume, _QUANTITY_PLACES),
        "quoteVolume": fixed(day.quote, _QUOTE_PLACES),
        "openTime": day.opened_ms,
        "closeTime": now_ms,
        "firstId": market.prints[0].trade_id if market.prints else 0,
        "lastId": last.trade_id if last else 0,
        "count": day.count,
    }


def depth(market: Market, limit: int, now_ms: int) -> dict[str, Any]:
    """Return the best levels of both sides."""
    places = market.token.base_precision
    bids, asks = (
        [
            [_price(market, price), fixed(quantity, places)]
            for price, quantity in market.book.depth(side)[:limit]
        ]
        for side in Side
    )
    return {
        "lastUpdateId": market.update_id,
        "symbol": market.token.pair,
        "bids": bids,
        "asks": asks,
        "E": now_ms,
        "T": now_ms,
    }


def agg_trade_rows(
    market: Market, *, from_id: int, start_ms: int, end_ms: int | None, limit: int
) -> list[dict[str, Any]]:
    """Return the latest matches that the filters let through, oldest first."""
    places = market.token.base_precision
    rows = [
        {
            "a": traded.trade_id,
            "p": _price(market, traded.price),
            "q": fixed(traded.quantity, places),
            "f": traded.trade_id,
            "l": traded.trade_id,
            "m": traded.buyer_is_maker,
            "T": traded.at_ms,
        }
        for traded in market.prints
        if traded.trade_id >= from_id
        and traded.at_ms >= start_ms
        and (end_ms is None or traded.at_ms <= end_ms)
    ]
    return rows[:limit] if from_id else rows[-limit:]


def kline_row(market: Market, candle: Candle) -> list[Any]:
    """Return one candle: eleven strings and the integer zero."""
    half = fixed(candle.volume / 2, _QUANTITY_PLACES)
    return [
        str(candle.open_ms),
        _price(market, candle.open),
        _price(market, candle.high),
        _price(market, candle.low),
        _price(market, candle.close),
        fixed(candle.volume, _QUANTITY_PLACES),
        str(candle.close_ms),
        fixed(candle.quote, _QUOTE_PLACES),
        str(candle.count),
        half,
        fixed(candle.quote / 2, _QUOTE_PLACES),
        0,
    ]


def agg_kline_row(market: Market, candle: Candle) -> list[str]:
    """Return one candle as the aggregate klines have it: seven strings."""
    return kline_row(market, candle)[:7]


def _symbol(token: Token) -> dict[str, Any]:
    return {
        "symbol": token.pair,
        "status": "TRADING" if token.tradable else "DELISTED",
        "baseAsset": token.alpha_id,
        "quoteAsset": QUOTE_ASSET,
        "pricePrecision": token.price_precision,
        "quantityPrecision": token.base_precision,
        "baseAssetPrecision": token.base_precision,
        "quotePrecision": 8,
        "filters": _filters(token),
        "orderTypes": ["LIMIT"],
    }


def _filters(token: Token) -> list[dict[str, Any]]:
    notional_min, notional_max = plain(token.notional_min), plain(token.notional_max)
    step = fixed(token.step, 8)
    return [
        _filter(
            "PRICE_FILTER",
            minPrice=plain(token.tick),
            maxPrice=plain(token.price_max),
            tickSize=plain(token.tick),
        ),
        _filter("LOT_SIZE", stepSize=step, maxQty=plain(token.quantity_max), minQty=step),
        _filter("MAX_NUM_ORDERS", limit=token.open_orders_max),
        _filter("MIN_NOTIONAL", minNotional=notional_min),
        _filter("MAX_NOTIONAL", maxNotional=notional_max),
        _filter("NOTIONAL", minNotional=notional_min, maxNotional=notional_max),
        _filter("PERCENT_PRICE", multiplierDown=_MULTIPLIER_DOWN, multiplierUp=_MULTIPLIER_UP),
        _filter(
            "PERCENT_PRICE_BY_SIDE",
            bidMultiplierUp=_MULTIPLIER_UP,
            askMultiplierUp=_MULTIPLIER_UP,
            bidMultiplierDown=_MULTIPLIER_DOWN,
            askMultiplierDown=_MULTIPLIER_DOWN,
        ),
    ]


def _filter(kind: str, **values: str | int) -> dict[str, Any]:
    return {"filterType": kind} | dict.fromkeys(_FILTER_KEYS) | values


def _price(market: Market, price: Decimal) -> str:
    return fixed(price, market.token.price_precision)
