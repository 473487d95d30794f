"""How a world is put together, calmed down, and counted."""

from __future__ import annotations

import sys
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import apsw
import trio

from alphabot.config import loads
from alphabot.core.limit_values import Limits
from alphabot.errors import JournalError
from alphabot.ports import WallClock
from alphabot.rehearsal.clock import JumpingClock
from alphabot.rehearsal.faults import KINDS, FaultSite
from alphabot.rehearsal.hearing import Hearing
from alphabot.rehearsal.life import KillPoint
from alphabot.rehearsal.net_faults import WorldFaults
from alphabot.rehearsal.profile import Profile
from alphabot.rehearsal.referee import Referee
from alphabot.rehearsal.stakes import Rules
from alphabot.simulator import ExchangeSettings, MemoryNet, SimulatedExchange
from alphabot.simulator.addresses import addresses_of
from alphabot.simulator.faults import FaultKind
from alphabot.simulator.faulty_net import open_faulty_net
from alphabot.simulator.misdeeds import DrawnMisbehaviour
from alphabot.store import EMBEDDED, SqliteJournal, memory_journal
from alphabot.store.database import IN_MEMORY, Database
from alphabot.store.users import Users

if TYPE_CHECKING:
    from alphabot.rehearsal.world import World

__all__ = [
    "ADDRESSES",
    "REST_PORT",
    "count_faults",
    "first",
    "hearing_of",
    "open_world",
    "rules_of",
]

REST_PORT, _STREAM_PORT = 80, 8080
ADDRESSES = addresses_of("exchange.simulated", REST_PORT, _STREAM_PORT)
_SLACK_PERCENT = Decimal(4)
"""How far the price may have moved between a quote and its order, beyond the collar."""


@asynccontextmanager
async def open_world(profile: Profile, clock: WallClock, *, verbose: bool) -> AsyncIterator[World]:
    """Open an exchange with everything that will go wrong, and an empty journal."""
    from alphabot.rehearsal.world import World

    misbehaviour = DrawnMisbehaviour(profile.seed, profile.faults)
    settings = ExchangeSettings(seed=profile.seed, **profile.exchange)
    exchange = SimulatedExchange(settings, clock, misbehaviour)
    memory = MemoryNet(exchange)
    faults = WorldFaults(
        profile.seed,
        percent={FaultKind(k): v for k, v in profile.faults.items() if k in tuple(FaultKind)},
        permille=profile.faults,
        rest_port=REST_PORT,
        held_seconds_max=profile.held_seconds_max,
    )
    wall = JumpingClock(clock)
    limits = loads(profile.configuration(), Path("rehearsal.toml")).limits
    referee = Referee(exchange, rules_of(limits, exchange), profile.user_ids)
    referee.stream_required = profile.stream_required
    referee.stakes.counts_rounds = "strategy renamed" not in profile.faults
    referee.stakes.watched_collar = not _prices_lie(profile)
    async with trio.open_nursery() as nursery:
        await nursery.start(memory.serve)
        async with open_faulty_net(memory, faults) as net:
            journal, died = first_journal(profile, wall)
            world = World(
                profile, exchange, misbehaviour, faults, net, wall, journal, referee,
                _STREAM_PORT, verbose=verbose,
            )  # fmt: skip
            if died:
                world.counters.add("kill", KillPoint.K16)
            yield world
        nursery.cancel_scope.cancel()


def rules_of(limits: Limits, exchange: SimulatedExchange) -> Rules:
    """Return the figures that a configuration is judged by."""
    return Rules(
        max_exposure_usdt=limits.max_exposure_usdt,
        max_total_exposure_usdt=limits.max_total_exposure_usdt,
        max_daily_loss_usdt=limits.max_daily_loss_usdt,
        max_orders_per_minute=limits.max_orders_per_minute,
        collar_percent=limits.price_collar_percent + _SLACK_PERCENT,
        settle_seconds=max(2 * exchange.visibility_lag_ms_max / 1000, 5.0),
        max_rounds=limits.max_rounds,
        max_exit_loss_percent=limits.max_exit_loss_percent,
    )


def _prices_lie(profile: Profile) -> bool:
    """Whether some source of prices lies: then a limit is judged by what it agreed with."""
    return bool({"book a tenth above", "ticker ten times"} & profile.faults.keys())


def first_journal(profile: Profile, clock: WallClock) -> tuple[SqliteJournal, bool]:
    """Return a new journal, and whether the process died within its migration first."""
    if not any(kill.point is KillPoint.K16 for kill in profile.kills):
        return memory_journal(clock), False
    made: list[apsw.Connection] = []

    def die(connection: apsw.Connection) -> None:
        made.append(connection)
        connection.set_commit_hook(lambda: True)

    apsw.connection_hooks.append(die)
    try:
        with suppress(JournalError):
            memory_journal(clock)
    finally:
        apsw.connection_hooks.remove(die)
    connection = made[0]
    connection.set_commit_hook(None)
    database = Database(connection, IN_MEMORY)
    users = Users(database, clock, simulated=True)
    return memory_journal(clock, after=SqliteJournal(database, EMBEDDED.text, users, None)), True


def hearing_of(world: World, is_dead: Callable[[], bool]) -> Hearing:
    """Return the people whom the notifiers of a world reach."""
    return Hearing(
        is_dead=is_dead,
        is_faulty=lambda: not world.calm,
        on_fault=lambda name: world.counters.add("fault", name),
        on_notice=lambda name, notice: world.trace(f"{name} tells {notice.cause}"),
    )


def count_faults(world: World) -> None:
    """Count what the plans say has struck."""
    for incident in world.net.incidents:
        world.counters.add("fault", incident.fault.kind)
        world.trace(f"incident: {incident}")
    for misdeed in world.misbehaviour.misdeeds:
        world.counters.add("fault", misdeed.kind)
    for name, times in world.faults.counts.items():
        world.counters.add("fault", name, times)
    for name in world.profile.faults:
        if KINDS[name].site is FaultSite.WORLD:
            world.counters.add("fault", name)


def count_misdeeds_of_rules(world: World) -> None:
    """Count what the rules of the unruly plugin have done in the life that has ended."""
    unruly = sys.modules.pop("alphabot_drop_in.unruly", None)
    for name, times in getattr(unruly, "DEEDS", {}).items():
        world.counters.add("fault", name, times)


def first(error: BaseException) -> BaseException:
    """Return the first plain exception of a group, however deep."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def traceback_of(error: BaseException) -> str:
    """Return an exception's traceback as text."""
    return "".join(traceback.format_exception(error))
