"""An exchange of accounts and matching alone: prices, book and trades are those of another.

What it is told of the real market is all that it trades on, and whatever happens to an account is
kept before anybody hears of it. Users meet the real market only, never each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import partial

from alphabot.simulator.account_log import (
    Cancelled,
    Event,
    Filled,
    Keep,
    Opened,
    Placed,
    Rested,
    decode,
    encode,
)
from alphabot.simulator.accounts import Account
from alphabot.simulator.amounts import ZERO, floor_money
from alphabot.simulator.book import Side
from alphabot.simulator.front_office import FrontOffice, Placement
from alphabot.simulator.ledger import Booking
from alphabot.simulator.market import Execution
from alphabot.simulator.mirror_book import Level
from alphabot.simulator.mirror_market import Matched, MirrorMarket
from alphabot.simulator.orders import Order
from alphabot.simulator.reports import Push
from alphabot.simulator.requests import PairRequest, PlaceRequest
from alphabot.simulator.seeded import draw_between
from alphabot.simulator.settings import ExchangeSettings
from alphabot.simulator.tokens import QUOTE_ASSET, Token

__all__ = ["MirrorExchange"]


class MirrorExchange(FrontOffice):
    """Accounts whose orders trade on a market that is only looked at.

    ``keep`` makes what happens durable; what it raises ends the exchange.
    """

    def __init__(self, settings: ExchangeSettings, opened_ms: int) -> None:
        super().__init__(settings, opened_ms)
        self._markets: dict[str, MirrorMarket] = {}
        self._keep: Keep = lambda _: None
        self._remembering = False

    def last_price(self, alpha_id: str) -> Decimal:
        """Return the price of a token's latest trade, zero for one that is not listed any more."""
        market = self._markets.get(alpha_id)
        return ZERO if market is None else market.last_price

    def remember(self, lines: Iterable[str], keep: Keep) -> None:
        """Go on where the exchange of these lines ended, and keep what happens from now on.

        Raises ValueError for lines that no exchange has written.
        """
        resting: dict[int, bool] = {}
        self._remembering = True
        for event in map(decode, lines):
            self._tell_again(event, resting)
        self._remembering = False
        self._keep = keep
        for order in [o for orders in self.desk.open_of.values() for o in orders.values()]:
            if order.order_id in resting:
                self._market(order.token).rest(order, walked=resting[order.order_id])
            elif order.state.status.is_live:
                self._market(order.token)
                self._enter(order, self.now_ms)

    def open_account(self, user_id: int) -> None:
        """Open a user's account, unless there is one."""
        if user_id not in self.desk.accounts:
            account = self.desk.account(user_id)
            self._note(Opened(self.now_ms, user_id, account.funding.free))

    def list_token(self, token: Token) -> None:
        """Have a token trade by these rules from now on; what is open keeps its own."""
        self.tokens[token.alpha_id] = token
        self._market(token).token = token

    @property
    def open_tokens(self) -> list[str]:
        """The tokens of which an order is open."""
        orders = [o for orders in self.desk.open_of.values() for o in orders.values()]
        return list(dict.fromkeys(order.token.alpha_id for order in orders))

    def has_orders(self, alpha_id: str) -> bool:
        """Tell whether anything waits for a token's market."""
        market = self._markets.get(alpha_id)
        return market is not None and not market.is_empty

    def see_book(
        self, alpha_id: str, bids: Iterable[Level], asks: Iterable[Level], seen_ms: int
    ) -> None:
        """Take in a token's whole book, as it was confirmed at that time."""
        market = self._markets.get(alpha_id)
        if market is not None:
            self._apply(market.see(bids, asks, seen_ms, self.now_ms))

    def see_trade(self, alpha_id: str, price: Decimal, quantity: Decimal) -> None:
        """Take in a trade of others."""
        market = self._markets.get(alpha_id)
        if market is not None:
            self._apply(market.trade(price, quantity, self.now_ms))

    def _place(self, user_id: int, body: bytes) -> Placement:
        placement = super()._place(user_id, body)
        (order,) = placement.orders
        self._note(_placed(order))
        return placement

    def _place_pair(self, user_id: int, body: bytes) -> Placement:
        placement = super()._place_pair(user_id, body)
        working, pending = placement.orders
        self._note(_placed(working, pending.price))
        return placement

    def _enter(self, order: Order, at_ms: int) -> None:
        """Let an order come to its market, a delay later, as a way to an exchange takes time."""
        low, high = self.settings.fill_delay_ms
        delay_ms = draw_between(low, high, self.settings.seed, "fill", order.order_id)
        self._agenda.at(at_ms + delay_ms, partial(self._come, order))

    def _come(self, order: Order, at_ms: int) -> None:
        if order.state.status.is_live:
            self._apply(self._market(order.token).come(order, at_ms))

    def _leave(self, order: Order) -> None:
        self._market(order.token).withdraw(order.order_id)
        self._note(Cancelled(self.now_ms, order.order_id))

    def _market(self, token: Token) -> MirrorMarket:
        return self._markets.setdefault(token.alpha_id, MirrorMarket(token))

    def _apply(self, matched: Matched) -> None:
        """Book executions with the users they concern, and keep them."""
        events: list[Event] = [Filled(e.at_ms, e) for e in matched.executions]
        events += [Rested(self.now_ms, o.order_id, o.walked) for o in matched.resting]
        for execution in matched.executions:
            order, activated = self._fill(execution)
            self.ledger.note(Booking(execution.at_ms, order.user_id, order.order_id))
            if activated is not None:
                self._enter(activated, execution.at_ms)
        self._note(*events)

    def _fill(self, execution: Execution) -> tuple[Order, Order | None]:
        order_id = execution.buy_order_id or execution.sell_order_id or 0
        order = self.desk.orders[order_id]
        return order, self.desk.fill(order, execution)

    def _note(self, *events: Event) -> None:
        if events:
            self._keep([encode(event) for event in events])

    def _tell_again(self, event: Event, resting: dict[int, bool]) -> None:
        """Do once more what was done then, without telling anybody."""
        self.now_ms = max(self.now_ms, event.at_ms)
        match event:
            case Opened():
                self.desk.accounts[event.user_id] = Account.opened(
                    event.user_id, event.funding_usdt, ZERO
                )
            case Placed(pending_price=None):
                self.desk.open_plain(event.user_id, event.token, _request(event), event.at_ms)
            case Placed():
                pair = PairRequest(
                    working=_request(event), pending_price=event.pending_price or ZERO
                )
                self.desk.open_pair(event.user_id, event.token, pair, event.at_ms)
            case Rested():
                resting[event.order_id] = event.walked
            case Filled():
                self._fill(event.execution)
            case Cancelled():
                self.desk.cancel(self._ordered(event.order_id), event.at_ms)

    def _ordered(self, order_id: int) -> Order:
        return self.desk.orders[order_id]

    def _send(self, push: Push) -> None:
        if not self._remembering:
            super()._send(push)


def _placed(order: Order, pending_price: Decimal | None = None) -> Placed:
    return Placed(
        at_ms=order.created_ms,
        user_id=order.user_id,
        token=order.token,
        side=order.side,
        price=order.price,
        quantity=order.state.quantity,
        pending_price=pending_price,
    )


def _request(placed: Placed) -> PlaceRequest:
    buying = placed.side is Side.BUY
    worth = floor_money(placed.price, placed.quantity)
    return PlaceRequest(
        base_asset=placed.token.alpha_id,
        quote_asset=QUOTE_ASSET,
        side=placed.side,
        price=placed.price,
        quantity=placed.quantity,
        amount=worth if buying else placed.quantity,
    )
