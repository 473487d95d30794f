"""Which market streams somebody watches, and what is published on them when.

A stream nobody watches costs nothing: its market need not step, its figures are not computed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from alphabot.simulator.agenda import Agenda
from alphabot.simulator.amounts import ZERO
from alphabot.simulator.book import Side
from alphabot.simulator.day import day_of
from alphabot.simulator.market import Market
from alphabot.simulator.market_frames import (
    Levels,
    agg_trade,
    book_ticker,
    depth_update,
    mini_ticker,
    ticker,
    ticker24,
    trade,
)

__all__ = ["Bulletin", "Bulletins"]

_ALL_TOKENS = "came@allTokens@ticker24"
_ON_CHANGE = frozenset({"aggTrade", "trade", "bookTicker"})
_PERIOD_MS = {"miniTicker": 1000, "ticker": 1000, "fulldepth@500ms": 500, _ALL_TOKENS: 3000}


@dataclass(frozen=True, slots=True)
class Bulletin:
    """One frame's worth of news on a market stream."""

    stream: str
    data: dict[str, Any]


@dataclass(slots=True)
class _Seen:
    """What the watchers of one market were told last."""

    trade_id: int = 0
    update_id: int = 0
    depth_id: int = 0
    bids: Levels | None = None
    asks: Levels | None = None


class Bulletins:
    """Turns what happens in the markets into news for the streams that are watched."""

    def __init__(
        self,
        seed: int,
        agenda: Agenda,
        markets: Mapping[str, Market],
        market_at: Callable[[str, int], Market],
        publish: Callable[[Bulletin], None],
    ) -> None:
        self._seed = seed
        self._agenda = agenda
        self._markets = markets
        self._market_at = market_at
        self._by_prefix = {market.token.stream_prefix: market for market in markets.values()}
        self._publish = publish
        self._watchers: Counter[str] = Counter()
        self._periodic: set[str] = set()
        self._seen: dict[str, _Seen] = {}

    def watch(self, stream: str, now_ms: int) -> Market | None:
        """Count one more watcher; return the market that must step for it, if one must."""
        self._watchers[stream] += 1
        market, kind = self._parse(stream)
        if market is not None:
            self._market_at(market.token.alpha_id, now_ms)
        if kind in _PERIOD_MS and stream not in self._periodic:
            self._periodic.add(stream)
            if market is not None:
                self._remember_depth(market)
            self._agenda.at(now_ms + _PERIOD_MS[kind], partial(self._tell, stream, kind))
        if market is None or kind not in _ON_CHANGE:
            return None
        seen = self._seen_of(market)
        seen.trade_id = max(seen.trade_id, market.prints[-1].trade_id if market.prints else 0)
        return market

    def unwatch(self, stream: str) -> None:
        """Count one watcher less."""
        self._watchers[stream] -= 1
        if self._watchers[stream] <= 0:
            del self._watchers[stream]

    def wants_steps(self, alpha_id: str) -> bool:
        """Tell whether somebody must hear of every step of a market."""
        prefix = self._markets[alpha_id].token.stream_prefix
        return any(f"{prefix}@{kind}" in self._watchers for kind in _ON_CHANGE)

    def changed(self, market: Market, at_ms: int) -> None:
        """Publish the trades and the touch that are new since the last call."""
        if not self.wants_steps(market.token.alpha_id):
            return
        seen = self._seen_of(market)
        prefix = market.token.stream_prefix
        for traded in market.prints_after(seen.trade_id):
            seen.trade_id = traded.trade_id
            self._offer(f"{prefix}@aggTrade", partial(agg_trade, market, traded, at_ms))
            self._offer(f"{prefix}@trade", partial(trade, market, traded, at_ms))
        if market.update_id != seen.update_id:
            seen.update_id = market.update_id
            self._offer(f"{prefix}@bookTicker", partial(book_ticker, market, at_ms))

    def _offer(self, stream: str, data: Callable[[], dict[str, Any]]) -> None:
        if stream in self._watchers:
            self._publish(Bulletin(stream, data()))

    def _tell(self, stream: str, kind: str, at_ms: int) -> None:
        """Publish a periodic stream and come again, as long as it is watched."""
        if stream not in self._watchers:
            self._periodic.discard(stream)
            return
        market, _ = self._parse(stream)
        if market is None:
            self._publish(Bulletin(stream, self._all_tokens(at_ms)))
        else:
            self._offer_periodic(stream, kind, market, at_ms)
        self._agenda.at(at_ms + _PERIOD_MS[kind], partial(self._tell, stream, kind))

    def _offer_periodic(self, stream: str, kind: str, market: Market, at_ms: int) -> None:
        self._market_at(market.token.alpha_id, at_ms)
        if kind == "fulldepth@500ms":
            data = self._depth_since(market, at_ms)
        else:
            render = mini_ticker if kind == "miniTicker" else ticker
            data = render(market, day_of(market, self._seed, at_ms), at_ms)
        self._publish(Bulletin(stream, data))

    def _all_tokens(self, at_ms: int) -> dict[str, Any]:
        markets = [self._market_at(alpha_id, at_ms) for alpha_id in self._markets]
        rows = [(market, day_of(market, self._seed, at_ms)) for market in markets]
        return ticker24(rows, at_ms)

    def _depth_since(self, market: Market, at_ms: int) -> dict[str, Any]:
        seen = self._seen_of(market)
        before_bids, before_asks, previous_id = seen.bids or {}, seen.asks or {}, seen.depth_id
        self._remember_depth(market)
        changed = (
            _difference(before_bids, seen.bids or {}),
            _difference(before_asks, seen.asks or {}),
        )
        return depth_update(market, changed, previous_id=previous_id, now_ms=at_ms)

    def _remember_depth(self, market: Market) -> None:
        seen = self._seen_of(market)
        seen.bids = dict(market.book.depth(Side.BUY))
        seen.asks = dict(market.book.depth(Side.SELL))
        seen.depth_id = market.update_id

    def _seen_of(self, market: Market) -> _Seen:
        return self._seen.setdefault(market.token.alpha_id, _Seen())

    def _parse(self, stream: str) -> tuple[Market | None, str]:
        if stream == _ALL_TOKENS:
            return None, stream
        prefix, _, kind = stream.partition("@")
        market = self._by_prefix.get(prefix)
        return market, kind if market is not None else ""


def _difference(before: Levels, after: Levels) -> Levels:
    changed = {
        price: quantity for price, quantity in after.items() if before.get(price) != quantity
    }
    return changed | {price: ZERO for price in before if price not in after}
