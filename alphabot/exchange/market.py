"""Public market facts for all users: prices with an age, trading rules, the token list.

One WebSocket carries the best prices and the trades of every token in use; the first question
about a token starts its subscription, and everybody shares it; the levels of its book join them
with the first question about those. A price that the stream has not confirmed for a few seconds is
confirmed by REST, once for all who wait. So the stream is there for speed and not for truth: while
it is lost, quotes cost two reads every few seconds.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from functools import partial
from typing import NoReturn

import trio

from alphabot.core.values import AlphaId, Instrument, Quote, Symbol, Token
from alphabot.errors import ExchangeError, FeedLost, UnexpectedReply
from alphabot.exchange.exchange_time import ExchangeTime
from alphabot.exchange.facts import PublicFacts
from alphabot.exchange.http import HttpClient
from alphabot.exchange.lifeline import Lifeline, StreamState
from alphabot.exchange.moments import Moment
from alphabot.exchange.pace import Pause
from alphabot.exchange.prices import Price
from alphabot.exchange.shared import Shared
from alphabot.exchange.sockets import Socket, StreamAddress, open_socket
from alphabot.exchange.wire.depth import DEPTH_UPDATE, DepthChange, depth_change, depth_stream
from alphabot.exchange.wire.market import symbol_of
from alphabot.exchange.wire.stream import (
    Ack,
    AggTrade,
    BookTicker,
    Event,
    book_stream,
    market_event,
    read_frame,
    subscribe,
    trade_stream,
)
from alphabot.ports import Net, WallClock

__all__ = ["MarketNews", "PublicMarket"]

CONFIRMED_SECONDS = 3.0
"""A price the stream has not confirmed for so long is asked for by REST."""
BRIDGED_SECONDS = 10.0
"""While REST fails, a price is still told, with its age, for so long."""

MarketNews = AggTrade | DepthChange | Instrument
"""What somebody who watches the market is told."""

_STREAMS = (book_stream, trade_stream)


class PublicMarket:
    """The Market of all users.

    ``http`` is a public client for the REST host, ``url`` the ``ws://`` or ``wss://`` address of
    the market stream (ConfigError is raised for anything else). ``clock`` says when a UTC day
    begins and whether the machine slept, ``pause`` and ``time`` are the ones all clients of this
    process share.
    """

    def __init__(
        self,
        http: HttpClient,
        net: Net,
        url: str,
        clock: WallClock,
        pause: Pause,
        time: ExchangeTime | None = None,
    ) -> None:
        self._time = time or ExchangeTime(clock)
        self._facts = PublicFacts(http, clock, pause)
        self._clock = clock
        self._net = net
        self._address = StreamAddress.parse(url)
        self._lifeline = Lifeline()
        self._prices: dict[Symbol, Price] = {}
        self._snapshots: dict[Symbol, Shared[Price]] = {}
        self._deep: set[Symbol] = set()
        """Whose levels somebody asked for."""
        self._another_stream = trio.Event()
        self._watch: Callable[[MarketNews], None] = lambda _: None

    def __repr__(self) -> str:
        return f"<PublicMarket {self.state.phase}, {len(self._prices)} prices>"

    @property
    def state(self) -> StreamState:
        """What the market stream is doing at this moment."""
        return self._lifeline.state

    @property
    def clock_skew_seconds(self) -> float | None:
        """How far our clock is ahead of the exchange's; None while nobody has told its time."""
        return self._time.skew_seconds

    async def tokens(self) -> Sequence[Token]:
        """Return the token list, without the rows that cannot be read."""
        return tuple((await self._facts.tokens()).readable.values())

    async def instrument(self, alpha_id: AlphaId) -> Instrument:
        """Return the token's present facts.

        Raises UnexpectedReply if the exchange lists no such token or symbol, or lists it in a way
        that must not be traded on (safety: I-15), and the rest of the tree if it cannot be asked.
        """
        symbol = symbol_of(alpha_id)
        token = (await self._facts.tokens()).find(alpha_id)
        rules = await self._facts.rules(symbol)
        fees = await self._facts.fees(symbol)
        instrument = Instrument(token, symbol, rules.grid, fees, rules.trading and token.tradable)
        self._watch(instrument)
        return instrument

    async def quote(self, alpha_id: AlphaId, *, depth: bool = False) -> Quote:
        """Return the present price, with the time since the exchange last confirmed it.

        With ``depth``, up to twenty levels a side are confirmed as well.

        Older than CONFIRMED_SECONDS only if REST fails too, and then up to BRIDGED_SECONDS;
        beyond that raises why REST failed.
        """
        await trio.lowlevel.checkpoint()
        symbol = symbol_of(alpha_id)
        price = self._prices.get(symbol)
        if price is None or price.age_seconds(self._now(), depth=depth) > CONFIRMED_SECONDS:
            try:
                price = await self._snapshot(symbol).get(CONFIRMED_SECONDS)
            except ExchangeError:
                if price is None or price.age_seconds(self._now(), depth=depth) > BRIDGED_SECONDS:
                    raise
        if depth and symbol not in self._deep:
            self._deep.add(symbol)
            self._another_stream.set()
        return price.quote(self._now(), depth=depth)

    def watch(self, watch: Callable[[MarketNews], None]) -> None:
        """Have one who watches told of trades and levels at once, and of facts that were asked for.

        What happens while the stream is lost is not told later.
        """
        self._watch = watch

    async def run(
        self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> NoReturn:
        """Keep the stream of all prices in use until cancelled; started at once.

        Without it every quote is asked for by REST.
        """
        self._lifeline.connecting()
        task_status.started()
        if not self._prices:
            await self._another_stream.wait()
        while True:
            try:
                await self._listen()
            except (FeedLost, ExchangeError) as loss:
                pause_seconds = self._lifeline.lost(loss)
            await trio.sleep(pause_seconds)

    def _now(self) -> Moment:
        return Moment.now(self._clock)

    def _snapshot(self, symbol: Symbol) -> Shared[Price]:
        if symbol not in self._snapshots:
            self._snapshots[symbol] = Shared(partial(self._confirm, symbol), self._clock)
        return self._snapshots[symbol]

    async def _confirm(self, symbol: Symbol) -> Price:
        """Ask by REST; a token that was never asked for before joins the stream."""
        asked_at = self._now()
        last, depth = await self._facts.last_and_depth(symbol)
        price = self._prices.get(symbol)
        if price is not None:
            price.saw_snapshot(last, depth, asked_at)
            return price
        self._prices[symbol] = price = Price(last, depth, asked_at)
        self._another_stream.set()
        return price

    async def _listen(self) -> NoReturn:
        """Take in what one connection tells; raises FeedLost or an ExchangeError when it ends."""
        async with open_socket(self._net, self._address) as socket:
            socket.start_soon(self._keep_subscribed, socket)
            while True:
                self._take(read_frame(await socket.receive()))

    async def _keep_subscribed(self, socket: Socket) -> NoReturn:
        """Subscribe every price in use, and each that joins them later."""
        subscribed: set[str] = set()
        requests = itertools.count(1)
        while True:
            another = self._another_stream = trio.Event()
            wanted = [f(symbol) for symbol in sorted(self._prices) for f in _STREAMS]
            wanted += [depth_stream(symbol) for symbol in sorted(self._deep & self._prices.keys())]
            missing = [stream for stream in wanted if stream not in subscribed]
            if missing:
                await socket.send(subscribe(missing, next(requests)))
                subscribed.update(missing)
            await another.wait()

    def _take(self, frame: Ack | Event | None) -> None:
        match frame:
            case Ack(error=None):
                self._lifeline.live()
            case Ack(error=error):
                raise FeedLost(f"the subscription was refused: {error}")
            case Event():
                self._lifeline.live()
                self._take_event(frame)

    def _take_event(self, event: Event) -> None:
        try:
            news = depth_change(event) if event.name == DEPTH_UPDATE else market_event(event)
        except UnexpectedReply:
            # An empty side of a book, for one. The price stays as it was and grows older, until
            # REST is asked; the other tokens on this connection are none the worse.
            return
        if news is None or (price := self._prices.get(news.symbol)) is None:
            return
        match news:
            case AggTrade():
                price.saw_trade(news, self._now())
            case BookTicker():
                price.saw_book(news, self._now())
            case DepthChange():
                price.saw_levels(news, self._now())
        if not isinstance(news, BookTicker):
            self._watch(news)
