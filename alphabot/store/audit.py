"""What is checked of a journal before anyone relies on it, by its owner and by who only reads it.

What does not fit in one user's records stops that user. Whatever else is wrong (a gap in the order
over all users, a record under the wrong user, a table of intents that disagrees with the records,
a mark that is ahead of them) is about everyone, and then nobody can rely on any of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import apsw

from alphabot.core.records import Folded
from alphabot.core.values import Symbol, UserId
from alphabot.errors import HistoryDamaged, JournalError
from alphabot.store.chain import Chain
from alphabot.store.database import damaged
from alphabot.store.folding import Base, bases_in
from alphabot.store.intents import OpenLegs, TableRow
from alphabot.store.mark import Mark

__all__ = ["Audit", "Damage", "History", "audit"]

_ALL_RECORDS = (
    "SELECT position, user_id, sequence, CAST(record AS BLOB), hash FROM records ORDER BY position"
)


@dataclass(frozen=True, slots=True)
class Damage:
    """Where one user's records stop fitting together, and what that leaves uncertain."""

    error: HistoryDamaged
    position: int
    """Of the first record that does not fit, counted over all users."""
    may_be_open: frozenset[Symbol]
    """On which of these the user may have an order at the exchange."""


@dataclass(slots=True)
class History:
    """One user's records, as far as they fit together."""

    chain: Chain
    last_at_ms: int | None = None
    """When the last of them was written."""
    damage: Damage | None = None
    base: Base | None = None
    """What the oldest of them were folded into, if they were."""


@dataclass(frozen=True, slots=True)
class Audit:
    """Every user's history by id, and how far the journal has come."""

    histories: Mapping[UserId, History]
    last: Mark


def audit(connection: apsw.Connection, name: str, genesis: bytes, mark: Mark | None) -> Audit:
    """Follow every record of a database whose tables were found sound.

    Raises JournalError where something is wrong that is not one user's alone.
    """
    scan = _Scan(genesis, mark, bases_in(connection))
    for row in connection.execute(_ALL_RECORDS):
        scan.take(*row)
    scan.compare_checkpoints()
    scan.compare_intents(connection.execute("SELECT * FROM intents"))
    last = Mark(
        connection.execute("SELECT epoch FROM ownership").get, scan.position, scan.last_hash
    )
    if mark is not None and (mark.hash not in scan.at_mark or mark.epoch > last.epoch):
        raise JournalError(
            f"{name} is not what was written: it had {mark.position} records of {mark.epoch} runs"
            f" and has {last.position} of {last.epoch}. Was its -wal file removed, or an older"
            " copy put in place? Put the newest copy of the whole folder back; without one, settle"
            " at the exchange what the journal does not know, then remove the .mark file"
        )
    return Audit({user_id: trail.history for user_id, trail in scan.trails.items()}, last)


@dataclass(slots=True)
class _Trail:
    """One user's records while they are followed, also behind the first that does not fit."""

    history: History
    beyond: Chain | None = None
    """Where the records behind the damage are followed from: they may fit among themselves."""
    suspects: int = 0
    """How many records fit neither what is before nor what is behind them."""
    legs: OpenLegs = field(default_factory=OpenLegs)
    folded: Folded | None = None
    """What the records say last of their checkpoint."""

    @property
    def end(self) -> Chain:
        return self.beyond or self.history.chain

    def take(self, sequence: int, raw: bytes, digest: bytes) -> HistoryDamaged | None:
        """Move on to the next record; return the error if it does not fit."""
        try:
            record = self.end.follow(sequence, raw, digest)
        except HistoryDamaged as error:
            self.suspects += 1
            self.beyond = Chain(self.history.chain.user_id, digest, sequence)
            return error
        self.legs.follow(record)
        self.folded = record if isinstance(record, Folded) else self.folded
        if self.beyond is None:
            self.history.last_at_ms = record.at_ms
        return None


