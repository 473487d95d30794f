"""One symbol's order book: price-time priority over the crowd's quantities and the users'."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from alphabot.simulator.amounts import ZERO

__all__ = ["Book", "Maker", "Side", "Take", "is_within"]


class Side(StrEnum):
    """Which way an order trades, in the words of the wire."""

    BUY = "BUY"
    SELL = "SELL"

    @property
    def opposite(self) -> Side:
        """The side an order of this side trades with."""
        return Side.SELL if self is Side.BUY else Side.BUY


@dataclass(slots=True, eq=False)
class Maker:
    """A quantity that waits in the book; ``order_id`` is None for the crowd."""

    price: Decimal
    quantity: Decimal
    since_ms: int
    order_id: int | None = None


@dataclass(frozen=True, slots=True)
class Take:
    """What a walk through the book took from one maker."""

    maker: Maker
    quantity: Decimal


class Book:
    """What waits on both sides. The crowd's part is replaced at every step, the users' stays."""

    def __init__(self) -> None:
        self._crowd: dict[Side, list[Maker]] = {Side.BUY: [], Side.SELL: []}
        self._users: dict[Side, list[Maker]] = {Side.BUY: [], Side.SELL: []}

    def refresh(self, bids: list[Maker], asks: list[Maker]) -> None:
        """Put the crowd's new quantities, best first, in the place of the old."""
        self._crowd = {Side.BUY: bids, Side.SELL: asks}

    def rest(self, side: Side, maker: Maker) -> None:
        """Let a user's order wait behind those of its price that came before."""
        self._users[side] = _by_priority(side, [*self._users[side], maker])

    def remove(self, side: Side, order_id: int) -> None:
        """Take a user's order out, if it is there."""
        self._users[side] = [maker for maker in self._users[side] if maker.order_id != order_id]

    def resting(self) -> list[tuple[Side, Maker]]:
        """Return the users' orders, best price first on each side."""
        return [(side, maker) for side in Side for maker in self._users[side]]

    def touch(self, side: Side, *, crowd_only: bool = False) -> Decimal | None:
        """Return the best price on a side, None where nothing waits."""
        makers = self._makers(side, crowd_only=crowd_only)
        return makers[0].price if makers else None

    def crosses(self, side: Side, limit: Decimal) -> bool:
        """Tell whether an order of this side and limit would trade at once."""
        touch = self.touch(side.opposite)
        return touch is not None and is_within(side, limit, touch)

    def take(
        self, side: Side, limit: Decimal, quantity: Decimal, *, crowd_only: bool = False
    ) -> list[Take]:
        """Walk the other side up to the limit and take what is there, best and oldest first."""
        takes: list[Take] = []
        other = side.opposite
        for maker in self._makers(other, crowd_only=crowd_only):
            if not quantity or not is_within(side, limit, maker.price):
                break
            taken = min(quantity, maker.quantity)
            maker.quantity -= taken
            quantity -= taken
            takes.append(Take(maker, taken))
        self.drop_empty()
        return takes

    def drop_empty(self) -> None:
        """Take out whoever has nothing left."""
        for makers in (self._crowd, self._users):
            for side, waiting in makers.items():
                if any(not maker.quantity for maker in waiting):
                    makers[side] = [maker for maker in waiting if maker.quantity]

    def depth(self, side: Side) -> list[tuple[Decimal, Decimal]]:
        """Return (price, quantity) of every level of a side, best first."""
        levels: dict[Decimal, Decimal] = {}
        for maker in self._makers(side):
            levels[maker.price] = levels.get(maker.price, ZERO) + maker.quantity
        return list(levels.items())

    def _makers(self, side: Side, *, crowd_only: bool = False) -> list[Maker]:
        """Everybody who waits on a side, in the order of their turn."""
        crowd, users = self._crowd[side], self._users[side]
        return crowd if crowd_only or not users else _by_priority(side, crowd + users)


def _by_priority(side: Side, makers: list[Maker]) -> list[Maker]:
    # Sorting is stable, so of two makers with one price and time the earlier placed stays first.
    by_time = sorted(makers, key=lambda maker: maker.since_ms)
    return sorted(by_time, key=lambda maker: maker.price, reverse=side is Side.BUY)


def is_within(side: Side, limit: Decimal, price: Decimal) -> bool:
    """Tell whether an order of this side and limit accepts a price."""
    return price <= limit if side is Side.BUY else price >= limit
