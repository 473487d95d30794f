"""Who is who: the only file that names concrete classes, from settings to a running service.

The order in which things are opened is the order in which a mistake is still free: plugins and
rules are resolved first, then the exchange is asked whether it lists the tokens, and only then is
the journal opened. Nothing was written when any of that fails.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import trio

from alphabot.clocks import SystemClock
from alphabot.config import Settings, StrategySettings, nearest
from alphabot.core.records import Cleared, Reset
from alphabot.core.tokens import TokenNotFound, resolve_token
from alphabot.core.values import StrategyId, Token, UserId
from alphabot.errors import AlphabotError, ConfigError, ExchangeError
from alphabot.exchange.account import AccountSettings, open_account
from alphabot.exchange.feed import UserFeed
from alphabot.exchange.http import open_http
from alphabot.exchange.market import PublicMarket
from alphabot.exchange.net import SocketNet
from alphabot.exchange.pace import Pause
from alphabot.exchange.secret import Credentials, Secret
from alphabot.log import register_secret, say
from alphabot.plugins import PluginHost, load_plugins
from alphabot.ports import Multiplier, Net, PricingRule, WallClock
from alphabot.runtime.board import Board, Ending, Row
from alphabot.runtime.desk import Desk
from alphabot.runtime.recorder import Recorder
from alphabot.runtime.router import Router
from alphabot.runtime.service import run_service
from alphabot.runtime.stop import Stop
from alphabot.runtime.trade_loop import TradeLoop
from alphabot.runtime.turnstile import Turnstile
from alphabot.runtime.user import User
from alphabot.simulator.addresses import Addresses
from alphabot.simulator.sessions import credentials_for
from alphabot.store import SqliteJournal, VenueIdentity, VenueMode, open_journal

__all__ = ["Summary", "Venue", "clear", "reset", "run_on", "simulated_venue", "trade"]

START_SECONDS: Final = 30.0
"""How long the exchange may take to show its token list before anything is started."""
SIMULATED_SETTLE_SECONDS: Final = 5.0
"""Absence at a simulated exchange is proven after twice its lag, and never sooner than this."""
SIMULATED_PACE: Final = AccountSettings(requests_per_second=20.0, request_burst=20)
"""No limit is imposed by the simulated exchange; the pace only keeps a mistake from spinning."""


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


@dataclass(frozen=True, slots=True)
class Summary:
    """How a service ended, besides what its board says."""

    failed: bool


@dataclass(frozen=True, slots=True)
class _Bound:
    """A strategy with what its names mean."""

    settings: StrategySettings
    token: Token
    rule: PricingRule
    multiplier: Multiplier


async def trade(
    settings: Settings,
    *,
    only: Sequence[str] = (),
    stop: Stop,
    board: Board,
    seed: int | None = None,
) -> Summary:
    """Trade as the settings say until every strategy has ended.

    Raises ConfigError and PluginError before anything was written, JournalError when the journal
    could not be kept.
    """
    clock = SystemClock()
    try:
        async with _open_venue(settings, clock, seed) as venue:
            journal = open_journal(
                folder_of(settings),
                venue.identity,
                fresh=venue.identity.embedded,
                clock=clock,
            )
            await run_on(
                venue, settings, only=only, journal=journal, clock=clock, stop=stop, board=board
            )
    except* AlphabotError as group:
        raise _first(group) from None
    return Summary(failed=any(row.ending in (Ending.FAILED, Ending.LATCHED) for row in board.rows))


async def run_on(
    venue: Venue,
    settings: Settings,
    *,
    only: Sequence[str] = (),
    journal: AbstractContextManager[SqliteJournal],
    clock: WallClock,
    stop: Stop,
    board: Board,
) -> None:
    """Run the service against a venue; ``journal`` is opened once nothing can be refused."""
    host = load_plugins(settings.plugins.paths, settings.plugins.enabled)
    chosen = choose(settings, only)
    pause = Pause()
    async with open_http(venue.net, venue.rest_url) as http:
        market = PublicMarket(http, venue.net, venue.market_stream_url, clock, pause)
        bound = await _bind(settings, chosen, host, market)
        with journal as opened:
            say("journal.opened", venue=str(venue.identity))
            async with AsyncExitStack() as stack:
                users = await _assemble(
                    stack, venue, settings, bound, opened, market, pause, clock, stop, board
                )
                await run_service(users, market)


def choose(settings: Settings, only: Sequence[str]) -> tuple[StrategySettings, ...]:
    """Return the strategies of these ids, or all; raises ConfigError for an unknown id."""
    known = {strategy.strategy_id: strategy for strategy in settings.strategies}
    for strategy_id in only:
        if strategy_id not in known:
            near = nearest(strategy_id, known)
            raise ConfigError(
                f"there is no strategy {strategy_id!r}",
                path=settings.path,
                hint=f"did you mean {near}?" if near else f"there are {', '.join(known)}",
            )
    return tuple(s for s in settings.strategies if not only or s.strategy_id in only)


def folder_of(settings: Settings) -> Path:
    """Return the folder of the databases: beside the configuration."""
    return settings.path.parent / ".alphabot"


# --- the venue ------------------------------------------------------------------------------------


def simulated_venue(
    net: Net, addresses: Addresses, seed: int, *, hosts: tuple[str, ...] = (), lag_ms: int = 0
) -> Venue:
    """Return a simulated exchange as a venue; ``hosts`` names one that outlives this process."""

    def credentials(user_id: UserId) -> Credentials:
        headers = {name: Secret(text) for name, text in credentials_for(seed, user_id).items()}
        return Credentials(
            cookie=headers.pop("Cookie"), csrftoken=headers.pop("csrftoken"), headers=headers
        )

    return Venue(
        net=net,
        rest_url=addresses.rest_url,
        order_stream_url=addresses.order_stream_url,
        market_stream_url=addresses.market_stream_url,
        identity=VenueIdentity(VenueMode.SIMULATED, hosts),
        credentials=credentials,
        pace=SIMULATED_PACE,
        settle_seconds=max(2 * lag_ms / 1000, SIMULATED_SETTLE_SECONDS),
    )


@asynccontextmanager
async def _open_venue(
    settings: Settings, clock: WallClock, seed: int | None
) -> AsyncIterator[Venue]:
    """Open the exchange the settings name; the embedded one ends with this block."""
    chosen = settings.exchange
    if chosen.rest_url and chosen.order_stream_url and chosen.market_stream_url:
        addresses = Addresses(chosen.rest_url, chosen.order_stream_url, chosen.market_stream_url)
        say("service.started", mode=settings.exchange.mode, exchange=chosen.rest_url)
        yield simulated_venue(SocketNet(), addresses, seed or 1, hosts=_hosts(settings))
        return
    # The server's libraries are a cost in memory that only the embedded exchange has to bear.
    from alphabot.simulator import ExchangeSettings, SimulatedExchange, serve_sockets

    exchange = SimulatedExchange(ExchangeSettings(seed=seed or 1), clock)
    async with trio.open_nursery() as nursery:
        addresses = await nursery.start(partial(serve_sockets, exchange))
        say("service.started", mode=settings.exchange.mode, exchange=addresses.rest_url)
        yield simulated_venue(
            SocketNet(),
            addresses,
            exchange.settings.seed,
            lag_ms=exchange.visibility_lag_ms_max,
        )
        nursery.cancel_scope.cancel()


# --- strategies and users -------------------------------------------------------------------------


async def _bind(
    settings: Settings,
    chosen: Sequence[StrategySettings],
    host: PluginHost,
    market: PublicMarket,
) -> list[_Bound]:
    """Resolve the names of rules and tokens; raises ConfigError with the line of a wrong one."""
    rules = [_rules_of(settings, strategy, host) for strategy in chosen]
    try:
        with trio.fail_after(START_SECONDS):
            tokens = await market.tokens()
    except (ExchangeError, trio.TooSlowError) as cause:
        raise ExchangeError(f"the exchange does not answer: {cause}") from cause
    return [
        _Bound(strategy, _token_of(settings, strategy, tokens), rule, multiplier)
        for strategy, (rule, multiplier) in zip(chosen, rules, strict=True)
    ]


def _rules_of(
    settings: Settings, strategy: StrategySettings, host: PluginHost
) -> tuple[PricingRule, Multiplier]:
    index = settings.strategies.index(strategy)
    for key in ("pricing", "multiplier"):
        resolve = host.pricing_rule if key == "pricing" else host.multiplier
        try:
            resolve(getattr(strategy, key))
        except KeyError as cause:
            raise settings.complaint("strategies", index, key, problem=cause.args[0]) from None
    return host.pricing_rule(strategy.pricing), host.multiplier(strategy.multiplier)


def _token_of(settings: Settings, strategy: StrategySettings, tokens: Sequence[Token]) -> Token:
    index = settings.strategies.index(strategy)
    try:
        return resolve_token(tokens, strategy.target_token, strategy.chain_id)
    except TokenNotFound as cause:
        key = "target_chain" if cause.chain_is_wrong else "target_token"
        raise settings.complaint("strategies", index, key, problem=cause.problem) from None


async def _assemble(
    stack: AsyncExitStack,
    venue: Venue,
    settings: Settings,
    bound: Sequence[_Bound],
    journal: SqliteJournal,
    market: PublicMarket,
    pause: Pause,
    clock: WallClock,
    stop: Stop,
    board: Board,
) -> list[User]:
    """Open every user's account and put their trade loops together, in the configured order."""
    turnstile = Turnstile(guard=settings.limits.self_trade_guard)
    user_ids = sorted({user_id for b in bound for user_id in b.settings.user_ids})
    recorders = {user_id: Recorder(journal, user_id, clock) for user_id in user_ids}
    users = []
    for user_id, recorder in recorders.items():
        journal.users.ensure_simulated_user(user_id)
        await recorder.replay()
        credentials = venue.credentials(user_id)
        for secret in (credentials.cookie, credentials.csrftoken):
            register_secret(secret.reveal())
        account = await stack.enter_async_context(
            open_account(
                venue.net,
                venue.rest_url,
                credentials,
                pause=pause,
                clock=clock,
                settings=venue.pace,
            )
        )
        desk = Desk(
            user_id=user_id,
            exchange=account,
            market=market,
            recorder=recorder,
            router=Router(),
            turnstile=turnstile,
            stop=stop,
            limits=settings.limits,
            everyone=tuple(recorders.values()),
            settle_seconds=settings.settle_seconds or venue.settle_seconds,
        )
        feed = UserFeed(account.listen_key, venue.net, venue.order_stream_url)
        loops = [_loop(b, desk, board) for b in bound if user_id in b.settings.user_ids]
        users.append(User(desk, feed, loops))
    return users


