"""The round: what alphabot does, one step after another, until the target is reached.

One loop serves one strategy of one user. It decides little: prices come from the rule, the plan
from :mod:`alphabot.core.planning`, permission from the gate, and what happened from the exchange
by way of a :class:`Follower`. What it knows of the past it reads from the journal's fold.
"""

from __future__ import annotations

import msgspec
import trio

from alphabot.config import StrategySettings
from alphabot.core.exact import plain
from alphabot.core.limit_case import Case
from alphabot.core.limits import Refusal, Remedy, may_buy, may_sell
from alphabot.core.planning import Unplannable, plan_pair, plan_sale
from alphabot.core.progress import StrategyProgress
from alphabot.core.records import Configured
from alphabot.core.values import (
    Instrument,
    PairPlan,
    Quote,
    SalePlan,
    Token,
)
from alphabot.errors import (
    ExchangeError,
    NotAuthorised,
    PluginError,
    RateLimited,
    Refused,
    Unresolved,
)
from alphabot.log import say
from alphabot.ports import PricingRule
from alphabot.runtime.after import After
from alphabot.runtime.board import Ending, Row, State
from alphabot.runtime.desk import Desk
from alphabot.runtime.following import Followed, Follower
from alphabot.runtime.intending import intend_pair, intend_sale, propose
from alphabot.runtime.placing import place
from alphabot.runtime.turnstile import Turn
from alphabot.runtime.watch import credit

__all__ = ["TradeLoop"]

BACKOFF_SECONDS_MIN = 1.0
"""After a failure the pause is never shorter, whatever the configuration says."""
BACKOFF_SECONDS_MAX = 600.0
"""An outage doubles the pause each time, up to this; it ends by itself and never latches."""
WAIT_SECONDS = 1.0
"""How soon a refusal that is no failure is asked again."""


