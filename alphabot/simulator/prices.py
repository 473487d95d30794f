"""The price path: gentle, returning to its anchor, and the same for whoever asks.

A walk that adds a random move to its last value can only be known by walking it. This one is a
sum of waves, each the straight line between seeded points at fixed distances: slow waves make
the day, quick ones the minute. It is bounded, it comes back, and the price of any step, past or
future, is had at once. That is what lets an exchange nobody looks at sleep.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

from alphabot.simulator.amounts import floor_to_grid, product
from alphabot.simulator.seeded import draw_between
from alphabot.simulator.tokens import Token

__all__ = ["PricePath"]

_WAVES = ((4, 1), (40, 5), (400, 20), (4_000, 60), (40_000, 200))
"""Distance of a wave's points in steps, and their largest offset in basis points."""
_PARTS = 10**9
_PARTS_PER_BP = _PARTS // 10_000


@lru_cache(maxsize=4096)
def _point(seed: int, alpha_id: str, distance: int, index: int) -> int:
    return draw_between(-1000, 1000, seed, "price", alpha_id, distance, index)


class PricePath:
    """The middle of one token's market as a function of the step."""

    def __init__(self, seed: int, token: Token, volatility_percent: int) -> None:
        self._seed = seed
        self._token = token
        self._volatility_percent = volatility_percent

    def middle(self, step: int) -> Decimal:
        """Return the middle price at a step, on the token's tick; steps may be negative."""
        parts = _PARTS + self._offset_parts(step) * self._volatility_percent // 100
        price = product(self._token.anchor_price, Decimal(parts)) / _PARTS
        return floor_to_grid(price, self._token.tick)

    def _offset_parts(self, step: int) -> int:
        total = 0
        for distance, largest_bp in _WAVES:
            index, within = divmod(step, distance)
            left = _point(self._seed, self._token.alpha_id, distance, index)
            right = _point(self._seed, self._token.alpha_id, distance, index + 1)
            between = left * (distance - within) + right * within
            total += between * largest_bp * _PARTS_PER_BP // (distance * 1000)
        return total