def _loop(bound: _Bound, desk: Desk, board: Board) -> TradeLoop:
    strategy = bound.settings
    row = Row(
        user_id=desk.user_id,
        strategy_id=strategy.strategy_id,
        token=bound.token.name,
        target=strategy.target_volume,
        alpha_id=bound.token.alpha_id,
    )
    board.rows.append(row)
    return TradeLoop(desk, strategy, bound.token, bound.rule, bound.multiplier, row)


# --- what a person does to a journal at rest ------------------------------------------------------


async def reset(settings: Settings, strategy: str, user: int | None = None) -> None:
    """Set a strategy's progress back to zero for its users, or for one of them.

    Raises ConfigError for a strategy or user that the settings do not name, JournalError while
    another process owns the journal.
    """
    (chosen,) = choose(settings, [strategy])
    user_ids = [u for u in chosen.user_ids if user in (None, u)]
    if not user_ids:
        raise ConfigError(f"user {user} does not run {strategy!r}", path=settings.path)
    clock = SystemClock()
    with _journal_at_rest(settings, clock) as journal:
        for user_id in user_ids:
            journal.users.ensure_simulated_user(user_id)
            record = Reset(at_ms=clock.now_ms(), strategy_id=StrategyId(strategy))
            await journal.append(user_id, record)


