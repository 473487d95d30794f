"""One symbol's real book as it was last seen, less what our orders have taken from it.

The book belongs to others, and nothing here changes it. So what an order took stays taken for as
long as its level stands there, or the same offer would be taken again with every look at it. Half
a minute later it is on offer again: whoever quotes a price puts back what was taken from him.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from alphabot.simulator.amounts import ZERO, floor_to_grid
from alphabot.simulator.book import Side, is_within

__all__ = ["FRESH_MS", "TAKEN_MS", "Level", "MirrorBook"]

FRESH_MS: Final = 5000
"""How long ago a book may have been confirmed for an order to trade with it."""
TAKEN_MS: Final = 30_000
"""How long what was taken from a level stays taken, as long as the level stands."""

Level = tuple[Decimal, Decimal]
"""A price and what is offered there, in tokens."""


@dataclass(slots=True)
class _Taken:
    quantity: Decimal
    at_ms: int


class MirrorBook:
    """Both sides of a book that others made; times are epoch milliseconds."""

    def __init__(self) -> None:
        self._seen: dict[Side, dict[Decimal, Decimal]] = {side: {} for side in Side}
        self._taken: dict[Side, dict[Decimal, _Taken]] = {side: {} for side in Side}
        self._seen_ms: int | None = None

    def see(self, bids: Iterable[Level], asks: Iterable[Level], seen_ms: int) -> None:
        """Take in a whole book, confirmed at that time."""
        self._seen_ms = seen_ms
        for side, levels in ((Side.BUY, bids), (Side.SELL, asks)):
            self._seen[side] = {price: quantity for price, quantity in levels if quantity > 0}
            self._taken[side] = {
                price: taken
                for price, taken in self._taken[side].items()
                if price in self._seen[side] and seen_ms - taken.at_ms < TAKEN_MS
            }

    def is_fresh(self, now_ms: int) -> bool:
        """Tell whether orders may trade with it: seen lately, both sides there, not crossed.

        The exchange was seen to send levels that are long gone, and so a bid above an ask.
        """
        bid, ask = self._best(Side.BUY), self._best(Side.SELL)
        if self._seen_ms is None or bid is None or ask is None:
            return False
        return now_ms - self._seen_ms <= FRESH_MS and bid < ask

    def take(
        self, side: Side, limit: Decimal, quantity: Decimal, step: Decimal, now_ms: int
    ) -> list[Level]:
        """Walk the other side up to the limit, best price first; return what was had where.

        Of each level in whole steps.
        """
        other = side.opposite
        had: list[Level] = []
        for price in sorted(self._seen[other], reverse=side is Side.SELL):
            if not quantity or not is_within(side, limit, price):
                break
            part = floor_to_grid(min(quantity, self._left(other, price)), step)
            if part <= 0:
                continue
            taken = self._taken[other].setdefault(price, _Taken(ZERO, now_ms))
            taken.quantity += part
            taken.at_ms = now_ms
            quantity -= part
            had.append((price, part))
        return had

    def is_exhausted(self, side: Side) -> bool:
        """Tell whether nothing is left of what is shown of a side; beyond it there may be more."""
        return all(self._left(side, price) <= 0 for price in self._seen[side])

    def queue(self, side: Side, price: Decimal) -> Decimal | None:
        """Return what waits at a price before one who comes now; None beyond what is shown."""
        levels = self._seen[side]
        if not levels:
            return None
        worst = min(levels) if side is Side.BUY else max(levels)
        # An order that the worst shown price would content is not behind what is shown.
        return levels.get(price, ZERO) if is_within(side.opposite, worst, price) else None

    def trade(self, price: Decimal, quantity: Decimal) -> Decimal:
        """Take in a trade of others; return how much of it was not had by our orders before.

        It took from a level that may be shown for another moment.
        """
        for side in Side:
            shown = self._seen[side].pop(price, ZERO)
            if shown > quantity:
                self._seen[side][price] = shown - quantity
            taken = self._taken[side].get(price)
            if taken is not None:
                part = min(taken.quantity, quantity)
                taken.quantity -= part
                quantity -= part
        return quantity

    def _left(self, side: Side, price: Decimal) -> Decimal:
        taken = self._taken[side].get(price)
        return self._seen[side][price] - (taken.quantity if taken else ZERO)

    def _best(self, side: Side) -> Decimal | None:
        levels = self._seen[side]
        if not levels:
            return None
        return max(levels) if side is Side.BUY else min(levels)
