"""One user: a feed, a router, and the trade loops, inside one catching boundary.

::

    user                                   one cancel scope; nothing of it reaches another user
    └─ feed                                listen key, keep-alive, reader ──updates──▶ router
       └─ trading                          one trade loop per strategy ◀──claim── router

Lifetimes nest in the order in which they must end: trading ends before the feed it listens to.
The boundary catches what this user's world may do to it. A lost login latches the user; a stream
that cannot be had ends the user's strategies; a bug stops the user with its traceback in the log
and makes the service end with a failure. Only a journal that cannot be kept passes through: then
nobody may trade.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from typing import NoReturn

import trio

from alphabot.core.exact import ZERO, plain
from alphabot.core.orders import Contradiction
from alphabot.core.progress import OpenIntent
from alphabot.core.reconcile import SKEW_MS
from alphabot.core.records import Latched
from alphabot.core.values import IntentId, OrderId, OrderReport, StrategyId
from alphabot.errors import (
    ExchangeError,
    FeedLost,
    JournalError,
    NotAuthorised,
    Unresolved,
)
from alphabot.log import redact, say, say_exception
from alphabot.ports import FeedItem, OrderFeed
from alphabot.runtime.after import After
from alphabot.runtime.board import Ending, Row, State
from alphabot.runtime.desk import Desk
from alphabot.runtime.newer import refuse_older_journal
from alphabot.runtime.orphans import follow_orphan
from alphabot.runtime.shown import read_shown
from alphabot.runtime.trade_loop import TradeLoop

__all__ = ["FEED_ITEMS_MAX", "User"]

FEED_ITEMS_MAX = 1024
"""Items between feed and router. The router never waits, so it is full only when the whole
process stalls; the feed then drops its connection, and everything is asked for again by REST."""
CONNECT_SECONDS = 30.0
"""How long the first connection of the order stream may take."""
WITHOUT_STREAM_SECONDS = 60.0
"""How soon a stream that can be done without is asked for again, once it could not be had."""
COUNT_SECONDS = 5.0
"""How long the final table waits for the exchange's own count; it is shown, nothing more."""


