"""Which exchange is traded on, and how it is reached."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import trio

from alphabot.config import Settings
from alphabot.core.secret import Secret
from alphabot.core.values import AlphaId, UserId
from alphabot.errors import ConfigError, InvariantBroken
from alphabot.exchange.account import Account, AccountSettings
from alphabot.exchange.market import PublicMarket
from alphabot.exchange.net import SocketNet
from alphabot.exchange.secret import Credentials
from alphabot.ports import Net, WallClock
from alphabot.runtime.halt import folder_beside
from alphabot.simulator.addresses import Addresses
from alphabot.simulator.sessions import credentials_for
from alphabot.store import VenueIdentity, VenueMode
from alphabot.wiring.journals import ServiceJournal

__all__ = [
    "LIVE_SETTLE_SECONDS",
    "SIMULATED_SETTLE_SECONDS",
    "AccountsElsewhere",
    "Venue",
    "folder_of",
    "hosts_of",
    "identity_of",
    "kept_identity",
    "live_venue",
    "open_venue",
    "simulated_credentials",
    "simulated_venue",
]

LIVE_SETTLE_SECONDS: Final = 600.0
"""The real exchange's lag is not measured, so absence there is proven late."""

SIMULATED_SETTLE_SECONDS: Final = 5.0
"""Absence at a simulated exchange is proven after twice its lag, and never sooner than this."""
SIMULATED_PACE: Final = AccountSettings(requests_per_second=20.0, request_burst=20)
"""No limit is imposed by the simulated exchange; the pace only keeps a mistake from spinning."""


@dataclass(frozen=True, slots=True)
class AccountsElsewhere:
    """An exchange of accounts, as the client reaches it."""

    net: Net
    rest_url: str
    order_stream_url: str


Attend = Callable[
    [PublicMarket, Sequence[AlphaId], ServiceJournal],
    Awaitable[Sequence[Callable[[], Awaitable[None]]]],
]
"""Takes what a venue may need of a service, and returns what is to run beside its users."""


async def _nobody_attends(
    market: PublicMarket, tokens: Sequence[AlphaId], journal: ServiceJournal
) -> Sequence[Callable[[], Awaitable[None]]]:
    await trio.lowlevel.checkpoint()
    return ()


@dataclass(frozen=True, slots=True)
class Venue:
    """An exchange as the client reaches it."""

    net: Net
    rest_url: str
    order_stream_url: str
    market_stream_url: str
    identity: VenueIdentity
    credentials: Callable[[UserId], Credentials]
    pace: AccountSettings
    settle_seconds: float
    follow: Callable[[UserId, Account], AbstractContextManager[None]] = lambda *_: nullcontext()
    """Watches a user's account for as long as it is open."""
    beside: tuple[Callable[[], Awaitable[None]], ...] = ()
    """What is to run beside the users."""
    absent: frozenset[UserId] = frozenset()
    """Who is not traded for, though a strategy names them."""
    accounts: AccountsElsewhere | None = None
    """Where the users' accounts are, if not with the market; nothing private goes there then."""
    attend: Attend = _nobody_attends
    """Told of the market, the tokens and the journal before the first user is opened."""
    keep_session: Callable[[UserId, str], None] | None = None
    """Takes a new session, as it is sealed, for a user who does not trade now; raises ConfigError
    for one that cannot be that user's."""

    @property
    def account_door(self) -> AccountsElsewhere:
        """Where the users' accounts are."""
        here = AccountsElsewhere(self.net, self.rest_url, self.order_stream_url)
        return self.accounts or here


def simulated_venue(
    net: Net, addresses: Addresses, seed: int, *, hosts: tuple[str, ...] = (), lag_ms: int = 0
) -> Venue:
    """Return a simulated exchange as a venue; ``hosts`` names one that outlives this process."""

    return Venue(
        net=net,
        rest_url=addresses.rest_url,
        order_stream_url=addresses.order_stream_url,
        market_stream_url=addresses.market_stream_url,
        identity=VenueIdentity(VenueMode.SIMULATED, hosts),
        credentials=partial(simulated_credentials, seed),
        pace=SIMULATED_PACE,
        settle_seconds=max(2 * lag_ms / 1000, SIMULATED_SETTLE_SECONDS),
    )