async def clear(settings: Settings, user: int) -> str | None:
    """Clear a user's latch and return its reason, or None if there was none.

    Raises JournalError while another process owns the journal.
    """
    clock = SystemClock()
    with _journal_at_rest(settings, clock) as journal:
        recorder = Recorder(journal, UserId(user), clock)
        await recorder.replay()
        latched = recorder.state.latched
        if latched is not None:
            await recorder.write(Cleared(at_ms=clock.now_ms(), by="alphabot clear"))
        return latched.reason if latched else None


def _journal_at_rest(settings: Settings, clock: WallClock) -> AbstractContextManager[SqliteJournal]:
    """Open the journal of the configured venue outside a run.

    Raises ConfigError for the embedded exchange: it begins anew with every run, so there is
    nothing to change.
    """
    identity = VenueIdentity(VenueMode.SIMULATED, _hosts(settings))
    if identity.embedded:
        raise ConfigError(
            "the embedded exchange starts anew with every run; there is nothing to change",
            path=settings.path,
            key="exchange",
            hint="name an exchange by its addresses to keep its journal",
        )
    return open_journal(folder_of(settings), identity, fresh=False, clock=clock)


def _hosts(settings: Settings) -> tuple[str, ...]:
    """Return the hosts of the configured exchange, each once; none for the embedded one."""
    chosen = settings.exchange
    urls = (chosen.rest_url, chosen.order_stream_url, chosen.market_stream_url)
    return tuple(dict.fromkeys(urlsplit(url).netloc for url in urls if url))


def _first(group: BaseExceptionGroup[AlphabotError]) -> AlphabotError:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if not isinstance(error, AlphabotError):
        raise TypeError("a group of our own errors held another")
    return error
