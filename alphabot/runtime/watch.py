"""Follows one placed intent until its legs have ended, on the exchange's evidence alone.

Pushes say when to look; when none comes for a while, when some may have been missed, and
whenever an end must be proven, the exchange is asked by REST. A timeout of ours ends nothing: it
only decides what we do next (safety: a local timeout is not a state).
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import trio

from alphabot.core.days import filled_by_day
from alphabot.core.exact import ZERO, plain
from alphabot.core.orders import Legs, Order, last_fill_at_ms
from alphabot.core.progress import OpenIntent
from alphabot.core.reconcile import absent_leg, is_proven_absent
from alphabot.core.records import Leg, Settled, Updated
from alphabot.core.values import AlphaId, Fill, OrderId, OrderReport
from alphabot.errors import ExchangeError, InvariantBroken, NotAuthorised, PluginError
from alphabot.log import say
from alphabot.ports import Exchange, Multiplier
from alphabot.runtime.asking_rules import credit
from alphabot.runtime.backoff import Backoff
from alphabot.runtime.reconcile import read_orders
from alphabot.runtime.recorder import Recorder
from alphabot.runtime.router import Claim, Missed

__all__ = ["POLL_SECONDS", "Watch", "ended", "split_fees"]

POLL_SECONDS = 30.0
"""How long a watch relies on the stream's silence before it asks by REST."""
DEAF_SECONDS = 3.0
"""The same while there is no stream: two requests, of the two a second that an account may send."""
UNHEARD_SECONDS = 5.0
"""The stream tells of an order as soon as it is placed: one that was followed for so long without
a word means that it carries nothing."""
FIRST_POLL_SECONDS = 1.0
"""The same while updates may have been missed; each time it doubles."""


