"""The back office: orders, their money, and the reports about them.

Everything here happens at one given millisecond and at once: an order's state, its user's
balances and the report of it change together, so that none is ever seen without the others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal

from alphabot.simulator.accounts import Account, Balance
from alphabot.simulator.amounts import (
    MONEY_PLACES,
    ZERO,
    floor_money,
    floor_places,
    floor_to_grid,
    product,
    round_places,
)
from alphabot.simulator.book import Side
from alphabot.simulator.market import Execution
from alphabot.simulator.orders import Fill, Leg, Order, OrderState, Pair, Status
from alphabot.simulator.reports import Push, execution_report
from alphabot.simulator.requests import PairRequest, PlaceRequest
from alphabot.simulator.seeded import draw_between, draw_hex
from alphabot.simulator.settings import ExchangeSettings
from alphabot.simulator.tokens import QUOTE_ASSET, Token

__all__ = ["Desk"]

_FIRST_ORDER_ID = 10_000_001
_FIRST_LIST_ID = 9_000_001
_FIRST_EVENT_ID = 12_000_000_001
_FIRST_PAGE_ID = 8_000_000_001


class Desk:
    """Keeps every order and account; ``send`` takes the reports, to be sent when they are due."""

    def __init__(self, settings: ExchangeSettings, send: Callable[[Push], None]) -> None:
        self._settings = settings
        self._send = send
        self._next_order_id = _FIRST_ORDER_ID
        self._next_list_id = _FIRST_LIST_ID
        self._next_event_id = _FIRST_EVENT_ID
        self._next_page_id = _FIRST_PAGE_ID
        self._last_push_ms: defaultdict[int, int] = defaultdict(int)
        self.orders: dict[int, Order] = {}
        self.orders_of: defaultdict[int, list[Order]] = defaultdict(list)
        self.open_of: defaultdict[int, dict[int, Order]] = defaultdict(dict)
        self.accounts: dict[int, Account] = {}

    def account(self, user_id: int) -> Account:
        """Return a user's account, opening it at first sight."""
        if user_id not in self.accounts:
            self.accounts[user_id] = Account.opened(
                user_id, self._settings.funding_usdt, self._settings.earn_usdt
            )
        return self.accounts[user_id]

    def wallet(self, user_id: int, token: Token, side: Side) -> Balance:
        """Return the balance an order of this side pays from."""
        account = self.account(user_id)
        return account.funding if side is Side.BUY else account.alpha[token.alpha_id]

    def open_plain(
        self, user_id: int, token: Token, request: PlaceRequest, now_ms: int
    ) -> tuple[Order, int]:
        """Open an accepted plain order; return it and when its report will be sent."""
        state = OrderState(now_ms, Status.NEW, request.quantity)
        order = self._register(user_id, token, request.side, request.price, state)
        self._lock(order)
        return order, self._report(order, "NEW")

    def open_pair(
        self, user_id: int, token: Token, request: PairRequest, now_ms: int
    ) -> tuple[Order, Order, int]:
        """Open an accepted pair; return its legs and when its first report will be sent.

        The pending leg is announced at once with quantity zero (protocol: OTO behaviour).
        """
        list_id, first = self._next_list_id, self._next_order_id
        self._next_list_id += 1
        working = self._register(
            user_id,
            token,
            Side.BUY,
            request.working.price,
            OrderState(now_ms, Status.NEW, request.working.quantity, working_ms=now_ms),
            Pair(list_id, Leg.WORKING, first + 1),
        )
        pending = self._register(
            user_id,
            token,
            Side.SELL,
            request.pending_price,
            OrderState(now_ms, Status.PENDING, ZERO),
            Pair(list_id, Leg.PENDING, first),
        )
        self._lock(working)
        announced_ms = self._report(working, "NEW")
        self._report(pending, "NEW")
        return working, pending, announced_ms

    def fill(self, order: Order, execution: Execution) -> Order | None:
        """Book one fill; return the pending leg if this fill activated it."""
        before = order.state
        executed = before.executed + execution.quantity
        completes = executed == before.quantity
        fill = self._fill_of(order, execution, completes=completes)
        order.fills.append(fill)
        order.enter(
            OrderState(
                at_ms=execution.at_ms,
                status=Status.FILLED if completes else Status.PARTIALLY_FILLED,
                quantity=before.quantity,
                executed=executed,
                quote=before.quote + fill.quote,
                fills=len(order.fills),
                working_ms=before.working_ms,
            )
        )
        if order.side is Side.BUY:
            self._book_purchase(order, fill)
        else:
            self._book_sale(order, fill)
        self._report(order, "TRADE", fill)
        if not completes:
            return None
        self._close(order)
        if order.pair is None or order.pair.leg is Leg.PENDING:
            return None
        return self._activate(self.orders[order.pair.partner_id], order, execution.at_ms)

    def cancel(self, order: Order, now_ms: int) -> list[Order]:
        """End an open order, and with a working leg its pending one; return what was ended.

        What a partly filled working leg had bought stays in the alpha wallet, free.
        """
        ended = [order]
        if order.pair is not None and order.pair.leg is Leg.WORKING:
            ended.append(self.orders[order.pair.partner_id])
        for each in ended:
            self._end(each, Status.CANCELED, now_ms)
        return ended

    def _register(
        self,
        user_id: int,
        token: Token,
        side: Side,
        price: Decimal,
        state: OrderState,
        pair: Pair | None = None,
    ) -> Order:
        order_id = self._next_order_id
        self._next_order_id += 1
        order = Order(
            user_id=user_id,
            order_id=order_id,
            client_order_id="web_" + draw_hex(self._settings.seed, "client order id", order_id),
            token=token,
            side=side,
            price=price,
            created_ms=state.at_ms,
            pair=pair,
            states=[state],
        )
        self.orders[order_id] = order
        self.orders_of[user_id].append(order)
        self.open_of[user_id][order_id] = order
        return order

    def _lock(self, order: Order) -> None:
        order.locked = self._due(order)
        self.wallet(order.user_id, order.token, order.side).lock(order.locked)

    def _due(self, order: Order) -> Decimal:
        """What the wallet must hold back for what is still open."""
        rest = order.state.open_quantity
        return floor_money(order.price, rest) if order.side is Side.BUY else rest

    def _fill_of(self, order: Order, execution: Execution, *, completes: bool) -> Fill:
        quote = floor_money(execution.price, execution.quantity)
        if order.side is Side.BUY:
            precision = order.token.base_precision
            fee = floor_places(product(execution.quantity, order.token.buyer_fee), precision)
            fee_asset = order.token.alpha_id
        else:
            fee = round_places(product(quote, order.token.seller_fee), MONEY_PLACES)
            fee_asset = QUOTE_ASSET
        page_id = self._next_page_id
        self._next_page_id += 1
        return Fill(
            trade_id=execution.trade_id,
            event_id=self._event_id(),
            page_id=page_id,
            price=execution.price,
            quantity=execution.quantity,
            quote=quote,
            fee=fee,
            fee_asset=fee_asset,
            buyer_is_maker=execution.buyer_is_maker,
            completes=completes,
            at_ms=execution.at_ms,
        )

    def _book_purchase(self, order: Order, fill: Fill) -> None:
        account = self.account(order.user_id)
        due = self._due(order)
        account.funding.release(order.locked - due - fill.quote)
        account.funding.spend_locked(fill.quote)
        order.locked = due
        tokens = account.alpha[order.token.alpha_id]
        # What a working leg buys is kept for the sale it will activate.
        receive = tokens.credit if order.pair is None else tokens.credit_locked
        receive(fill.quantity - fill.fee)
        account.bought_quote += fill.quote
        account.bought_base[order.token.alpha_id] += fill.quantity
        account.buy_fees_base[order.token.alpha_id] += fill.fee

    def _book_sale(self, order: Order, fill: Fill) -> None:
        account = self.account(order.user_id)
        account.alpha[order.token.alpha_id].spend_locked(fill.quantity)
        order.locked -= fill.quantity
        account.funding.credit(fill.quote - fill.fee)
        account.sold_quote += fill.quote
        account.sell_fees_usdt += fill.fee
        account.sold_base[order.token.alpha_id] += fill.quantity

    def _activate(self, pending: Order, working: Order, at_ms: int) -> Order | None:
        """Let the pending leg come alive with what was bought less the fee, on the step."""
        account = self.account(pending.user_id)
        tokens = account.alpha[pending.token.alpha_id]
        quantity = floor_to_grid(working.bought, pending.token.step)
        tokens.release(working.bought - quantity)
        if not quantity:
            self._end(pending, Status.EXPIRED, at_ms)
            return None
        pending.locked = quantity
        pending.enter(OrderState(at_ms, Status.NEW, quantity, working_ms=at_ms))
        self._report(pending, "NEW")
        return pending

    def _end(self, order: Order, status: Status, at_ms: int) -> None:
        """End an order without a fill and free what was held back for it."""
        if order.pair is not None and order.pair.leg is Leg.WORKING:
            account = self.account(order.user_id)
            account.alpha[order.token.alpha_id].release(order.bought)
        self.wallet(order.user_id, order.token, order.side).release(order.locked)
        order.locked = ZERO
        now = order.state
        order.enter(
            OrderState(
                at_ms, status, now.quantity, now.executed, now.quote, now.fills, now.working_ms
            )
        )
        self._close(order)
        self._report(order, str(status))

    def _close(self, order: Order) -> None:
        del self.open_of[order.user_id][order.order_id]

    def _event_id(self) -> int:
        event_id = self._next_event_id
        self._next_event_id += draw_between(1, 40, self._settings.seed, "event", event_id)
        return event_id

    def _report(self, order: Order, kind: str, fill: Fill | None = None) -> int:
        """Send a report of the present state; return when. Events of a user keep their order."""
        event_id = fill.event_id if fill else self._event_id()
        low, high = self._settings.push_delay_ms
        delay_ms = draw_between(low, high, self._settings.seed, "push", event_id)
        sent_ms = max(order.state.at_ms + delay_ms, self._last_push_ms[order.user_id])
        self._last_push_ms[order.user_id] = sent_ms
        data = execution_report(order, kind, fill, event_id=event_id, sent_ms=sent_ms)
        self._send(Push(sent_ms, order.user_id, data))
        return sent_ms
