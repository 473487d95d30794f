"""The hash chain: what makes a missing, altered or foreign record visible.

Each user's records are one chain. A record's hash covers the hash before it, the user, the
sequence number and the record's bytes; the first covers the venue, so that records of one
database mean nothing in another.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from alphabot.core.records import Record, decode
from alphabot.core.values import UserId
from alphabot.errors import HistoryDamaged

__all__ = ["Chain", "genesis", "link"]


def genesis(identity: str) -> bytes:
    """Return the hash that every chain of a venue begins with."""
    return hashlib.sha256(b"alphabot journal 1\n" + identity.encode()).digest()


def link(previous: bytes, user_id: UserId, sequence: int, raw: bytes) -> bytes:
    """Return the hash of a user's record number ``sequence`` after the one before it."""
    head = previous + user_id.to_bytes(8) + sequence.to_bytes(8)
    return hashlib.sha256(head + raw).digest()


@dataclass(slots=True)
class Chain:
    """How far a user's chain has been followed: the number and hash of its last record."""

    user_id: UserId
    tip: bytes
    length: int = 0

    def follow(self, sequence: object, raw: object, digest: object) -> Record:
        """Return the next record, read from the database, and move on to it.

        Raises HistoryDamaged, and stays where it is, when a record is missing, was altered, or
        cannot be read.
        """
        expected = self.length + 1
        if sequence != expected:
            raise HistoryDamaged(self.user_id, expected, "is missing")
        if not isinstance(raw, bytes) or self.next_hash(raw) != digest:
            raise HistoryDamaged(self.user_id, expected, "does not match its hash")
        try:
            record = decode(raw)
        except ValueError as cause:
            raise HistoryDamaged(self.user_id, expected, f"cannot be read: {cause}") from cause
        self.tip, self.length = digest, expected
        return record

    def next_hash(self, raw: bytes) -> bytes:
        """Return the hash that the next record must have if these are its bytes."""
        return link(self.tip, self.user_id, self.length + 1, raw)