class Watch:
    """The legs of one placed intent, as far as they are known, and how to learn more."""

    def __init__(
        self,
        entry: OpenIntent,
        legs: Legs,
        claim: Claim,
        exchange: Exchange,
        recorder: Recorder,
        multiplier_of: Callable[[str], Multiplier],
        settle_seconds: float,
        on_unheard: Callable[[OrderId], None],
        hears: Callable[[], bool] = lambda: True,
    ) -> None:
        self.entry = entry
        self.legs = legs
        self._claim = claim
        self._exchange = exchange
        self._recorder = recorder
        self._multiplier_of = multiplier_of
        self._settle_seconds = settle_seconds
        self._poll_seconds = POLL_SECONDS
        self._on_unheard = on_unheard
        self._hears = hears
        self._absences = 0
        self._absent_at = 0.0
        self._began_at = trio.current_time()
        self._has_doubts = False

    def __repr__(self) -> str:
        return f"<Watch {self.entry.intended.intent_id}: {self.legs}>"

    async def until(self, done: Callable[[Legs], bool]) -> None:
        """Take in updates until the legs satisfy ``done``; deadlines belong to the caller."""
        await trio.lowlevel.checkpoint()
        while not done(self.legs):
            item: OrderReport | Missed | None = None
            longest = POLL_SECONDS if self._hears() else DEAF_SECONDS
            with trio.move_on_after(min(self._poll_seconds, longest)):
                item = await self._claim.next()
            if isinstance(item, OrderReport):
                self._poll_seconds = POLL_SECONDS
                await self.take(item)
                continue
            relied_on_stream = self._poll_seconds == POLL_SECONDS
            self._poll_seconds = min(POLL_SECONDS, 2 * self._poll_seconds)
            before = self.legs
            await (self.ask() if item is None else self.ask_again())
            if item is None and relied_on_stream and self._hears() and self.legs != before:
                # It happened, and the stream kept silent: the subscription may be dead.
                self._on_unheard(next(iter(before.orders.values())).order_id)

    async def ask_again(self) -> None:
        """Ask now, and soon once more: updates were missed, and the lists may be behind them."""
        self._poll_seconds = FIRST_POLL_SECONDS
        self._has_doubts = True
        await self.ask()

    def end(self) -> None:
        """Say so if the stream never told of these orders, though nobody knows of a gap."""
        seconds = trio.current_time() - self._began_at
        if not (self._claim.heard or self._has_doubts) and seconds >= UNHEARD_SECONDS:
            self._on_unheard(self._claim.order_ids[0])

    async def prove(self, done: Callable[[Legs], bool]) -> None:
        """Ask by REST, again and again with a growing pause, until the legs satisfy ``done``."""
        backoff = Backoff(first_seconds=0.5, most_seconds=15)
        while True:
            await self.ask()
            if done(self.legs):
                return
            await backoff.wait()

    async def ask(self) -> None:
        """Take in what the exchange lists of these orders now; a failed reading teaches nothing."""
        intended = self.entry.intended
        try:
            reading = await read_orders(self._exchange, {intended.alpha_id: intended.at_ms})
        except NotAuthorised:
            raise
        except ExchangeError as error:
            say("request.read_failed", reason=str(error), user_id=self._recorder.user_id)
            await trio.sleep(1)
            return
        for order in tuple(self.legs.orders.values()):
            for report in reading.of(order.order_id):
                await self.take(report)
        gone = absent_leg(self.legs, reading)
        if gone is None:
            self._absences = 0
            return
        self._absences += 1
        if self._absences == 1:
            self._absent_at = trio.current_time()
        seconds = trio.current_time() - self._absent_at
        if is_proven_absent(self._absences, seconds, self._settle_seconds):
            await self.take(gone)

    async def take(self, report: OrderReport) -> None:
        """Merge a report and record what it changed; raises Contradiction."""
        await trio.lowlevel.checkpoint()
        leg = self.legs.leg_of(report.order_id)
        before = self.legs[leg]
        self.legs = self.legs.merge(report)
        after = self.legs[leg]
        if (before.status, before.executed) == (after.status, after.executed):
            return
        say(
            "order.updated",
            order_id=after.order_id,
            status=after.status,
            executed=plain(after.executed),
            user_id=self._recorder.user_id,
        )
        # How an order ended is told by its settlement in a moment, and a state without a fill says
        # nothing of money: what is written here is what a stall would leave behind.
        if after.executed != before.executed and not after.terminal:
            await self._recorder.write(
                Updated(
                    at_ms=self._recorder.now_ms(),
                    intent_id=self.entry.intended.intent_id,
                    leg=leg,
                    order_id=after.order_id,
                    status=after.status,
                    executed=after.executed,
                    quote_usdt=after.quote_usdt,
                )
            )

    async def settle(self, leg: Leg) -> Settled:
        """Record how an ended leg ended, with its fees; does nothing the second time."""
        await trio.lowlevel.checkpoint()
        if leg in self.entry.settled:
            return self.entry.settled[leg]
        order = self.legs[leg]
        if not order.terminal:
            raise InvariantBroken(f"{order} has not ended and cannot be settled")
        fills = order.fills if order.fills_complete else await self._all_fills(order)
        # The sum of the fills is the exchange's authoritative money figure (protocol section 3).
        quote_usdt = sum((fill.quote_usdt for fill in fills), ZERO)
        fee_base, fee_quote_usdt, fee_other = split_fees(fills, self.entry.intended.alpha_id)
        credited: Decimal | None = ZERO
        if leg is Leg.WORKING and order.executed:
            intended = self.entry.intended
            try:
                credited = credit(intended, order.executed, quote_usdt, self._multiplier_of)
            except PluginError as error:
                # What the order did is settled all the same; its volume stays owed.
                credited = None
                say("credit.owed", reason=str(error), user_id=self._recorder.user_id)
        record = Settled(
            at_ms=self._recorder.now_ms(),
            intent_id=self.entry.intended.intent_id,
            leg=leg,
            order_id=order.order_id,
            status=order.status,
            executed=order.executed,
            quote_usdt=quote_usdt,
            fee_base=fee_base,
            fee_quote_usdt=fee_quote_usdt,
            fee_other=fee_other,
            credited=credited,
            filled_at_ms=last_fill_at_ms(fills),
            filled_by_day=filled_by_day(fills),
        )
        await self._recorder.write(record)
        return record

    async def _all_fills(self, order: Order) -> tuple[Fill, ...]:
        """Return every fill of an ended order from REST, once they explain what was executed."""
        backoff = Backoff(first_seconds=0.5, most_seconds=15)
        while True:
            try:
                fills = await self._exchange.fills(order.order_id, order.symbol)
            except NotAuthorised:
                raise
            except ExchangeError as error:
                say("request.read_failed", reason=str(error), user_id=self._recorder.user_id)
            else:
                if sum((fill.quantity for fill in fills), ZERO) == order.executed:
                    return fills
            await backoff.wait()


def split_fees(fills: tuple[Fill, ...], alpha_id: AlphaId) -> tuple[Decimal, Decimal, str]:
    """Return the fees in tokens, in USDT, and as text those in any other asset (such as BNB)."""
    totals: dict[str, Decimal] = {}
    for fill in fills:
        totals[fill.fee_asset] = totals.get(fill.fee_asset, ZERO) + fill.fee
    fee_base = totals.pop(alpha_id, ZERO)
    fee_quote_usdt = totals.pop("USDT", ZERO)
    other = ", ".join(f"{plain(fee)} {asset}" for asset, fee in sorted(totals.items()) if fee)
    return fee_base, fee_quote_usdt, other


def ended(leg: Leg) -> Callable[[Legs], bool]:
    """Return the question whether this leg has ended."""
    return lambda legs: legs[leg].terminal
