"""One user's private side of the exchange: the Exchange port over HTTP and the order lane.

What it promises beyond carrying requests:

* **Outcomes are facts.** Requests that move money take the lane; whatever is not an accepted
  answer or a proven refusal becomes NotSent or OutcomeUnknown by what had left, not by what was
  raised. A Cancelled out of one of them means that nothing was done.
* **Silence after NotAuthorised.** Once the exchange says that this session is not welcome, no
  further private request leaves (safety: I-18); a human acts, and the account is opened again.
* **A pace per user, one pause for all** (:mod:`alphabot.exchange.pace`). What only asks waits a
  pause out; an order is refused here and now, since its plan would be old by then.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal
from functools import partial
from typing import Final, TypeVar

import trio

from alphabot.core.records import Intended
from alphabot.core.values import (
    AlphaId,
    Balances,
    Fill,
    ListenKey,
    OrderId,
    OrderReport,
    PlacedPair,
    Symbol,
)
from alphabot.errors import (
    NotAuthorised,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    UnexpectedReply,
)
from alphabot.exchange.account_settings import AccountSettings
from alphabot.exchange.exchange_time import ExchangeTime
from alphabot.exchange.http import HttpClient, open_http
from alphabot.exchange.lane import Lane
from alphabot.exchange.net import Address
from alphabot.exchange.pace import Pace, Pause
from alphabot.exchange.plans import pair_plan, sale_plan
from alphabot.exchange.secret import Credentials
from alphabot.exchange.session import Session
from alphabot.exchange.wire import account as wallets
from alphabot.exchange.wire import orders
from alphabot.exchange.wire.envelope import Reply, challenge
from alphabot.exchange.wire.history import History, history_page
from alphabot.ports import CommittedIntent, Net, WallClock

__all__ = ["Account", "AccountSettings", "open_account"]

ANSWER_SECONDS: Final = 10.0
"""How long a question may take once it is its turn; a connection can fall silent and stay open."""
READS_AT_ONCE: Final = 2
"""Fewer than the client's own bound, so that a read waits here, where a silence still stops it."""

# The end of the history's window lies ahead: it only has to be later than any order, on the
# exchange's clock, which is not ours. Web pages ask until the end of the day.
_WINDOW_AHEAD_MS: Final = 86_400_000

_WALLETS = "/bapi/asset/v3/private/asset-service/asset/get-wallet-asset"
_ALPHA_WALLET = "/bapi/defi/v1/private/wallet-direct/cloud-wallet/alpha"
_VOLUME = "/bapi/defi/v1/private/wallet-direct/buw/wallet/today/user-volume"
_TRADE = "/bapi/defi/v1/private/alpha-trade"
_LISTEN_KEY = f"{_TRADE}/get-listen-key"
_HISTORY = f"{_TRADE}/order/get-order-history-merge"

T = TypeVar("T")


