"""The users of a real exchange: who they are, and their credentials, which are sealed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from alphabot.clocks import SystemClock
from alphabot.config import Settings
from alphabot.core.values import UserId
from alphabot.errors import ConfigError
from alphabot.exchange.kept import from_text, is_same_session, to_text
from alphabot.exchange.secret import Credentials
from alphabot.ports import WallClock
from alphabot.store import SqliteJournal, open_journal
from alphabot.store.agreements import agree, is_agreed
from alphabot.store.master_key import MasterKey
from alphabot.store.reading import read_file
from alphabot.store.vault import KeySource, Vault
from alphabot.wiring.looking import journal_file
from alphabot.wiring.masking import mask
from alphabot.wiring.unlocking import AskPassphrase, new_key, unlocked
from alphabot.wiring.venues import folder_of, identity_of

__all__ = ["SESSION", "SealedUser", "SealedUsers", "find_sealed", "open_users"]

SESSION: Final = "session"
"""What a session is sealed as."""
_NAME: Final = re.compile(r"(?!\d+\Z)\w[\w.-]{0,63}")


@dataclass(frozen=True, slots=True)
class SealedUser:
    """What anyone may see of a user; nothing of it is secret."""

    user_id: UserId
    name: str
    enabled: bool
    added_at_ms: int
    sealed_at_ms: int | None
    """Since when the present credentials are kept; None where there are none any more."""


class SealedUsers:
    """The users of one database; the key is only asked for by what needs it.

    Every method raises ConfigError for what a person has to mend, and JournalError when the
    database cannot be used.
    """

    def __init__(self, journal: SqliteJournal, clock: WallClock, ask: AskPassphrase) -> None:
        self._journal = journal
        self._database = journal.database
        self._folder = Path(journal.database.name).parent
        self._clock = clock
        self._ask = ask
        self._vault: Vault | None = None

    @property
    def journal(self) -> SqliteJournal:
        """The journal of the same database."""
        return self._journal

    def all(self) -> Sequence[SealedUser]:
        """Return every user, in the order of their ids."""
        since = Vault.sealed_at_ms(self._database)
        return [
            SealedUser(u.user_id, u.name, u.enabled, u.created_at_ms, since.get(u.user_id))
            for u in self._journal.users.all()
        ]

    def find(self, who: str) -> SealedUser:
        """Return the user of an id or a name."""
        return _find(self.all(), who)

    def begin(self, key_file: Path) -> None:
        """Have everything sealed with the key of a file, which is made if need be."""
        self._refuse_if_begun()
        self._vault = Vault.unlock(self._database, self._clock, self._new_key(key_file))

    def begin_with_passphrase(self, passphrase: str) -> None:
        """Have everything sealed with a passphrase."""
        self._refuse_if_begun()
        self._vault = Vault.unlock_with_passphrase(self._database, self._clock, passphrase)

    def add(self, name: str, user_id: int | None, credentials: Credentials) -> SealedUser:
        """Take in a user with a name and an id that are free; without one the next id."""
        self.unlock()
        users = self.all()
        if not _NAME.fullmatch(name):
            raise ConfigError(
                f"{name!r} is no name: up to 64 letters, digits, _ - . were expected,"
                " and not digits alone"
            )
        chosen = user_id or 1 + max((user.user_id for user in users), default=0)
        for user in users:
            if name == user.name or chosen == user.user_id:
                raise ConfigError(
                    f"there is a user {user.user_id} ({user.name}) already",
                    hint=f"alphabot users replace {user.user_id} gives that one a new session",
                )
        self._refuse_second(credentials, None)
        self._journal.users.add(UserId(chosen), name)
        self.keep(UserId(chosen), credentials)
        return self.find(name)

    def replace(self, user: SealedUser, credentials: Credentials) -> None:
        """Give a user a new session; the old one is gone from the files."""
        self._refuse_second(credentials, user)
        self.keep(user.user_id, credentials)

    def remove(self, user: SealedUser) -> None:
        """Forget a user's credentials and trade for it no more; its history stays."""
        self._journal.users.enable(user.user_id, enabled=False)
        Vault.remove(self._database, user.user_id)

    def enable(self, user: SealedUser, *, enabled: bool) -> None:
        """Say whether a user is traded for."""
        if enabled and user.sealed_at_ms is None:
            raise ConfigError(
                f"no credentials of user {user.user_id} are kept",
                hint=f"alphabot users replace {user.user_id} takes new ones",
            )
        self._journal.users.enable(user.user_id, enabled=enabled)

    def rotate(self, key_file: Path) -> None:
        """Wrap everything with the key of another file, which is made if need be."""
        vault = self._unlocked()
        vault.rotate(self._new_key(key_file))

    def rotate_to_passphrase(self, passphrase: str) -> None:
        """Wrap everything with a new passphrase."""
        self._unlocked().rotate_to_passphrase(passphrase)

    def unlock(self) -> None:
        """Open the vault now rather than with the first thing that needs it."""
        self._unlocked()

    def credentials(self, user_id: UserId) -> Credentials:
        """Return a user's credentials, which nothing will write in clear from now on."""
        text = self._unlocked().get(user_id, SESSION)
        if text is None:
            raise ConfigError(
                f"no credentials of user {user_id} are kept",
                hint=f"alphabot users replace {user_id} takes new ones",
            )
        credentials = from_text(text)
        mask(credentials)
        return credentials

    def keep(self, user_id: UserId, credentials: Credentials) -> None:
        """Seal a user's credentials."""
        self._unlocked().put(user_id, SESSION, to_text(credentials))

    def is_agreed(self, terms: bytes) -> bool:
        """Say whether somebody has agreed to exactly these terms."""
        return is_agreed(self._database, terms)

    def agree(self, terms: bytes) -> None:
        """Remember that somebody agreed to these terms."""
        agree(self._database, self._clock, terms)

    def sessions(self) -> Mapping[UserId, Credentials]:
        """Return everybody's credentials."""
        kept = [user for user in self.all() if user.sealed_at_ms is not None]
        return {user.user_id: self.credentials(user.user_id) for user in kept}

    def _refuse_second(self, credentials: Credentials, owner: SealedUser | None) -> None:
        for user_id, theirs in self.sessions().items():
            mine = owner is not None and owner.user_id == user_id
            if not mine and is_same_session(credentials, theirs):
                raise ConfigError(
                    f"this is the session of user {user_id}: one account, one user",
                    hint="log in as the other one, or use another browser profile",
                )

    def _refuse_if_begun(self) -> None:
        source = Vault.source(self._database)
        if source is not None and not Vault.forget_key(self._database):
            change = "--passphrase" if source is KeySource.FILE else "NEW_KEY_FILE"
            raise ConfigError(
                f"credentials are sealed with a {source} already",
                path=Path(self._database.name),
                hint=f"alphabot users rotate {change} changes that",
            )

    def _new_key(self, path: Path) -> MasterKey:
        return new_key(path, self._folder)

    def _unlocked(self) -> Vault:
        if self._vault is None:
            self._vault = unlocked(self._database, self._clock, self._folder, self._ask)
        return self._vault


