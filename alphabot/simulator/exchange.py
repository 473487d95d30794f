"""The exchange itself, without a network and without a clock.

Every method takes the time in epoch milliseconds and first lets everything happen that was due
before it. What users and the public are to be told collects in an outbox; a door empties it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from alphabot.simulator.agenda import Agenda
from alphabot.simulator.amounts import floor_to_grid, product
from alphabot.simulator.bulletins import Bulletin, Bulletins
from alphabot.simulator.desk import Desk
from alphabot.simulator.judge import judge_order, judge_pair, tradable_token
from alphabot.simulator.ledger import Booking, Ledger, Request, RequestKind, SelfCross
from alphabot.simulator.listen_keys import ListenKeys
from alphabot.simulator.market import Execution, Market
from alphabot.simulator.misbehaviour import Behaving, Misbehaviour
from alphabot.simulator.orders import Order, OrderState, Status
from alphabot.simulator.refusals import Refusal
from alphabot.simulator.reports import Push
from alphabot.simulator.requests import read_json, read_order_id, read_pair, read_plain
from alphabot.simulator.seeded import chance, draw_between
from alphabot.simulator.sessions import Sessions
from alphabot.simulator.settings import ExchangeSettings
from alphabot.simulator.tokens import Token

__all__ = ["Exchange", "Placement"]

_OVERTAKEN_BY_MS = 5
"""How much later than its first event a reply leaves that is to be overtaken by it."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Accepted orders, and when the reply that says so may leave."""

    orders: tuple[Order, ...]
    reply_at_ms: int


