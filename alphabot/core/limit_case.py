"""What the gate looks at: the plan, the price, the user's standing and the limits, as one value."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from alphabot.core.exact import Exact
from alphabot.core.limit_values import Limits
from alphabot.core.values import Instrument, PairPlan, Quote, SalePlan

__all__ = ["Case", "Standing"]


@dataclass(frozen=True, slots=True)
class Standing(Exact):
    """Where a user stands at this moment; all of it from the journal and the feed, in USDT."""

    exposure_usdt: Decimal
    """Inventory at cost, plus open BUYs at their limit (whoever placed them on this account),
    plus unknown intents as if filled."""
    total_exposure_usdt: Decimal
    """The same, over all users of this process."""
    leftover_usdt: Decimal
    """What all tokens bought and on no SELL of ours have cost, dust included."""
    sellable_leftover: Decimal
    """Tokens of this instrument that are held, on no order, and enough to be sold."""
    loss_today_usdt: Decimal
    """Realised since 00:00 UTC, plus what holdings and open pairs lose at worst, after fees."""
    orders_last_minute: int
    rounds: int
    failures: int
    feed_live: bool
    stopping: bool
    halted: str = ""
    """Why no order of anyone leaves at this moment, if so."""
    paused: bool = False
    """Whether a person holds new rounds of this strategy back."""
    latched: str = ""
    unresolved: int = 0
    """Intents of this account whose outcome is unknown."""
    open_here: int = 0
    """Intents of this account on this symbol that have not ended."""
    others_sell_floor: Decimal | None = None
    """The lowest SELL limit that another of our users may have open on this token."""
    others_buy_ceiling: Decimal | None = None
    """The highest BUY limit that another of our users may have open on this token."""
    clock_skew_seconds: float | None = None
    """How far our clock is ahead of the exchange's; None while that is not known."""
    foreign_here: int = 0
    """Open orders on this symbol that are none of ours: a human's, or another program's."""
    free_usdt: Decimal | None = None
    """What the wallet that pays held free when it was last read; None before that."""


@dataclass(frozen=True, slots=True)
class Case:
    """Everything a rule may look at; ``plan`` is a pair or a sale."""

    plan: PairPlan | SalePlan
    quote: Quote
    instrument: Instrument
    standing: Standing
    limits: Limits
    exit_floor: Decimal | None = None
    """Below this the ladder may not sell; None where there is no ladder."""

    @property
    def pair(self) -> PairPlan:
        """The plan of a BUY rule; raises TypeError when it is a sale."""
        if not isinstance(self.plan, PairPlan):
            raise TypeError("a rule about BUYs was asked about a sale")
        return self.plan
