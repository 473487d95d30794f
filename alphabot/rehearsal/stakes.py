"""What is at stake: each order and each fill, judged by the exchange's own figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from alphabot.rehearsal.books import Books
from alphabot.rehearsal.plans import judge_pair, judge_sale
from alphabot.simulator import SimulatedExchange
from alphabot.simulator.amounts import floor_to_grid
from alphabot.simulator.book import Side
from alphabot.simulator.orders import Leg, Order

__all__ = ["Rules", "Stakes"]

_ZERO = Decimal(0)
_HAIR = Decimal("0.000001")
_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Rules:
    """The figures of a world by which is judged."""

    max_exposure_usdt: Decimal
    max_total_exposure_usdt: Decimal
    max_daily_loss_usdt: Decimal
    max_orders_per_minute: int
    collar_percent: Decimal
    settle_seconds: float
    max_rounds: int
    max_exit_loss_percent: Decimal


class Stakes:
    """Keeps the books of every user and objects to orders that must not be."""

    def __init__(
        self,
        exchange: SimulatedExchange,
        rules: Rules,
        user_ids: Sequence[int],
        object_to: Callable[[str, str], None],
    ) -> None:
        self.books = Books()
        self.foreign: set[int] = set()
        """Orders that a person placed on the accounts."""
        self.watched_collar = True
        """Whether limits are compared with the true price, which lying sources may hide."""
        self.counts_rounds = True
        """Whether a token's rounds are those of one strategy: not where it gets a new name."""
        self._exchange = exchange
        self.rules = rules
        """Those of the configuration that the present life was started with."""
        self._user_ids = tuple(user_ids)
        self.object_to = object_to

    def booked(self, order_id: int, at_ms: int) -> None:
        """Take in the latest fill of an order."""
        if order_id in self.foreign:
            return
        order = self._exchange.model.desk.orders[order_id]
        position = self.books.book(order, at_ms)
        if position.quantity < 0:
            self.object_to("I-11", f"user {order.user_id} sold {-position.quantity} never bought")
        self._judge_money(order.user_id, at_ms)

    def accepted(self, orders: Sequence[Order], at_ms: int) -> None:
        """Judge an order, or the legs of a pair, that the exchange has just accepted."""
        self._judge_order(orders)
        judge_pair(self, orders, at_ms)
        self._judge_money(orders[0].user_id, at_ms)

    def _judge_order(self, orders: Sequence[Order]) -> None:
        first = orders[0]
        who, token = f"user {first.user_id}", first.token
        placed = {order.order_id for order in orders}
        others = [o for o in self.open_of(first.user_id) if o.token.pair == token.pair]
        others = [order for order in others if order.order_id not in placed]
        if others:
            self.object_to("I-3", f"{who} has two rounds open in {token.pair}: {others[0]}")
        held = self.books.of(first.user_id, token.alpha_id).quantity
        if first.side is Side.SELL:
            if first.state.quantity > held:
                self.object_to("I-11", f"{who} sells {first.state.quantity} and bought {held}")
            theirs = [o for u in self._user_ids if u != first.user_id for o in self.open_of(u)]
            judge_sale(self, first, theirs)
            return
        unsold = floor_to_grid(held, token.step) if held > 0 else _ZERO
        if unsold and unsold * orders[-1].price >= token.notional_min:
            self.object_to("I-11", f"{who} buys with {unsold} {token.alpha_id} unsold")
        self._judge_prices(orders)
        self._judge_crossing(first)

    def _judge_prices(self, orders: Sequence[Order]) -> None:
        middle = self._exchange.model.market(orders[0].token.alpha_id).path
        price = middle.middle(self._exchange.model.market(orders[0].token.alpha_id).step)
        for order in orders:
            percent = abs(order.price - price) / price * 100
            if self.watched_collar and percent > self.rules.collar_percent:
                self.object_to("I-6", f"a limit is {percent:.1f} % from the price: {order}")

    def _judge_crossing(self, buy: Order) -> None:
        for user_id in self._user_ids:
            if user_id == buy.user_id:
                continue
            for order in self.open_of(user_id):
                meets = order.token.pair == buy.token.pair and order.side is Side.SELL
                if meets and order.state.status.is_live and order.price <= buy.price:
                    self.object_to("I-16", f"{buy} could meet {order}")

    def _judge_money(self, user_id: int, at_ms: int) -> None:
        rules = self.rules
        exposure = self._exposure_usdt(user_id)
        if exposure > rules.max_exposure_usdt + _HAIR:
            self.object_to("I-4", f"user {user_id} has {exposure} USDT at stake")
        total = sum(map(self._exposure_usdt, self._user_ids), _ZERO)
        if total > rules.max_total_exposure_usdt + _HAIR:
            self.object_to("I-4", f"all have {total} USDT at stake")
        lost = self.books.lost_usdt.get((user_id, at_ms // _DAY_MS), _ZERO)
        if lost > rules.max_daily_loss_usdt + _HAIR:
            self.object_to("I-5", f"user {user_id} lost {lost} USDT today")

    def _exposure_usdt(self, user_id: int) -> Decimal:
        buys = (o for o in self.open_of(user_id) if o.side is Side.BUY)
        return self.books.cost_usdt(user_id) + sum(
            (order.price * order.state.open_quantity for order in buys), _ZERO
        )

    def open_of(self, user_id: int) -> list[Order]:
        """Return a user's orders that the service placed and that have not ended."""
        orders = self._exchange.model.desk.open_of[user_id].values()
        return [order for order in orders if order.order_id not in self.foreign]

    def ours(self) -> list[Order]:
        """Return every order the service placed, oldest first."""
        orders = self._exchange.model.desk.orders.values()
        return [order for order in orders if order.order_id not in self.foreign]

    @staticmethod
    def is_working(order: Order) -> bool:
        """Tell whether an order is the BUY of a pair."""
        return order.pair is not None and order.pair.leg is Leg.WORKING
