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
from alphabot.simulator.market import Market
from alphabot.simulator.market_frames import agg_trade, book_ticker, trade
from alphabot.simulator.periodic import PeriodicStream, PeriodicStreams

__all__ = ["Bulletin", "Bulletins"]

_ON_CHANGE = frozenset({"aggTrade", "trade", "bookTicker"})


@dataclass(frozen=True, slots=True)
class Bulletin:
    """One frame's worth of news on a market stream."""

    stream: str
    data: Any


@dataclass(slots=True)
class _Seen:
    """What the watchers of one market were told last."""

    trade_id: int = 0
    update_id: int = 0


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
        self._streams = PeriodicStreams(seed, markets, market_at)
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
        if stream not in self._periodic:
            periodic = self._streams.named(stream, now_ms)
            if periodic is not None:
                self._periodic.add(stream)
                self._agenda.at(now_ms + periodic.period_ms, partial(self._tell, stream, periodic))
        prefix, _, kind = stream.partition("@")
        market = self._by_prefix.get(prefix)
        if market is None or kind not in _ON_CHANGE:
            return None
        market = self._market_at(market.token.alpha_id, now_ms)
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

    def _tell(self, stream: str, periodic: PeriodicStream, at_ms: int) -> None:
        """Publish a periodic stream and come again, as long as it is watched."""
        if stream not in self._watchers:
            self._periodic.discard(stream)
            return
        self._publish(Bulletin(stream, periodic.render(at_ms)))
        self._agenda.at(at_ms + periodic.period_ms, partial(self._tell, stream, periodic))

    def _seen_of(self, market: Market) -> _Seen:
        return self._seen.setdefault(market.token.alpha_id, _Seen())