class User:
    """One exchange account that the service trades for, with its strategies."""

    def __init__(self, desk: Desk, feed: OrderFeed, loops: Sequence[TradeLoop]) -> None:
        self.desk = desk
        self._feed = feed
        self._loops = loops
        for loop in loops:
            loop.neighbours = self.rows
        self._alarm = trio.Event()
        self._alarm_reason = ""

    def __repr__(self) -> str:
        return f"<User {self.desk.user_id}: {len(self._loops)} strategies>"

    @property
    def rows(self) -> list[Row]:
        """The rows of this user's strategies."""
        return [loop.row for loop in self._loops]

    def distrust(self, reason: str) -> None:
        """Close the gate until the stream was connected anew and the account was read."""
        self.desk.router.close()
        self._feed.distrust(reason)

    async def run(self) -> None:
        """Trade until every strategy has ended, whatever happens; raises JournalError alone."""
        await trio.lowlevel.checkpoint()
        recorder = self.desk.recorder
        if recorder.damage is not None:
            return  # nothing is known of this user, so nothing is even asked
        if not self._loops:
            return  # nothing may trade, and an account is not asked for nothing
        latched = recorder.state.latched
        # Of a latch of an earlier run: what passed before this process is not ours to measure.
        recorder.still_since = None if latched is None else trio.current_time()
        if latched is not None:
            say("user.still_latched", user_id=self.desk.user_id, reason=latched.reason)
            self._end(Ending.LATCHED, f"{latched.reason}; {latched.clears}")
            return
        try:
            with self.desk.stop.everything():
                await self._connected()
        except* JournalError:
            raise
        except* Unresolved as group:
            error = _first(group)
            say("reconcile.unresolved", user_id=self.desk.user_id, reason=str(error))
            strategies, intents = getattr(error, "strategies", ()), getattr(error, "intents", ())
            await self._latch(str(error), strategies, intents)
        except* NotAuthorised as group:
            await self._latch(str(_first(group)))
        except* Contradiction as group:
            say_exception("user.failed", _first(group), user_id=self.desk.user_id)
            await self._latch(str(_first(group)))
        except* FeedLost as group:
            reason = str(_first(group))
            say("stream.unavailable", user_id=self.desk.user_id, reason=reason)
            self._end(Ending.FAILED, reason)
        except* Exception as group:  # noqa: BLE001 - the one boundary that keeps users apart
            error = _first(group)
            say_exception("user.failed", error, user_id=self.desk.user_id)
            self._end(Ending.FAILED, f"{type(error).__name__}: {error}")
        recorder.still_since = trio.current_time()
        for loop in self._loops:
            if loop.row.ending is None:
                self._finish(loop, loop.stopped())

    async def _connected(self) -> None:
        """Hold the feed, and within it the trading; a loss of the first connection is FeedLost."""
        send, receive = trio.open_memory_channel[FeedItem](FEED_ITEMS_MAX)
        desk, known_until_ms = self.desk, self.desk.recorder.last_at_ms
        self._alarm = trio.Event()
        desk.router.on_connection = self._show_connection
        desk.router.on_unclaimed = self._hear_unclaimed
        desk.on_unheard = self._doubt_stream
        desk.identities.on_alarm(desk.user_id, self._raise_alarm)
        async with trio.open_nursery() as connection:
            connection.start_soon(self._heed_alarm)
            connection.start_soon(desk.router.run, receive)
            connection.start_soon(desk.reconciler.keep_gate)
            with self.desk.stop.interruptible() as starting:
                if not desk.reconciler.stream_required:
                    connection.start_soon(self._keep_feed, send)
                else:
                    with trio.move_on_after(CONNECT_SECONDS) as connecting:
                        await connection.start(self._feed.run, send)
                    if connecting.cancelled_caught:
                        raise FeedLost(f"no order stream within {CONNECT_SECONDS:.0f} s")
                await desk.router.wait_live()
                tokens = {r.strategy_id: r.alpha_id for r in self.rows if r.alpha_id is not None}
                await refuse_older_journal(desk, tokens, known_until_ms)
            if not starting.cancelled_caught:
                await self._trade_all()
            connection.cancel_scope.cancel()
        desk.router.close()

    async def _keep_feed(self, send: trio.MemorySendChannel[FeedItem]) -> None:
        """Listen whenever there is a stream; without one each order is asked for.

        Raises NotAuthorised.
        """
        while True:
            try:
                await self._feed.run(send)
                return
            except FeedLost as loss:
                say("stream.lost", user_id=self.desk.user_id, reason=str(loss))
            await trio.sleep(WITHOUT_STREAM_SECONDS)

    async def _trade_all(self) -> None:
        running = [loop.strategy.strategy_id for loop in self._loops]
        entries = self.desk.recorder.state.open_intents.values()
        async with trio.open_nursery() as beside:
            self._leave(beside, (e for e in entries if e.intended.strategy_id not in running))
            async with trio.open_nursery() as trading:
                for loop in self._loops:
                    trading.start_soon(self._trade, loop, beside)
            beside.cancel_scope.cancel()

    def _leave(self, beside: trio.Nursery, entries: Iterable[OpenIntent]) -> None:
        """Have what no strategy follows brought to its end while others of this user trade."""
        running = {loop.row.alpha_id for loop in self._loops if loop.row.ending is None}
        for entry in tuple(entries) if running else ():
            traded = entry.intended.alpha_id in running
            beside.start_soon(partial(follow_orphan, self.desk, entry, traded=traded))

    async def _heed_alarm(self) -> NoReturn:
        await self._alarm.wait()
        raise Unresolved(self._alarm_reason)

    def _hear_unclaimed(self, report: OrderReport) -> None:
        self.desk.identities.saw(self.desk.user_id, report.order_id)
        self.desk.reconciler.hear(report)

    def _doubt_stream(self, order_id: OrderId) -> None:
        if self.desk.router.heard:
            say("stream.silent", order_id=order_id, user_id=self.desk.user_id)
            self._feed.distrust(f"it kept silent about order {order_id}")

    def _raise_alarm(self, reason: str) -> None:
        self._alarm_reason = reason
        self._alarm.set()

    async def _trade(self, loop: TradeLoop, beside: trio.Nursery) -> None:
        after = await loop.run()
        loop.follower.now(State.SETTLING)
        with trio.move_on_after(COUNT_SECONDS), _a_figure_less():
            loop.row.exchange_volume_usdt = await self._count_at_exchange(loop)
        await read_shown(self.desk, loop.row, self.rows)
        self._finish(loop, after)
        self._leave(beside, self.desk.recorder.state.open_of(loop.strategy.strategy_id))

    async def _count_at_exchange(self, loop: TradeLoop) -> Decimal | None:
        """Return the raw volume of our BUYs as the exchange's own history has it, in USDT."""
        await trio.lowlevel.checkpoint()
        progress = loop.progress
        if progress.first_at_ms is None or loop.row.alpha_id is None:
            return None
        history = await self.desk.exchange.order_history(
            loop.row.alpha_id, progress.first_at_ms - SKEW_MS
        )
        ours = {r.order_id: r.quote_usdt for r in history if r.order_id in progress.buy_order_ids}
        return sum(ours.values(), ZERO)

    async def _latch(
        self,
        reason: str,
        strategies: tuple[StrategyId, ...] = (),
        intents: tuple[IntentId, ...] = (),
    ) -> None:
        """Stop this user until a human has acted; the latch outlives the process."""
        held = [
            f"{plain(holding.quantity)} {alpha_id}"
            for alpha_id, holding in self.desk.recorder.state.holdings.items()
            if holding.quantity
        ]
        open_intents = list(self.desk.recorder.state.open_intents)
        say(
            "user.latched",
            user_id=self.desk.user_id,
            reason=reason,
            open=", ".join(open_intents) or "-",
            held=", ".join(held) or "-",
        )
        clears = f"alphabot clear {self.desk.user_id}"
        now_ms = self.desk.recorder.now_ms()
        await self.desk.recorder.write(
            Latched(
                at_ms=now_ms, reason=reason, clears=clears, strategies=strategies, intents=intents
            )
        )
        self._end(Ending.LATCHED, reason)

    def _finish(self, loop: TradeLoop, after: After) -> None:
        row = loop.row
        loop.follower.now(State.ENDED)
        row.ending, row.reason = after.ending, redact(after.reason)
        if after.ending is Ending.FAILED:
            say("strategy.failed", reason=after.reason, **loop.who)
        elif after.ending in (Ending.STOPPED, Ending.OPEN):
            say("strategy.stopped", reason=after.reason or "stop", **loop.who)
        self.desk.teller.ended(row)

    def _end(self, ending: Ending, reason: str) -> None:
        for loop in self._loops:
            if loop.row.ending is None:
                self._finish(loop, After(ending=ending, reason=reason))

    def _show_connection(self, live: bool, reason: str) -> None:
        first = all(loop.row.connection == "connecting" for loop in self._loops)
        for loop in self._loops:
            loop.row.connection = "live" if live else "lost"
        if not live:
            say("stream.lost", user_id=self.desk.user_id, reason=reason)
        else:
            say("stream.connected" if first else "stream.back", user_id=self.desk.user_id)
        if not (live and first):
            self.desk.teller.connection(live, reason)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first plain exception of a group, however deep."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


@contextmanager
def _a_figure_less() -> Iterator[None]:
    """Go on without the exchange's own count when it cannot be had; it is only shown."""
    try:
        yield
    except NotAuthorised:
        raise
    except ExchangeError as error:
        say("request.read_failed", reason=str(error))
