"""One user's journal and its fold, kept in step: what is recorded is known, and the reverse."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Final

import msgspec
import trio

from alphabot.core.folding import numbered
from alphabot.core.progress import UserState
from alphabot.core.records import (
    Cleared,
    Folded,
    Intended,
    NotSentRecord,
    Record,
    Restored,
)
from alphabot.core.values import IntentId, UserId
from alphabot.errors import AlphabotError, HistoryDamaged, InvariantBroken, JournalError
from alphabot.log import redact
from alphabot.ports import CommittedIntent, Journal, WallClock

__all__ = ["Recorder"]


class Recorder:
    """Writes a user's records and folds each one into ``state`` once it is durable."""

    def __init__(self, journal: Journal, user_id: UserId, clock: WallClock) -> None:
        self._journal = journal
        self._clock = clock
        self.user_id = user_id
        self.state = UserState()
        self.still_since: float | None = None
        """Since when nobody follows this user's orders, by trio's clock, which nobody sets; None
        while somebody does."""
        self.writes = 0
        """How many records were written by this process."""
        self.last_at_ms: int | None = None
        """When something of this user was last recorded, by the wall clock of then; that the
        records were put back or folded away is not of this user."""
        self.damage: HistoryDamaged | None = None
        """Why this user's past is not known; then nothing is ever written for this user."""
        self.onlookers: list[Callable[[Record], None]] = []
        """Told of each record once it is taken in, those of the past first; they never raise."""

    async def replay(self) -> None:
        """Fold everything the journal says of this user.

        Raises HistoryDamaged, and at every later write, when it does not fit together;
        JournalError when it cannot be read.
        """
        try:
            for number, record in numbered(await self._journal.records(self.user_id)):
                try:
                    self.state.apply(record)
                except JournalError as cause:
                    problem = f"cannot follow those before it: {cause}"
                    raise HistoryDamaged(self.user_id, number, problem) from cause
                self._note_time(record)
                self._tell(record)
        except HistoryDamaged as error:
            self.damage, self.state = error, UserState()
            raise

    def exposure_usdt(self, limit_usdt: Decimal) -> Decimal:
        """Return what this user's holdings and orders may cost, for the limit over all users.

        Of a user whose past is not known it is all that the user's own limit allows.
        """
        return self.state.exposure_usdt() if self.damage is None else limit_usdt

    def now_ms(self) -> int:
        """Return the wall time in milliseconds, for a record's ``at_ms``."""
        return self._clock.now_ms()

    def still_seconds(self) -> float | None:
        """Return for how long nobody has followed this user's orders; None while somebody does."""
        return None if self.still_since is None else trio.current_time() - self.still_since

    def next_intent_id(self) -> IntentId:
        """Return an id that no intent of this user has had."""
        return IntentId(f"{self.user_id}-{self.state.intents + 1}")

    async def write(self, record: Record) -> None:
        """Make a record durable and take it in, whatever is being cancelled around it.

        What others said is written without secrets: an exchange may quote a session back.
        """
        self._refuse_damaged()
        record = _without_secrets(record)
        with trio.CancelScope(shield=True):
            await self._journal.append(self.user_id, record)
            self.state.apply(record)
            self._note_time(record)
            self.writes += 1
            self._tell(record)

    async def clear(self, by: str) -> None:
        """Record that a person cleared the user.

        Where the latch was that nobody can tell what became of an intent, the person has seen to
        it: it is over here, and an order it may have left is from now on none of ours.
        """
        latched = self.state.latched
        for intent_id in () if latched is None else latched.intents:
            if intent_id in self.state.open_intents:
                reason = f"what became of it is no longer looked for: cleared by {by}"
                await self.write(
                    NotSentRecord(at_ms=self.now_ms(), intent_id=intent_id, reason=reason)
                )
        await self.write(Cleared(at_ms=self.now_ms(), by=by))

    async def intend(self, intended: Intended) -> CommittedIntent:
        """Make an intent durable, take it in, and return the proof an order needs.

        It is taken in first: while it is being committed, what the gate allowed here already
        counts for every other order that is asked for.
        """
        self._refuse_damaged()
        self.state.apply(intended)
        self.last_at_ms = intended.at_ms
        self.writes += 1
        try:
            with trio.CancelScope(shield=True):
                committed = await self._journal.commit_intent(self.user_id, intended)
                self._tell(intended)
                return committed
        except AlphabotError:
            del self.state.open_intents[intended.intent_id]
            raise
        raise InvariantBroken("a shielded commit was cancelled")

    def _note_time(self, record: Record) -> None:
        if not isinstance(record, Restored | Folded):
            self.last_at_ms = record.at_ms

    def _tell(self, record: Record) -> None:
        for onlooker in self.onlookers:
            onlooker(record)

    def _refuse_damaged(self) -> None:
        if self.damage is not None:
            raise self.damage


_QUOTED: Final = ("code", "message", "reason")
"""The fields in which somebody else's words may be; everything else is ours, or of a known form."""


def _without_secrets(record: Record) -> Record:
    said = {name: getattr(record, name) for name in _QUOTED if name in record.__struct_fields__}
    masked = {name: redact(text) for name, text in said.items()}
    return record if masked == said else msgspec.structs.replace(record, **masked)
