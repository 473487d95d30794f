"""Our orders in one symbol's real market, of which only the book and the trades are seen.

An order that comes walks what the book shows, at the book's prices. What remains waits, and is
filled by what others do later: by a trade beyond its limit; by one at its limit once all that was
shown there when it came has traded or gone; by a book that has moved through it. It is filled at
its own limit, as whoever waits is, unless it had more to take than there was: then it still goes
by the prices of others, for no market stays beyond the limit of an order that waits. Everything
that is seen serves one of our orders at most, and none of them another.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from alphabot.simulator.amounts import ZERO, floor_to_grid
from alphabot.simulator.book import Side, is_within
from alphabot.simulator.market import Execution
from alphabot.simulator.mirror_book import Level, MirrorBook
from alphabot.simulator.orders import Order
from alphabot.simulator.tokens import Token

__all__ = ["Matched", "MirrorMarket", "Resting"]


@dataclass(frozen=True, slots=True)
class Resting:
    """An order begins to wait; ``walked`` says that it has taken from the book before."""

    order_id: int
    walked: bool


@dataclass(frozen=True, slots=True)
class Matched:
    """What came of a look at the market: executions, and who has begun to wait."""

    executions: list[Execution] = field(default_factory=list)
    resting: list[Resting] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class _Waiting:
    """One of our orders; ``ahead`` is what trades at its price before it, None if unknown.

    ``walked`` says that it has taken from the book what there was for it.
    """

    order_id: int
    side: Side
    limit: Decimal
    quantity: Decimal
    rests: bool
    walked: bool = False
    ahead: Decimal | None = None


class MirrorMarket:
    """One symbol's book and trades as they are seen, and our orders; times are epoch ms."""

    def __init__(self, token: Token) -> None:
        self.token = token
        self.last_price = token.anchor_price
        """Of the latest trade that was seen; before the first, what the token was listed with."""
        self._book = MirrorBook()
        self._waiting: dict[int, _Waiting] = {}
        self._trade_id = 0

    @property
    def is_empty(self) -> bool:
        """Whether no order of ours is in it."""
        return not self._waiting

    def come(self, order: Order, now_ms: int) -> Matched:
        """Let an order walk the book; it is tried again until there is a book it can walk."""
        state = order.state
        self._waiting[order.order_id] = _Waiting(
            order.order_id, order.side, order.price, state.open_quantity, rests=False
        )
        return self._match(now_ms)

    def rest(self, order: Order, *, walked: bool) -> None:
        """Let an order wait that waited before; how much is ahead of it, nobody knows any more."""
        state = order.state
        self._waiting[order.order_id] = _Waiting(
            order.order_id, order.side, order.price, state.open_quantity, rests=True, walked=walked
        )

    def withdraw(self, order_id: int) -> None:
        """Take an order out, if it is there."""
        self._waiting.pop(order_id, None)

    def see(
        self, bids: Iterable[Level], asks: Iterable[Level], seen_ms: int, now_ms: int
    ) -> Matched:
        """Take in a whole book, confirmed at ``seen_ms``, and let our orders trade with it."""
        self._book.see(bids, asks, seen_ms)
        return self._match(now_ms)

    def trade(self, price: Decimal, quantity: Decimal, now_ms: int) -> Matched:
        """Take in a trade of others, which may fill those of ours who wait."""
        self.last_price = price
        matched = Matched()
        left = self._book.trade(price, quantity)
        if not self._may_trade(now_ms):
            return matched
        for one in self._by_priority():
            if not (one.rests and left and is_within(one.side, one.limit, price)):
                continue
            past = self._past_the_queue(one, price, left)
            part = floor_to_grid(min(past, one.quantity), self.token.step)
            if part > 0:
                left -= part
                at = price if one.walked else one.limit
                matched.executions.append(self._execution(one, (at, part), now_ms, maker=True))
        return matched

    def _match(self, now_ms: int) -> Matched:
        """Let our orders take what the book has for them."""
        matched = Matched()
        if not self._may_trade(now_ms):
            return matched
        for one in self._by_priority():
            step = self.token.step
            for price, part in self._book.take(one.side, one.limit, one.quantity, step, now_ms):
                had = (price if one.walked or not one.rests else one.limit, part)
                one.walked |= not one.rests
                matched.executions.append(self._execution(one, had, now_ms, maker=one.rests))
            if one.order_id in self._waiting:
                self._queue(one, matched)
        return matched

    def _queue(self, one: _Waiting, matched: Matched) -> None:
        """Keep an order's place in the queue, or give it one; a book that ran out has none."""
        shown = self._book.queue(one.side, one.limit)
        if one.rests:
            if shown is not None:
                one.ahead = shown if one.ahead is None else min(one.ahead, shown)
        elif not self._book.is_exhausted(one.side.opposite):
            one.rests, one.ahead = True, shown
            matched.resting.append(Resting(one.order_id, one.walked))

    def _past_the_queue(self, one: _Waiting, price: Decimal, quantity: Decimal) -> Decimal:
        """Return how much of a trade comes to an order after those who were there before it."""
        if price != one.limit:
            return quantity
        if one.ahead is None:
            return ZERO
        past = max(quantity - one.ahead, ZERO)
        one.ahead = max(one.ahead - quantity, ZERO)
        return past

    def _execution(self, one: _Waiting, had: Level, now_ms: int, *, maker: bool) -> Execution:
        price, quantity = had
        one.quantity -= quantity
        if not one.quantity:
            del self._waiting[one.order_id]
        self._trade_id = max(self._trade_id + 1, now_ms)
        buying = one.side is Side.BUY
        return Execution(
            at_ms=now_ms,
            trade_id=self._trade_id,
            price=price,
            quantity=quantity,
            buy_order_id=one.order_id if buying else None,
            sell_order_id=None if buying else one.order_id,
            buyer_is_maker=buying is maker,
        )

    def _may_trade(self, now_ms: int) -> bool:
        return self.token.tradable and self._book.is_fresh(now_ms)

    def _by_priority(self) -> list[_Waiting]:
        """Return our orders, best price first on each side, and then who came first."""
        orders = sorted(self._waiting.values(), key=lambda one: one.order_id)
        bought = [one for one in orders if one.side is Side.BUY]
        sold = [one for one in orders if one.side is Side.SELL]
        bought.sort(key=lambda one: one.limit, reverse=True)
        return bought + sorted(sold, key=lambda one: one.limit)
