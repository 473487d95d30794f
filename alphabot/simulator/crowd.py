"""The other traders: what they quote and what they trade at each step.

Both are functions of seed and step, so the crowd does the same whether or not somebody watches.
Distances are reckoned in whole ticks and sizes in whole steps: what comes out is on the grid.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from random import Random

from alphabot.simulator.book import Maker, Side
from alphabot.simulator.prices import PricePath
from alphabot.simulator.seeded import chance, draw, generator
from alphabot.simulator.settings import ExchangeSettings
from alphabot.simulator.tokens import Token

__all__ = ["Crowd", "CrowdTrade"]

_MAKERS_OF_A_LEVEL = (1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 1, 1, 1, 3)
"""Mostly one order a level; with more, one match gives fills that share a trade id."""
_GAP_HUNDREDTHS_BP = (50, 600)
"""How far a level is from the one before."""
_HUNDREDTHS_BP = 1_000_000


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

    def relist(self, token: Token) -> None:
        """Quote on another grid from now on."""
        self._token = token

    def quotes(self, step: int, at_ms: int) -> tuple[list[Maker], list[Maker]]:
        """Return the bids and asks that stand at a step, best first."""
        rng = generator(self._settings.seed, "quotes", self._token.alpha_id, step)
        middle_ticks = int(self._path.middle(step) / self._token.tick)
        return (
            self._side(Side.BUY, middle_ticks, rng, at_ms),
            self._side(Side.SELL, middle_ticks, rng, at_ms),
        )

    def trade(self, step: int, bids: list[Maker], asks: list[Maker]) -> CrowdTrade | None:
        """Return the trade of a step, if there is one; no larger than the first order it meets."""
        settings = self._settings
        name = ("trade", self._token.alpha_id, step)
        if not chance(settings.traffic_percent, settings.seed, *name):
            return None
        bits = draw(settings.seed, *name, "size")
        side = Side.BUY if bits & 1 else Side.SELL
        first = (asks if side is Side.BUY else bids)[0]
        thousandths = 100 + (bits >> 1) % 801
        steps = int(first.quantity / self._token.step) * thousandths // 1000
        return CrowdTrade(side, max(steps, 1) * self._token.step)

    def _side(self, side: Side, middle_ticks: int, rng: Random, at_ms: int) -> list[Maker]:
        low, high = self._settings.half_spread_bp
        gap_low, gap_high = _GAP_HUNDREDTHS_BP
        distance = rng.randint(low * 100, high * 100)
        makers: list[Maker] = []
        away_ticks = 0
        for _ in range(self._settings.depth_levels):
            # At least a tick further than the last level, however coarse the tick is.
            away_ticks = max(middle_ticks * distance // _HUNDREDTHS_BP, away_ticks + 1)
            ticks = middle_ticks - away_ticks if side is Side.BUY else middle_ticks + away_ticks
            if ticks < 1:
                break
            bits = rng.getrandbits(48)
            makers += self._level(ticks * self._token.tick, bits, at_ms)
            distance += gap_low + (bits >> 32) % (gap_high - gap_low + 1)
        return makers

    def _level(self, price: Decimal, bits: int, at_ms: int) -> list[Maker]:
        low, high = self._settings.level_usdt
        share = bits & 0xFFFF
        # The square makes thin levels common: an order of 30 USDT meets one now and then.
        worth_millionths = low * 1_000_000 + (high - low) * 1_000_000 * share * share // 0xFFFF**2
        makers = _MAKERS_OF_A_LEVEL[bits >> 16 & 0xF]
        steps = int(worth_millionths / (price * self._token.step)) // (1_000_000 * makers)
        quantity = max(steps, 1) * self._token.step
        return [Maker(price, quantity, at_ms) for _ in range(makers)]
