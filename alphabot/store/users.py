"""The users of a venue: one row per exchange account the service trades for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from alphabot.core.values import UserId
from alphabot.errors import InvariantBroken
from alphabot.ports import WallClock
from alphabot.store.database import Database

__all__ = ["User", "Users"]

_QUERY = "SELECT user_id, name, created_at_ms, enabled FROM users"


@dataclass(frozen=True, slots=True)
class User:
    """One exchange account, as the database knows it."""

    user_id: UserId
    name: str
    created_at_ms: int
    enabled: bool


class Users:
    """The table of users, read and written through the journal's own connection.

    Every method raises JournalError when the database cannot be used.
    """

    def __init__(self, database: Database, clock: WallClock, *, simulated: bool) -> None:
        self._database = database
        self._clock = clock
        self._simulated = simulated

    def all(self) -> tuple[User, ...]:
        """Return every user, in the order of their ids."""
        return tuple(map(_user, self._database.rows(f"{_QUERY} ORDER BY user_id")))

    def get(self, user_id: UserId) -> User | None:
        """Return the user of an id, if there is one."""
        rows = self._database.rows(f"{_QUERY} WHERE user_id = ?", (user_id,))
        return _user(rows[0]) if rows else None

    def add(self, user_id: UserId, name: str) -> None:
        """Make a user; raises InvariantBroken where the id is taken or no positive number."""
        _check_id(user_id)
        if self.get(user_id) is not None:
            raise InvariantBroken(f"user {user_id} was to be made twice")
        with self._database.transaction() as connection:
            row = (user_id, name, self._clock.now_ms())
            connection.execute("INSERT INTO users VALUES (?, ?, ?, 1)", row)

    def enable(self, user_id: UserId, *, enabled: bool) -> None:
        """Say whether a user is traded for; the history stays either way."""
        with self._database.transaction() as connection:
            connection.execute("UPDATE users SET enabled = ? WHERE user_id = ?", (enabled, user_id))

    def ensure(self, user_id: UserId) -> None:
        """See that there is such a user, who is made up where accounts are simulated.

        Raises InvariantBroken as ensure_simulated_user does.
        """
        if self.get(user_id) is None:
            self.ensure_simulated_user(user_id)

    def ensure_simulated_user(self, user_id: UserId) -> User:
        """Return the user, made on the spot if need be: where accounts are simulated, anyone is.

        Raises InvariantBroken at a real venue, where a user is somebody's account, and for an id
        that is no positive number.
        """
        if not self._simulated:
            raise InvariantBroken(f"user {user_id} was to be made up at a venue that is real")
        _check_id(user_id)
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO users VALUES (?, ?, ?, 1) ON CONFLICT DO NOTHING",
                (user_id, f"user {user_id}", self._clock.now_ms()),
            )
        (row,) = self._database.rows(f"{_QUERY} WHERE user_id = ?", (user_id,))
        return _user(row)


def _check_id(user_id: UserId) -> None:
    if not 0 < user_id < 2**63:
        raise InvariantBroken(f"a user id is a positive number, was {user_id}")


def _user(row: tuple[Any, ...]) -> User:
    user_id, name, created_at_ms, enabled = row
    return User(UserId(user_id), name, created_at_ms, bool(enabled))
