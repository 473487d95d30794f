"""The accounts of a dry run: what happened to them, line by line, beside the records of its orders.

They lie in one file with the records, so that neither can be lost, copied or put back without the
other.
"""

from __future__ import annotations

from collections.abc import Sequence

from alphabot.store.database import Database

__all__ = ["AccountLines"]

_ADD = "INSERT INTO dry_run_accounts SELECT coalesce(max(position), 0) + 1, ? FROM dry_run_accounts"


class AccountLines:
    """Lines that are only ever added; every method raises JournalError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[str]:
        """Return every line, oldest first."""
        query = "SELECT line FROM dry_run_accounts ORDER BY position"
        return [line for (line,) in self._database.rows(query)]

    def add(self, lines: Sequence[str]) -> None:
        """Make lines durable, all of them or none."""
        with self._database.transaction() as connection:
            for line in lines:
                connection.execute(_ADD, (line,))
