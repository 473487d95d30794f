"""What the journal means: progress, wear, holdings and open intents, as a fold over records.

One :class:`UserState` is one user's past. It is never written to but by :meth:`UserState.apply`,
and the same records in the same order always give the same state.

Money, for a pair: the BUY adds its tokens (less the fee taken in the token) to the user's holding
of that token at what they cost; a SELL takes tokens out at the holding's average cost. *Wear* is
that cost minus what the SELL brought after its fee, so it holds spread and fees of what was
sold; what is not sold stays in the holding at cost and is shown as leftover (or dust) instead.

*When*: wear arises with a SELL, so all of it (the BUY's fee and spread included, which are in the
cost of what is sold) belongs to the UTC day of that SELL's last fill, not to the day on which we
came to know of it. Dust belongs to the day on which it is swept, and what is written off to none.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from decimal import Decimal

import msgspec

from alphabot.core import checkpoint
from alphabot.core.days import DAY_MS, quote_by_day, sold_at_ms
from alphabot.core.endings import number_of, was_planned
from alphabot.core.exact import ZERO
from alphabot.core.holdings import Holding
from alphabot.core.open_intent import OpenIntent, Owed
from alphabot.core.records import (
    Checkpointed,
    Cleared,
    Configured,
    Credited,
    Intended,
    Latched,
    Leftover,
    Leg,
    NotSentRecord,
    PlacedRecord,
    Record,
    RefusedRecord,
    Reset,
    Restored,
    Settled,
    UnknownRecord,
    Updated,
    Witnessed,
    WrittenOff,
)
from alphabot.core.strategy_progress import StrategyProgress
from alphabot.core.values import AlphaId, IntentId, OrderId, OrderStatus, StrategyId
from alphabot.errors import JournalError

__all__ = ["DAY_MS", "OpenIntent", "Owed", "StrategyProgress", "UserState"]

MINUTE_MS = 60_000
INTENT_TIMES_MAX = 6000
"""As many as max_orders_per_minute may allow at most; what is older than so many never counts."""


def _intent_times() -> deque[int]:
    return deque(maxlen=INTENT_TIMES_MAX)


@dataclass(slots=True)
class UserState:
    """One user's past, folded from the journal."""

    strategies: dict[StrategyId, StrategyProgress] = field(default_factory=dict)
    holdings: dict[AlphaId, Holding] = field(default_factory=dict)
    open_intents: dict[IntentId, OpenIntent] = field(default_factory=dict)
    latched: Latched | None = None
    loss_by_day_usdt: dict[int, Decimal] = field(default_factory=dict)
    intent_times_ms: deque[int] = field(default_factory=_intent_times)
    intents: int = 0
    """How many ids were given to intents, those that were never committed included."""
    claimed: set[OrderId] = field(default_factory=set)
    """Every order id that an intent of ours was answered with."""
    owed: dict[IntentId, Owed] = field(default_factory=dict)
    """BUYs whose multiplier rule could not say what they count."""
    cash_usdt: Decimal = ZERO
    """What our settled orders have changed in USDT: received minus spent, fees in USDT included."""
    beside: dict[str, Decimal] = field(default_factory=dict)
    """By asset (alphaId or ``USDT``): what the wallet holds that our orders do not explain."""
    restored: Restored | None = None
    """That these records were put back from a copy, until where it knew."""
    compared: set[StrategyId] = field(default_factory=set)
    """Whose token was compared with the exchange's history since then."""

    def strategy(self, strategy_id: StrategyId) -> StrategyProgress:
        """Return a strategy's progress, zero if it never ran."""
        return self.strategies.setdefault(strategy_id, StrategyProgress())

    def holding(self, alpha_id: AlphaId) -> Holding:
        """Return what is held of a token by our own buying."""
        return self.holdings.setdefault(alpha_id, Holding())

    def open_of(self, strategy_id: StrategyId) -> list[OpenIntent]:
        """Return a strategy's open intents, oldest first."""
        return [o for o in self.open_intents.values() if o.intended.strategy_id == strategy_id]

    def exposure_usdt(self) -> Decimal:
        """Return inventory at cost plus open and unknown BUYs at their limit, in USDT."""
        held = sum((holding.cost_usdt for holding in self.holdings.values()), ZERO)
        return held + sum((o.exposure_usdt for o in self.open_intents.values()), ZERO)

    def loss_today_usdt(self, now_ms: int) -> Decimal:
        """Return what was realised as loss since 00:00 UTC; gains are a negative loss."""
        return self.loss_by_day_usdt.get(now_ms // DAY_MS, ZERO)

    def orders_last_minute(self, now_ms: int) -> int:
        """Return how many order requests were intended within the last minute.

        Those count as well that a clock which was set back puts into the future.
        """
        return sum(at_ms > now_ms - MINUTE_MS for at_ms in self.intent_times_ms)

    def failing(self, most: int) -> dict[StrategyId, int]:
        """Return the strategies that have failed so often in a row, with how often.

        A new start does not begin the row anew: who restarts a service may be nobody at all.
        """
        return {
            strategy_id: progress.failures
            for strategy_id, progress in self.strategies.items()
            if progress.failures >= most
        }

    def copied_until_ms(self, strategy_id: StrategyId) -> int | None:
        """Return until when a copy that was put back knew, where this was not compared yet."""
        uncompared = self.restored is not None and strategy_id not in self.compared
        return self.restored.known_until_ms if self.restored and uncompared else None

    def apply(self, record: Record) -> None:
        """Take in the next record of the journal.

        Raises JournalError, leaving everything as it was, for one that cannot follow the others.
        """
        match record:
            case Intended():
                if record.intent_id in self.open_intents:
                    raise JournalError(f"the journal intends {record.intent_id} twice")
                self.open_intents[record.intent_id] = OpenIntent(record)
                self.intent_times_ms.append(record.at_ms)
                self.intents = max(self.intents + 1, number_of(record.intent_id))
                progress = self.strategy(record.strategy_id)
                if progress.first_at_ms is None:
                    progress.first_at_ms = record.at_ms
            case PlacedRecord():
                self._open(record.intent_id).placed = record
                ids = (record.working_order_id, record.sell_order_id)
                self.claimed.update(order_id for order_id in ids if order_id is not None)
            case UnknownRecord():
                self._open(record.intent_id).unknown = record
            case Updated():
                self._open(record.intent_id).updates[record.leg] = record
            case NotSentRecord():
                self._close(record.intent_id)
            case RefusedRecord():
                refused = self._close(record.intent_id)
                self.strategy(refused.intended.strategy_id).failures += 1
            case Settled():
                self._settle(record)
            case Credited():
                self._credit(record)
            case Leftover():
                self.holding(record.alpha_id).abandoned = True
            case Witnessed():
                self.beside[record.asset] = record.beside
            case WrittenOff():
                self.holding(record.alpha_id).write_off(record.quantity)
            case Latched():
                self.latched = record
            case Cleared():
                self._clear()
            case Reset():
                self.strategies[record.strategy_id] = StrategyProgress()
                self.owed = {
                    intent_id: owed
                    for intent_id, owed in self.owed.items()
                    if owed.intended.strategy_id != record.strategy_id
                }
            case Configured():
                # It starts only once its token was compared.
                self.compared.add(record.strategy_id)
            case Restored():
                self._restore(record)
            case Checkpointed():
                self._resume(record)

    def checkpoint(self, sequence: int, at_ms: int) -> Checkpointed:
        """Return all of this as one record that stands for every record up to ``sequence``.

        ``at_ms`` is of the last of them. When requests were intended within the minute before is
        left out. Raises ValueError unless it is at rest.
        """
        if not self.at_rest:
            raise ValueError("what is not over cannot be put into a checkpoint")
        kept = {name: getattr(self, name) for name in checkpoint.Kept.__struct_fields__}
        state = checkpoint.written(checkpoint.Kept(**kept))
        return Checkpointed(at_ms=at_ms, sequence=sequence, state=state)

    @property
    def at_rest(self) -> bool:
        """Whether no intent is open, no volume owed, and nothing waits for a human."""
        waiting = self.latched or any(holding.abandoned for holding in self.holdings.values())
        return not (self.open_intents or self.owed or waiting)

    def _resume(self, record: Checkpointed) -> None:
        if self != UserState():
            raise JournalError("a checkpoint stands behind the records that it is made of")
        for name, value in msgspec.structs.asdict(checkpoint.read(record.state)).items():
            setattr(self, name, value)

    def _credit(self, record: Credited) -> None:
        owed = self.owed.pop(record.intent_id, None)
        if owed is None:
            raise JournalError(f"the journal credits {record.intent_id}, which is owed nothing")
        self.strategy(owed.intended.strategy_id).credit(record.credited, owed.quotes)

    def _restore(self, record: Restored) -> None:
        """Compare anew with the exchange, from the older of two copies on."""
        if self.restored is None or record.known_until_ms < self.restored.known_until_ms:
            self.restored = record
        self.compared.clear()

    def _clear(self) -> None:
        if self.latched is not None:
            self.compared.update(self.latched.strategies)
        self.latched = None
        # A person has looked at the account, and may have traded there: it is weighed anew.
        self.beside.clear()
        for holding in self.holdings.values():
            holding.abandoned = False
        for progress in self.strategies.values():
            progress.failures = 0

    def _open(self, intent_id: IntentId) -> OpenIntent:
        entry = self.open_intents.get(intent_id)
        if entry is None:
            raise JournalError(f"the journal speaks of intent {intent_id}, which is not open")
        return entry

    def _close(self, intent_id: IntentId) -> OpenIntent:
        entry = self._open(intent_id)
        del self.open_intents[intent_id]
        return entry

    def _settle(self, record: Settled) -> None:
        entry = self._open(record.intent_id)
        if record.leg in entry.settled or record.leg not in entry.legs:
            raise JournalError(f"{record.intent_id} has no {record.leg} leg that could settle now")
        entry.settled[record.leg] = record
        intended = entry.intended
        progress = self.strategy(intended.strategy_id)
        holding = self.holding(intended.alpha_id)
        if record.leg is Leg.WORKING:
            quotes = quote_by_day(record, intended.at_ms)
            holding.add(
                record.executed - record.fee_base, record.quote_usdt + record.fee_quote_usdt
            )
            self.cash_usdt -= record.quote_usdt + record.fee_quote_usdt
            if record.credited is None:
                quote_usdt = record.quote_usdt
                self.owed[record.intent_id] = Owed(intended, record.executed, quote_usdt, quotes)
            elif record.executed:
                progress.credit(record.credited, quotes)
            progress.volume_usdt += record.quote_usdt
            progress.rounds += record.executed > 0
            progress.buy_order_ids.add(record.order_id)
            if record.status is OrderStatus.FILLED:
                progress.failures = 0
            elif not was_planned(intended, record):
                progress.failures += 1
        else:
            received_usdt = record.quote_usdt - record.fee_quote_usdt
            self.cash_usdt += received_usdt
            wear = holding.take(record.executed) - received_usdt
            over = record.status is OrderStatus.FILLED or was_planned(intended, record)
            if _was_offered(entry):
                holding.tried = None if over else intended.sell_price
            progress.wear_usdt += wear
            day = sold_at_ms(intended, record) // DAY_MS
            self.loss_by_day_usdt[day] = self.loss_by_day_usdt.get(day, ZERO) + wear
        if entry.over:
            self._close(record.intent_id)


def _was_offered(entry: OpenIntent) -> bool:
    """Whether an intent's SELL ever stood in the book: that of a pair needs its BUY filled."""
    bought = entry.settled.get(Leg.WORKING)
    return not entry.intended.is_pair or (
        bought is not None and bought.status is OrderStatus.FILLED
    )
