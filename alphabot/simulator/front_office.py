"""Where orders are taken, whatever market they trade in: judged, registered, recorded, told of.

What happens to an order once it stands is its market's business; an exchange adds that.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from alphabot.simulator.agenda import Agenda
from alphabot.simulator.bulletins import Bulletin
from alphabot.simulator.desk import Desk
from alphabot.simulator.judge import judge_order, judge_pair, tradable_token
from alphabot.simulator.ledger import Ledger, Request, RequestKind
from alphabot.simulator.listen_keys import ListenKeys
from alphabot.simulator.misbehaviour import Behaving, Misbehaviour
from alphabot.simulator.orders import Order, OrderState
from alphabot.simulator.refusals import Refusal
from alphabot.simulator.reports import Push
from alphabot.simulator.requests import read_json, read_order_id, read_pair, read_plain
from alphabot.simulator.seeded import chance, draw_between
from alphabot.simulator.sessions import Sessions
from alphabot.simulator.settings import ExchangeSettings

__all__ = ["FrontOffice", "Placement"]

_OVERTAKEN_BY_MS = 5
"""How much later than its first event a reply leaves that is to be overtaken by it."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Accepted orders, and when the reply that says so may leave."""

    orders: tuple[Order, ...]
    reply_at_ms: int


class FrontOffice(ABC):
    """Accounts and orders under one seed; time only ever goes forward."""

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

    @abstractmethod
    def last_price(self, alpha_id: str) -> Decimal:
        """Return the price of a token's latest trade."""

    def watch(self, stream: str) -> None:  # noqa: B027 - where nothing is published, all is silent
        """Begin to publish a market stream; unknown names stay silent."""

    def unwatch(self, stream: str) -> None:  # noqa: B027 - as above
        """Take back one :meth:`watch`."""

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
        self._leave(order)
        return tuple(self.desk.cancel(order, self.now_ms))

    def _open_orders(self, user_id: int, pair: str) -> int:
        return sum(order.token.pair == pair for order in self.desk.open_of[user_id].values())

    @abstractmethod
    def _enter(self, order: Order, at_ms: int) -> None:
        """Let an order into its market."""

    @abstractmethod
    def _leave(self, order: Order) -> None:
        """Take an order out of its market."""

    def tell(self, push: Push) -> None:
        """Have something told on a user's order stream when it is due."""
        self._agenda.at(push.due_ms, lambda _now_ms: self._outbox.append(push))

    def _send(self, push: Push) -> None:
        for told in self.misbehaviour.pushes(push):
            self.tell(told)
