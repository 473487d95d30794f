"""Selling what a round bought and did not sell."""

from __future__ import annotations

import trio

from alphabot.config import StrategySettings
from alphabot.core.exact import plain
from alphabot.core.ladder import exit_floor, next_limit
from alphabot.core.limits import may_sell
from alphabot.core.planning import Unplannable, one_lot_less, plan_sale
from alphabot.core.pricing import NoPrice
from alphabot.core.values import Instrument, Quote, SalePlan
from alphabot.errors import ExchangeError, NotAuthorised, PluginError, Unresolved
from alphabot.log import say
from alphabot.runtime.after import After, Afterwards
from alphabot.runtime.board import State
from alphabot.runtime.desk import Desk
from alphabot.runtime.following import Followed, Follower
from alphabot.runtime.intending import intend_sale
from alphabot.runtime.placing import place
from alphabot.runtime.sight import Sight
from alphabot.runtime.turnstile import Turn

__all__ = ["Leftovers"]


class Leftovers:
    """The leftovers of one strategy's token; dust is among them until it is worth an order."""

    def __init__(
        self,
        desk: Desk,
        strategy: StrategySettings,
        sight: Sight,
        afterwards: Afterwards,
        follower: Follower,
    ) -> None:
        self._desk = desk
        self._strategy = strategy
        self._sight = sight
        self._afterwards = afterwards
        self._follower = follower
        self._who = {"user_id": desk.user_id, "strategy_id": strategy.strategy_id}

    async def sell(self) -> After | None:
        """Sell what was bought and is on no order; None when that is nothing, or only dust."""
        await trio.lowlevel.checkpoint()
        alpha_id = self._sight.token.alpha_id
        holding = self._desk.recorder.state.holding(alpha_id)
        if holding.quantity <= 0:
            return None
        with self._desk.stop.child(self._strategy.strategy_id).round():
            try:
                self._follower.now(State.RECONCILING)
                await self._desk.reconciler.weigh(alpha_id)  # only what the wallet has is offered
                await self._plan()  # dust needs no turn
                if holding.abandoned and not self._sight.ladder:
                    return self._afterwards.followed(Followed.ABANDONED)
                self._follower.now(State.WAITING_TURN)
                with await self._desk.turnstile.take(alpha_id) as turn:
                    return await self._sell(turn)
            except (NotAuthorised, Unresolved):
                raise
            except (NoPrice, PluginError, ExchangeError) as error:
                return self._afterwards.failed(error)
            except Unplannable as error:
                return None if error.too_little else self._afterwards.failed(error)
        return self._afterwards.stopped()

    async def _plan(self) -> tuple[SalePlan, Instrument, Quote]:
        """Return the sale of what is held at the present price; raises Unplannable for dust."""
        holding = self._desk.recorder.state.holding(self._sight.token.alpha_id)
        self._follower.now(State.QUOTING)
        instrument, quote = await self._sight.look()
        proposal = self._sight.proposal(instrument, quote, unsold=holding.quantity)
        price = proposal.sell_price
        exit_loss_percent = self._sight.exit_loss_percent(proposal, selling=True)
        if exit_loss_percent is not None and self._sight.ladder:
            price = next_limit(holding, exit_loss_percent, price)
        elif exit_loss_percent is not None:
            price = max(price, exit_floor(holding, exit_loss_percent))
        wait_seconds = self._sight.patience.granted(proposal.wait_seconds, selling=True)
        plan = plan_sale(price, instrument, holding.quantity, exit_loss_percent, wait_seconds)
        while self._desk.twin(plan):
            plan = one_lot_less(plan, instrument)
        return plan, instrument, quote

    async def _sell(self, turn: Turn) -> After | None:
        """Sell the leftover; price and wallet may have changed while we waited for the turn."""
        await self._desk.reconciler.weigh(self._sight.token.alpha_id)
        async with self._desk.ordering:
            plan, instrument, quote = await self._plan()
            refusal = may_sell(self._sight.case(plan, instrument, quote))
            if refusal is not None:
                return self._afterwards.refused(refusal)
            say("leftover.selling", quantity=plain(plan.quantity), **self._who)
            intended = intend_sale(plan, instrument, self._strategy, self._desk.recorder)
            entry = await place(self._desk, intended)
        if entry.unresolved:
            await self._desk.reconciler.resolve(entry)
        self._afterwards.placed()
        followed = await self._follower.sale(entry, turn)
        self._sight.patience.ended(intended, followed)
        if followed is not Followed.DONE:
            return self._afterwards.followed(followed)
        say("leftover.sold", quantity=plain(plan.quantity), **self._who)
        return None
