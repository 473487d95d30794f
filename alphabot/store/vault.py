"""The vault: users' secrets in the database, sealed, and opened with a key from outside it.

What was replaced or removed is overwritten in the file, and the write-ahead log is emptied, so
that an old secret cannot be read by someone who later learns a key.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, Final

import apsw

from alphabot.core.values import UserId
from alphabot.errors import ConfigError
from alphabot.ports import WallClock
from alphabot.store.database import Database
from alphabot.store.envelope import (
    DoesNotOpen,
    Envelope,
    check_value,
    is_key_of,
    open_envelope,
    rewrap,
    seal,
)
from alphabot.store.master_key import MasterKey, key_from_passphrase, new_salt

__all__ = ["KeySource", "Vault"]


class KeySource(StrEnum):
    """Where a vault's key comes from."""

    FILE = "key file"
    PASSPHRASE = "passphrase"  # noqa: S105 - the word itself


# The version a row should have, not what it says it has: an older row put back does not open.
_ENVELOPES: Final = (
    "SELECT user_id, purpose, v.version, wrapped_key, sealed"
    " FROM envelopes JOIN envelope_versions v USING (user_id, purpose)"
)


class Vault:
    """The sealed secrets of one database, unlocked.

    Every method raises JournalError when the database cannot be used.
    """

    def __init__(self, database: Database, clock: WallClock, key: MasterKey) -> None:
        self._database = database
        self._clock = clock
        self._key = key

    @staticmethod
    def sealed_at_ms(database: Database) -> Mapping[UserId, int]:
        """Return since when each user has sealed secrets; no key is needed to know that."""
        rows = database.rows("SELECT user_id, max(at_ms) FROM envelopes GROUP BY user_id")
        return {UserId(user_id): at_ms for user_id, at_ms in rows}

    @staticmethod
    def remove(database: Database, user_id: UserId) -> None:
        """Forget every secret of a user, for which no key is needed.

        That there were some, and how many, stays known.
        """
        with _rewriting(database) as connection:
            connection.execute("DELETE FROM envelopes WHERE user_id = ?", (user_id,))

    @staticmethod
    def forget_key(database: Database) -> bool:
        """Let another key begin, if nothing is sealed now, and say whether that is so.

        So a key that was lost holds nobody up once everyone's secrets were removed.
        """
        if Vault.sealed_at_ms(database):
            return False
        with database.transaction() as connection:
            connection.execute("DELETE FROM sealing")
        return True

    @staticmethod
    def source(database: Database) -> KeySource | None:
        """Return where the key comes from; None while nothing was ever sealed."""
        rows = database.rows("SELECT source FROM sealing")
        return KeySource(rows[0][0]) if rows else None

    @classmethod
    def unlock(cls, database: Database, clock: WallClock, key: MasterKey) -> Vault:
        """Open the vault with the key of a file, which the first one to come sets.

        Raises ConfigError if it was sealed with another, or with a passphrase.
        """
        vault = cls(database, clock, key)
        if not _is_sealed(database, KeySource.FILE):
            vault._begin(KeySource.FILE, b"")
        vault._check(KeySource.FILE)
        return vault

    @classmethod
    def unlock_with_passphrase(cls, database: Database, clock: WallClock, passphrase: str) -> Vault:
        """Open the vault with a passphrase, which the first one to come sets.

        Raises ConfigError if it is another, too short, or the vault has a key file.
        """
        begun = _is_sealed(database, KeySource.PASSPHRASE)
        rows = database.rows("SELECT salt FROM sealing") if begun else [(new_salt(),)]
        salt = bytes(rows[0][0])
        vault = cls(database, clock, key_from_passphrase(passphrase, salt))
        if not begun:
            vault._begin(KeySource.PASSPHRASE, salt)
        vault._check(KeySource.PASSPHRASE)
        return vault

    def put(self, user_id: UserId, purpose: str, text: bytes) -> None:
        """Seal a user's secret; what was there before is gone from the file."""
        with _rewriting(self._database) as connection:
            version: int = connection.execute(
                "INSERT INTO envelope_versions VALUES (?, ?, 1)"
                " ON CONFLICT DO UPDATE SET version = version + 1 RETURNING version",
                (user_id, purpose),
            ).get
            sealed = seal(self._key, user_id, purpose, version, text)
            row = (user_id, purpose, sealed.wrapped_key, sealed.sealed, self._clock.now_ms())
            connection.execute("INSERT OR REPLACE INTO envelopes VALUES (?, ?, ?, ?, ?)", row)

    def get(self, user_id: UserId, purpose: str) -> bytes | None:
        """Return a user's secret, or None; raises ConfigError if it does not open."""
        query = f"{_ENVELOPES} WHERE user_id = ?"
        rows = [r for r in self._database.rows(query, (user_id,)) if r[1] == purpose]
        return self._opened(_envelope(rows[0])) if rows else None

    def rotate(self, key: MasterKey) -> None:
        """Wrap every data key with another master key, of a file, all of them or none."""
        self._rotate(key, KeySource.FILE, b"")

    def rotate_to_passphrase(self, passphrase: str) -> None:
        """Wrap every data key with the key of a passphrase, all of them or none."""
        salt = new_salt()
        self._rotate(key_from_passphrase(passphrase, salt), KeySource.PASSPHRASE, salt)

    def _rotate(self, key: MasterKey, source: KeySource, salt: bytes) -> None:
        envelopes = [_envelope(row) for row in self._database.rows(_ENVELOPES)]
        for envelope in envelopes:
            self._opened(envelope)  # what does not open is said before anything is changed
        with _rewriting(self._database) as connection:
            for new in (rewrap(self._key, key, envelope) for envelope in envelopes):
                connection.execute(
                    "UPDATE envelopes SET wrapped_key = ? WHERE user_id = ? AND purpose = ?",
                    (new.wrapped_key, new.user_id, new.purpose),
                )
            connection.execute(
                "UPDATE sealing SET source = ?, salt = ?, check_value = ?, since_ms = ?",
                (source, salt, check_value(key), self._clock.now_ms()),
            )
        self._key = key

    def _begin(self, source: KeySource, salt: bytes) -> None:
        with self._database.transaction() as connection:
            row = (source, salt, check_value(self._key), self._clock.now_ms())
            connection.execute("INSERT INTO sealing VALUES (1, ?, ?, ?, ?)", row)

    def _check(self, source: KeySource) -> None:
        ((value,),) = self._database.rows("SELECT check_value FROM sealing")
        if not is_key_of(self._key, value):
            raise ConfigError(f"the credentials were sealed with another {source} than this one")

    def _opened(self, envelope: Envelope) -> bytes:
        try:
            return open_envelope(self._key, envelope)
        except DoesNotOpen:
            raise ConfigError(
                f"the credentials of user {envelope.user_id} are not those that were sealed",
                hint=f"alphabot users replace {envelope.user_id} seals new ones",
            ) from None


@contextmanager
def _rewriting(database: Database) -> Iterator[apsw.Connection]:
    """Lend a transaction after which nothing of what it replaced is left in the files."""
    with database.guarded() as connection:
        connection.pragma("secure_delete", True)
    with database.transaction() as connection:
        yield connection
    with database.guarded() as connection:
        connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)


def _is_sealed(database: Database, source: KeySource) -> bool:
    """Say whether anything was ever sealed; raises ConfigError if from another source."""
    found = Vault.source(database)
    if found not in (None, source):
        raise ConfigError(f"the credentials are sealed with a {found}, not a {source}")
    return found is not None


def _envelope(row: tuple[Any, ...]) -> Envelope:
    user_id, purpose, version, wrapped_key, sealed = row
    return Envelope(UserId(user_id), purpose, version, wrapped_key, sealed)
