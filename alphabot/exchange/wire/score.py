"""The points of an account, day by day: ``user-score`` (protocol sections 4 and 8)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

import msgspec

from alphabot.core.exact import Exact
from alphabot.exchange.wire.envelope import Reply, unwrap
from alphabot.exchange.wire.numbers import Count, Number, not_negative

__all__ = ["Score", "ScoreDay", "user_score"]


@dataclass(frozen=True, slots=True)
class ScoreDay(Exact):
    """What one day of the exchange, which begins at 00:00 UTC, brought."""

    day: str
    """``2025-07-16``."""
    points: Decimal
    balance_points: Decimal
    volume_points: Decimal
    balance_usd: Decimal
    volume_usd: Decimal
    """Purchases times their mulPoint."""


@dataclass(frozen=True, slots=True)
class Score(Exact):
    """The points that count now, and the days they come from, as they were listed."""

    points: Decimal
    from_ms: int
    until_ms: int
    days: tuple[ScoreDay, ...]


def user_score(reply: Reply) -> Score:
    """Return the account's points; raises as :func:`alphabot.exchange.wire.envelope.unwrap`."""
    return unwrap(reply, _Score, _score)


_DATE = r"\A20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])\Z"


class _Day(msgspec.Struct, rename="camel"):
    date: Annotated[str, msgspec.Meta(pattern=_DATE)]
    total_score: Number
    balance_score: Number
    alpha_volume_score: Number
    balance_snapshot: Number
    alpha_volume: Number


class _Score(msgspec.Struct):
    points: Number = msgspec.field(name="sumScore")
    from_ms: Count = msgspec.field(name="startDatetime")
    until_ms: Count = msgspec.field(name="endDatetime")
    days: list[_Day] = msgspec.field(name="list")


def _score(found: _Score) -> Score:
    if found.from_ms > found.until_ms:
        raise ValueError("a score ends after it begins")
    days = tuple(map(_day, found.days))
    if len({day.day for day in days}) != len(days):
        raise ValueError("one day came twice")
    return Score(not_negative(found.points), found.from_ms, found.until_ms, days)


def _day(row: _Day) -> ScoreDay:
    return ScoreDay(
        day=row.date,
        points=not_negative(row.total_score),
        balance_points=not_negative(row.balance_score),
        volume_points=not_negative(row.alpha_volume_score),
        balance_usd=not_negative(row.balance_snapshot),
        volume_usd=not_negative(row.alpha_volume),
    )
