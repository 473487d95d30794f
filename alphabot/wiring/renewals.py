"""Sessions that the exchange renews while a service runs: kept, so that the next start has them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, NoReturn

import trio

from alphabot.core.values import UserId
from alphabot.exchange.account import Account
from alphabot.exchange.secret import Credentials
from alphabot.wiring.masking import mask

__all__ = ["KEEP_SECONDS", "Renewals"]

KEEP_SECONDS: Final = 180.0
"""How often it is looked whether a session was renewed."""
_BETWEEN_SECONDS: Final = 0.05
"""Between one user's and the next's. Sealing takes milliseconds, in which no order can leave, so
there is never more than one in a row."""


class Renewals:
    """The open accounts of a service, and what was kept of their sessions last.

    What an exchange that turned a user away has done to its cookies is not kept: the session
    before that may be good again once a person has looked.
    """

    def __init__(self, keep: Callable[[UserId, Credentials], None]) -> None:
        self._keep = keep
        self._open: dict[UserId, Account] = {}
        self._kept: dict[UserId, Credentials] = {}

    @contextmanager
    def follow(self, user_id: UserId, account: Account) -> Iterator[None]:
        """Look after an account's session for the length of the block, and at its end."""
        self._open[user_id], self._kept[user_id] = account, account.credentials
        try:
            yield
        finally:
            # A user who was cleared has another account by now, or had one.
            if self._open.get(user_id) is account:
                self._look(user_id)
                self.leave(user_id)

    def leave(self, user_id: UserId) -> None:
        """Look no more after the account a user has open: its session was replaced."""
        self._open.pop(user_id, None)

    async def run(self) -> NoReturn:
        """Keep what was renewed, until cancelled; raises JournalError where it cannot be kept."""
        while True:
            await trio.sleep(KEEP_SECONDS)
            for user_id in list(self._open):
                self._look(user_id)
                await trio.sleep(_BETWEEN_SECONDS)

    def _look(self, user_id: UserId) -> None:
        account = self._open.get(user_id)
        if account is None or account.silenced is not None:
            return
        credentials = account.credentials
        if credentials != self._kept[user_id]:
            mask(credentials)
            self._keep(user_id, credentials)
            self._kept[user_id] = credentials
