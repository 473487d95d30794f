"""Protocol 2 and the market streams of 6: what the public is told."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any

from alphabot.testing.bench import PUBLIC, Bench, floor
from alphabot.testing.cases import case, demand, shaped

__all__: list[str] = []

_TOKEN_LIST = "/bapi/defi/v1/public/wallet-direct/buw/wallet/cex/alpha/all/token/list"  # noqa: S105  (a path)


def _keys(texts: str = "", ints: str = "", bools: str = "") -> dict[str, Any]:
    return (
        dict.fromkeys(texts.split(), str)
        | dict.fromkeys(ints.split(), int)
        | dict.fromkeys(bools.split(), bool)
    )


@case(201, "the token list names each alphaId once, with figures in strings and mulPoint an int")
async def _token_list(bench: Bench) -> None:
    rows = (await bench.public.get(_TOKEN_LIST)).data
    texts = "alphaId symbol name chainId contractAddress price volume24h percentChange24h"
    for row in rows:
        shaped(row, _keys(texts, "decimals listingTime mulPoint", "offline offsell"), "a token")
        demand(row["mulPoint"] >= 1, f"{row['alphaId']}: mulPoint was {row['mulPoint']}")
    names = [row["alphaId"] for row in rows]
    demand(len(set(names)) == len(names), "an alphaId is there twice")


@case(202, "exchange info has every symbol's grid in its filters, in strings")
async def _exchange_info(bench: Bench) -> None:
    data = (await bench.public.get(f"{PUBLIC}/get-exchange-info")).data
    shaped(data, {"timezone": str, "symbols": list, "assets": list}, "exchange info")
    for row in data["symbols"]:
        shaped(row, _keys("symbol status baseAsset quoteAsset") | {"orderTypes": list}, "a symbol")
        demand(row["symbol"] == row["baseAsset"] + row["quoteAsset"], f"{row['symbol']}: name")
        filters = {entry["filterType"]: entry for entry in row["filters"]}
        shaped(filters.get("PRICE_FILTER"), _keys("minPrice maxPrice tickSize"), "PRICE_FILTER")
        shaped(filters.get("LOT_SIZE"), _keys("minQty maxQty stepSize"), "LOT_SIZE")
        shaped(filters.get("MIN_NOTIONAL"), _keys("minNotional"), "MIN_NOTIONAL")


@case(203, "the ticker has prices in strings on the grid, and times and counts in ints")
async def _ticker(bench: Bench) -> None:
    data = (await bench.public.get(f"{PUBLIC}/ticker", symbol=bench.grid.symbol)).data
    texts = "symbol lastPrice lastQty openPrice highPrice lowPrice volume quoteVolume priceChange"
    shaped(data, _keys(texts, "openTime closeTime firstId lastId count"), "the ticker")
    last = Decimal(data["lastPrice"])
    demand(last == floor(last, bench.grid.tick), f"{last} is off the tick")
    low, high = Decimal(data["lowPrice"]), Decimal(data["highPrice"])
    demand(low <= last <= high, f"the last price {last} is not between {low} and {high}")


@case(204, "klines are rows of eleven strings and a zero, oldest first, as many as asked for")
async def _klines(bench: Bench) -> None:
    asked = {"symbol": bench.grid.symbol, "interval": "1m", "limit": 5}
    rows = (await bench.public.get(f"{PUBLIC}/klines", **asked)).data
    demand(0 < len(rows) <= 5, f"{len(rows)} rows for a limit of 5")
    for row in rows:
        demand([type(entry) for entry in row] == [str] * 11 + [int], f"a row was {row!r:.120}")
    opened = [int(row[0]) for row in rows]
    demand(all(b - a == 60_000 for a, b in itertools.pairwise(opened)), f"times were {opened}")


@case(205, "aggregate trades have rising ids and figures in strings")
async def _agg_trades(bench: Bench) -> None:
    query = {"symbol": bench.grid.symbol, "limit": 20}
    rows = (await bench.public.get(f"{PUBLIC}/agg-trades", **query)).data
    demand(0 < len(rows) <= 20, f"{len(rows)} rows for a limit of 20")
    for row in rows:
        shaped(row, _keys("p q", "a f l T", "m"), "a trade")
    ids = [row["a"] for row in rows]
    demand(ids == sorted(set(ids)), f"ids were {ids}")


@case(206, "the book has pairs of strings, bids falling and asks rising")
async def _full_depth(bench: Bench) -> None:
    query = {"symbol": bench.grid.symbol, "limit": 10}
    data = (await bench.public.get(f"{PUBLIC}/fullDepth", **query)).data
    shaped(data, _keys("symbol", "lastUpdateId E T") | {"bids": list, "asks": list}, "the book")
    for side, falling in (("bids", True), ("asks", False)):
        demand(0 < len(data[side]) <= 10, f"{len(data[side])} {side} for a limit of 10")
        demand(all([type(x) for x in level] == [str, str] for level in data[side]), side)
        prices = [Decimal(level[0]) for level in data[side]]
        demand(prices == sorted(set(prices), reverse=falling), f"{side} were {prices}")


@case(207, "the fee rate is in millionths, in ints")
async def _fee_rate(bench: Bench) -> None:
    data = (await bench.public.get(f"{PUBLIC}/get-fee-rate", symbol=bench.grid.symbol)).data
    shaped(data, _keys("", "buyerCommission sellerCommission"), "the fee rate")


@case(208, "USDT is one of the assets to pay with")
async def _from_asset(bench: Bench) -> None:
    data = (await bench.public.get(f"{PUBLIC}/get-from-asset")).data
    demand(isinstance(data, list) and "USDT" in data, f"the assets were {data!r:.80}")


@case(209, "a symbol that does not exist is refused")
async def _unknown_symbol(bench: Bench) -> None:
    (await bench.public.get(f"{PUBLIC}/ticker", symbol="ALPHA_0USDT")).refused()


@case(210, "aggregate klines are found by contract and chain, in rows of seven strings")
async def _agg_klines(bench: Bench) -> None:
    place = {"chainId": bench.grid.chain_id, "tokenAddress": bench.grid.contract}
    asked = place | {"interval": "1m", "limit": 5, "dataType": "aggregate"}
    data = (await bench.public.get(f"{PUBLIC}/agg-klines", **asked)).data
    rows = shaped(data, {"klineInfos": list}, "the data")["klineInfos"]
    demand(0 < len(rows) <= 5, f"{len(rows)} rows for a limit of 5")
    for row in rows:
        demand([type(entry) for entry in row] == [str] * 7, f"a row was {row!r:.120}")
        demand(int(row[6]) - int(row[0]) == 59_999, f"from {row[0]} to {row[6]} is no minute")
    opened = [int(row[0]) for row in rows]
    demand(all(b - a == 60_000 for a, b in itertools.pairwise(opened)), f"times were {opened}")


@case(611, "aggTrade, trade and bookTicker tell what happens, with figures in strings")
async def _on_change(bench: Bench) -> None:
    await _hear(bench, "aggTrade", "aggTrade", _keys("s p q", "E a f l T", "m"))
    await _hear(bench, "trade", "trade", _keys("s p q", "E T t", "m"))
    await _hear(bench, "bookTicker", "bookTicker", _keys("s b B a A", "E T u"))


@case(612, "miniTicker and ticker come by themselves")
async def _tickers(bench: Bench) -> None:
    await _hear(bench, "miniTicker", "24hrMiniTicker", _keys("s c o h l v q", "E"))
    await _hear(bench, "ticker", "24hrTicker", _keys("s p P w c Q o h l v q", "E O C F L n"))


@case(613, "klines come by themselves")
async def _kline(bench: Bench) -> None:
    data = await _hear(bench, "kline_1m", "kline", _keys("s", "E") | {"k": dict})
    shaped(data["k"], _keys("s i o c h l v q", "t T n", "x"), "the kline")
    demand(data["k"]["i"] == "1m", f"the interval was {data['k']['i']}")


@case(614, "each change of the book names the one before it, and levels are pairs of strings")
async def _fulldepth(bench: Bench) -> None:
    stream = f"{bench.grid.symbol.lower()}@fulldepth@500ms"
    shape = _keys("s", "E T U u pu") | {"b": list, "a": list}
    async with bench.markets(stream) as ear:
        frames = [shaped((await ear.frame())["data"], shape, "a change") for _ in range(4)]
    for before, after in itertools.pairwise(frames):
        demand(after["pu"] == before["u"], f"pu was {after['pu']} after u {before['u']}")
    levels = [level for frame in frames for level in (*frame["b"], *frame["a"])]
    demand(all([type(x) for x in level] == [str, str] for level in levels), f"{levels!r:.80}")


@case(615, "a partial book has as many levels as its name says")
async def _depth(bench: Bench) -> None:
    for levels in (5, 10, 20):
        stream = f"{bench.grid.symbol.lower()}@depth{levels}@500ms"
        async with bench.markets(stream) as ear:
            data = (await ear.frame())["data"]
        for side in ("b", "a"):
            demand(0 < len(data[side]) <= levels, f"{len(data[side])} levels on {stream}")


@case(616, "all mini tickers come in one array")
async def _mini_ticker_array(bench: Bench) -> None:
    async with bench.markets("!miniTicker@arr") as ear:
        data: Any = (await ear.frame())["data"]
    demand(isinstance(data, list) and len(data) > 0, f"the data was {data!r:.80}")
    for row in data:
        shaped(row, _keys("s c o h l v q", "E"), "a row")


@case(617, "the ticker of all tokens is keyed by contract and chain")
async def _all_tokens(bench: Bench) -> None:
    async with bench.markets("came@allTokens@ticker24") as ear:
        data = (await ear.frame())["data"]
    demand(data.get("e") == "tickerList", f"e was {data.get('e')!r}")
    rows = {row["ca"]: row for row in data["d"]}
    ours = rows.get(f"{bench.grid.contract}@{bench.grid.chain_id}")
    shaped(ours, _keys("ca p pc24 vol24 mc fdv liq hc s", "t cnt24"), "the token's row")


async def _hear(bench: Bench, kind: str, event: str, keys: dict[str, Any]) -> dict[str, Any]:
    """Return the data of the first frame of one of the token's streams."""
    stream = f"{bench.grid.symbol.lower()}@{kind}"
    async with bench.markets(stream) as ear:
        frame = await ear.frame()
    demand(frame["stream"] == stream, f"{stream} came as {frame['stream']!r}")
    data = shaped(frame["data"], {"e": str} | keys, stream)
    demand(data["e"] == event, f"{stream}: e was {data['e']!r}")
    demand(data["s"] == bench.grid.symbol, f"{stream}: s was {data['s']!r}")
    return data
