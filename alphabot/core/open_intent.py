"""What is known of an intent while it is not over, and of a volume that is still to be credited."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from alphabot.core.exact import ZERO
from alphabot.core.records import Intended, Leg, PlacedRecord, Settled, UnknownRecord, Updated

__all__ = ["OpenIntent", "Owed"]


@dataclass(slots=True)
class OpenIntent:
    """An intent whose legs have not all ended, with what is known of it."""

    intended: Intended
    placed: PlacedRecord | None = None
    unknown: UnknownRecord | None = None
    settled: dict[Leg, Settled] = field(default_factory=dict)
    updates: dict[Leg, Updated] = field(default_factory=dict)

    @property
    def legs(self) -> tuple[Leg, ...]:
        """The legs this intent consists of."""
        if not self.intended.is_pair:
            return (Leg.SALE,)
        unreleased = self.placed is not None and self.placed.sell_order_id is None
        return (Leg.WORKING,) if unreleased else (Leg.WORKING, Leg.PENDING)

    @property
    def unresolved(self) -> bool:
        """Whether its request may have reached the exchange and its effect is not proven."""
        return self.unknown is not None and self.placed is None

    @property
    def over(self) -> bool:
        """Whether every leg is settled."""
        return all(leg in self.settled for leg in self.legs)

    @property
    def exposure_usdt(self) -> Decimal:
        """What this intent may still cost: its BUY at the limit, whatever is not known of it."""
        if not self.intended.is_pair or Leg.WORKING in self.settled:
            return ZERO
        return self.intended.amount_usdt or ZERO


@dataclass(frozen=True, slots=True)
class Owed:
    """A settled BUY whose volume is still to be credited, with what it is computed from."""

    intended: Intended
    executed: Decimal
    quote_usdt: Decimal
    quotes: Mapping[int, Decimal]
    """``quote_usdt`` by the UTC days of the fills."""
