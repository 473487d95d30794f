"""One user's order stream: listen key, WebSocket, keep-alive, reconnect (protocol 5 and 6).

Why this file is shaped as it is:

* **It forwards and never waits for who listens.** trio-websocket stops answering pings when
  nobody reads, and the exchange then drops the connection. So between two messages the reader
  only parses and calls ``send_nowait``. If the listener's channel is full, the alternatives would
  be to wait (and lose the connection anyway, later, without knowing when) or to drop an update
  (and trade on without knowing of a fill). So a full channel ends the connection, and what was
  missed is asked for by REST, as after any other loss.

* **There is one kind of bad news, the gap.** A closed connection, silence, a message that cannot
  be read, a refused subscription, an expired key, a full channel: each means that updates may be
  missing, none can be mended here, and all are answered alike: say so once (FeedGap), wait, take
  a new key, connect, subscribe, wait for the acknowledgement, say so (FeedLive). The listener
  closes its gate at the first and asks the exchange for the truth at the second.

* **Only the acknowledgement counts as live.** A connection without a subscription, and a
  subscription nobody confirmed, deliver the same silence as a quiet market.

* **A key that changed is a gap too.** How long a key lives is not known (protocol section 5), so
  a key is asked for again every 25 minutes. If it is another one, the new one is subscribed
  before the old one is given up, and nothing is lost if the old one still lived; whether it
  did, nobody says. So the listener is told to ask, which costs a few reads.

* **The wait grows until a connection has lasted.** A peer that accepts and cuts at once is met
  with waits of 1 s doubling to 60 s, not with one call a second for ever.

Parts and lifetimes: :class:`UserFeed` lives as long as the user and survives its connections.
:class:`_Connection` lives as long as one WebSocket: a reader, and beside it a task that
subscribes and renews the key. Whichever fails first ends both.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple, NoReturn

import trio

from alphabot.core.values import ListenKey, OrderReport
from alphabot.errors import ExchangeError, FeedLost, NotAuthorised, RateLimited
from alphabot.exchange.lifeline import Lifeline, Phase, StreamState
from alphabot.exchange.sockets import Socket, StreamAddress, open_socket
from alphabot.exchange.wire.stream import (
    Ack,
    Event,
    KeyExpired,
    order_event,
    order_stream,
    read_frame,
    subscribe,
    unsubscribe,
)
from alphabot.ports import FeedGap, FeedItem, FeedLive, Net

__all__ = ["UserFeed"]

KEY_SECONDS = 10.0
"""How long the exchange may take to answer with a listen key."""
ACK_SECONDS = 10.0
"""How long the exchange may take to confirm a subscription."""
KEY_RENEW_SECONDS = 25 * 60.0
"""Less than half of the 60 minutes that a key is believed to live."""
KEY_RETRY_SECONDS = 60.0
"""After a renewal that failed while the connection lives on."""
KEY_AGE_SECONDS_MAX = 50 * 60.0
"""An older key may die at any moment, in silence; the connection is then given up."""


class UserFeed:
    """The OrderFeed of one user: keeps a subscription alive, and says when it could not.

    ``listen_key`` asks the exchange for that user's key and raises the tree of ExchangeError.
    ``url`` is the ``ws://`` or ``wss://`` address of the private order stream; ConfigError is
    raised for anything else.
    """

    def __init__(self, listen_key: Callable[[], Awaitable[ListenKey]], net: Net, url: str) -> None:
        self._listen_key = listen_key
        self._net = net
        self._address = StreamAddress.parse(url)
        self._lifeline = Lifeline()
        self._trusted: trio.CancelScope | None = None
        self._doubt = ""

    def __repr__(self) -> str:
        return f"<UserFeed {self.state.phase} since {self.state.since}>"

    @property
    def state(self) -> StreamState:
        """What the feed is doing at this moment."""
        return self._lifeline.state

    def distrust(self, reason: str) -> None:
        """Give the present connection up for another with a key of its own.

        For whoever knows from elsewhere that updates are missing: a key may be dead in silence.
        A connection that is not live yet has nothing to miss.
        """
        if self._trusted is not None and self.state.phase is Phase.LIVE:
            self._doubt = reason
            self._trusted.cancel()

    async def run(
        self,
        updates: trio.MemorySendChannel[FeedItem],
        *,
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Forward updates until cancelled; started once the first subscription is confirmed.

        The bound of ``updates`` is its owner's: how many updates may wait for the listener. When
        it is full the connection is dropped, which counts as a loss. Each confirmed subscription
        is a FeedLive item, the first included; each loss of one is a FeedGap. Returns early only
        if the listener has closed its end.

        Raises FeedLost if the first connection cannot be had, NotAuthorised whenever the account
        is no longer welcome.
        """
        ever_live = False

        def live() -> None:
            nonlocal ever_live
            self._lifeline.live()
            if not ever_live:
                ever_live = True
                task_status.started()

        self._lifeline.connecting()
        try:
            while True:
                connection = _Connection(self._listen_key, updates, live)
                try:
                    with trio.CancelScope() as self._trusted:
                        await connection.run(self._net, self._address)
                    raise FeedLost(self._doubt)
                except (ExchangeError, FeedLost) as loss:
                    pause_seconds = self._lifeline.lost(loss)
                    if isinstance(loss, NotAuthorised):
                        raise
                    if not ever_live:
                        raise FeedLost(f"the order stream cannot be had: {loss}") from loss
                    gap = FeedGap(str(loss))
                if connection.was_live:
                    # No connection is held now, so this may wait for a listener that is behind.
                    await updates.send(gap)
                await trio.sleep(pause_seconds)
        except trio.BrokenResourceError:
            # The listener has ended; whoever ended it ends this task as well.
            await trio.lowlevel.checkpoint()