class _Scan:
    def __init__(self, genesis: bytes, mark: Mark | None, bases: Mapping[UserId, Base]) -> None:
        self.trails: dict[UserId, _Trail] = {}
        # How many positions of what was folded away are still to be passed over.
        self._absent = sum(base.sequence for base in bases.values())
        self._bases = bases
        self.position = 0
        self.last_hash = genesis
        self._genesis = genesis
        self._mark_position = None if mark is None else mark.position
        self._damaged: dict[UserId, tuple[HistoryDamaged, int]] = {}
        # The hash that the mark's record has, and the one that it should have: where only the
        # former was damaged, the mark proves that the record itself is as it was written.
        self.at_mark = {genesis} if self._mark_position == 0 else set()

    def take(self, position: int, user_id: UserId, sequence: int, raw: Any, digest: Any) -> None:
        """Follow the next record of all users."""
        passed = position - self.position - 1
        if not 0 <= passed <= self._absent:
            missing = self.position + 1
            raise damaged(f"the journal is damaged: record {missing} of all users is missing")
        self._absent -= passed
        self.position = position
        trail = self._trail(user_id)
        if position == self._mark_position:
            self.at_mark |= {digest, trail.end.next_hash(raw)}
        error = trail.take(sequence, raw, digest)
        self.last_hash = digest
        if error is not None:
            self._refuse_misfiled(position, user_id, raw, digest)
            self._damaged.setdefault(user_id, (error, position))

    def compare_checkpoints(self) -> None:
        """Compare what was folded away with what the records say of it."""
        if self._absent:
            raise damaged(
                f"the journal is damaged: {self._absent} records are there that were folded away"
            )
        for user_id in self._bases.keys() | self.trails.keys():
            trail, base = self._trail(user_id), self._bases.get(user_id)
            if user_id in self._damaged:
                continue
            try:
                if base is not None:
                    base.refuse_other_than(trail.folded)
                elif trail.folded is not None:
                    raise HistoryDamaged(user_id, trail.folded.through, "was not folded away")
            except HistoryDamaged as error:
                # Nothing that follows means anything without what it goes on from.
                trail.history.chain = Chain(user_id, self._genesis)
                trail.history.last_at_ms = None
                position = 1 if base is None else base.position
                self._damaged[user_id] = (error, position)

    def compare_intents(self, rows: Any) -> None:
        """Compare the table of intents with the records; note what may be open of the damaged."""
        table: defaultdict[UserId, dict[str, TableRow]] = defaultdict(dict)
        for user_id, intent_id, symbol, legs in rows:
            table[user_id][intent_id] = (symbol, legs)
        for user_id in table.keys() | self.trails.keys():
            trail, intents = self._trail(user_id), table[user_id]
            if user_id in self._damaged:
                error, position = self._damaged[user_id]
                may_be_open = trail.legs.may_be_open(intents, trail.suspects)
                trail.history.damage = Damage(error, position, may_be_open)
            elif (intent_id := trail.legs.disputed(intents)) is not None:
                raise damaged(
                    f"the journal is damaged: the records of user {user_id} and the table of"
                    f" intents disagree about intent {intent_id}"
                )
        first = [e for e, _ in self._damaged.values() if e.sequence == self._first(e.user_id)]
        if len(first) == len(self.trails) > 1:
            raise damaged(
                f"the journal is damaged: {first[0].what}, and so it is with every user."
                " Was it written for another exchange?"
            )

    def _trail(self, user_id: UserId) -> _Trail:
        if user_id not in self.trails:
            base = self._bases.get(user_id)
            chain = Chain(user_id, self._genesis) if base is None else base.chain
            self.trails[user_id] = _Trail(History(chain, base=base))
        return self.trails[user_id]

    def _first(self, user_id: int) -> int:
        base = self._bases.get(UserId(user_id))
        return 1 if base is None else base.sequence + 1

    def _refuse_misfiled(self, position: int, user_id: UserId, raw: bytes, digest: bytes) -> None:
        """Raise if the record belongs to another user, who would lack it without notice."""
        for other_id, trail in self.trails.items():
            if other_id != user_id and trail.end.next_hash(raw) == digest:
                raise damaged(
                    f"the journal is damaged: record {position} of all users is one of user"
                    f" {other_id} and stands under user {user_id}"
                )
