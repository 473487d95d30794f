"""One symbol's market: the crowd moves the book step by step, and orders meet it.

A step replaces the crowd's quotes, lets what rests and now crosses trade, and makes the crowd's
own trade. A market nobody has an order in may skip: whoever looks next finds the same book and
the same last seconds of trades as if every step had been made.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from decimal import Decimal
from itertools import takewhile

from alphabot.simulator.amounts import ZERO
from alphabot.simulator.book import Book, Maker, Side, is_within
from alphabot.simulator.crowd import Crowd
from alphabot.simulator.prices import PricePath
from alphabot.simulator.settings import ExchangeSettings
from alphabot.simulator.tokens import Token

__all__ = ["Execution", "Market", "Print"]

_STEPS_REMEMBERED = 40
"""How far back a market that skipped makes up its trades."""
_PRINTS_REMEMBERED = 1000
_FIRST_TRADE_ID = 100_000_000
_TRADE_IDS_A_STEP = 100
_FIRST_UPDATE_ID = 59_000_000_000
_UPDATE_IDS_A_STEP = 1000


_Match = tuple[Decimal, Decimal, int | None]
"""Price, quantity, and whose order it met."""


@dataclass(frozen=True, slots=True)
class Execution:
    """A quantity that changed hands; an order id of None stands for the crowd."""

    at_ms: int
    trade_id: int
    price: Decimal
    quantity: Decimal
    buy_order_id: int | None
    sell_order_id: int | None
    buyer_is_maker: bool


@dataclass(frozen=True, slots=True)
class Print:
    """One match as the public sees it: everything of one trade id together."""

    at_ms: int
    trade_id: int
    price: Decimal
    quantity: Decimal
    buyer_is_maker: bool


class Market:
    """The book of one token and what was traded in it; times are epoch milliseconds."""

    def __init__(self, settings: ExchangeSettings, token: Token, opened_ms: int) -> None:
        self.token = token
        self.path = PricePath(settings.seed, token, settings.volatility_percent)
        self.book = Book()
        self.prints: deque[Print] = deque(maxlen=_PRINTS_REMEMBERED)
        self._crowd = Crowd(settings, token, self.path)
        self._crowd_touch: dict[Side, Decimal] = {}
        self.opened_ms = opened_ms
        self._step_ms = settings.step_ms
        self._step = -_STEPS_REMEMBERED
        self._trade_id = 0
        self.update_id = 0

    def relist(self, token: Token) -> None:
        """Go on under other rules; prices are on the new grid from the next step on."""
        self.token = token
        self._crowd.relist(token)

    @property
    def last_price(self) -> Decimal:
        """The price of the latest trade; the middle where none is remembered."""
        return self.prints[-1].price if self.prints else self.path.middle(self._step)

    @property
    def step(self) -> int:
        """The step the market is in, counted from the opening of the exchange."""
        return self._step

    def prints_after(self, trade_id: int) -> list[Print]:
        """Return the remembered trades after one, oldest first."""
        newer = takewhile(lambda traded: traded.trade_id > trade_id, reversed(self.prints))
        return list(newer)[::-1]

    def step_at(self, at_ms: int) -> int:
        """Return the step that a time falls into."""
        return (at_ms - self.opened_ms) // self._step_ms

    def next_step_ms(self) -> int:
        """Return when the next step is due."""
        return self.opened_ms + (self._step + 1) * self._step_ms

    def catch_up(self, now_ms: int) -> list[Execution]:
        """Make the steps that are due and return what the users' orders did in them."""
        last = self.step_at(now_ms)
        executions: list[Execution] = []
        for step in range(max(self._step + 1, last - _STEPS_REMEMBERED), last + 1):
            executions += self._make_step(step)
        return executions

    def meet(
        self, order_id: int, side: Side, limit: Decimal, quantity: Decimal, at_ms: int
    ) -> list[Execution]:
        """Let an order take what it can from the book, at the book's prices."""
        return self._take(side, order_id, limit, quantity, at_ms)

    def rest(
        self, order_id: int, side: Side, price: Decimal, quantity: Decimal, at_ms: int
    ) -> None:
        """Put an order into the book to wait."""
        self.book.rest(side, Maker(price, quantity, at_ms, order_id))
        self._touch_update_id()

    def withdraw(self, order_id: int, side: Side) -> None:
        """Take an order out of the book, if it waits there."""
        self.book.remove(side, order_id)
        self._touch_update_id()

    def _make_step(self, step: int) -> list[Execution]:
        self._step = step
        at_ms = self.opened_ms + step * self._step_ms
        bids, asks = self._crowd.quotes(step, at_ms)
        trade = self._crowd.trade(step, bids, asks)
        self.book.refresh(bids, asks)
        before = self._crowd_touch
        self._crowd_touch = {Side.BUY: bids[0].price, Side.SELL: asks[0].price}
        self._touch_update_id()
        executions = self._trade_what_crosses(before, at_ms)
        limit = self.book.touch(trade.side.opposite, crowd_only=True) if trade else None
        if trade and limit is not None:
            executions += self._take(trade.side, None, limit, trade.quantity, at_ms)
        return executions

    def _trade_what_crosses(self, before: dict[Side, Decimal], at_ms: int) -> list[Execution]:
        """Let the crowd trade with the orders that wait and now cross it.

        An order the market has moved through trades at its own price. One that crossed already,
        as more than the whole book was asked for, goes on trading at the crowd's.
        """
        executions: list[Execution] = []
        for side, maker in self.book.resting():
            takes = self.book.take(side, maker.price, maker.quantity, crowd_only=True)
            maker.quantity -= sum((take.quantity for take in takes), ZERO)
            crossed_before = is_within(side, maker.price, before[side.opposite])
            matches: list[_Match] = [
                (take.maker.price if crossed_before else maker.price, take.quantity, None)
                for take in takes
            ]
            executions += self._execute(side, maker.order_id, matches, at_ms, side_is_maker=True)
        self.book.drop_empty()
        return executions

    def _take(
        self, side: Side, order_id: int | None, limit: Decimal, quantity: Decimal, at_ms: int
    ) -> list[Execution]:
        """Let somebody who has just come take from the book, at the prices of those who wait."""
        matches = [
            (
                self._price(side.opposite, take.maker, by_crowd=order_id is None),
                take.quantity,
                take.maker.order_id,
            )
            for take in self.book.take(side, limit, quantity)
        ]
        return self._execute(side, order_id, matches, at_ms, side_is_maker=False)

    def _price(self, maker_side: Side, maker: Maker, *, by_crowd: bool) -> Decimal:
        """The maker's price, but the crowd does not exploit a limit beyond its own touch."""
        if not by_crowd or maker.order_id is None:
            return maker.price
        if maker_side is Side.BUY:
            return min(maker.price, self._crowd_touch[Side.SELL])
        return max(maker.price, self._crowd_touch[Side.BUY])

    def _execute(
        self,
        side: Side,
        order_id: int | None,
        matches: list[_Match],
        at_ms: int,
        *,
        side_is_maker: bool,
    ) -> list[Execution]:
        """Make executions of what one order met; those at one price share a trade id."""
        buying = side is Side.BUY
        executions: list[Execution] = []
        last_price: Decimal | None = None
        for price, quantity, other_id in matches:
            if price != last_price:
                self._next_trade_id()
                last_price = price
            execution = Execution(
                at_ms=at_ms,
                trade_id=self._trade_id,
                price=price,
                quantity=quantity,
                buy_order_id=order_id if buying else other_id,
                sell_order_id=other_id if buying else order_id,
                buyer_is_maker=buying is side_is_maker,
            )
            executions.append(execution)
            self._print(execution)
        if executions:
            self._touch_update_id()
        return executions

    def _print(self, execution: Execution) -> None:
        quantity = execution.quantity
        if self.prints and self.prints[-1].trade_id == execution.trade_id:
            quantity += self.prints.pop().quantity
        self.prints.append(
            Print(
                execution.at_ms,
                execution.trade_id,
                execution.price,
                quantity,
                execution.buyer_is_maker,
            )
        )

    def _next_trade_id(self) -> None:
        first = _FIRST_TRADE_ID + self._step * _TRADE_IDS_A_STEP
        self._trade_id = max(self._trade_id + 1, first)

    def _touch_update_id(self) -> None:
        first = _FIRST_UPDATE_ID + self._step * _UPDATE_IDS_A_STEP
        self.update_id = max(self.update_id + 1, first)