class TradeLoop:
    """One strategy of one user, from where the journal ends to the target."""

    def __init__(
        self, desk: Desk, strategy: StrategySettings, token: Token, rule: PricingRule, row: Row
    ) -> None:
        self.strategy = strategy
        self.row = row
        self._desk = desk
        self._token = token
        self._rule = rule
        self.follower = Follower(desk, strategy, row)
        self._outages = 0
        self._mul_point: int | None = None
        self.who = {"user_id": desk.user_id, "strategy_id": strategy.strategy_id}

    def __repr__(self) -> str:
        return f"<TradeLoop {self._desk.user_id}/{self.strategy.strategy_id}: {self.row.state}>"

    @property
    def progress(self) -> StrategyProgress:
        """What the journal says this strategy has done."""
        return self._desk.recorder.state.strategy(self.strategy.strategy_id)

    # --- the list of steps --------------------------------------------------------------------

    async def run(self) -> After:
        """Trade until the target is reached or something ends the strategy; return how it ended."""
        await self._begin()
        after = await self._finish_open_rounds()
        if after.ending is None and self._reached():
            say("strategy.already_reached", credited=plain(self.progress.credited), **self.who)
            return After(ending=Ending.ALREADY_REACHED)
        while after.ending is None:
            after = await self._round()
            if after.ending is None:
                after = await self._sell_leftover() or after
            self.follower.show()
            if after.ending is None and self._reached():
                say("strategy.target_reached", credited=plain(self.progress.credited), **self.who)
                return After(ending=Ending.REACHED)
            if after.ending is None:
                after = await self._pause(after)
        return after

    async def _round(self) -> After:
        turn: Turn | None = None
        with self._desk.stop.interruptible():
            self.follower.now(State.WAITING_TURN)
            turn = await self._desk.turnstile.take(self._token.alpha_id, self._desk.user_id)
        if turn is None:
            return self.stopped()
        with turn, self._desk.stop.round():
            try:
                after = await self._trade(turn)
            except (NotAuthorised, Unresolved):
                raise
            except ExchangeError as error:
                return self._failed(error)
            return after
        return self.stopped()

    async def _trade(self, turn: Turn) -> After:
        began = trio.current_time()
        instrument, quote = await self._look()
        try:
            proposal = propose(self._rule, self.strategy, instrument, quote)
            plan = plan_pair(proposal, instrument, self.strategy.single_trade_amount_usdt)
            intended = intend_pair(plan, instrument, self.strategy, self._desk.recorder)
            # A rule that cannot say what the volume counts must say so before there is any.
            credit(intended, plan.quantity, plan.amount_usdt, self._desk.multiplier_of)
        except (Unplannable, PluginError) as error:
            return self._failed(error)
        refusal = may_buy(self._case(plan, instrument, quote))
        if refusal is not None:
            return self._refused(refusal)
        self.follower.now(State.PLACING)
        entry = await place(self._desk, intended)
        self._outages = 0
        working_order_id = entry.placed and entry.placed.working_order_id
        say("pair.placed", working_order_id=working_order_id, **self.who)
        followed = await self.follower.pair(entry, turn)
        self.row.round_seconds_total += trio.current_time() - began
        self.row.rounds_timed += 1
        return self._after(followed)

    async def _sell_leftover(self) -> After | None:
        """Sell what was bought and is on no order; None when that is nothing, or only dust."""
        await trio.lowlevel.checkpoint()
        holding = self._desk.recorder.state.holding(self._token.alpha_id)
        if holding.quantity <= 0:
            return None
        with self._desk.stop.round():
            try:
                await self._plan_leftover()  # dust needs no turn
                if holding.abandoned:
                    return self._after(Followed.ABANDONED)
                self.follower.now(State.WAITING_TURN)
                turn = await self._desk.turnstile.take(self._token.alpha_id, self._desk.user_id)
                with turn:
                    return await self._sell(turn)
            except Unplannable:
                return None
            except (NotAuthorised, Unresolved):
                raise
            except (PluginError, ExchangeError) as error:
                return self._failed(error)
        return self.stopped()

    async def _plan_leftover(self) -> tuple[SalePlan, Instrument, Quote]:
        """Return the sale of what is held at the present price; raises Unplannable for dust."""
        held = self._desk.recorder.state.holding(self._token.alpha_id).quantity
        instrument, quote = await self._look()
        price = propose(self._rule, self.strategy, instrument, quote).sell_price
        return plan_sale(price, instrument, held), instrument, quote

    async def _sell(self, turn: Turn) -> After | None:
        """Sell the leftover, whose price may have moved while we waited for the turn."""
        plan, instrument, quote = await self._plan_leftover()
        refusal = may_sell(self._case(plan, instrument, quote))
        if refusal is not None:
            return self._refused(refusal)
        say("leftover.selling", quantity=plain(plan.quantity), **self.who)
        entry = await place(
            self._desk, intend_sale(plan, instrument, self.strategy, self._desk.recorder)
        )
        followed = await self.follower.sale(entry, turn)
        if followed is not Followed.DONE:
            return self._after(followed)
        say("leftover.sold", quantity=plain(plan.quantity), **self.who)
        return None

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
        self.follower.now(State.RECONCILING)
        for entry in self._desk.recorder.state.open_of(self.strategy.strategy_id):
            with self._desk.stop.round() as scope:
                turn = await self._desk.turnstile.take(self._token.alpha_id, self._desk.user_id)
                with turn:
                    follow = self.follower.pair if entry.intended.is_pair else self.follower.sale
                    after = self._after(await follow(entry, turn, resumed=True))
                say("reconcile.settled", intent_id=entry.intended.intent_id, **self.who)
                if after.ending is not None:
                    return after
            if scope.cancelled_caught:
                return self.stopped()
        return await self._sell_leftover() or After()

    async def _pause(self, after: After) -> After:
        with self._desk.stop.interruptible():
            self.follower.now(after.state, after.pause_seconds)
            await trio.sleep(after.pause_seconds)
            self.follower.now(State.WAITING_STREAM)
            await self._desk.router.wait_live()
            return After()
        return self.stopped()

    def _after(self, followed: Followed) -> After:
        match followed:
            case Followed.DONE:
                return After(float(self.strategy.trade_interval_seconds))
            case Followed.SHORT:
                self.row.failed_rounds += 1
                return After(self._backoff_seconds(), state=State.BACKING_OFF)
            case Followed.ABANDONED:
                holding = self._desk.recorder.state.holding(self._token.alpha_id)
                return After(ending=Ending.OPEN, reason=f"{plain(holding.quantity)} not sold")

    def stopped(self) -> After:
        """Return how a strategy ends that was told to stop."""
        still_open = self._desk.recorder.state.open_of(self.strategy.strategy_id)
        if still_open:
            return After(ending=Ending.OPEN, reason=f"{len(still_open)} round(s) still open")
        return After(ending=Ending.STOPPED)

    def _failed(self, error: Exception) -> After:
        """Back off after a refusal, an outage or a plan that cannot be; an outage ever longer."""
        self.row.failed_rounds += 1
        seconds = self._backoff_seconds()
        if isinstance(error, ExchangeError) and not isinstance(error, Refused):
            seconds = min(BACKOFF_SECONDS_MAX, seconds * 2**self._outages)
            self._outages += 1
        if isinstance(error, RateLimited):
            seconds = max(seconds, error.retry_after_seconds)
        match error:
            case ExchangeError():
                say("round.failed", reason=str(error), seconds=seconds, **self.who)
            case PluginError():
                say("plugin.failed", reason=str(error), seconds=seconds, **self.who)
            case _:
                say("round.skipped", reason=str(error), seconds=seconds, **self.who)
        return After(seconds, state=State.BACKING_OFF)

    def _refused(self, refusal: Refusal) -> After:
        if refusal.name == "stopping":
            return self.stopped()
        say("limit.refused", limit=refusal.name, detail=refusal.detail, **self.who)
        match refusal.remedy:
            case Remedy.END:
                return After(ending=Ending.FAILED, reason=f"{refusal.name}: {refusal.detail}")
            case Remedy.WAIT:
                return After(WAIT_SECONDS, state=State.WAITING_LIMIT)
            case Remedy.SKIP:
                return After(self._backoff_seconds(), state=State.BACKING_OFF)

    def _reached(self) -> bool:
        return self.progress.credited >= self.strategy.target_volume

    def _backoff_seconds(self) -> float:
        interval = float(self.strategy.trade_interval_seconds)
        return max(BACKOFF_SECONDS_MIN, float(self.strategy.failure_backoff_factor) * interval)

    # --- asking and planning ------------------------------------------------------------------

    async def _look(self) -> tuple[Instrument, Quote]:
        """Return the token's present facts and price."""
        self.follower.now(State.QUOTING)
        instrument = await self._desk.market.instrument(self._token.alpha_id)
        quote = await self._desk.market.quote(self._token.alpha_id)
        if instrument.token.mul_point != self._mul_point:
            self._mul_point = instrument.token.mul_point
            say("token.mul_point", token=self._token.name, mul_point=self._mul_point, **self.who)
        return instrument, quote

    def _case(self, plan: PairPlan | SalePlan, instrument: Instrument, quote: Quote) -> Case:
        sell_price = plan.sell_price if isinstance(plan, PairPlan) else plan.price
        standing = self._desk.standing(self.strategy.strategy_id, instrument, quote, sell_price)
        return Case(plan, quote, instrument, standing, self._desk.limits)
