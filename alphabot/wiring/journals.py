"""What a service asks of the store, whatever stands behind it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from alphabot.core.records import Checkpointed
from alphabot.core.values import Symbol, UserId
from alphabot.ports import Journal, Outbox
from alphabot.store import Users
from alphabot.store.database import Database

__all__ = ["ServiceJournal"]


class ServiceJournal(Journal, Protocol):
    """A journal, and who is known to it."""

    @property
    def database(self) -> Database:
        """The connection it is kept through."""
        ...

    def kept(self, user_id: UserId) -> int:
        """Return how many records of a user are there that were not folded away."""
        ...

    async def fold(self, user_id: UserId, checkpoint: Checkpointed, now_ms: int) -> None:
        """Let a checkpoint stand for a user's oldest records, before anything is traded."""
        ...

    def may_be_open(self, user_id: UserId) -> Collection[Symbol]:
        """Return the symbols on which a user may have an order, whatever else is damaged."""
        ...

    @property
    def outbox(self) -> Outbox:
        """What must be heard, in the same database."""
        ...

    @property
    def users(self) -> Users:
        """The users whose records it keeps."""
        ...
