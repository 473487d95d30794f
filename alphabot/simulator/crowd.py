"""The other traders: what they quote and what they trade at each step.

Both are functions of seed and step, so the crowd does the same whether or not somebody watches.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from random import Random

from alphabot.simulator.amounts import ceil_to_grid, floor_to_grid, product
from alphabot.simulator.book import Maker, Side
from alphabot.simulator.prices import PricePath
from alphabot.simulator.seeded import chance, generator
from alphabot.simulator.settings import ExchangeSettings
from alphabot.simulator.tokens import Token

__all__ = ["Crowd", "CrowdTrade"]

_MAKERS_OF_A_LEVEL = (1, 1, 1, 1, 1, 1, 1, 2, 2, 3)
"""Mostly one order a level; with more, one match gives fills that share a trade id."""
_SHARES = 1000


@dataclass(frozen=True, slots=True)
class CrowdTrade:
    """Somebody buys or sells at the touch; quantity on the step, never zero."""

    side: Side
    quantity: Decimal


class Crowd:
    """Everybody but the users in one token's market."""

    def __init__(self, settings: ExchangeSettings, token: Token, path: PricePath) -> None:
        self._settings = settings
        self._token = token
        self._path = path

    def quotes(self, step: int, at_ms: int) -> tuple[list[Maker], list[Maker]]:
        """Return the bids and asks that stand at a step, best first."""
        rng = generator(self._settings.seed, "quotes", self._token.alpha_id, step)
        middle = self._path.middle(step)
        return (
            self._side(Side.BUY, middle, rng, at_ms),
            self._side(Side.SELL, middle, rng, at_ms),
        )

    def trade(self, step: int, bids: list[Maker], asks: list[Maker]) -> CrowdTrade | None:
        """Return the trade of a step, if there is one; no larger than the first order it meets."""
        settings = self._settings
        name = ("trade", self._token.alpha_id, step)
        if not chance(settings.traffic_percent, settings.seed, *name):
            return None
        rng = generator(settings.seed, *name, "size")
        side = rng.choice((Side.BUY, Side.SELL))
        first = (asks if side is Side.BUY else bids)[0]
        share = Decimal(rng.randint(100, 900)) / _SHARES
        quantity = floor_to_grid(product(first.quantity, share), self._token.step)
        return CrowdTrade(side, max(quantity, self._token.step))

    def _side(self, side: Side, middle: Decimal, rng: Random, at_ms: int) -> list[Maker]:
        settings = self._settings
        hundredths_bp = rng.randint(
            settings.half_spread_bp[0] * 100, settings.half_spread_bp[1] * 100
        )
        makers: list[Maker] = []
        last_price: Decimal | None = None
        for _ in range(settings.depth_levels):
            price = self._price(side, middle, hundredths_bp, last_price)
            if price <= 0:
                break
            makers.extend(self._level(price, rng, at_ms))
            last_price = price
            hundredths_bp += rng.randint(50, 600)
        return makers

    def _price(
        self, side: Side, middle: Decimal, hundredths_bp: int, last_price: Decimal | None
    ) -> Decimal:
        """Return the level's price: away from the middle, and beyond the level before it."""
        offset = product(middle, Decimal(hundredths_bp)) / 1_000_000
        tick = self._token.tick
        if side is Side.BUY:
            price = floor_to_grid(middle - offset, tick)
            return price if last_price is None else min(price, last_price - tick)
        # One tick up, or bid and ask could round to the same price where the tick is coarse.
        price = max(ceil_to_grid(middle + offset, tick), middle + tick)
        return price if last_price is None else max(price, last_price + tick)

    def _level(self, price: Decimal, rng: Random, at_ms: int) -> list[Maker]:
        low, high = self._settings.level_usdt
        # The square makes thin levels common: an order of 30 USDT meets one now and then.
        share = Decimal(rng.randint(0, _SHARES)) / _SHARES
        worth = low + (high - low) * share * share
        makers = rng.choice(_MAKERS_OF_A_LEVEL)
        quantity = max(floor_to_grid(worth / price / makers, self._token.step), self._token.step)
        return [Maker(price, quantity, at_ms) for _ in range(makers)]
