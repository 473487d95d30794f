"""Public market data over REST: what each path answers (protocol: public market data)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from alphabot.simulator.day import INTERVALS_MS, Candle, candle, day_of
from alphabot.simulator.exchange import Exchange
from alphabot.simulator.market import Market
from alphabot.simulator.market_rows import (
    agg_kline_row,
    agg_trade_rows,
    depth,
    exchange_info,
    kline_row,
    ticker,
    token_row,
)
from alphabot.simulator.refusals import Refusal
from alphabot.simulator.tokens import QUOTE_ASSET

__all__ = ["PUBLIC_CALLS", "PublicCall", "whole_number"]

PublicCall = Callable[[Exchange, Mapping[str, str]], Any]

_COMMISSION = 100
"""In units of 1e-6: one basis point (protocol: get-fee-rate)."""
_KLINES = (500, 1500)
_TRADES = (500, 1000)
_LEVELS = (100, 1000)


def whole_number(query: Mapping[str, str], name: str, default: int) -> int:
    """Return a number of the query, the default if it is absent; raises Refusal for junk."""
    text = query.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise Refusal.unreadable(name)
    return int(text)


def _token_list(model: Exchange, _query: Mapping[str, str]) -> Any:
    seed, now_ms = model.settings.seed, model.now_ms
    markets = [model.market(alpha_id) for alpha_id in model.tokens]
    return [token_row(market, day_of(market, seed, now_ms), seed) for market in markets]


def _exchange_info(model: Exchange, _query: Mapping[str, str]) -> Any:
    return exchange_info(model.tokens.values())


def _ticker(model: Exchange, query: Mapping[str, str]) -> Any:
    market = _market(model, query)
    return ticker(market, day_of(market, model.settings.seed, model.now_ms), model.now_ms)


def _full_depth(model: Exchange, query: Mapping[str, str]) -> Any:
    return depth(_market(model, query), _limit(query, *_LEVELS), model.now_ms)


def _agg_trades(model: Exchange, query: Mapping[str, str]) -> Any:
    return agg_trade_rows(
        _market(model, query),
        from_id=whole_number(query, "fromId", 0),
        start_ms=whole_number(query, "startTime", 0),
        end_ms=whole_number(query, "endTime", 0) or None,
        limit=_limit(query, *_TRADES),
    )


def _klines(model: Exchange, query: Mapping[str, str]) -> Any:
    market = _market(model, query)
    return [kline_row(market, found) for found in _candles(model, market, query)]


def _agg_klines(model: Exchange, query: Mapping[str, str]) -> Any:
    """The same candles by contract and chain; over all pools of a chain they would differ."""
    place = (query.get("tokenAddress"), query.get("chainId"))
    for token in model.tokens.values():
        if (token.contract, token.chain_id) == place:
            market = model.market(token.alpha_id)
            rows = [agg_kline_row(market, found) for found in _candles(model, market, query)]
            return {"klineInfos": rows}
    raise Refusal.unreadable("tokenAddress")


def _candles(model: Exchange, market: Market, query: Mapping[str, str]) -> list[Candle]:
    interval_ms = INTERVALS_MS.get(query.get("interval", ""))
    if interval_ms is None:
        raise Refusal.unreadable("interval")
    last = min(whole_number(query, "endTime", 0) or model.now_ms, model.now_ms) // interval_ms
    count = _limit(query, *_KLINES)
    first = whole_number(query, "startTime", 0)
    begin = max(-(-first // interval_ms), 0) if first else last - count + 1
    opens = range(begin, min(last + 1, begin + count))
    seed = model.settings.seed
    return [candle(market, seed, index * interval_ms, interval_ms) for index in opens]


def _fee_rate(model: Exchange, query: Mapping[str, str]) -> Any:
    _market(model, query)
    return {"buyerCommission": _COMMISSION, "sellerCommission": _COMMISSION}


def _from_asset(_model: Exchange, _query: Mapping[str, str]) -> Any:
    return [QUOTE_ASSET, "USDC", "U"]


def _market(model: Exchange, query: Mapping[str, str]) -> Market:
    alpha_id = query.get("symbol", "").removesuffix(QUOTE_ASSET)
    if alpha_id not in model.tokens or query["symbol"] != alpha_id + QUOTE_ASSET:
        raise Refusal.unreadable("symbol")
    return model.market(alpha_id)


def _limit(query: Mapping[str, str], default: int, largest: int) -> int:
    return max(1, min(whole_number(query, "limit", default), largest))


_A = "/bapi/defi/v1/public/alpha-trade"
PUBLIC_CALLS: dict[str, PublicCall] = {
    "/bapi/defi/v1/public/wallet-direct/buw/wallet/cex/alpha/all/token/list": _token_list,
    f"{_A}/aggTicker24": _token_list,
    f"{_A}/get-exchange-info": _exchange_info,
    f"{_A}/ticker": _ticker,
    f"{_A}/fullDepth": _full_depth,
    f"{_A}/agg-trades": _agg_trades,
    f"{_A}/klines": _klines,
    f"{_A}/agg-klines": _agg_klines,
    f"{_A}/get-fee-rate": _fee_rate,
    f"{_A}/get-from-asset": _from_asset,
}
