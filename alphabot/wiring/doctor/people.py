"""Everybody whom the file names: asked about where it does no harm, and else taken as told.

While a service runs, it holds the sessions and knows the balances, and nobody asks beside it: an
exchange that renews a session in an answer would have given it to the wrong one. In the embedded
exchange users are made up when it starts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import trio

from alphabot.config import Settings
from alphabot.core.values import UserId
from alphabot.errors import AlphabotError
from alphabot.exchange.net import SocketNet
from alphabot.exchange.secret import Credentials
from alphabot.runtime.status import Status, UserStatus
from alphabot.simulator.addresses import Addresses
from alphabot.store import read_journal
from alphabot.wiring.doctor.accounts import (
    KeptUser,
    Key,
    amounts_of,
    judge_balance,
    judge_kept,
    judge_key,
    judge_session,
    open_vault,
    see_consent,
    see_kept,
    users_of,
)
from alphabot.wiring.doctor.findings import Finding, fail, ok, warn
from alphabot.wiring.looking import journal_file
from alphabot.wiring.sealed_users import open_users
from alphabot.wiring.session_check import Finding as Session
from alphabot.wiring.session_check import ask_session
from alphabot.wiring.unwrapping import unwrapped
from alphabot.wiring.venues import (
    Venue,
    folder_of,
    hosts_of,
    identity_of,
    live_venue,
    simulated_venue,
)

__all__ = ["People", "judge_user", "see_people"]

ANSWER_SECONDS: Final = 12.0
"""For one user; the connection alone may take ten."""
AT_ONCE: Final = 4
"""How many users are asked about at the same time."""

Add = Callable[[Iterable[Finding]], None]


@dataclass(frozen=True, slots=True)
class People:
    """Whom to ask about, and what a service or its journal says of them already."""

    settings: Settings
    status: Status | None
    busy: bool
    """Whether a service has the users."""
    seed: int

    def said(self, user_id: UserId) -> UserStatus | None:
        """Return what is said of a user."""
        users = () if self.status is None else self.status.users
        return next((user for user in users if user.user_id == user_id), None)


async def see_people(people: People, add: Add) -> None:
    """Add what can be said of everybody; one harmless read each where no service runs."""
    settings = people.settings
    for user_id in users_of(settings):
        add(judge_user(user_id, people.said(user_id)))
    if people.busy:
        for user_id in users_of(settings):
            said = people.said(user_id)
            free = None if said is None else said.free_usdt
            add([judge_balance(user_id, free, amounts_of(settings, user_id))])
        await trio.lowlevel.checkpoint()
    elif settings.live:
        await _see_sealed(settings, add)
    elif settings.exchange.mode == "simulated":
        await _see_simulated(people, add)
    else:
        await trio.lowlevel.checkpoint()
        add([ok("user.unasked", mode=settings.exchange.mode)])


def judge_user(user_id: UserId, said: UserStatus | None) -> Iterator[Finding]:
    """Yield what keeps a user from trading by the word of a service, or of its journal."""
    if said is None:
        return
    about = str(user_id)
    if said.latched is not None:
        reason = said.latched.reason
        yield fail("user.latched", about, reason=reason, clears=said.latched.clears)
    for token, quantity in said.abandoned.items():
        yield fail("user.abandoned", about, token=token, quantity=quantity)
    if said.running:
        yield (ok if said.connection == "live" else warn)(
            "user.running", about, connection=said.connection or "-"
        )
    elif said.open_intents:
        yield ok("user.open", about, count=len(said.open_intents))


async def _see_simulated(people: People, add: Add) -> None:
    settings = people.settings
    chosen = settings.exchange
    if not (chosen.rest_url and chosen.order_stream_url and chosen.market_stream_url):
        await trio.lowlevel.checkpoint()
        add([ok("user.embedded")])
        return
    addresses = Addresses(chosen.rest_url, chosen.order_stream_url, chosen.market_stream_url)
    hosts = hosts_of(settings)
    venue = simulated_venue(SocketNet(), addresses, people.seed, hosts=hosts)
    sessions = {user_id: venue.credentials(user_id) for user_id in users_of(settings)}
    await _ask_all(settings, venue, sessions, add)


async def _see_sealed(settings: Settings, add: Add) -> None:
    if not journal_file(settings).exists():
        await trio.lowlevel.checkpoint()
        add([judge_key(Key(None))])
        return
    key, kept, agreed = await trio.to_thread.run_sync(_read, settings, abandon_on_cancel=True)
    add([judge_key(key)])
    if key.source is None:
        return
    found = {user.user_id: judge_kept(user) for user in kept}
    add(finding for finding in found.values() if finding is not None)
    if not any(finding is not None and finding.grade == "fail" for finding in found.values()):
        add([ok("consent.given") if agreed else warn("consent.needed")])
    sessions = {user.user_id: user.credentials for user in kept if user.credentials is not None}
    venue = live_venue(settings, sessions.__getitem__)
    await _ask_all(settings, venue, sessions, add)


async def _ask_all(
    settings: Settings, venue: Venue, sessions: dict[UserId, Credentials], add: Add
) -> None:
    """Ask about every session, a few at a time."""
    limiter, keeping = trio.CapacityLimiter(AT_ONCE), trio.Lock()

    async def ask(user_id: UserId, credentials: Credentials) -> None:
        session, renewed = Session("unreachable", f"{ANSWER_SECONDS:g} s"), None
        async with limiter:
            with trio.move_on_after(ANSWER_SECONDS):
                session, renewed = await ask_session(venue, credentials)
        add([judge_session(user_id, session)])
        if session.standing == "valid":
            add([judge_balance(user_id, session.free_usdt, amounts_of(settings, user_id))])
        if renewed is not None and settings.live:
            # Whatever deadline has passed meanwhile: nobody else has the new session.
            with trio.CancelScope(shield=True):
                async with keeping:
                    add(await trio.to_thread.run_sync(_keep, settings, user_id, renewed))

    with unwrapped():
        async with trio.open_nursery() as nursery:
            for user_id, credentials in sessions.items():
                nursery.start_soon(ask, user_id, credentials)


def _read(settings: Settings) -> tuple[Key, Sequence[KeptUser], bool]:
    with read_journal(folder_of(settings), identity_of(settings)) as reading:
        key, vault = open_vault(reading)
        kept = list(see_kept(reading, vault, users_of(settings)))
        return key, kept, see_consent(settings, reading, kept)


def _keep(settings: Settings, user_id: UserId, credentials: Credentials) -> list[Finding]:
    """Keep a session that the exchange renewed: the old one may be worth nothing any more."""
    try:
        with open_users(settings, lambda: "") as users:
            users.keep(user_id, credentials)
    except AlphabotError as error:
        return [warn("user.not_kept", str(user_id), reason=str(error))]
    return []