class Exchange:
    """Markets, accounts and orders under one seed; time only ever goes forward."""

    def __init__(
        self, settings: ExchangeSettings, opened_ms: int, plan: Misbehaviour | None = None
    ) -> None:
        self.settings = settings
        self.misbehaviour = plan or Behaving()
        self.opened_ms = opened_ms
        self.now_ms = opened_ms
        self.tokens = {token.alpha_id: token for token in settings.tokens}
        self.ledger = Ledger()
        self.sessions = Sessions(settings.seed)
        self.listen_keys = ListenKeys(
            settings.seed, settings.listen_key_validity_ms, reuse=settings.listen_key_reuse
        )
        self._agenda = Agenda()
        self._outbox: list[Push | Bulletin] = []
        self.desk = Desk(settings, self._send)
        self._markets = {
            token.alpha_id: Market(settings, token, opened_ms) for token in settings.tokens
        }
        self.bulletins = Bulletins(
            settings.seed, self._agenda, self._markets, self._market_at, self._outbox.append
        )
        self._live: defaultdict[str, set[int]] = defaultdict(set)
        self._ticking: set[str] = set()

    @property
    def next_due_ms(self) -> int | None:
        """When something will happen by itself, None if nothing will."""
        return self._agenda.next_ms

    def advance(self, now_ms: int) -> None:
        """Let everything happen that is due by now; a clock that went back changes nothing."""
        self.now_ms = max(self.now_ms, now_ms)
        self._agenda.run(self.now_ms)

    def drain(self) -> list[Push | Bulletin]:
        """Return what is to be sent and has not been, oldest first."""
        messages = self._outbox.copy()
        self._outbox.clear()
        return messages

    def market(self, alpha_id: str) -> Market:
        """Return a token's market as it stands now; raises KeyError for an unknown token."""
        return self._market_at(alpha_id, self.now_ms)

    def watch(self, stream: str) -> None:
        """Begin to publish a market stream; unknown names stay silent."""
        market = self.bulletins.watch(stream, self.now_ms)
        if market is not None:
            self._keep_ticking(market)

    def unwatch(self, stream: str) -> None:
        """Take back one :meth:`watch`."""
        self.bulletins.unwatch(stream)

    def place(self, user_id: int, body: bytes) -> Placement:
        """Place a plain limit order; raises Refusal."""
        return self._recorded(user_id, RequestKind.PLACE, partial(self._place, user_id, body))

    def place_pair(self, user_id: int, body: bytes) -> Placement:
        """Place an OTO pair; raises Refusal."""
        kind = RequestKind.PLACE_PAIR
        return self._recorded(user_id, kind, partial(self._place_pair, user_id, body))

    def cancel(self, user_id: int, body: bytes) -> Placement:
        """Cancel an open order, and with a working leg its pair; raises Refusal."""
        return self._recorded(user_id, RequestKind.CANCEL, partial(self._cancel, user_id, body))

    def cancel_all(self, user_id: int) -> Placement:
        """Cancel every open order of a user."""
        return self._recorded(user_id, RequestKind.CANCEL_ALL, partial(self._cancel_all, user_id))

    def seen_state(self, order: Order) -> OrderState | None:
        """Return the order as its lists show it now, which may lag; None if not at all yet."""
        lag_ms = draw_between(
            0, self.settings.visibility_lag_ms_max, self.settings.seed, "lag", order.order_id
        )
        return order.state_at(self.now_ms - lag_ms)

    def _recorded(self, user_id: int, kind: RequestKind, act: partial[Placement]) -> Placement:
        try:
            placement = act()
        except Refusal as refusal:
            self.ledger.note(Request(self.now_ms, user_id, kind, refusal.code, ()))
            raise
        ids = tuple(order.order_id for order in placement.orders)
        self.ledger.note(Request(self.now_ms, user_id, kind, None, ids))
        return placement

    def _place(self, user_id: int, body: bytes) -> Placement:
        request = read_plain(read_json(body))
        token = tradable_token(self.tokens, request)
        free = self.desk.wallet(user_id, token, request.side).free
        judge_order(token, request, free=free, open_orders=self._open_orders(user_id, token.pair))
        order, announced_ms = self.desk.open_plain(user_id, token, request, self.now_ms)
        self._enter(order, self.now_ms)
        return self._placement((order,), announced_ms)

    def _place_pair(self, user_id: int, body: bytes) -> Placement:
        request = read_pair(read_json(body))
        token = tradable_token(self.tokens, request.working)
        free = self.desk.wallet(user_id, token, request.working.side).free
        judge_pair(token, request, free=free, open_orders=self._open_orders(user_id, token.pair))
        working, pending, announced_ms = self.desk.open_pair(user_id, token, request, self.now_ms)
        self._enter(working, self.now_ms)
        return self._placement((working, pending), announced_ms)

    def _placement(self, orders: tuple[Order, ...], announced_ms: int) -> Placement:
        settings = self.settings
        late = chance(
            settings.push_before_reply_percent, settings.seed, "overtaken", orders[0].order_id
        )
        return Placement(orders, announced_ms + _OVERTAKEN_BY_MS if late else self.now_ms)

    def _cancel(self, user_id: int, body: bytes) -> Placement:
        fields = read_json(body)
        order = self.desk.orders.get(read_order_id(fields))
        if order is None or order.user_id != user_id or not order.state.status.is_live:
            raise Refusal.not_cancellable()
        asset = fields.get("baseAsset", order.token.alpha_id)
        if fields.get("symbol", order.token.pair) != order.token.pair or asset != (
            order.token.alpha_id
        ):
            raise Refusal.not_cancellable()
        return Placement(self._withdraw(order), self.now_ms)

    def _cancel_all(self, user_id: int) -> Placement:
        ended: list[Order] = []
        for order in list(self.desk.open_of[user_id].values()):
            if order.state.status.is_live:
                ended += self._withdraw(order)
        return Placement(tuple(ended), self.now_ms)

    def _withdraw(self, order: Order) -> tuple[Order, ...]:
        self.market(order.token.alpha_id).withdraw(order.order_id, order.side)
        self._live[order.token.alpha_id].discard(order.order_id)
        return tuple(self.desk.cancel(order, self.now_ms))

    def _open_orders(self, user_id: int, pair: str) -> int:
        return sum(order.token.pair == pair for order in self.desk.open_of[user_id].values())

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

    def tell(self, push: Push) -> None:
        """Have something told on a user's order stream when it is due."""
        self._agenda.at(push.due_ms, lambda _now_ms: self._outbox.append(push))

    def _send(self, push: Push) -> None:
        for told in self.misbehaviour.pushes(push):
            self.tell(told)