def find_sealed(settings: Settings, who: str) -> SealedUser:
    """Return the user of an id or a name, also while a service has the database.

    Raises ConfigError where there is none, JournalError where the database cannot be read.
    """
    with read_file(journal_file(settings), identity_of(settings)) as reading:
        since = Vault.sealed_at_ms(reading.database)
        return _find(
            [SealedUser(i, name, on, 0, since.get(i)) for i, name, on in reading.names], who
        )


def _find(users: Sequence[SealedUser], who: str) -> SealedUser:
    for user in users:
        if who in (str(user.user_id), user.name):
            return user
    known = ", ".join(f"{user.user_id} ({user.name})" for user in users)
    raise ConfigError(f"there is no user {who!r}", hint=f"there are {known or 'none yet'}")


@contextmanager
def open_users(
    settings: Settings, ask: AskPassphrase, *, new: bool = False
) -> Iterator[SealedUsers]:
    """Open the users of the configured exchange while no service trades for them.

    ``new`` makes the database if need be. Raises ConfigError in simulated mode, whose users are
    made up; JournalError, saying who has it, while another process owns the database.
    """
    if not settings.live:
        raise settings.complaint(
            "exchange",
            "mode",
            problem="the users of a simulated exchange are made up",
            hint='mode = "live" has users of its own',
        )
    folder, identity, clock = folder_of(settings), identity_of(settings), SystemClock()
    file = folder / f"{identity.file_stem}.db"
    if not new and not file.exists():
        raise ConfigError(
            "no credentials are kept here yet",
            path=file,
            hint="alphabot users init, then alphabot users add NAME",
        )
    with open_journal(
        folder, identity, fresh=False, clock=clock, on_network_disk=settings.journal_on_network_disk
    ) as journal:
        yield SealedUsers(journal, clock, ask)
