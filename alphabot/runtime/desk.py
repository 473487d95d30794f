"""What the trade loops of one user share, and the questions all of them ask of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal

from alphabot.core.exact import ZERO, multiply
from alphabot.core.limit_case import Standing
from alphabot.core.limit_values import Limits
from alphabot.core.orders import Legs
from alphabot.core.planning import Unplannable, plan_sale
from alphabot.core.progress import OpenIntent
from alphabot.core.values import Instrument, Quote, SalePlan, StrategyId, UserId
from alphabot.errors import InvariantBroken
from alphabot.ports import Exchange, Market, Multiplier
from alphabot.runtime.recorder import Recorder
from alphabot.runtime.router import Router
from alphabot.runtime.stop import Stop
from alphabot.runtime.turnstile import Turnstile
from alphabot.runtime.watch import Watch

__all__ = ["Desk"]


@dataclass(slots=True)
class Desk:
    """One user's exchange, memory and guards.

    ``everyone`` are the recorders of all users of this process: the total exposure is theirs.
    """

    user_id: UserId
    exchange: Exchange
    market: Market
    recorder: Recorder
    router: Router
    turnstile: Turnstile
    stop: Stop
    limits: Limits
    everyone: Sequence[Recorder]
    settle_seconds: float
    multiplier_of: Callable[[str], Multiplier]
    """Multiplier rules by name: a round is credited by the rule of its intent, whatever the
    configuration says by the time it ends. Raises KeyError for a rule that is not loaded."""

    def standing(
        self, strategy_id: StrategyId, instrument: Instrument, quote: Quote, sell_price: Decimal
    ) -> Standing:
        """Return where the user stands, for the gate.

        ``sell_price`` is the limit at which a leftover would be sold: what is too little for that
        is dust, and must not hold up a BUY.
        """
        state, now_ms = self.recorder.state, self.recorder.now_ms()
        alpha_id = instrument.token.alpha_id
        holding, progress = state.holding(alpha_id), state.strategy(strategy_id)
        sale = self._leftover_sale(instrument, sell_price)
        at_bid = multiply(multiply(holding.quantity, quote.bid), 1 - instrument.fees.seller)
        open_here = [
            entry for entry in state.open_intents.values() if entry.intended.alpha_id == alpha_id
        ]
        return Standing(
            exposure_usdt=state.exposure_usdt(),
            total_exposure_usdt=sum((r.state.exposure_usdt() for r in self.everyone), ZERO),
            leftover_usdt=sum((h.cost_usdt for h in state.holdings.values()), ZERO),
            sellable_leftover=sale.quantity if sale else ZERO,
            loss_today_usdt=state.loss_today_usdt(now_ms) + holding.cost_usdt - at_bid,
            orders_last_minute=state.orders_last_minute(now_ms),
            rounds=progress.rounds,
            failures=progress.failures,
            feed_live=self.router.live,
            stopping=self.stop.requested.is_set(),
            latched=state.latched.reason if state.latched else "",
            unresolved=sum(entry.unresolved for entry in state.open_intents.values()),
            open_here=len(open_here),
            foreign_sell_floor=self.turnstile.foreign_sell_floor(alpha_id, self.user_id),
        )

    @contextmanager
    def watching(self, entry: OpenIntent) -> Iterator[Watch]:
        """Open a watch on a placed intent, with the updates of its orders delivered to it."""
        if entry.placed is None:
            raise InvariantBroken(f"intent {entry.intended.intent_id} is not placed")
        legs = Legs.placed(entry.intended, entry.placed)
        with self.router.claim(order.order_id for order in legs.orders.values()) as claim:
            yield Watch(entry, legs, claim, self.exchange, self.recorder, self.multiplier_of)

    def _leftover_sale(self, instrument: Instrument, price: Decimal) -> SalePlan | None:
        """Return the SELL of what is held and on no order, or None when that is only dust."""
        held = self.recorder.state.holding(instrument.token.alpha_id).quantity
        try:
            return plan_sale(price, instrument, held)
        except Unplannable:
            return None
