"""A market's last day in figures, and its candles: functions of the price path.

The path is known for any time, also before the exchange opened, so there is a yesterday. Volumes
of the crowd are made up; they are steady from one minute to the next and carry no meaning.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache

from alphabot.simulator.amounts import floor_places, product
from alphabot.simulator.market import Market
from alphabot.simulator.seeded import draw_between

__all__ = ["DAY_MS", "INTERVALS_MS", "Candle", "Day", "candle", "candle_so_far", "day_of"]

DAY_MS = 86_400_000
_HOUR_MS = 3_600_000
_SAMPLES_A_DAY = 96
_SAMPLES_A_CANDLE = 4
_TRADE_USDT = 150
"""What one trade of the crowd is worth on average."""

_MINUTE_MS = 60_000
INTERVALS_MS = {
    "1s": 1000,
    "15s": 15_000,
    "1m": _MINUTE_MS,
    "3m": 3 * _MINUTE_MS,
    "5m": 5 * _MINUTE_MS,
    "15m": 15 * _MINUTE_MS,
    "30m": 30 * _MINUTE_MS,
    "1h": 60 * _MINUTE_MS,
    "2h": 120 * _MINUTE_MS,
    "4h": 240 * _MINUTE_MS,
    "6h": 360 * _MINUTE_MS,
    "8h": 480 * _MINUTE_MS,
    "12h": 720 * _MINUTE_MS,
    "1d": DAY_MS,
    "3d": 3 * DAY_MS,
    "1w": 7 * DAY_MS,
    "1M": 30 * DAY_MS,
}
"""Length of each interval of klines (protocol: others); a month counts thirty days."""


@dataclass(frozen=True, slots=True)
class Day:
    """The last 24 hours of one market; volume in tokens, quote in USDT."""

    opened_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    last: Decimal
    volume: Decimal
    quote: Decimal
    count: int

    @property
    def change(self) -> Decimal:
        """How far the last price is from the first."""
        return self.last - self.open

    @property
    def change_percent(self) -> Decimal:
        """The same in percent of the first."""
        return self.change / self.open * 100


@dataclass(frozen=True, slots=True)
class Candle:
    """One interval; ``close_ms`` is its last millisecond."""

    open_ms: int
    close_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    quote: Decimal
    count: int


def day_of(market: Market, seed: int, now_ms: int) -> Day:
    """Return a market's figures up to now."""
    opened_ms = now_ms - DAY_MS
    opened = market.path.middle(market.step_at(opened_ms))
    # Whole hours, so that high and low do not jump about with each call.
    first_ms = (opened_ms // _HOUR_MS + 1) * _HOUR_MS
    prices = [*_extremes(market, first_ms), opened, market.last_price]
    percent = draw_between(80, 120, seed, "day", market.token.alpha_id, now_ms // _MINUTE_MS)
    quote = product(market.token.daily_volume_usdt, Decimal(percent)) / 100
    return Day(
        opened_ms=opened_ms,
        open=opened,
        high=max(prices),
        low=min(prices),
        last=market.last_price,
        volume=floor_places(quote / opened, market.token.base_precision),
        quote=quote,
        count=int(quote) // _TRADE_USDT,
    )


@lru_cache(maxsize=16)
def _extremes(market: Market, first_ms: int) -> tuple[Decimal, Decimal]:
    """Return the lowest and highest middle of the day from an hour on; it never changes."""
    every_ms = DAY_MS // _SAMPLES_A_DAY
    times = range(first_ms, first_ms + DAY_MS - _HOUR_MS, every_ms)
    samples = [market.path.middle(market.step_at(at_ms)) for at_ms in times]
    return min(samples), max(samples)


def candle_so_far(market: Market, seed: int, now_ms: int, interval_ms: int) -> Candle:
    """Return the candle that is being drawn now: its volume grows with the time."""
    open_ms = now_ms // interval_ms * interval_ms
    whole = candle(market, seed, open_ms, interval_ms)
    elapsed_ms = now_ms - open_ms + 1
    prices = [
        whole.open,
        market.last_price,
        *(
            market.path.middle(market.step_at(open_ms + elapsed_ms * part // _SAMPLES_A_CANDLE))
            for part in range(1, _SAMPLES_A_CANDLE)
        ),
    ]
    quote = floor_places(whole.quote * elapsed_ms / interval_ms, 8)
    return replace(
        whole,
        high=max(prices),
        low=min(prices),
        close=market.last_price,
        quote=quote,
        volume=floor_places(quote / whole.open, market.token.base_precision),
        count=whole.count * elapsed_ms // interval_ms,
    )


def candle(market: Market, seed: int, open_ms: int, interval_ms: int) -> Candle:
    """Return the candle that begins at ``open_ms``."""
    prices = [
        market.path.middle(market.step_at(open_ms + interval_ms * part // _SAMPLES_A_CANDLE))
        for part in range(_SAMPLES_A_CANDLE + 1)
    ]
    percent = draw_between(10, 190, seed, "candle", market.token.alpha_id, open_ms, interval_ms)
    a_day = product(market.token.daily_volume_usdt, Decimal(percent)) / 100
    quote = floor_places(a_day * interval_ms / DAY_MS, 8)
    return Candle(
        open_ms=open_ms,
        close_ms=open_ms + interval_ms - 1,
        open=prices[0],
        high=max(prices),
        low=min(prices),
        close=prices[-1],
        volume=floor_places(quote / prices[0], market.token.base_precision),
        quote=quote,
        count=int(quote) // _TRADE_USDT + 1,
    )
