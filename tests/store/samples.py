"""Records to write, a clock to write them by, and strategies that draw whole histories."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec
from hypothesis import strategies as st

from alphabot.core.records import (
    Cleared,
    Configured,
    Intended,
    Latched,
    Leftover,
    Leg,
    NotSentRecord,
    PlacedRecord,
    Record,
    RefusedRecord,
    Reset,
    Settled,
    UnknownRecord,
    Updated,
)
from alphabot.core.values import (
    AlphaId,
    IntentId,
    OrderId,
    OrderStatus,
    StrategyId,
    Symbol,
    UserId,
)
from alphabot.store import SqliteJournal

KOGE = Symbol("ALPHA_22USDT")
BR = Symbol("ALPHA_118USDT")
USER = UserId(1)
OTHER = UserId(2)


class FixedClock:
    """A wall clock that stands still until a test moves it."""

    def __init__(self, now_ms: int = 1_700_000_000_000) -> None:
        self.time_ms = now_ms

    def now_ms(self) -> int:
        """Return the time the test set."""
        return self.time_ms


def pair(name: str, symbol: Symbol = KOGE) -> Intended:
    """Return the intent of an OTO pair."""
    return Intended(
        at_ms=1,
        intent_id=IntentId(name),
        strategy_id=StrategyId("koge"),
        alpha_id=AlphaId("ALPHA_22"),
        symbol=symbol,
        quantity=Decimal("0.6235"),
        buy_price=Decimal("48.11"),
        sell_price=Decimal("47.15"),
        amount_usdt=Decimal("29.99658500"),
    )


def sale(name: str, symbol: Symbol = KOGE) -> Intended:
    """Return the intent of a plain SELL."""
    return msgspec.structs.replace(pair(name, symbol), buy_price=None, amount_usdt=None)


def settled(name: str, leg: Leg) -> Settled:
    """Return the end of one leg."""
    return Settled(
        at_ms=2,
        intent_id=IntentId(name),
        leg=leg,
        order_id=OrderId("7"),
        status=OrderStatus.FILLED,
        executed=Decimal("0.6235"),
        quote_usdt=Decimal("27.27"),
        fee_base=Decimal("0.00006235"),
        fee_quote_usdt=Decimal(0),
    )


def latched(reason: str = "challenge") -> Latched:
    """Return a record that is about no intent."""
    return Latched(at_ms=3, reason=reason, clears="human")


def not_sent(name: str) -> NotSentRecord:
    """Return the proof that an intent had no effect."""
    return NotSentRecord(at_ms=2, intent_id=IntentId(name), reason="no connection")


def refused(name: str) -> RefusedRecord:
    """Return the exchange's no to an intent."""
    return RefusedRecord(at_ms=2, intent_id=IntentId(name), code="-2010", message="not today")


async def write(journal: SqliteJournal, user_id: UserId, record: Record) -> Record:
    """Write a record the way its kind is written, and return it as it must be read back."""
    if isinstance(record, Intended):
        return (await journal.commit_intent(user_id, record)).intended
    await journal.append(user_id, record)
    return record


_moments = st.integers(0, 2**62)
_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
_names = st.sampled_from([IntentId("a"), IntentId("b"), IntentId("ü\0\n")])
_money = st.decimals(allow_nan=False, allow_infinity=False, min_value=0, max_value=10**12)
_legs = st.sampled_from(Leg)
_statuses = st.sampled_from(OrderStatus)
_order_ids = st.text("0123456789", min_size=1).map(OrderId)

about_no_intent: st.SearchStrategy[Record] = st.one_of(
    st.builds(Configured, at_ms=_moments, strategy_id=_texts.map(StrategyId), snapshot=_texts),
    st.builds(Latched, at_ms=_moments, reason=_texts, clears=_texts),
    st.builds(Cleared, at_ms=_moments, by=_texts),
    st.builds(Reset, at_ms=_moments, strategy_id=_texts.map(StrategyId)),
)
about_an_intent: st.SearchStrategy[Record] = st.one_of(
    st.builds(
        Intended,
        at_ms=_moments,
        intent_id=_names,
        strategy_id=_texts.map(StrategyId),
        alpha_id=_texts.map(AlphaId),
        symbol=st.sampled_from([KOGE, BR]),
        quantity=_money,
        sell_price=_money,
        buy_price=st.none() | _money,
    ),
    st.builds(NotSentRecord, at_ms=_moments, intent_id=_names, reason=_texts),
    st.builds(RefusedRecord, at_ms=_moments, intent_id=_names, code=_texts, message=_texts),
    st.builds(UnknownRecord, at_ms=_moments, intent_id=_names, reason=_texts),
    st.builds(PlacedRecord, at_ms=_moments, intent_id=_names, sell_order_id=_order_ids),
    st.builds(
        Updated,
        at_ms=_moments,
        intent_id=_names,
        leg=_legs,
        order_id=_order_ids,
        status=_statuses,
        executed=_money,
        quote_usdt=_money,
    ),
    st.builds(
        Settled,
        at_ms=_moments,
        intent_id=_names,
        leg=_legs,
        order_id=_order_ids,
        status=_statuses,
        executed=_money,
        quote_usdt=_money,
        fee_base=_money,
        fee_quote_usdt=_money,
        fee_other=_texts,
    ),
    st.builds(
        Leftover,
        at_ms=_moments,
        intent_id=_names,
        alpha_id=_texts.map(AlphaId),
        quantity=_money,
        reason=_texts,
    ),
)
users = st.sampled_from([USER, OTHER, UserId(2**63 - 1)])
histories: st.SearchStrategy[Sequence[tuple[UserId, Record]]] = st.lists(
    st.tuples(users, about_no_intent | about_an_intent), max_size=40
)
"""Records in any order; those that break a rule are there to be refused."""