class _Subscription(NamedTuple):
    """A key whose subscription was asked for."""

    key: ListenKey
    confirmed: trio.Event


class _Connection:
    """One WebSocket: from a new key, over the confirmed subscription, to its loss."""

    def __init__(
        self,
        listen_key: Callable[[], Awaitable[ListenKey]],
        updates: trio.MemorySendChannel[FeedItem],
        on_live: Callable[[], None],
    ) -> None:
        self._listen_key = listen_key
        self._updates = updates
        self._on_live = on_live
        self.was_live = False
        self._key: ListenKey | None = None
        self._requests = 0
        self._unconfirmed: dict[int | str | None, _Subscription] = {}

    async def run(self, net: Net, address: StreamAddress) -> NoReturn:
        """Forward updates; raises FeedLost or an ExchangeError when it ends."""
        key = await self._ask_key()
        async with open_socket(net, address) as socket:
            socket.start_soon(self._keep_subscribed, socket, key)
            while True:
                self._take(read_frame(await socket.receive()))

    def _take(self, frame: Ack | Event | None) -> None:
        """Do what a message asks for; never waits."""
        if isinstance(frame, Ack):
            self._confirm(frame)
        elif frame is not None:
            match order_event(frame):
                case OrderReport() as report:
                    self._forward(report)
                case KeyExpired(key) if key is None or key == self._key:
                    raise FeedLost("the listen key has expired")

    def _forward(self, item: FeedItem) -> None:
        try:
            self._updates.send_nowait(item)
        except trio.WouldBlock as cause:
            raise FeedLost("the listener is too far behind") from cause

    async def _keep_subscribed(self, socket: Socket, key: ListenKey) -> NoReturn:
        """Subscribe the key, and whichever key the exchange says is the user's later."""
        await self._subscribe(socket, key)
        while True:
            renewed = await self._renewed_key()
            if renewed == key:
                continue
            await self._subscribe(socket, renewed)
            await socket.send(unsubscribe([order_stream(key)], self._next_request()))
            key = renewed

    async def _renewed_key(self) -> ListenKey:
        asked_at = trio.current_time()
        pause = KEY_RENEW_SECONDS
        while True:
            await trio.sleep(pause)
            try:
                return await self._ask_key()
            except NotAuthorised:
                raise
            except (ExchangeError, FeedLost) as failure:
                pause = KEY_RETRY_SECONDS
                if isinstance(failure, RateLimited):
                    pause = max(pause, failure.retry_after_seconds)
                if trio.current_time() + pause > asked_at + KEY_AGE_SECONDS_MAX:
                    raise FeedLost(f"the listen key cannot be renewed: {failure}") from failure

    async def _ask_key(self) -> ListenKey:
        try:
            with trio.fail_after(KEY_SECONDS):
                return await self._listen_key()
        except trio.TooSlowError as cause:
            raise FeedLost(f"no listen key within {KEY_SECONDS:g} s") from cause

    async def _subscribe(self, socket: Socket, key: ListenKey) -> None:
        """Return once the exchange has confirmed the subscription; raises FeedLost if not."""
        request_id = self._next_request()
        subscription = self._unconfirmed[request_id] = _Subscription(key, trio.Event())
        await socket.send(subscribe([order_stream(key)], request_id))
        try:
            with trio.fail_after(ACK_SECONDS):
                await subscription.confirmed.wait()
        except trio.TooSlowError as cause:
            raise FeedLost(f"no subscription was confirmed within {ACK_SECONDS:g} s") from cause

    def _confirm(self, ack: Ack) -> None:
        """Go live with the key whose subscription is acknowledged, before any later report."""
        ours = ack.request_id in self._unconfirmed
        if ack.error is not None and (ours or ack.request_id is None):
            raise FeedLost(f"the subscription was refused: {self._without_keys(ack.error)}")
        if not ours:
            return
        subscription = self._unconfirmed.pop(ack.request_id)
        if self._key is not None:
            self._forward(FeedGap("the listen key has changed"))
        self._key = subscription.key
        self._forward(FeedLive())
        self.was_live = True
        self._on_live()
        subscription.confirmed.set()

    def _without_keys(self, text: str) -> str:
        # An error may repeat what was asked for, and a key lets anybody listen.
        for subscription in self._unconfirmed.values():
            text = text.replace(subscription.key, "***")
        return text

    def _next_request(self) -> int:
        self._requests += 1
        return self._requests
