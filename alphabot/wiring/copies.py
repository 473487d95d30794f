"""Copies of a journal: made beside a running service, and put back while none runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import trio

from alphabot.clocks import SystemClock
from alphabot.config import Settings
from alphabot.core.values import UserId
from alphabot.errors import ConfigError, JournalError
from alphabot.store import JournalReading
from alphabot.store.copying import refuse_damaged, write_backup
from alphabot.store.reading import read_file
from alphabot.store.restoring import Restoration, restore_journal
from alphabot.store.vault import Vault
from alphabot.wiring.looking import journal_file
from alphabot.wiring.unlocking import AskPassphrase, unlocked
from alphabot.wiring.venues import folder_of, identity_of, kept_identity

__all__ = ["Restoration", "back_up", "restore"]


def back_up(settings: Settings, target: Path) -> None:
    """Copy the journal of the configured exchange into a new file, also while it is written to.

    Raises ConfigError when the file cannot be made, JournalError when there is no sound journal.
    """
    identity = identity_of(settings)
    with read_file(journal_file(settings), identity) as reading:
        write_backup(reading, identity, target)


async def restore(settings: Settings, file: Path, ask: AskPassphrase) -> Restoration:
    """Put a copy in the place of the journal, whose users are then compared with the exchange.

    Raises ConfigError, having changed nothing, for a file that is no sound copy of this journal
    or whose sessions the present key does not open; JournalError, saying who has it, while a
    service runs.
    """
    folder, clock = folder_of(settings), SystemClock()
    await trio.lowlevel.checkpoint()
    identity = kept_identity(settings, "put back")
    with _sound(file, settings) as reading:
        if Vault.source(reading.database) is not None:
            unlocked(reading.database, clock, folder, ask)
        return await restore_journal(reading, identity, folder, clock, _named(settings))


@contextmanager
def _sound(file: Path, settings: Settings) -> Iterator[JournalReading]:
    """Open a file that a person named; whatever is wrong with it is a mistake of that person's."""
    if not file.is_file():
        raise ConfigError("is no file", path=file)
    opened = False
    try:
        with read_file(file, identity_of(settings)) as reading:
            refuse_damaged(reading)
            opened = True
            yield reading
    except JournalError as cause:
        if opened:
            raise
        # It says which file; a person is not to put that one's own place right first.
        raise ConfigError(f"cannot be put back: {cause}") from cause


def _named(settings: Settings) -> list[tuple[UserId, str]]:
    """Return the users of the configuration, by the names of those that nobody has named."""
    ids = {user_id for strategy in settings.strategies for user_id in strategy.user_ids}
    between = "-" if settings.live else " "
    return [(user_id, f"user{between}{user_id}") for user_id in sorted(ids)]
