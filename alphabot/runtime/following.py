"""From a placed intent to its end: wait for the BUY, wait for the SELL, settle each on evidence.

The same steps serve a round that was just placed, a pair that an earlier run left open, and the
plain SELL of a leftover. Our timeouts only choose the next step; they end no order.
"""

from __future__ import annotations

from contextlib import suppress
from enum import Enum, auto

import trio

from alphabot.config import StrategySettings
from alphabot.core.exact import ceil_to, plain, round_half_up
from alphabot.core.ladder import exit_floor
from alphabot.core.progress import OpenIntent
from alphabot.core.records import Leftover, Leg, Settled
from alphabot.core.values import OrderStatus
from alphabot.errors import ExchangeError
from alphabot.log import say
from alphabot.runtime.board import Row, State
from alphabot.runtime.cancelling import cancel_to_the_end
from alphabot.runtime.desk import Desk
from alphabot.runtime.turnstile import Turn
from alphabot.runtime.watch import Watch, ended

__all__ = ["Followed", "Follower"]


class Followed(Enum):
    """How a placed intent ended."""

    DONE = auto()
    """Bought wholly and sold wholly, or a leftover sold."""
    WAITED = auto()
    """The BUY did not fill wholly within the wait that its rule planned; the same else."""
    SHORT = auto()
    """The BUY did not fill wholly; what it bought is not on any order."""
    ABANDONED = auto()
    """The SELL ended without our asking and without selling all."""
    UNSOLD = auto()
    """The SELL did not sell all, and what is left is to be offered lower."""


