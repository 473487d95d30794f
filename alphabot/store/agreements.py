"""What a person has agreed to, by the digest of its terms; terms that differ were not agreed to."""

from __future__ import annotations

from alphabot.ports import WallClock
from alphabot.store.database import Database

__all__ = ["agree", "is_agreed"]


def agree(database: Database, clock: WallClock, terms: bytes) -> None:
    """Remember that somebody agreed to these terms; raises JournalError."""
    with database.transaction() as connection:
        row = (terms, clock.now_ms())
        connection.execute("INSERT INTO agreements VALUES (?, ?) ON CONFLICT DO NOTHING", row)


def is_agreed(database: Database, terms: bytes) -> bool:
    """Say whether somebody has agreed to exactly these terms; raises JournalError."""
    return terms in {bytes(known) for (known,) in database.rows("SELECT terms FROM agreements")}
