"""What one strategy of a user has done, as the fold over the journal adds it up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from alphabot.core.days import credit_by_day
from alphabot.core.exact import ZERO
from alphabot.core.values import OrderId

__all__ = ["StrategyProgress"]


@dataclass(slots=True)
class StrategyProgress:
    """What one strategy of a user has done since its last reset; money in USDT."""

    credited: Decimal = ZERO
    credited_by_day: dict[int, Decimal] = field(default_factory=dict)
    """The same by the UTC days of the fills."""
    volume_usdt: Decimal = ZERO
    wear_usdt: Decimal = ZERO
    rounds: int = 0
    first_at_ms: int | None = None
    """When its first order since the reset was intended."""
    buy_order_ids: set[OrderId] = field(default_factory=set)
    """Its BUYs that have ended, since the reset."""
    failures: int = 0
    """Refusals and BUYs that did not fill wholly, in a row. Outages do not count."""

    def credit(self, credited: Decimal, quotes: Mapping[int, Decimal]) -> None:
        """Add a BUY's credited volume, on the days on which it filled."""
        self.credited += credited
        for day, part in credit_by_day(credited, quotes).items():
            self.credited_by_day[day] = self.credited_by_day.get(day, ZERO) + part