class Follower:
    """Follows the placed intents of one strategy, one at a time."""

    def __init__(self, desk: Desk, strategy: StrategySettings, row: Row) -> None:
        self._desk = desk
        self._strategy = strategy
        self._row = row
        self._stop = desk.stop.child(strategy.strategy_id)
        self._who = {"user_id": desk.user_id, "strategy_id": strategy.strategy_id}

    async def pair(self, entry: OpenIntent, turn: Turn, *, resumed: bool = False) -> Followed:
        """Follow an OTO pair to the end of both legs; a resumed one is asked for first.

        ``turn`` is given back early when the SELL stays; a resumed pair has none.
        """
        with self._desk.watching(entry) as watch:
            if resumed:
                await watch.ask_again()
            bought, waited = await self._buy(watch, resumed=resumed)
            if bought.status is not OrderStatus.FILLED:
                # Such a BUY releases no SELL (protocol section 7); prove it, and settle that too.
                if Leg.PENDING in entry.legs:
                    await watch.prove(ended(Leg.PENDING))
                    await watch.settle(Leg.PENDING)
                return Followed.WAITED if waited else Followed.SHORT
            followed = await self._sell(watch, Leg.PENDING, turn, resumed=resumed)
        if followed is Followed.DONE:
            self._say_success(watch, bought)
        return followed

    async def sale(self, entry: OpenIntent, turn: Turn, *, resumed: bool = False) -> Followed:
        """Follow the plain SELL of a leftover to its end; a resumed one is asked for first."""
        with self._desk.watching(entry) as watch:
            if resumed:
                await watch.ask_again()
            return await self._sell(watch, Leg.SALE, turn, resumed=resumed)

    def show(self) -> None:
        """Copy what the journal says of the strategy to its row."""
        self._row.show(self._desk.recorder.state, self._desk.exchange_now_ms())

    def now(self, state: State, seconds: float | None = None) -> None:
        """Show what the strategy is doing, and how long it may take."""
        self._row.state = state
        self._row.waiting_until = None if seconds is None else trio.current_time() + seconds

    async def _buy(self, watch: Watch, *, resumed: bool) -> tuple[Settled, bool]:
        """Return how the BUY ended, and whether that was because a planned wait was over."""
        order = watch.legs[Leg.WORKING]
        if Leg.WORKING not in watch.entry.settled:
            say("buy.waiting", order_id=order.order_id, **self._who)
        waited = await self._wait(watch, Leg.WORKING, State.WAITING_BUY)
        if not watch.legs[Leg.WORKING].terminal:
            if not waited:
                say("buy.timeout", order_id=order.order_id, **self._who)
            await self._cancel(watch, Leg.WORKING)
        self.now(State.SETTLING)
        bought = await watch.settle(Leg.WORKING)
        self.show()
        if bought.status is OrderStatus.FILLED:
            say("buy.filled", order_id=order.order_id, **self._who)
        return bought, waited or (resumed and _may_be_ours(watch, bought))

    async def _sell(self, watch: Watch, leg: Leg, turn: Turn, *, resumed: bool) -> Followed:
        order = watch.legs[leg]
        say("sell.waiting", order_id=order.order_id, **self._who)
        waited = await self._wait(watch, leg, State.WAITING_SELL)
        if not watch.legs[leg].terminal and (waited or await self._may_go_lower(watch, leg)):
            if not waited:
                say("sell.lower", order_id=order.order_id, price=plain(order.price), **self._who)
            await self._cancel(watch, leg)
        elif not watch.legs[leg].terminal:
            await self._keep_waiting(watch, leg, turn)
        self.now(State.SETTLING)
        sold = await watch.settle(leg)
        self.show()
        if sold.status is OrderStatus.FILLED:
            say("sell.filled", order_id=order.order_id, **self._who)
            return Followed.DONE
        if waited or self._laddered or (resumed and _may_be_ours(watch, sold)):
            return Followed.UNSOLD
        await self._abandon(watch, sold)
        return Followed.ABANDONED

    async def _wait(self, watch: Watch, leg: Leg, state: State) -> bool:
        """Wait for a leg to end; return whether it has not when a wait that was planned is over.

        A planned wait is for a better price, so a stop cuts it short; the order timeout it does
        not, since that waits for the order.
        """
        planned = watch.entry.intended.wait_of(leg)
        if planned is None:
            seconds = self._strategy.order_timeout_seconds
            self.now(state, seconds)
            with trio.move_on_after(seconds):
                await watch.until(ended(leg))
            return False
        self.now(state, float(planned))
        with self._stop.interruptible(), trio.move_on_after(float(planned)):
            await watch.until(ended(leg))
        order = watch.legs[leg]
        if not order.terminal:
            say("order.waited", order_id=order.order_id, seconds=planned, **self._who)
        return not order.terminal

    @property
    def _laddered(self) -> bool:
        return self._strategy.on_sell_timeout == "ladder"

    async def _may_go_lower(self, watch: Watch, leg: Leg) -> bool:
        """Whether policy ``ladder`` has a rung below this SELL's limit.

        The last rung is the first price of the grid that is not below the floor. Where the grid
        cannot be had, the order is offered anew and may be what it was.
        """
        await trio.lowlevel.checkpoint()
        if not self._laddered:
            return False
        alpha_id = watch.entry.intended.alpha_id
        holding = self._desk.recorder.state.holding(alpha_id)
        floor = exit_floor(holding, self._desk.limits.max_exit_loss_percent)
        with suppress(ExchangeError):
            instrument = await self._desk.market.instrument(alpha_id)
            floor = ceil_to(floor, instrument.grid.tick_size)
        return watch.legs[leg].price > floor

    async def _keep_waiting(self, watch: Watch, leg: Leg, turn: Turn) -> None:
        """Policy ``wait``: the SELL stays, its BUY counts, and the turn goes to the next user."""
        order = watch.legs[leg]
        say("sell.timeout", order_id=order.order_id, price=plain(order.price), **self._who)
        reason = f"SELL {order.order_id} at {plain(order.price)} does not fill"
        self._desk.teller.unsold(self._strategy.strategy_id, reason)
        self.now(State.WAITING_SELL)
        turn.give_back()
        await watch.until(ended(leg))

    async def _cancel(self, watch: Watch, leg: Leg) -> None:
        """Cancel an order and learn from the exchange how it ended; it may have filled instead."""
        self.now(State.CANCELLING)
        await cancel_to_the_end(self._desk, watch, leg, **self._who)

    async def _abandon(self, watch: Watch, sold: Settled) -> None:
        """Record that a SELL ended without our asking; a human decides what becomes of the rest."""
        alpha_id = watch.entry.intended.alpha_id
        holding = self._desk.recorder.state.holding(alpha_id)
        reason = f"SELL {sold.order_id} ended {sold.status} with {plain(sold.executed)} sold"
        say("leftover.kept", quantity=plain(holding.quantity), reason=reason, **self._who)
        await self._desk.recorder.write(
            Leftover(
                at_ms=self._desk.recorder.now_ms(),
                intent_id=watch.entry.intended.intent_id,
                alpha_id=alpha_id,
                quantity=holding.quantity,
                reason=reason,
            )
        )

    def _say_success(self, watch: Watch, bought: Settled) -> None:
        if bought.credited is None:
            return  # said when it could not be credited
        intended = watch.entry.intended
        progress = self._desk.recorder.state.strategy(self._strategy.strategy_id)
        goal = self._strategy.goal
        percent = goal.credited(progress, self._desk.exchange_now_ms()) / goal.target * 100
        say(
            "pair.filled",
            amount=plain(intended.round_amount_usdt or bought.quote_usdt),
            filled=plain(bought.quote_usdt),
            mul_point=intended.mul_point,
            real_trade_volume=plain(bought.credited),
            **self._who,
        )
        say(
            "trade.succeeded",
            trade_volume=plain(bought.credited),
            progress=round_half_up(percent, 2),
            **self._who,
        )


def _may_be_ours(watch: Watch, end: Settled) -> bool:
    """Whether a leg was cancelled whose planned wait may have been over before a restart.

    Nobody knows whether we asked for it by then, or a person did.
    """
    planned = watch.entry.intended.wait_of(end.leg) is not None
    return planned and end.status is OrderStatus.CANCELED
