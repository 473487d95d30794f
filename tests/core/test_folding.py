"""Old records folded into a checkpoint: what comes of it is what would have come of them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from alphabot.core.folding import checkpoint_before, numbered
from alphabot.core.progress import UserState
from alphabot.core.records import (
    Checkpointed,
    Cleared,
    Configured,
    Credited,
    Folded,
    Latched,
    Leftover,
    Leg,
    Record,
    Restored,
    decode,
    encode,
)
from alphabot.core.values import IntentId
from alphabot.errors import JournalError
from tests.core.samples import KOGE, NOON_MS, STRATEGY, fold, pair, placed, settled
from tests.strategies import journals

FEWER = settings(max_examples=150)
NEVER_MS = 2**62
BOUGHT = settled(Leg.WORKING, "13636.36", "27.27272", fee_base="1.36", credited="27.27272")
SOLD = settled(Leg.PENDING, "13635", "27.20", fee_quote_usdt="0.00272")
ROUND: list[Record] = [pair(), placed(), BOUGHT, SOLD]
CONFIGURED = Configured(at_ms=NOON_MS, strategy_id=STRATEGY, snapshot="{}")
LATCHED = Latched(at_ms=NOON_MS, reason="challenge", clears="alphabot clear 1")
CLEARED = Cleared(at_ms=NOON_MS, by="ann")
LEFTOVER = Leftover(
    at_ms=NOON_MS, intent_id=IntentId("1-1"), alpha_id=KOGE, quantity=Decimal(1), reason="expired"
)


def folded(records: Sequence[Record], keep_from_ms: int) -> list[Record]:
    """Return the records as a journal has them whose old ones were folded away, if any may go."""
    checkpoint = checkpoint_before(records, keep_from_ms)
    if checkpoint is None:
        return list(records)
    again = decode(encode(checkpoint))
    return [again, *(r for number, r in numbered(records) if number > checkpoint.sequence)]


def assert_same(one: UserState, other: UserState) -> None:
    """Compare field by field, the order of mappings too, but not the last minute's requests."""
    for state in (one, other):
        state.intent_times_ms.clear()
    for name in UserState.__slots__:
        mine, theirs = getattr(one, name), getattr(other, name)
        assert mine == theirs, name
        # Equal numbers may still be written differently; sets have no order to compare.
        if name not in ("claimed", "compared", "strategies"):
            assert repr(mine) == repr(theirs), name
    assert list(one.strategies) == list(other.strategies)


@given(journals(), st.integers(0, 40), st.integers(0, 40))
@FEWER
def test_a_checkpoint_and_the_rest_mean_what_all_records_mean(
    journal: list[Record], first: int, second: int
) -> None:
    """Also where what was folded once is folded again."""
    moments = sorted({record.at_ms for record in journal})
    cuts = [moments[min(cut, len(moments) - 1)] + 1 if moments else 0 for cut in (first, second)]
    records: list[Record] = list(journal)
    for keep_from_ms in sorted(cuts):
        records = folded(records, keep_from_ms)
        event(f"folded: {isinstance(next(iter(records), None), Checkpointed)}")
        assert_same(fold(records), fold(journal))


@given(journals(), st.integers(0, 2**41))
@FEWER
def test_what_stays_speaks_of_no_intent_that_has_gone(
    journal: list[Record], keep_from_ms: int
) -> None:
    kept = folded(journal, keep_from_ms)
    gone = journal[: len(journal) - len(kept) + 1] if kept != journal else []
    intents = {getattr(record, "intent_id", None) for record in gone} - {None}
    assert not intents & {getattr(record, "intent_id", None) for record in kept}


def test_the_last_record_stays() -> None:
    (checkpoint, last) = folded([*ROUND, CONFIGURED], NEVER_MS)
    assert isinstance(checkpoint, Checkpointed)
    assert (checkpoint.sequence, last) == (4, CONFIGURED)
    assert checkpoint_before(ROUND, NEVER_MS) is None
    assert checkpoint_before([], NEVER_MS) is None


def test_what_is_young_stays() -> None:
    assert checkpoint_before([*ROUND, CONFIGURED], NOON_MS) is None
    assert checkpoint_before([*ROUND, CONFIGURED], NOON_MS + 1) is not None


LASTING: list[list[Record]] = [
    [pair(), placed(), BOUGHT],
    [*ROUND, LEFTOVER],
    [*ROUND[:2], settled(Leg.WORKING, "1", "1"), LEFTOVER, SOLD],
    [LATCHED],
    [LATCHED, CLEARED],
    [Restored(at_ms=NOON_MS, known_until_ms=1)],
]


@pytest.mark.parametrize("records", LASTING)
def test_what_is_not_over_or_not_heard_of_stays(records: list[Record]) -> None:
    assert checkpoint_before([*records, CLEARED], NEVER_MS) is None


def test_a_halt_that_was_cleared_before_a_start_may_go() -> None:
    checkpoint = checkpoint_before([LATCHED, CLEARED, CONFIGURED, CONFIGURED], NEVER_MS)
    assert checkpoint is not None
    assert checkpoint.sequence == 3


def test_a_volume_that_is_owed_keeps_its_records() -> None:
    owed = decode(encode(BOUGHT).replace(b'"credited":"27.27272"', b'"credited":null'))
    credited = Credited(at_ms=NOON_MS, intent_id=IntentId("1-1"), credited=Decimal(3))
    records: list[Record] = [pair(), placed(), owed, SOLD]
    assert checkpoint_before([*records, CONFIGURED, CONFIGURED], NEVER_MS) is None
    checkpoint = checkpoint_before([*records, CONFIGURED, credited, CONFIGURED], NEVER_MS)
    assert checkpoint is not None
    assert checkpoint.sequence == 6


def test_a_checkpoint_is_of_the_last_moment_in_which_something_happened() -> None:
    later = Folded(at_ms=NOON_MS + 5, through=1, digest="")
    checkpoint = checkpoint_before([*ROUND, later, CONFIGURED], NEVER_MS)
    assert checkpoint is not None
    assert (checkpoint.sequence, checkpoint.at_ms) == (5, NOON_MS)


def test_a_checkpoint_follows_nothing() -> None:
    checkpoint = checkpoint_before([*ROUND, CONFIGURED], NEVER_MS)
    assert checkpoint is not None
    with pytest.raises(JournalError, match="behind the records"):
        fold([CONFIGURED, *ROUND, checkpoint])


@pytest.mark.parametrize("state", ["", "{}", '{"strategies":{}}'])
def test_a_checkpoint_that_is_none_is_refused(state: str) -> None:
    with pytest.raises(JournalError, match="the checkpoint cannot be read"):
        UserState().apply(Checkpointed(at_ms=1, sequence=1, state=state))
