"""A user's oldest records, folded into a checkpoint that stands in their place.

The checkpoint lies beside the chain, with the number and hash of the last record it stands for,
from which the chain goes on. What keeps it from being altered is in the chain: the record that
says that it was made holds its hash, and is never folded away before a newer one stands there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import apsw

from alphabot.core.records import Checkpointed, Folded, Intended, decode, encode
from alphabot.core.values import UserId
from alphabot.errors import HistoryDamaged, InvariantBroken
from alphabot.store.chain import Chain

__all__ = ["Base", "bases_in", "note_of", "put"]


@dataclass(frozen=True, slots=True)
class Base:
    """What a user's chain goes on from: how far its records were folded, and into what."""

    user_id: UserId
    sequence: int
    hash: bytes
    position: int
    """Of the last record that was folded, counted over all users."""
    raw: bytes
    """The checkpoint as JSON text."""

    @property
    def chain(self) -> Chain:
        """The chain as far as it was folded."""
        return Chain(self.user_id, self.hash, self.sequence)

    @property
    def digest(self) -> str:
        """What the chain must say of the checkpoint."""
        return hashlib.sha256(self.raw).hexdigest()

    def checkpoint(self) -> Checkpointed:
        """Return the checkpoint; raises HistoryDamaged where it is none, or of other records."""
        try:
            record = decode(self.raw)
        except ValueError as cause:
            problem = f"cannot be read: {cause}"
            raise HistoryDamaged(self.user_id, self.sequence, problem) from cause
        if not isinstance(record, Checkpointed) or record.sequence != self.sequence:
            raise HistoryDamaged(self.user_id, self.sequence, _ALTERED)
        return record

    def refuse_other_than(self, note: Folded | None) -> None:
        """Raise HistoryDamaged unless this is the checkpoint that the chain speaks of last."""
        if note is None or (note.through, note.digest) != (self.sequence, self.digest):
            raise HistoryDamaged(self.user_id, self.sequence, _ALTERED)
        self.checkpoint()


_SINCE = 5
"""The step of the schema that brought the table."""
_ALTERED = "is not in the checkpoint that was written"


def bases_in(connection: apsw.Connection) -> Mapping[UserId, Base]:
    """Return where the chains of those begin whose oldest records were folded.

    Who only looks may look at a file of before there were checkpoints.
    """
    if connection.pragma("user_version") < _SINCE:
        return {}
    query = "SELECT user_id, sequence, hash, position, CAST(checkpoint AS BLOB) FROM folded"
    return {row[0]: Base(*row) for row in connection.execute(query)}


def note_of(checkpoint: Checkpointed, at_ms: int) -> Folded:
    """Return the record that puts a checkpoint into the chain."""
    digest = hashlib.sha256(encode(checkpoint)).hexdigest()
    return Folded(at_ms=at_ms, through=checkpoint.sequence, digest=digest)


def put(connection: apsw.Connection, user_id: UserId, checkpoint: Checkpointed) -> Base:
    """Put a checkpoint in the place of the records it stands for, in the transaction of its note.

    Raises InvariantBroken for one of records that are not there.
    """
    raw = encode(checkpoint)
    sequence = checkpoint.sequence
    found = connection.execute(
        "SELECT hash, position FROM records WHERE user_id = ? AND sequence = ?", (user_id, sequence)
    ).fetchone()
    if found is None:
        raise InvariantBroken(f"user {user_id} has no record {sequence} to be folded")
    digest, position = found
    base = Base(user_id, sequence, digest, position, raw)
    covered = connection.execute(
        "SELECT CAST(record AS BLOB) FROM records WHERE user_id = ? AND sequence <= ?",
        (user_id, sequence),
    )
    ended = [r.intent_id for (each,) in covered if isinstance(r := decode(each), Intended)]
    connection.execute(
        "INSERT INTO folded VALUES (?, ?, ?, ?, ?) ON CONFLICT (user_id) DO UPDATE SET"
        " sequence = excluded.sequence, hash = excluded.hash, position = excluded.position,"
        " checkpoint = excluded.checkpoint",
        (user_id, sequence, *found, raw.decode()),
    )
    connection.execute(
        "DELETE FROM records WHERE user_id = ? AND sequence <= ?", (user_id, sequence)
    )
    connection.executemany(
        "DELETE FROM intents WHERE user_id = ? AND intent_id = ?",
        [(user_id, intent_id) for intent_id in ended],
    )
    return base
