"""The life of an order, as a table; and the legs of an intent, which are one or two of them.

The world chooses the order of events here: pushes repeat, overtake each other and get lost, and
REST answers arrive beside them. So every report, from whichever source, is merged by one rule:

* states only move forward along ``MOVES``; a terminal state absorbs everything that is older;
* executed quantity never falls and never passes the order's quantity;
* a report that says less than we know is *stale*: its fill is still counted, if it is new;
* a report that cannot be true beside what we know is a *contradiction*: it raises, and the
  order stays as it was. It is never mended silently.

A pending leg is announced with quantity 0 and gets its real quantity when it is released
(protocol sections 6 and 7), so PENDING is the one state in which a quantity may change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum, auto

from alphabot.core.exact import ZERO, Exact, plain
from alphabot.core.records import Intended, Leg, PlacedRecord
from alphabot.core.values import Fill, OrderId, OrderReport, OrderStatus, Side, Symbol
from alphabot.errors import InvariantBroken

__all__ = ["MOVES", "Contradiction", "Legs", "Order", "Verdict", "judge", "last_fill_at_ms"]

_S = OrderStatus

MOVES: Mapping[OrderStatus, frozenset[OrderStatus]] = {
    # A missed push may hide the steps between, so each state may jump to any later one.
    _S.PENDING: frozenset(_S) - {_S.PENDING},
    _S.NEW: frozenset({_S.PARTIALLY_FILLED, _S.FILLED, _S.CANCELED, _S.EXPIRED, _S.REJECTED}),
    _S.PARTIALLY_FILLED: frozenset({_S.PARTIALLY_FILLED, _S.FILLED, _S.CANCELED, _S.EXPIRED}),
    _S.FILLED: frozenset(),
    _S.CANCELED: frozenset(),
    _S.EXPIRED: frozenset(),
    _S.REJECTED: frozenset(),
}


_UNFILLED_ENDS = frozenset({_S.CANCELED, _S.EXPIRED, _S.REJECTED})
_ENDS: Mapping[OrderStatus, frozenset[OrderStatus]] = {
    # One end may have two names: push and history may choose another word, and of a leg that is
    # gone it is we who say EXPIRED. With equal figures that is no contradiction.
    _S.FILLED: frozenset({_S.FILLED}),
    **dict.fromkeys(_UNFILLED_ENDS, _UNFILLED_ENDS),
}


class Verdict(Enum):
    """What a report means beside what is known."""

    ADVANCE = auto()
    STALE = auto()
    CONTRADICTION = auto()


class Contradiction(InvariantBroken):
    """Cause: two reports about one order cannot both be true.

    Handler: the user's boundary. Consequence: the user stops; the evidence is in the message.
    """


@dataclass(frozen=True, slots=True)
class Order(Exact):
    """One order as far as it is known. ``executed`` and ``quote_usdt`` are cumulative."""

    order_id: OrderId
    symbol: Symbol
    side: Side
    status: OrderStatus
    price: Decimal
    quantity: Decimal
    executed: Decimal = ZERO
    quote_usdt: Decimal = ZERO
    fills: tuple[Fill, ...] = ()

    def __str__(self) -> str:
        done = f"{plain(self.executed)}/{plain(self.quantity)}"
        return f"{self.side} {self.order_id} {self.status} {done} @ {plain(self.price)}"

    @property
    def terminal(self) -> bool:
        """Whether nothing more can happen to this order."""
        return self.status.terminal

    @property
    def fills_complete(self) -> bool:
        """Whether the fills seen explain all that was executed, so that the fees are known."""
        return sum((fill.quantity for fill in self.fills), ZERO) == self.executed

    def merge(self, report: OrderReport) -> Order:
        """Return the order with the report taken in; raises Contradiction."""
        verdict = judge(self, report)
        if verdict is Verdict.CONTRADICTION:
            raise Contradiction(f"{self}: a report of {report.source} says {_say(report)}")
        fills = self.fills
        if report.fill is not None and all(fill.key != report.fill.key for fill in fills):
            fills = (*fills, report.fill)
        if verdict is Verdict.STALE:
            return replace(self, fills=fills) if fills is not self.fills else self
        return replace(
            self,
            status=report.status,
            quantity=report.quantity or self.quantity,
            executed=report.executed,
            quote_usdt=report.quote_usdt,
            fills=fills,
        )


def last_fill_at_ms(fills: Iterable[Fill]) -> int | None:
    """Return when the last of an order's fills happened, or None where one of them does not say.

    The one that does not say may be the last.
    """
    last: int | None = None
    for fill in fills:
        if fill.at_ms is None:
            return None
        last = fill.at_ms if last is None else max(last, fill.at_ms)
    return last


def judge(order: Order, report: OrderReport) -> Verdict:
    """Say what a report means for an order, by the rules at the top of this file."""
    if report.order_id != order.order_id or not _possible(order, report):
        return Verdict.CONTRADICTION
    if order.terminal:
        same_end = report.executed == order.executed and report.status in _ENDS[order.status]
        older = report.executed <= order.executed and not report.status.terminal
        return Verdict.STALE if same_end or older else Verdict.CONTRADICTION
    if report.executed < order.executed:
        return Verdict.CONTRADICTION if report.status.terminal else Verdict.STALE
    if report.status in MOVES[order.status]:
        return Verdict.ADVANCE
    # The same state again, or an earlier one: harmless, unless it claims new fills with it.
    return Verdict.STALE if report.executed == order.executed else Verdict.CONTRADICTION


def _possible(order: Order, report: OrderReport) -> bool:
    """Whether the report's own figures can be true of this order at all."""
    if report.side is not order.side or report.symbol != order.symbol:
        return False
    if report.quantity != order.quantity and not _quantity_may_differ(order, report):
        return False
    if report.executed > max(order.quantity, report.quantity):
        return False
    return report.status is not OrderStatus.FILLED or report.executed == report.quantity != 0


