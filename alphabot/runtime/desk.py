"""What the trade loops of one user share, and the questions all of them ask of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal

import trio

from alphabot.core.exact import ZERO
from alphabot.core.limit_case import Standing
from alphabot.core.limit_values import Limits
from alphabot.core.orders import Legs
from alphabot.core.planning import Unplannable, plan_sale
from alphabot.core.progress import OpenIntent
from alphabot.core.shown_volume import Purchases
from alphabot.core.standing import (
    Other,
    Stake,
    foreign_buys_usdt,
    highest,
    limits_of_others,
    stake,
    total_exposure_usdt,
)
from alphabot.core.values import (
    AlphaId,
    FeeRate,
    Instrument,
    OrderId,
    PairPlan,
    Quote,
    SalePlan,
    Side,
    StrategyId,
    UserId,
)
from alphabot.errors import InvariantBroken
from alphabot.ports import Exchange, Market, Multiplier
from alphabot.runtime.bench import Bench
from alphabot.runtime.brake import Brake
from alphabot.runtime.identities import Identities
from alphabot.runtime.reconcile import Reconciler
from alphabot.runtime.recorder import Recorder
from alphabot.runtime.router import Router
from alphabot.runtime.stop import Stop
from alphabot.runtime.teller import Teller
from alphabot.runtime.turnstile import Turnstile
from alphabot.runtime.watch import Watch

__all__ = ["Desk"]


@dataclass(slots=True)
class Desk:
    """One user's exchange, memory and guards.

    ``everyone`` are the recorders of all users of this process, and of those of the journal who do
    not trade in it and have something open or held: the total exposure is theirs, and none of
    their orders may meet one of this user's.
    """

    user_id: UserId
    exchange: Exchange
    market: Market
    recorder: Recorder
    router: Router
    reconciler: Reconciler
    turnstile: Turnstile
    identities: Identities
    stop: Stop
    """This user's, with a child for each strategy."""
    brake: Brake
    limits: Limits
    """This user's own; its guard is on as soon as that of anyone is."""
    limits_of: Callable[[UserId], Limits]
    """Those of anyone: two users are kept apart where either of them is guarded."""
    everyone: Sequence[Recorder]
    readings: Mapping[UserId, Reconciler]
    """What was last read of each account that trades now, this user's own among them."""
    multiplier_of: Callable[[str], Multiplier]
    """Multiplier rules by name: a round is credited by the rule of its intent, whatever the
    configuration says by the time it ends. Raises KeyError for a rule that is not loaded."""
    bench: Bench
    """Rules of plugins that are asked no more; one for all users."""
    teller: Teller
    """What happens here, for people."""
    halts_on_mismatch: bool = False
    """Whether the user stops where the exchange's own volume contradicts ours."""
    purchases: Purchases = field(default_factory=Purchases)
    ordering: trio.Lock = field(default_factory=trio.Lock)
    """Held from the gate to the answer: one request of an account at a time."""
    bids: dict[AlphaId, Decimal] = field(default_factory=dict)
    """The last bid seen of each token this user trades or holds."""
    fees: FeeRate = field(default_factory=lambda: FeeRate(ZERO, ZERO))
    """The highest fees seen of any token this user trades: what is held is sold at these."""
    on_unheard: Callable[[OrderId], None] = lambda order_id: None
    """Told of an order whose change the stream should have told and did not."""

    def standing(
        self, strategy_id: StrategyId, instrument: Instrument, quote: Quote, sell_price: Decimal
    ) -> Standing:
        """Return where the user stands, for the gate.

        ``sell_price`` is the limit at which a leftover would be sold: what is too little for that
        is dust, and must not hold up a BUY.
        """
        state = self.recorder.state
        stop = self.stop.child(strategy_id)
        alpha_id, progress = instrument.token.alpha_id, state.strategy(strategy_id)
        sell_floor, buy_ceiling = limits_of_others(self._kept_apart(), alpha_id, quote)
        self.bids[alpha_id] = quote.bid
        self.fees = highest(self.fees, instrument.fees)
        at_stake = self.stake()
        return Standing(
            exposure_usdt=at_stake.exposure_usdt,
            total_exposure_usdt=total_exposure_usdt(
                (
                    r.exposure_usdt(self.limits_of(r.user_id).max_exposure_usdt)
                    for r in self.everyone
                ),
                sum((foreign_buys_usdt(each.foreign) for each in self.readings.values()), ZERO),
            ),
            leftover_usdt=at_stake.leftover_usdt,
            sellable_leftover=self._sellable(instrument, sell_price),
            loss_today_usdt=at_stake.loss_today_usdt,
            orders_last_minute=at_stake.orders_last_minute,
            rounds=progress.rounds,
            failures=progress.failures,
            feed_live=self.router.live,
            stopping=stop.requested.is_set(),
            halted=self.brake.reason(),
            paused=stop.paused,
            latched=state.latched.reason if state.latched else "",
            unresolved=sum(entry.unresolved for entry in state.open_intents.values()),
            open_here=sum(e.intended.alpha_id == alpha_id for e in state.open_intents.values()),
            others_sell_floor=sell_floor,
            others_buy_ceiling=buy_ceiling,
            clock_skew_seconds=self.market.clock_skew_seconds,
            foreign_here=sum(o.symbol == instrument.symbol for o in self.reconciler.foreign),
            free_usdt=self.reconciler.free_usdt,
        )

    def _kept_apart(self) -> list[Other]:
        """Return those of our other users whom this one must not trade with."""
        guarded = self.limits_of(self.user_id).self_trade_guard
        return [
            Other(r.state, r.still_seconds())
            for r in self.everyone
            if r is not self.recorder and (guarded or self.limits_of(r.user_id).self_trade_guard)
        ]

    def exchange_now_ms(self) -> int:
        """Return the wall time as the exchange tells it: its days are the days that count."""
        skew_seconds = self.market.clock_skew_seconds or 0.0
        return self.recorder.now_ms() - round(skew_seconds * 1000)

    def stake(self) -> Stake:
        """Return what the user has at stake at this moment, at the prices last seen."""
        state, now_ms = self.recorder.state, self.recorder.now_ms()
        return stake(state, now_ms, self.bids, self.fees, self.reconciler.foreign)

    def twin(self, plan: PairPlan | SalePlan) -> bool:
        """Whether an order that is none of ours would be taken for this plan's first one.

        Were the plan's outcome unknown, the two could not be told apart.
        """
        side, price = (
            (Side.BUY, plan.buy_price) if isinstance(plan, PairPlan) else (Side.SELL, plan.price)
        )
        return any(
            (seen.symbol, seen.side, seen.price, seen.quantity)
            == (plan.symbol, side, price, plan.quantity)
            for seen in (*self.router.unclaimed, *self.reconciler.foreign)
        )

    @contextmanager
    def watching(self, entry: OpenIntent) -> Iterator[Watch]:
        """Open a watch on a placed intent, with the updates of its orders delivered to it."""
        if entry.placed is None:
            raise InvariantBroken(f"intent {entry.intended.intent_id} is not placed")
        legs = Legs.placed(entry.intended, entry.placed)
        with self.router.claim(order.order_id for order in legs.orders.values()) as claim:
            watch = Watch(
                entry,
                legs,
                claim,
                self.exchange,
                self.recorder,
                self.multiplier_of,
                self.reconciler.settle_seconds,
                self.on_unheard,
                lambda: self.router.heard,
            )
            yield watch
            watch.end()

    def _sellable(self, instrument: Instrument, price: Decimal) -> Decimal:
        """Return how much of what is held and on no order is more than dust."""
        held = self.recorder.state.holding(instrument.token.alpha_id).quantity
        try:
            return plan_sale(price, instrument, held).quantity
        except Unplannable as error:
            return ZERO if error.too_little else held
