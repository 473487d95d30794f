"""Which of a user's oldest records may be folded away, and into what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from alphabot.core.progress import UserState
from alphabot.core.records import (
    Checkpointed,
    Configured,
    Folded,
    Intended,
    Latched,
    Leftover,
    Record,
    Restored,
)

__all__ = ["checkpoint_before", "numbered"]


def checkpoint_before(records: Sequence[Record], keep_from_ms: int) -> Checkpointed | None:
    """Return the checkpoint of as many of the oldest records as may go, None where none may.

    ``records`` are all of a user's, oldest first, and fit together. What was written at
    ``keep_from_ms`` or later stays, and so does the last record, which the high-water mark may
    name. A cut goes through no intent and no halt: what stays speaks of nothing that has gone.
    """
    sequence = _last_that_may_go(records, keep_from_ms)
    if sequence is None:
        return None
    state, at_ms = UserState(), 0
    for number, record in numbered(records):
        if number > sequence:
            break
        state.apply(record)
        at_ms = at_ms if isinstance(record, _OF_NO_MOMENT) else record.at_ms
    return state.checkpoint(sequence, at_ms)


_OF_NO_MOMENT = (Restored, Folded)
"""Records about the records: when they were written says nothing of what was traded by then."""


def numbered(records: Sequence[Record]) -> Iterator[tuple[int, Record]]:
    """Yield the records with their numbers; a checkpoint has that of the last it stands for."""
    number = 0
    for record in records:
        number = record.sequence if isinstance(record, Checkpointed) else number + 1
        yield number, record


def _last_that_may_go(records: Sequence[Record], keep_from_ms: int) -> int | None:
    found, state = None, UserState()
    ends, busy_until = _last_mentions(records), 0
    known, unheard = False, False
    for number, record in [*numbered(records)][:-1]:
        if record.at_ms >= keep_from_ms:
            break
        state.apply(record)
        known = known or not isinstance(record, _OF_NO_MOMENT)
        match record:
            case Intended():
                busy_until = max(busy_until, ends[record.intent_id])
            case Latched() | Leftover():
                unheard = True
            case Configured() if state.at_rest:
                # A halt that was cleared is told again until a strategy was started after it.
                unheard = False
            case _:
                pass
        over = state.at_rest and busy_until <= number
        if over and known and not unheard and not isinstance(record, Checkpointed):
            found = number
    return found


def _last_mentions(records: Sequence[Record]) -> dict[str, int]:
    """Return by intent the number of the last record that is about it."""
    return {
        intent_id: number
        for number, record in numbered(records)
        if (intent_id := getattr(record, "intent_id", None)) is not None
    }
