"""Every event of the market streams that is on record, by its name.

The client itself trades on ``aggTrade`` and ``bookTicker`` alone (:func:`.stream.market_event`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from alphabot.exchange.wire.candles import CandleEvent, candle_event
from alphabot.exchange.wire.depth import DepthChange, depth_change
from alphabot.exchange.wire.stream import AggTrade, BookTicker, Event, market_event
from alphabot.exchange.wire.tickers import (
    MiniTicker,
    Ticker,
    TokenTicker,
    mini_ticker,
    ticker,
    token_tickers,
)
from alphabot.exchange.wire.trades import TradeEvent, trade_event

__all__ = ["PublicEvent", "public_event"]

PublicEvent = (
    AggTrade
    | BookTicker
    | CandleEvent
    | DepthChange
    | MiniTicker
    | Ticker
    | TradeEvent
    | tuple[TokenTicker, ...]
)

_READERS: Final[Mapping[str, Callable[[Event], PublicEvent]]] = MappingProxyType(
    {
        "24hrMiniTicker": mini_ticker,
        "24hrTicker": ticker,
        "depthUpdate": depth_change,
        "kline": candle_event,
        "tickerList": token_tickers,
        "trade": trade_event,
    }
)


def public_event(event: Event) -> PublicEvent | None:
    """Return what an event of a market stream says, or None for one that is not known.

    Raises UnexpectedReply for a known event that cannot be read.
    """
    reader = _READERS.get(event.name)
    return market_event(event) if reader is None else reader(event)
