"""A journal for a person who looks at it, whether or not a service is writing to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from alphabot.config import Settings
from alphabot.core.progress import UserState
from alphabot.core.records import Checkpointed
from alphabot.core.values import UserId
from alphabot.errors import ConfigError, HistoryDamaged, JournalError
from alphabot.store import Entry, JournalReading
from alphabot.store.reading import read_file
from alphabot.wiring.venues import folder_of, identity_of

__all__ = ["JournalView", "UserView", "journal_file", "look"]


@dataclass(frozen=True, slots=True)
class UserView:
    """One user's records; ``tip`` is the hash that stands for all of them."""

    user_id: UserId
    records: int
    last_at_ms: int | None
    tip: bytes
    state: UserState
    """What the records mean, up to any damage."""
    folded: int
    """How many of the records were folded into a checkpoint: their text is here no longer."""
    folded_at_ms: int | None
    """When the last of those was written."""
    damage: HistoryDamaged | None
    """What ends the records that can be trusted; nothing is counted from there on."""


@dataclass(frozen=True, slots=True)
class JournalView:
    """Everything that the start of a service would check, and what came of it."""

    exchange: str
    records: int
    runs: int
    users: tuple[UserView, ...]
    _reading: JournalReading
    dry_run: bool = False
    """Whether its orders reached no exchange."""

    @property
    def damaged(self) -> tuple[UserView, ...]:
        """The users who would not be traded for."""
        return tuple(user for user in self.users if user.damage is not None)

    @property
    def undelivered(self) -> int:
        """How many notices that must be heard nobody has heard yet."""
        return self._reading.undelivered

    def check_what_no_hash_covers(self) -> None:
        """Read what a start does not: who the users are, and every notice; raises JournalError."""
        self._reading.check_what_no_hash_covers()

    def user(self, user_id: int) -> UserView:
        """Return what is known of a user; raises ConfigError for one who has no records."""
        for user in self.users:
            if user.user_id == user_id:
                return user
        known = ", ".join(str(user.user_id) for user in self.users)
        raise ConfigError(
            f"there are no records of user {user_id}", hint=f"there are of {known or 'nobody'}"
        )

    def entries(self, user_id: int | None = None) -> Iterator[Entry]:
        """Yield the records of a user, or of all, oldest first, up to any damage."""
        lengths = {user.user_id: user.records for user in self.users}
        for entry in self._reading.entries(None if user_id is None else UserId(user_id)):
            if entry.sequence <= lengths[entry.user_id]:
                yield entry


@contextmanager
def look(settings: Settings, file: Path | None = None) -> Iterator[JournalView]:
    """Open the journal of the configured exchange, the embedded one's last included, to read it.

    ``file`` is a copy of it. Raises ConfigError when the file belongs to another exchange,
    JournalError when there is none or nobody could rely on it.
    """
    with read_file(file or journal_file(settings), identity_of(settings)) as reading:
        yield JournalView(
            exchange=str(identity_of(settings)),
            records=reading.last.position,
            runs=reading.last.epoch,
            users=tuple(_views(reading)),
            _reading=reading,
            dry_run=settings.dry_run,
        )


def journal_file(settings: Settings) -> Path:
    """Return where the journal of the configured exchange lies."""
    return folder_of(settings) / f"{identity_of(settings).file_stem}.db"


def _views(reading: JournalReading) -> Iterator[UserView]:
    """Yield every user's view, having told all stories once more.

    Each record may fit the hash of the one before it and still not follow from it.
    """
    states: dict[UserId, UserState] = {}
    folded: dict[UserId, Checkpointed] = {}
    last: dict[UserId, Entry] = {}
    impossible: dict[UserId, HistoryDamaged] = {}
    for entry in reading.entries():
        user_id = entry.user_id
        if user_id in impossible:
            continue
        try:
            states.setdefault(user_id, UserState()).apply(entry.record)
        except JournalError as cause:
            problem = f"cannot follow those before it: {cause}"
            impossible[user_id] = HistoryDamaged(user_id, entry.sequence, problem)
        else:
            last[user_id] = entry
            if isinstance(entry.record, Checkpointed):
                folded[user_id] = entry.record
    for history in reading.histories:
        user_id, end = history.chain.user_id, last.get(history.chain.user_id)
        damaged = history.damage.error if history.damage else None
        checkpoint = folded.get(user_id)
        yield UserView(
            user_id=user_id,
            records=end.sequence if end else 0,
            last_at_ms=end.record.at_ms if end else None,
            tip=end.hash if end else reading.start,
            state=states.get(history.chain.user_id, UserState()),
            folded=checkpoint.sequence if checkpoint else 0,
            folded_at_ms=checkpoint.at_ms if checkpoint else None,
            damage=impossible.get(user_id, damaged),
        )
