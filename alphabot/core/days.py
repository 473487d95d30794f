"""UTC days: on which of them a fill counts, by the exchange's own time.

A day is a whole number, days since 1970-01-01. What a BUY adds toward a target belongs to the days
of its fills; the loss of a SELL belongs to the day of its last one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from alphabot.core.exact import ZERO, divide, floor_places, multiply
from alphabot.core.records import Intended, Settled
from alphabot.core.values import Fill
from alphabot.core.volume import CREDIT_PLACES

__all__ = ["DAY_MS", "credit_by_day", "filled_by_day", "quote_by_day", "sold_at_ms"]

DAY_MS = 86_400_000
SKEW_MS = 60_000
"""How far the exchange's time of a fill may lie outside of what our clock says: with clocks
further apart nothing was allowed to leave, so it is no time that could be believed."""


def filled_by_day(fills: Iterable[Fill]) -> dict[str, Decimal] | None:
    """Return what filled on each UTC day, in USDT, where that was on more than one.

    None where all of it was on one, or where a fill does not say when it was.
    """
    days: dict[str, Decimal] = {}
    for fill in fills:
        if fill.at_ms is None:
            return None
        day = str(fill.at_ms // DAY_MS)
        days[day] = days.get(day, ZERO) + fill.quote_usdt
    return days if len(days) > 1 else None


def quote_by_day(record: Settled, since_ms: int) -> Mapping[int, Decimal]:
    """Return what an order filled on each UTC day, in USDT; ``since_ms`` is when it was intended.

    A day on which it cannot have filled counts as the nearest on which it can.
    """
    first, last = (since_ms - SKEW_MS) // DAY_MS, (record.at_ms + SKEW_MS) // DAY_MS
    if record.filled_by_day is not None:
        told = {int(day): quote_usdt for day, quote_usdt in record.filled_by_day.items()}
    elif record.filled_at_ms is not None:
        told = {record.filled_at_ms // DAY_MS: record.quote_usdt}
    else:
        return {record.at_ms // DAY_MS: record.quote_usdt}
    days: dict[int, Decimal] = {}
    for day, quote_usdt in sorted(told.items()):
        believed = min(max(day, first), last)
        days[believed] = days.get(believed, ZERO) + quote_usdt
    return days


def credit_by_day(credited: Decimal, quotes: Mapping[int, Decimal]) -> dict[int, Decimal]:
    """Return what of a credited volume belongs to each day, by what filled on it; nothing is lost.

    The parts are cut at the places that volume is counted in, and the last day has the rest.
    """
    days = sorted(quotes)
    total = sum(quotes.values(), ZERO)
    parts: dict[int, Decimal] = {}
    for day in days[:-1]:
        share = divide(multiply(credited, quotes[day]), total) if total else ZERO
        parts[day] = floor_places(share, CREDIT_PLACES)
    parts[days[-1]] = credited - sum(parts.values(), ZERO)
    return parts


def sold_at_ms(intended: Intended, settled: Settled) -> int:
    """Return when a SELL's last fill happened, by our clock as far as the two disagree.

    No fill is older than its intent or younger than its settlement: with the exchange's clock
    ahead, or wrong by years, its loss would else be on a day that is not yet, and limit nothing.
    """
    if settled.filled_at_ms is None:
        return settled.at_ms
    return min(max(settled.filled_at_ms, intended.at_ms), settled.at_ms)
