"""The market streams that publish by the clock: tickers, klines and books, one or all tokens.

A name that no market answers to is no error: such a stream stays silent, as at the real host.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from alphabot.simulator.amounts import ZERO
from alphabot.simulator.book import Side
from alphabot.simulator.day import INTERVALS_MS, candle_so_far, day_of
from alphabot.simulator.market import Market
from alphabot.simulator.market_frames import (
    Levels,
    came_kline,
    depth_update,
    kline,
    mini_ticker,
    partial_depth,
    ticker,
    ticker24,
)

__all__ = ["PeriodicStream", "PeriodicStreams"]

_TICKER_MS = 1000
_ALL_TOKENS_MS = 3000
_KLINE_MS = 1000
_BOOK_MS = {"0ms": 100, "100ms": 100, "500ms": 500}
"""``0ms`` promises every change; the crowd's book changes a few times a second."""

_KLINE = re.compile(r"kline_(\w+)", re.ASCII)
_DEPTH = re.compile(r"depth(5|10|20)@(0ms|100ms|500ms)", re.ASCII)
_FULL_DEPTH = re.compile(r"fulldepth@(0ms|100ms|500ms)", re.ASCII)
_CAME = re.compile(r"came@(\w+@\w+)@kline_(\w+)", re.ASCII)

Render = Callable[[int], Any]


@dataclass(frozen=True, slots=True)
class PeriodicStream:
    """What is published on one stream, and how often; ``render`` takes the time in epoch ms."""

    period_ms: int
    render: Render


class PeriodicStreams:
    """Knows every periodic stream by its name (protocol: market streams)."""

    def __init__(
        self, seed: int, markets: Mapping[str, Market], market_at: Callable[[str, int], Market]
    ) -> None:
        self._seed = seed
        self._markets = markets
        self._market_at = market_at
        self._by_prefix = {m.token.stream_prefix: m for m in markets.values()}
        self._by_contract = {f"{m.token.contract}@{m.token.chain_id}": m for m in markets.values()}
        self._by_contract |= {f"{m.token.alpha_id.lower()}@short": m for m in markets.values()}

    def named(self, stream: str, now_ms: int) -> PeriodicStream | None:
        """Return the stream of this name, beginning now; None if there is none."""
        whole_market: dict[str, tuple[int, Render]] = {
            "came@allTokens@ticker24": (_ALL_TOKENS_MS, self._all_tokens),
            "!miniTicker@arr": (_TICKER_MS, partial(self._array, mini_ticker)),
            "!ticker@arr": (_TICKER_MS, partial(self._array, ticker)),
        }
        if stream in whole_market:
            return PeriodicStream(*whole_market[stream])
        if came := _CAME.fullmatch(stream):
            return self._kline(self._by_contract.get(came[1]), came[2], came_kline)
        prefix, _, kind = stream.partition("@")
        market = self._by_prefix.get(prefix)
        return None if market is None else self._of_market(market, kind, now_ms)

    def _of_market(self, market: Market, kind: str, now_ms: int) -> PeriodicStream | None:
        if kind in ("miniTicker", "ticker"):
            render = mini_ticker if kind == "miniTicker" else ticker
            return PeriodicStream(_TICKER_MS, partial(self._figures, market, render))
        if found := _KLINE.fullmatch(kind):
            return self._kline(market, found[1], kline)
        if found := _DEPTH.fullmatch(kind):
            levels = int(found[1])
            return PeriodicStream(_BOOK_MS[found[2]], partial(self._top, market, levels))
        if found := _FULL_DEPTH.fullmatch(kind):
            changes = _Changes(self._at(market, now_ms))
            return PeriodicStream(_BOOK_MS[found[1]], partial(self._changes, market, changes))
        return None

    def _kline(
        self, market: Market | None, interval: str, frame: Callable[..., dict[str, Any]]
    ) -> PeriodicStream | None:
        if market is None or interval not in INTERVALS_MS:
            return None
        length_ms = INTERVALS_MS[interval]

        def render(at_ms: int) -> dict[str, Any]:
            so_far = candle_so_far(self._at(market, at_ms), self._seed, at_ms, length_ms)
            return frame(market, so_far, interval, at_ms)

        return PeriodicStream(_KLINE_MS, render)

    def _at(self, market: Market, at_ms: int) -> Market:
        return self._market_at(market.token.alpha_id, at_ms)

    def _figures(
        self, market: Market, render: Callable[..., dict[str, Any]], at_ms: int
    ) -> dict[str, Any]:
        now = self._at(market, at_ms)
        return render(now, day_of(now, self._seed, at_ms), at_ms)

    def _array(self, render: Callable[..., dict[str, Any]], at_ms: int) -> list[dict[str, Any]]:
        return [self._figures(market, render, at_ms) for market in self._markets.values()]

    def _all_tokens(self, at_ms: int) -> dict[str, Any]:
        markets = [self._at(market, at_ms) for market in self._markets.values()]
        return ticker24([(m, day_of(m, self._seed, at_ms)) for m in markets], at_ms)

    def _top(self, market: Market, levels: int, at_ms: int) -> dict[str, Any]:
        return partial_depth(self._at(market, at_ms), levels, at_ms)

    def _changes(self, market: Market, changes: _Changes, at_ms: int) -> dict[str, Any]:
        return changes.since_last(self._at(market, at_ms), at_ms)


class _Changes:
    """What the watchers of one full book were told last."""

    def __init__(self, market: Market) -> None:
        self._remember(market)

    def since_last(self, market: Market, at_ms: int) -> dict[str, Any]:
        """Return the change since the last call, which continues the one before it."""
        bids, asks, previous_id = self._bids, self._asks, self._update_id
        self._remember(market)
        changed = (_difference(bids, self._bids), _difference(asks, self._asks))
        return depth_update(market, changed, previous_id=previous_id, now_ms=at_ms)

    def _remember(self, market: Market) -> None:
        self._bids: Levels = dict(market.book.depth(Side.BUY))
        self._asks: Levels = dict(market.book.depth(Side.SELL))
        self._update_id = market.update_id


def _difference(before: Levels, after: Levels) -> Levels:
    changed = {
        price: quantity for price, quantity in after.items() if before.get(price) != quantity
    }
    return changed | {price: ZERO for price in before if price not in after}