def _quantity_may_differ(order: Order, report: OrderReport) -> bool:
    # Only a pending leg's quantity changes, and every pending leg sells: before its release no
    # figure is final, and one that is never released keeps 0 to its end.
    unreleased = 0 in (order.quantity, report.quantity)
    waiting = OrderStatus.PENDING in (order.status, report.status)
    return order.side is Side.SELL and (unreleased or waiting)


def _say(report: OrderReport) -> str:
    return f"{report.side} {report.status} {plain(report.executed)}/{plain(report.quantity)}"


@dataclass(frozen=True, slots=True)
class Legs:
    """The orders of one placed intent: BUY and SELL of a pair, or the one order of a sale."""

    orders: Mapping[Leg, Order]

    @classmethod
    def placed(cls, intended: Intended, placed: PlacedRecord) -> Legs:
        """Return the legs as they are right after they were accepted; raises Contradiction."""
        symbol = intended.symbol
        if intended.buy_price is None:
            if placed.sell_order_id is None:
                raise Contradiction(f"sale {intended.intent_id} was placed without a SELL")
            sale = Order(
                placed.sell_order_id,
                symbol,
                Side.SELL,
                OrderStatus.NEW,
                intended.sell_price,
                intended.quantity,
            )
            return cls({Leg.SALE: sale})
        if placed.working_order_id is None:
            raise Contradiction(f"pair {intended.intent_id} was placed without a BUY")
        working = Order(
            placed.working_order_id,
            symbol,
            Side.BUY,
            OrderStatus.NEW,
            intended.buy_price,
            intended.quantity,
        )
        if placed.sell_order_id is None:
            return cls({Leg.WORKING: working})
        pending = Order(
            placed.sell_order_id, symbol, Side.SELL, OrderStatus.PENDING, intended.sell_price, ZERO
        )
        return cls({Leg.WORKING: working, Leg.PENDING: pending})

    def __str__(self) -> str:
        return ", ".join(str(order) for order in self.orders.values())

    def __getitem__(self, leg: Leg) -> Order:
        return self.orders[leg]

    @property
    def over(self) -> bool:
        """Whether every leg has ended on the exchange's evidence."""
        return all(order.terminal for order in self.orders.values())

    def leg_of(self, order_id: OrderId) -> Leg:
        """Return which leg has this order id; raises Contradiction when none has."""
        for leg, order in self.orders.items():
            if order.order_id == order_id:
                return leg
        raise Contradiction(f"{self}: a report of order {order_id} was delivered here")

    def merge(self, report: OrderReport) -> Legs:
        """Return the legs with the report taken in; raises Contradiction."""
        leg = self.leg_of(report.order_id)
        return Legs({**self.orders, leg: self.orders[leg].merge(report)})