def simulated_credentials(seed: int, user_id: UserId) -> Credentials:
    """Return the session of a user at the simulated exchange of this seed."""
    headers = {name: Secret(text) for name, text in credentials_for(seed, user_id).items()}
    return Credentials(
        cookie=headers.pop("Cookie"), csrftoken=headers.pop("csrftoken"), headers=headers
    )


def live_venue(settings: Settings, credentials: Callable[[UserId], Credentials]) -> Venue:
    """Return the real exchange, or the one in its place that the settings name."""
    chosen = settings.exchange
    if not (chosen.rest_url and chosen.order_stream_url and chosen.market_stream_url):
        raise InvariantBroken("live mode has three addresses")
    return Venue(
        net=SocketNet(),
        rest_url=chosen.rest_url,
        order_stream_url=chosen.order_stream_url,
        market_stream_url=chosen.market_stream_url,
        identity=identity_of(settings),
        credentials=credentials,
        pace=AccountSettings(),
        settle_seconds=LIVE_SETTLE_SECONDS,
    )


@asynccontextmanager
async def open_venue(
    settings: Settings, clock: WallClock, seed: int | None
) -> AsyncIterator[Venue]:
    """Open the exchange the settings name; the embedded one ends with this block.

    In live mode for public questions alone: no credentials belong to it.
    """
    chosen = settings.exchange
    if settings.dry_run:
        # Its exchange of accounts brings the server's libraries along.
        from alphabot.wiring.dry_run import open_dry_run

        async with open_dry_run(
            SocketNet(),
            chosen.rest_url or "",
            chosen.market_stream_url or "",
            identity_of(settings),
            settings,
            clock,
        ) as venue:
            yield venue
        return
    if settings.live:
        yield live_venue(settings, _nobody)
        return
    if chosen.rest_url and chosen.order_stream_url and chosen.market_stream_url:
        addresses = Addresses(chosen.rest_url, chosen.order_stream_url, chosen.market_stream_url)
        yield simulated_venue(SocketNet(), addresses, seed or 1, hosts=hosts_of(settings))
        return
    # The server's libraries are a cost in memory that only the embedded exchange has to bear.
    from alphabot.simulator import ExchangeSettings, SimulatedExchange, serve_sockets

    exchange = SimulatedExchange(ExchangeSettings(seed=seed or 1), clock)
    async with trio.open_nursery() as nursery:
        addresses = await nursery.start(partial(serve_sockets, exchange))
        yield simulated_venue(
            SocketNet(),
            addresses,
            exchange.settings.seed,
            lag_ms=exchange.visibility_lag_ms_max,
        )
        nursery.cancel_scope.cancel()


def folder_of(settings: Settings) -> Path:
    """Return the folder of the databases: beside the configuration."""
    return folder_beside(settings.path)


def identity_of(settings: Settings) -> VenueIdentity:
    """Return which exchange the settings name, and so which journal is meant."""
    return VenueIdentity(VenueMode(settings.exchange.mode), hosts_of(settings))


def kept_identity(settings: Settings, purpose: str) -> VenueIdentity:
    """Return which journal the settings mean; raises ConfigError where none outlives a run.

    ``purpose`` is the verb of what the journal is wanted for.
    """
    identity = identity_of(settings)
    if identity.embedded:
        raise ConfigError(
            f"the embedded exchange starts anew with every run; there is nothing to {purpose}",
            path=settings.path,
            key="exchange",
            hint="name an exchange by its addresses to keep its journal",
        )
    return identity


def hosts_of(settings: Settings) -> tuple[str, ...]:
    """Return the hosts of the configured exchange, each once; none for the embedded one."""
    chosen = settings.exchange
    urls = [chosen.rest_url, chosen.order_stream_url, chosen.market_stream_url]
    if settings.dry_run:
        # Nobody speaks to the host of real orders.
        urls.remove(chosen.order_stream_url)
    return tuple(dict.fromkeys(urlsplit(url).netloc for url in urls if url))


def _nobody(user_id: UserId) -> Credentials:
    raise InvariantBroken(f"a public question was to be asked as user {user_id}")
