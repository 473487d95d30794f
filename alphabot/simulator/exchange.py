"""The exchange itself, without a network and without a clock.

Every method takes the time in epoch milliseconds and first lets everything happen that was due
before it. What users and the public are to be told collects in an outbox; a door empties it.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from functools import partial

from alphabot.simulator.amounts import floor_to_grid, product
from alphabot.simulator.bulletins import Bulletins
from alphabot.simulator.front_office import FrontOffice
from alphabot.simulator.ledger import Booking, SelfCross
from alphabot.simulator.market import Execution, Market
from alphabot.simulator.misbehaviour import Misbehaviour
from alphabot.simulator.orders import Order, Status
from alphabot.simulator.seeded import chance, draw_between
from alphabot.simulator.settings import ExchangeSettings
from alphabot.simulator.tokens import Token

__all__ = ["Exchange"]


class Exchange(FrontOffice):
    """Markets, accounts and orders under one seed; time only ever goes forward."""

    def __init__(
        self, settings: ExchangeSettings, opened_ms: int, plan: Misbehaviour | None = None
    ) -> None:
        super().__init__(settings, opened_ms, plan)
        self._markets = {
            token.alpha_id: Market(settings, token, opened_ms) for token in settings.tokens
        }
        self.bulletins = Bulletins(
            settings.seed, self._agenda, self._markets, self._market_at, self._outbox.append
        )
        self._live: defaultdict[str, set[int]] = defaultdict(set)
        self._ticking: set[str] = set()

    def market(self, alpha_id: str) -> Market:
        """Return a token's market as it stands now; raises KeyError for an unknown token."""
        return self._market_at(alpha_id, self.now_ms)

    def last_price(self, alpha_id: str) -> Decimal:
        """Return the price of a token's latest trade."""
        return self.market(alpha_id).last_price

    def watch(self, stream: str) -> None:
        """Begin to publish a market stream; unknown names stay silent."""
        market = self.bulletins.watch(stream, self.now_ms)
        if market is not None:
            self._keep_ticking(market)

    def unwatch(self, stream: str) -> None:
        """Take back one :meth:`watch`."""
        self.bulletins.unwatch(stream)

    def _leave(self, order: Order) -> None:
        self.market(order.token.alpha_id).withdraw(order.order_id, order.side)
        self._live[order.token.alpha_id].discard(order.order_id)

    def _enter(self, order: Order, at_ms: int) -> None:
        """Let an order into its market: at once to rest, or after a delay to trade."""
        market = self._market_at(order.token.alpha_id, at_ms)
        self._live[order.token.alpha_id].add(order.order_id)
        self._keep_ticking(market)
        if market.book.crosses(order.side, order.price):
            self._meet_later(order, at_ms, visit=0)
        else:
            self._rest(market, order, at_ms)

    def _meet_later(self, order: Order, at_ms: int, *, visit: int) -> None:
        low, high = self.settings.fill_delay_ms
        delay_ms = draw_between(low, high, self.settings.seed, "fill", order.order_id, visit)
        self._agenda.at(at_ms + delay_ms, partial(self._meet, order, visit))

    def _meet(self, order: Order, visit: int, at_ms: int) -> None:
        """Let an order take what the book has for it; what remains waits, or comes again."""
        if not order.state.status.is_live:
            return
        market = self._market_at(order.token.alpha_id, at_ms)
        share = self._share(order, visit)
        comes_again = share < order.state.open_quantity
        self._apply(market, market.meet(order.order_id, order.side, order.price, share, at_ms))
        if not order.state.open_quantity:
            return
        if comes_again:
            self._meet_later(order, at_ms, visit=visit + 1)
        else:
            self._rest(market, order, at_ms)

    def _share(self, order: Order, visit: int) -> Decimal:
        """How much of an order meets the book on this visit: all, or on the first one a part."""
        settings = self.settings
        whole = order.state.open_quantity
        name = ("split", order.order_id)
        if visit or not chance(settings.split_fill_percent, settings.seed, *name):
            return whole
        percent = draw_between(20, 80, settings.seed, *name, "percent")
        return floor_to_grid(product(whole, Decimal(percent)) / 100, order.token.step) or whole

    def _rest(self, market: Market, order: Order, at_ms: int) -> None:
        market.rest(order.order_id, order.side, order.price, order.state.open_quantity, at_ms)
        self.bulletins.changed(market, at_ms)

    def _market_at(self, alpha_id: str, at_ms: int) -> Market:
        """Return a market with every step made that was due, and their fills booked."""
        market = self._markets[alpha_id]
        self._apply(market, market.catch_up(at_ms))
        return market

    def _tick(self, market: Market, at_ms: int) -> None:
        self._market_at(market.token.alpha_id, at_ms)
        self._ticking.discard(market.token.alpha_id)
        self._keep_ticking(market)
        self.bulletins.changed(market, at_ms)

    def _keep_ticking(self, market: Market) -> None:
        """Have the market's next step made in time, as long as it matters to anybody."""
        alpha_id = market.token.alpha_id
        wanted = self._live[alpha_id] or self.bulletins.wants_steps(alpha_id)
        if wanted and alpha_id not in self._ticking:
            self._ticking.add(alpha_id)
            self._agenda.at(market.next_step_ms(), partial(self._tick, market))

    def _apply(self, market: Market, executions: list[Execution]) -> None:
        """Book executions with the users they concern."""
        for execution in executions:
            self._note_self_cross(market, execution)
            for order_id in (execution.buy_order_id, execution.sell_order_id):
                if order_id is None:
                    continue
                order = self.desk.orders[order_id]
                activated = self.desk.fill(order, execution)
                self.ledger.note(Booking(execution.at_ms, order.user_id, order_id))
                if order.state.status is Status.FILLED:
                    self._live[market.token.alpha_id].discard(order_id)
                if activated is not None:
                    self._enter(activated, execution.at_ms)
        if executions:
            self.bulletins.changed(market, executions[-1].at_ms)

    def _note_self_cross(self, market: Market, execution: Execution) -> None:
        if execution.buy_order_id is None or execution.sell_order_id is None:
            return
        orders = self.desk.orders
        self.ledger.note(
            SelfCross(
                at_ms=execution.at_ms,
                pair=market.token.pair,
                price=execution.price,
                quantity=execution.quantity,
                buyer_id=orders[execution.buy_order_id].user_id,
                seller_id=orders[execution.sell_order_id].user_id,
                buy_order_id=execution.buy_order_id,
                sell_order_id=execution.sell_order_id,
            )
        )

    def relist(self, token: Token) -> None:
        """Have a token trade by other rules from now on; what is open keeps its own."""
        self.tokens[token.alpha_id] = token
        self._market_at(token.alpha_id, self.now_ms).relist(token)
