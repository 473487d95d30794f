"""What the points programme shows a user: today's volume, late, and the score of fifteen days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from alphabot.simulator.amounts import ZERO, fixed
from alphabot.simulator.book import Side
from alphabot.simulator.orders import Order
from alphabot.simulator.seeded import draw_between
from alphabot.simulator.settings import ExchangeSettings
from alphabot.simulator.tokens import Token

__all__ = ["user_score", "user_volume"]

_DAY_MS = 86_400_000
_DAYS = 15
_BALANCE_STEPS = (Decimal(100), Decimal(1000), Decimal(10_000), Decimal(100_000))
_ICON = "/images/web3-data/public/token/logos/token.png"


def user_volume(settings: ExchangeSettings, orders: Iterable[Order], now_ms: int) -> dict[str, Any]:
    """Return today's purchases that have come through by now (protocol: account, volume).

    Figures are JSON numbers, as nowhere else.
    """
    low, high = settings.user_volume_lag_ms
    by_token: defaultdict[Token, Decimal] = defaultdict(Decimal)
    for order, quote, at_ms, page_id in _purchases(orders):
        lag_ms = draw_between(low, high, settings.seed, "user volume", page_id)
        if at_ms // _DAY_MS == now_ms // _DAY_MS and at_ms + lag_ms <= now_ms:
            times = order.token.mul_point if settings.user_volume_multiplied else 1
            by_token[order.token] += quote * times
    return {
        "totalVolume": _number(sum(by_token.values(), ZERO)),
        "tradeVolumeInfoList": [
            {"icon": _ICON, "tokenName": token.symbol, "volume": _number(volume)}
            for token, volume in by_token.items()
        ],
    }


def user_score(orders: Iterable[Order], balance_usdt: Decimal, now_ms: int) -> dict[str, Any]:
    """Return points of today and the fourteen days before (protocol: volume, points)."""
    volume_of: defaultdict[int, Decimal] = defaultdict(Decimal)
    for order, quote, at_ms, _ in _purchases(orders):
        volume_of[at_ms // _DAY_MS] += quote * order.token.mul_point
    today = now_ms // _DAY_MS
    rows = [_day_row(day, volume_of[day], balance_usdt) for day in range(today, today - _DAYS, -1)]
    return {
        "isPass": None,
        "sumScore": str(sum(int(row["totalScore"]) for row in rows)),
        "startDatetime": (today - _DAYS + 1) * _DAY_MS,
        "endDatetime": today * _DAY_MS,
        "list": rows,
        "userSpendList": [],
    }


def _day_row(day: int, volume: Decimal, balance_usdt: Decimal) -> dict[str, Any]:
    of_volume = int(volume).bit_length() - 1 if volume >= 1 else 0
    of_balance = sum(balance_usdt >= step for step in _BALANCE_STEPS)
    date = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)
    return {
        "date": date.date().isoformat(),
        "scoreTime": None,
        "totalScore": str(of_volume + of_balance),
        "balanceScore": str(of_balance),
        "alphaVolumeScore": str(of_volume),
        "balanceSnapshot": fixed(balance_usdt, 16),
        "alphaVolume": fixed(volume, 8),
    }


def _purchases(orders: Iterable[Order]) -> Iterable[tuple[Order, Decimal, int, int]]:
    return (
        (order, fill.quote, fill.at_ms, fill.page_id)
        for order in orders
        if order.side is Side.BUY
        for fill in order.fills
    )


def _number(value: Decimal) -> msgspec.Raw:
    text = format(value, "f")
    return msgspec.Raw((text if "." in text else f"{text}.0").encode())
