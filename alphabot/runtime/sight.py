"""What one strategy sees before it acts: the token's facts, its price, and the user's standing."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import trio

from alphabot.config import StrategySettings
from alphabot.core.exact import ZERO
from alphabot.core.ladder import exit_floor
from alphabot.core.limit_case import Case
from alphabot.core.pricing import NoPrice, wants_depth
from alphabot.core.values import Instrument, PairPlan, Proposal, Quote, SalePlan, Token
from alphabot.errors import ExchangeError
from alphabot.log import say
from alphabot.ports import PricingRule
from alphabot.runtime.asking_rules import propose
from alphabot.runtime.desk import Desk
from alphabot.runtime.patience import Patience

__all__ = ["Sight"]

PRICED_USDT_MIN: Final = Decimal(1)
"""A holding of another token that cost less is not worth asking for a price: it counts as lost."""


class Sight:
    """The eyes of one strategy of one user."""

    def __init__(
        self, desk: Desk, strategy: StrategySettings, token: Token, rule: PricingRule
    ) -> None:
        self.token = token
        self._desk = desk
        self._strategy = strategy
        self._rule = rule
        self._mul_point: int | None = None
        self.asker = (desk.user_id, strategy.strategy_id)
        """For whom rules are asked, and their failures counted."""
        self.ladder = strategy.on_sell_timeout == "ladder"
        """Whether a SELL that does not fill is offered lower by our own doing."""
        self.patience = Patience(
            strategy.order_timeout_seconds, desk.stop.child(strategy.strategy_id)
        )
        self._who = {"user_id": desk.user_id, "strategy_id": strategy.strategy_id}

    async def look(self) -> tuple[Instrument, Quote]:
        """Return the token's present facts and price; raises ExchangeError."""
        # The price comes last, so that nothing is waited for while it grows old.
        await self._price_holdings()
        instrument = await self._desk.market.instrument(self.token.alpha_id)
        depth = wants_depth(self._rule)
        quote = await self._desk.market.quote(self.token.alpha_id, depth=depth)
        if instrument.token.mul_point != self._mul_point:
            self._mul_point = instrument.token.mul_point
            say("token.mul_point", token=self.token.name, mul_point=self._mul_point, **self._who)
        return instrument, quote

    def proposal(self, instrument: Instrument, quote: Quote, *, unsold: Decimal = ZERO) -> Proposal:
        """Return what the strategy's rule proposes.

        ``unsold`` are tokens to be sold; without, a BUY is asked for. Raises NoPrice and
        PluginError.
        """
        selling = unsold > 0
        waits = self.patience.waits(selling=selling)
        try:
            proposal = propose(
                self._rule,
                self._strategy,
                instrument,
                quote,
                attempt=waits.attempt,
                waited_seconds=waits.seconds,
                unsold=unsold,
            )
        except NoPrice:
            self._desk.bench.answered("pricing rule", self._strategy.pricing, self.asker)
            raise
        self._desk.bench.answered("pricing rule", self._strategy.pricing, self.asker)
        return proposal

    def exit_loss_percent(self, proposal: Proposal, *, selling: bool = False) -> Decimal | None:
        """Return how far below its cost a token may be sold; None where a SELL stays as it is.

        A rule that waits may offer it lower later, like the ladder does, and is bound like it.
        """
        waited = selling and self.patience.waits(selling=True).seconds > 0
        lower = self.ladder or waited or proposal.wait_seconds is not None
        return self._desk.limits.max_exit_loss_percent if lower else None

    def case(self, plan: PairPlan | SalePlan, instrument: Instrument, quote: Quote) -> Case:
        """Return what the gate must know of a plan, as things stand at this moment."""
        sell_price = plan.sell_price if isinstance(plan, PairPlan) else plan.price
        standing = self._desk.standing(self._strategy.strategy_id, instrument, quote, sell_price)
        floor = None
        if plan.exit_loss_percent is not None:
            holding = self._desk.recorder.state.holding(self.token.alpha_id)
            floor = exit_floor(holding, plan.exit_loss_percent)
        return Case(plan, quote, instrument, standing, self._desk.limits, floor)

    async def _price_holdings(self) -> None:
        """Learn what else the user holds is worth now; without a price it counts as lost."""
        await trio.lowlevel.checkpoint()
        for alpha_id, holding in tuple(self._desk.recorder.state.holdings.items()):
            if alpha_id == self.token.alpha_id or holding.cost_usdt < PRICED_USDT_MIN:
                continue
            self._desk.bids.pop(alpha_id, None)
            try:
                self._desk.bids[alpha_id] = (await self._desk.market.quote(alpha_id)).bid
            except ExchangeError as error:
                say("request.read_failed", reason=str(error), **self._who)
