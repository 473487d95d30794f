"""The round: what alphabot does, one step after another, until the target is reached.

One loop serves one strategy of one user. It decides little: prices come from the rule, the plan
from :mod:`alphabot.core.planning`, permission from the gate, and what happened from the exchange
by way of a :class:`Follower`. What it knows of the past it reads from the journal's fold.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec
import trio

from alphabot.config import StrategySettings
from alphabot.core.exact import plain
from alphabot.core.last_round import needed_usdt, smallest_plan
from alphabot.core.limits import may_buy
from alphabot.core.obstacles import dust_bp
from alphabot.core.planning import Unplannable, one_lot_less, plan_pair
from alphabot.core.progress import StrategyProgress
from alphabot.core.records import Configured, Credited, Intended
from alphabot.core.values import Instrument, PairPlan, Proposal, Quote, Token
from alphabot.errors import ExchangeError, NotAuthorised, PluginError, Unresolved
from alphabot.log import say
from alphabot.ports import PricingRule
from alphabot.runtime.after import After, Afterwards
from alphabot.runtime.asking_rules import credit
from alphabot.runtime.board import Ending, Row, State
from alphabot.runtime.days import Days
from alphabot.runtime.desk import Desk
from alphabot.runtime.following import Followed, Follower
from alphabot.runtime.intending import intend_pair
from alphabot.runtime.leftovers import Leftovers
from alphabot.runtime.pausing import wait_out
from alphabot.runtime.placing import place
from alphabot.runtime.shown import read_shown
from alphabot.runtime.sight import Sight
from alphabot.runtime.turnstile import Turn

__all__ = ["TradeLoop"]


class TradeLoop:
    """One strategy of one user, from where the journal ends to the target."""

    def __init__(
        self, desk: Desk, strategy: StrategySettings, token: Token, rule: PricingRule, row: Row
    ) -> None:
        self.strategy = strategy
        self.row = row
        self.who = {"user_id": desk.user_id, "strategy_id": strategy.strategy_id}
        self.stop = desk.stop.child(strategy.strategy_id)
        self.neighbours: Sequence[Row] = (row,)
        """All strategies of this user."""
        self._desk = desk
        self._token = token
        self._sight = Sight(desk, strategy, token, rule)
        self._afterwards = Afterwards(desk, strategy, token, row)
        self._days = Days(desk, strategy, row)
        self.follower = Follower(desk, strategy, row)
        self._leftovers = Leftovers(desk, strategy, self._sight, self._afterwards, self.follower)

    def __repr__(self) -> str:
        return f"<TradeLoop {self._desk.user_id}/{self.strategy.strategy_id}: {self.row.state}>"

    @property
    def progress(self) -> StrategyProgress:
        """What the journal says this strategy has done."""
        return self._desk.recorder.state.strategy(self.strategy.strategy_id)

    def stopped(self) -> After:
        """Return how the strategy ends if it is told to stop now."""
        return self._afterwards.stopped()

    # --- the list of steps --------------------------------------------------------------------

    async def run(self) -> After:
        """Trade until the target is reached or something ends the strategy; return how it ended."""
        await self._begin()
        after = await self._finish_open_rounds()
        unsold = await self._leftovers.sell() if after.ending is None else None
        after = unsold or after
        if after.ending is None and unsold is None and self._ended():
            say("strategy.already_reached", credited=plain(self.progress.credited), **self.who)
            return After(ending=Ending.ALREADY_REACHED)
        while after.ending is None:
            if unsold is None:
                after = await self._round()
            if after.ending is None:
                unsold = await self._leftovers.sell()
                after = unsold or after
            self.follower.show()
            self._days.look_ahead(self.progress)
            if after.ending is None and unsold is None and self._ended():
                say("strategy.target_reached", credited=plain(self.progress.credited), **self.who)
                return After(ending=Ending.REACHED)
            if after.ending is None:
                after = await self._pause(after)
        return after

    async def _round(self) -> After:
        turn: Turn | None = None
        await trio.lowlevel.checkpoint()
        if self.stop.paused:
            return After(state=State.PAUSED)
        if benched := self._desk.bench.reason(self.strategy):
            return After(ending=Ending.FAILED, reason=benched)
        try:
            await self._credit_owed()
        except PluginError as error:
            return self._afterwards.failed(error)
        if self._ended():
            return After()
        if (closed := self._days.closed(self.progress)) is not None:
            return closed
        with self.stop.interruptible():
            self.follower.now(State.RECONCILING)
            await self._desk.reconciler.weigh(self._token.alpha_id)
            self.follower.now(State.WAITING_TURN)
            turn = await self._desk.turnstile.take(self._token.alpha_id)
        if turn is None:
            return self.stopped()
        with turn, self.stop.round():
            try:
                return await self._trade(turn)
            except (NotAuthorised, Unresolved):
                raise
            except ExchangeError as error:
                return self._afterwards.failed(error)
        return self.stopped()

    async def _trade(self, turn: Turn) -> After:
        began = trio.current_time()
        # Whatever a person did while the turn was waited for is on no reading yet.
        await self._desk.reconciler.weigh(self._token.alpha_id)
        self.follower.now(State.QUOTING)
        async with self._desk.ordering:
            intended = await self._plan()
            if isinstance(intended, After):
                return intended
            self.follower.now(State.PLACING)
            entry = await place(self._desk, intended)
        if entry.unresolved:
            await self._desk.reconciler.resolve(entry)
        self._afterwards.placed()
        working_order_id = entry.placed and entry.placed.working_order_id
        say("pair.placed", working_order_id=working_order_id, **self.who)
        followed = await self.follower.pair(entry, turn)
        self._sight.patience.ended(entry.intended, followed)
        self.row.round_seconds_total += trio.current_time() - began
        self.row.rounds_timed += followed is not Followed.WAITED
        return self._afterwards.followed(followed)

    async def _plan(self) -> Intended | After:
        """Return what to place now, as the gate let it pass, or what comes instead."""
        instrument, quote = await self._sight.look()
        try:
            proposal = self._sight.proposal(instrument, quote)
            plan = self._plan_amount(instrument, quote, proposal)
            while self._desk.twin(plan):
                plan = one_lot_less(plan, instrument)
            intended = intend_pair(plan, proposal, instrument, self.strategy, self._desk.recorder)
            # A rule that cannot say what the volume counts must say so before there is any.
            credit(intended, plan.quantity, plan.amount_usdt, self._desk.multiplier_of)
            self._desk.bench.answered("multiplier", self.strategy.multiplier, self._sight.asker)
        except (Unplannable, PluginError) as error:
            return self._afterwards.failed(error)
        refusal = may_buy(self._sight.case(plan, instrument, quote))
        return intended if refusal is None else self._afterwards.refused(refusal)

    def _plan_amount(self, instrument: Instrument, quote: Quote, proposal: Proposal) -> PairPlan:
        """Return the pair for a round's amount, or before a target in points for what is missing.

        Raises Unplannable.
        """
        patience = self._sight.patience
        wait_seconds = proposal.wait_seconds

        def plan_for(amount_usdt: Decimal) -> PairPlan:
            return plan_pair(
                proposal,
                instrument,
                amount_usdt,
                self._sight.exit_loss_percent(proposal),
                patience.granted(wait_seconds, selling=False),
                patience.granted(wait_seconds, selling=True),
            )

        full, most_bp = self.strategy.single_trade_amount_usdt, self._desk.limits.max_dust_bp
        if self.strategy.target_points is None:
            return plan_for(full)
        missing = self.strategy.goal.missing(self.progress, self._desk.exchange_now_ms())
        needed = needed_usdt(missing, instrument, proposal, quote)
        return smallest_plan(
            plan_for, needed, full, lambda plan: dust_bp(plan, instrument) <= most_bp
        )

    # --- beginning, pausing, ending -----------------------------------------------------------

    async def _begin(self) -> None:
        recorder, strategy_id = self._desk.recorder, self.strategy.strategy_id
        user_id = self._desk.user_id
        say("strategy.started", strategy_id=strategy_id, user_id=user_id, token=self._token.name)
        if self.progress.rounds:
            credited = plain(self.progress.credited)
            say("strategy.resumed", rounds=self.progress.rounds, credited=credited, **self.who)
        snapshot = msgspec.json.encode(self.strategy, order="deterministic").decode()
        await recorder.write(
            Configured(at_ms=recorder.now_ms(), strategy_id=strategy_id, snapshot=snapshot)
        )
        self.follower.show()

    async def _finish_open_rounds(self) -> After:
        """Bring what an earlier run left open to its end, before anything new is placed."""
        await trio.lowlevel.checkpoint()
        self.follower.now(State.RECONCILING)
        for entry in self._desk.recorder.state.open_of(self.strategy.strategy_id):
            with self.stop.round() as scope:
                follow = self.follower.pair if entry.intended.is_pair else self.follower.sale
                followed = await follow(entry, Turn(None), resumed=True)
                self._sight.patience.ended(entry.intended, followed)
                after = self._afterwards.followed(followed)
                say("reconcile.settled", intent_id=entry.intended.intent_id, **self.who)
                if after.ending is not None:
                    return after
            if scope.cancelled_caught:
                return self.stopped()
        return After()

    async def _pause(self, after: After) -> After:
        with self.stop.interruptible():
            self.follower.now(after.state, after.pause_seconds or None)
            if self._days.was_reached_now():
                await read_shown(self._desk, self.row, self.neighbours)
            await wait_out(after, self.row, self.stop, self._desk.brake)
            self.follower.now(State.WAITING_STREAM)
            await self._desk.router.wait_live()
            return After()
        return self.stopped()

    async def _credit_owed(self) -> None:
        """Credit what a multiplier rule could not say at its time; raises PluginError.

        Nothing new is bought before: how far the target is, nobody knows until then.
        """
        await trio.lowlevel.checkpoint()
        recorder = self._desk.recorder
        for intent_id, owed in tuple(recorder.state.owed.items()):
            if owed.intended.strategy_id == self.strategy.strategy_id:
                volume = credit(
                    owed.intended, owed.executed, owed.quote_usdt, self._desk.multiplier_of
                )
                await recorder.write(
                    Credited(at_ms=recorder.now_ms(), intent_id=intent_id, credited=volume)
                )

    def _ended(self) -> bool:
        """Whether a strategy that runs once is done; a daily one waits for the next day."""
        goal = self.strategy.goal
        return not goal.daily and goal.reached(self.progress, self._desk.exchange_now_ms())