class Account:
    """One user's :class:`alphabot.ports.Exchange`; made by :func:`open_account`.

    ``silenced`` says why no private request leaves any more, or is None.
    """

    def __init__(
        self,
        http: HttpClient,
        lane: Lane,
        session: Session,
        pause: Pause,
        clock: WallClock,
        settings: AccountSettings,
        forbidden: Callable[[Intended], str],
    ) -> None:
        self.silenced: str | None = None
        self._http = http
        self._lane = lane
        self._session = session
        self._pause = pause
        self._pace = Pace(settings.requests_per_second, settings.request_burst)
        self._clock = clock
        self._settings = settings
        self._forbidden = forbidden
        self._lane_turn = trio.Lock()
        self._reads = trio.CapacityLimiter(READS_AT_ONCE)
        self._place = f"/bapi/{settings.order_family}/private/alpha-trade"

    def __repr__(self) -> str:
        return f"<Account, {f'silenced: {self.silenced}' if self.silenced else 'open'}>"

    @property
    def credentials(self) -> Credentials:
        """The user's credentials with the cookies as the exchange last renewed them."""
        return self._session.credentials

    async def place_pair(self, intent: CommittedIntent) -> PlacedPair:
        """Place the intent's OTO pair and return the ids of its legs.

        Raises Refused or NotSent when no order exists, OutcomeUnknown when one may, and
        NotAuthorised, which says nothing about this order unless its cause is a NotSent.
        """
        body = orders.pair_request(
            pair_plan(intent.intended), as_numbers=self._settings.figures_as_numbers
        )
        return await self._order(
            f"{self._place}/oto-order/place", body, orders.placed_pair, intent=intent
        )

    async def place_sale(self, intent: CommittedIntent) -> OrderId:
        """Place the intent's plain limit SELL and return its id; raises as place_pair."""
        body = orders.sale_request(
            sale_plan(intent.intended), as_numbers=self._settings.figures_as_numbers
        )
        return await self._order(
            f"{self._place}/order/place", body, orders.placed_sale, intent=intent
        )

    async def cancel(self, order_id: OrderId, symbol: Symbol) -> None:
        """Ask for an order's cancellation, ahead of other requests; raises as place_pair.

        How the order ended must be asked for afterwards, whatever this returns or raises: the
        code for an order that is already done is not on record (protocol section 3).
        """
        body = orders.cancel_request(order_id, symbol)
        await self._order(f"{_TRADE}/order/cancel", body, orders.cancelled, urgent=True)

    async def open_orders(self) -> tuple[OrderReport, ...]:
        """Return every open order of the account; raises unless the answer is complete."""
        return await self._get(f"{_TRADE}/order/get-open-order", {"side": ""}, orders.open_orders)

    async def order_history(self, alpha_id: AlphaId, since_ms: int) -> tuple[OrderReport, ...]:
        """Return every ended or partly filled order of a token since then, all pages.

        Raises UnexpectedReply when the pages shifted while they were read: part of a history is
        no evidence.
        """
        history = History(alpha_id, since_ms, self._clock.now_ms() + _WINDOW_AHEAD_MS)
        while True:
            page = await self._get(_HISTORY, history.query(), history_page)
            if history.add(page):
                return history.reports()

    async def fills(self, order_id: OrderId, symbol: Symbol) -> tuple[Fill, ...]:
        """Return every fill of an order."""
        query = {"orderId": order_id, "symbol": symbol}
        return await self._get(
            f"{_TRADE}/order/get-user-trades", query, lambda reply: orders.fills(reply, order_id)
        )

    async def balances(self) -> Balances:
        """Return what the account holds in USDT and tokens, asked for one after the other."""
        usdt = await self._post(_WALLETS, wallets.WALLETS_REQUEST, wallets.funding)
        tokens = await self._get(_ALPHA_WALLET, {}, wallets.tokens)
        return Balances(usdt.free, usdt.locked, usdt.earn, tokens)

    async def listen_key(self) -> ListenKey:
        """Return a key for the order stream; asking again is how it is kept alive."""
        return await self._post(_LISTEN_KEY, wallets.LISTEN_KEY_REQUEST, wallets.listen_key)

    async def volume_today(self) -> Decimal:
        """Return the volume the exchange itself shows for today, in USDT; it lags by minutes."""
        return await self._get(_VOLUME, {}, wallets.volume_today)

    async def shown_volume(self) -> Mapping[str, Decimal]:
        """Return the same by display symbol."""
        return await self._get(_VOLUME, {}, wallets.shown_volume)

    async def _order(
        self,
        path: str,
        body: bytes,
        read: Callable[[Reply], T],
        *,
        urgent: bool = False,
        intent: CommittedIntent | None = None,
    ) -> T:
        """Send a request that moves money; see the module about what it may raise."""
        permit = partial(self._permit, intent.intended) if intent else self._permit_order
        reply: Reply | None = None
        with trio.move_on_after(self._settings.order_seconds):
            await self._pace.turn(urgent=urgent)
            async with self._lane_turn:
                permit()
                reply = await self._lane.post(path, body, permit=permit)
        if reply is None:
            # Had its last byte left, the lane would have said so instead of being cancelled.
            raise NotSent(f"no request left within {self._settings.order_seconds:g} s")
        try:
            return self._read(reply, read)
        except (RateLimited, UnexpectedReply) as cause:
            raise OutcomeUnknown(f"the answer proves nothing: {cause}") from cause

    async def _get(self, path: str, query: Mapping[str, str], read: Callable[[Reply], T]) -> T:
        return await self._ask(partial(self._http.get, path, query), read)

    async def _post(self, path: str, body: bytes, read: Callable[[Reply], T]) -> T:
        return await self._ask(partial(self._http.post, path, body), read)

    async def _ask(self, send: Callable[[], Awaitable[Reply]], read: Callable[[Reply], T]) -> T:
        """Send a request that moves no money, once it is its turn and no pause is under way."""
        await self._pace.turn()
        async with self._reads:
            await self._pause.over()
            self._refuse_if_silenced()
            try:
                with trio.fail_after(ANSWER_SECONDS):
                    reply = await send()
            except trio.TooSlowError as cause:
                raise UnexpectedReply(f"no answer within {ANSWER_SECONDS:g} s") from cause
            return self._read(reply, read)

    def _read(self, reply: Reply, read: Callable[[Reply], T]) -> T:
        """Return what an answer says, and draw what it means for the requests after it."""
        try:
            value = read(reply)
        except NotAuthorised as refusal:
            self.silenced = self.silenced or str(refusal)
            raise
        except RateLimited as refusal:
            self._pause.begin(refusal.retry_after_seconds)
            raise
        finally:
            # Whatever an answer says with a challenge in its head, it was the last one.
            self.silenced = self.silenced or challenge(reply.headers)
        return value

    def _permit_order(self) -> None:
        """Have the last word before an order request's first byte leaves."""
        self._refuse_if_silenced()
        if (seconds := self._pause.remaining_seconds) > 0:
            raise NotSent(f"the exchange asked for a pause, {seconds:.0f} s are left of it")

    def _permit(self, intended: Intended) -> None:
        """Have the last word about a new order: it may have waited since the gate let it pass."""
        self._permit_order()
        if reason := self._forbidden(intended):
            raise NotSent(f"before the order left: {reason}")

    def _refuse_if_silenced(self) -> None:
        if self.silenced is not None:
            raise NotAuthorised(self.silenced) from NotSent("the account has been silenced")


@asynccontextmanager
async def open_account(
    net: Net,
    rest_url: str,
    credentials: Credentials,
    *,
    pause: Pause,
    clock: WallClock,
    settings: AccountSettings | None = None,
    time: ExchangeTime | None = None,
    forbidden: Callable[[Intended], str] = lambda intended: "",
) -> AsyncIterator[Account]:
    """Open one user's account at ``https://host[:port]``; nothing is sent yet.

    ``pause`` is the process's one; ``forbidden`` says why the order of an intent may not leave at
    this moment, or nothing, and has the last word. Raises ConfigError for credentials that cannot
    be sent or an address that is none.
    """
    settings = settings or AccountSettings()
    address = Address.parse(rest_url)
    session = Session(address.host, credentials)
    lane = Lane(net, address, session, idle_seconds=settings.lane_idle_seconds)
    async with open_http(net, rest_url, session, time=time) as http:
        try:
            yield Account(http, lane, session, pause, clock, settings, forbidden)
        finally:
            await lane.aclose()  # noqa: ASYNC102 - closes at once
