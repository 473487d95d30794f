"""Where the key of the sealed credentials comes from: a file elsewhere, or a person who knows it.

The key file is the one that ALPHABOT_KEY_FILE names, else the one that systemd hands over, else the
one in the user's own configuration folder.
It never lies beside the database: whoever copied that folder would have both.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from alphabot.errors import ConfigError
from alphabot.ports import WallClock
from alphabot.store.database import Database
from alphabot.store.master_key import MasterKey, make_key_file, read_key_file
from alphabot.store.vault import KeySource, Vault
from alphabot.wiring.environment import KEY_FILE_VARIABLE, is_granted, key_file

__all__ = ["AskPassphrase", "new_key", "unlocked"]

AskPassphrase = Callable[[], str]
"""Asks the person for the passphrase; raises ConfigError where there is nobody to ask."""


def new_key(path: Path, database_folder: Path) -> MasterKey:
    """Make a key file, or take a sound one that is there; raises ConfigError.

    One key may serve several databases.
    """
    _refuse_beside(path, database_folder)
    return read_key_file(path) if path.exists() else make_key_file(path)


def unlocked(
    database: Database, clock: WallClock, database_folder: Path, ask: AskPassphrase
) -> Vault:
    """Return the vault of a database, with the key it was sealed with.

    Raises ConfigError where nothing was sealed yet, and for a key or passphrase that is not it.
    """
    match Vault.source(database):
        case None:
            raise ConfigError(
                "no credentials are kept here yet",
                path=Path(database.name),
                hint="alphabot users init, then alphabot users add NAME",
            )
        case KeySource.PASSPHRASE:
            return Vault.unlock_with_passphrase(database, clock, ask())
        case KeySource.FILE:
            path = key_file()
            _refuse_beside(path, database_folder)
            key = read_key_file(path, granted=is_granted(path))
            return Vault.unlock(database, clock, key)


def _refuse_beside(path: Path, database_folder: Path) -> None:
    if Path(os.path.realpath(path)).is_relative_to(os.path.realpath(database_folder)):
        raise ConfigError(
            "a key beside what it opens protects nothing",
            path=path,
            hint=f"keep it elsewhere, and say where in {KEY_FILE_VARIABLE}",
        )
