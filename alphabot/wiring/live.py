"""Live mode: real users, whose consent and sessions are looked at before anything is opened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial

from alphabot.clocks import SystemClock
from alphabot.config import Settings
from alphabot.core.values import UserId
from alphabot.errors import ConfigError, InvariantBroken
from alphabot.exchange.kept import find_one_session_twice, from_text
from alphabot.log import say
from alphabot.runtime.board import Board
from alphabot.runtime.stop import Stop
from alphabot.wiring.binding import Names, resolve
from alphabot.wiring.consent import Terms, check_live
from alphabot.wiring.masking import mask
from alphabot.wiring.renewals import Renewals
from alphabot.wiring.sealed_users import SealedUser, SealedUsers, open_users
from alphabot.wiring.serving import Summary, freeze_what_is_loaded, serve, summary_of
from alphabot.wiring.steering import on_this_machine
from alphabot.wiring.undumpable import forbid_dumps
from alphabot.wiring.unlocking import AskPassphrase
from alphabot.wiring.unwrapping import unwrapped
from alphabot.wiring.venues import hosts_of, live_venue

__all__ = ["LiveRun", "open_live"]


@dataclass(frozen=True, slots=True)
class LiveRun:
    """A run that lacks nothing but consent; its database is ours."""

    settings: Settings
    terms: Terms
    """What is agreed to."""
    absent: frozenset[UserId]
    """Who is named by a strategy and disabled."""
    _names: Names
    _users: SealedUsers

    @property
    def agreed(self) -> bool:
        """Whether somebody has agreed to exactly these terms."""
        return self._users.is_agreed(self.terms.digest)

    def agree(self) -> None:
        """Remember that somebody has."""
        self._users.agree(self.terms.digest)

    async def trade(self, *, stop: Stop, board: Board) -> Summary:
        """Trade until every strategy has ended; raises JournalError when it cannot be recorded."""
        if not self.agreed:
            raise InvariantBroken("real orders were to be placed without anybody's consent")
        settings, renewals = self.settings, Renewals(self._users.keep)
        venue = replace(
            live_venue(settings, self._users.credentials),
            follow=renewals.follow,
            beside=(renewals.run,),
            absent=self.absent,
            keep_session=partial(_keep_session, self._users, renewals),
        )
        for user_id in sorted(self.absent):
            say("user.disabled", user_id=user_id)
        with unwrapped():
            freeze_what_is_loaded()
            journal, steering = nullcontext(self._users.journal), on_this_machine(settings)
            clock = SystemClock()
            await serve(venue, settings, self._names, journal, steering, clock, stop, board)
        return summary_of(board)


@contextmanager
def open_live(
    settings: Settings, only: Sequence[str], ask: AskPassphrase, *, flag: bool
) -> Iterator[LiveRun]:
    """Open everything that a live run needs and that is not the exchange's.

    Raises ConfigError for the first thing that is missing, with its place; JournalError, saying
    who has it, while another process owns the database.
    """
    check_live(settings, flag=flag)
    names = resolve(settings, only)
    forbid_dumps()
    with open_users(settings, ask) as users:
        users.unlock()
        named = _named(settings, names, users)
        present = tuple(user for user in named if user.enabled)
        if not present:
            raise ConfigError(
                "every user of these strategies is disabled",
                path=settings.path,
                hint=f"alphabot users enable {named[0].user_id}",
            )
        _refuse_one_session_twice(present, users)
        terms = Terms(
            hosts=hosts_of(settings),
            users=tuple((user.user_id, user.name) for user in present),
            limits=settings.limits,
            own_limits={
                user.user_id: settings.limits_of(user.user_id)
                for user in present
                if user.user_id in settings.users and settings.users[user.user_id].limits
            },
        )
        absent = frozenset(user.user_id for user in named if not user.enabled)
        yield LiveRun(settings, terms, absent, names, users)


def _keep_session(users: SealedUsers, renewals: Renewals, user_id: UserId, session: str) -> None:
    """Seal a session that somebody gave while we run."""
    credentials = from_text(session.encode())
    mask(credentials)
    users.replace(users.find(str(user_id)), credentials)
    renewals.leave(user_id)


def _named(settings: Settings, names: Names, users: SealedUsers) -> Sequence[SealedUser]:
    """Return everyone whom the strategies name, in the order of their ids.

    Raises ConfigError, with the line, for an id that nobody has and for a user without a session.
    """
    known = {user.user_id: user for user in users.all()}
    named: dict[UserId, SealedUser] = {}
    for strategy in (*names.strategies, *(each.strategy for each in names.refused)):
        index = settings.strategies.index(strategy)
        for place, user_id in enumerate(strategy.user_ids):
            user = known.get(user_id)
            if user is None or (user.sealed_at_ms is None and user.enabled):
                missing = "no such user was added" if user is None else "no session is kept of this"
                command = "add NAME --id" if user is None else "replace"
                raise settings.complaint(
                    "strategies",
                    index,
                    "user_ids",
                    place,
                    problem=f"{missing}: {user_id}",
                    hint=f"alphabot users {command} {user_id}",
                )
            named[user_id] = user
    return [named[user_id] for user_id in sorted(named)]


def _refuse_one_session_twice(present: Sequence[SealedUser], users: SealedUsers) -> None:
    sessions = {user.user_id: users.credentials(user.user_id) for user in present}
    if (both := find_one_session_twice(sessions)) is not None:
        one, other = both
        raise ConfigError(
            f"users {one} and {other} have one session: one account, one user",
            hint=f"alphabot users remove {other}",
        )
