"""A whole service against the simulated exchange, in memory and under the virtual clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

import trio

from alphabot.clocks import TrioClock
from alphabot.config import Settings, loads
from alphabot.core.records import Record
from alphabot.core.values import StrategyId, UserId
from alphabot.ports import WallClock
from alphabot.runtime.board import Board, Row
from alphabot.runtime.stop import Stop
from alphabot.simulator import ExchangeSettings, MemoryNet, SimulatedExchange
from alphabot.simulator.misbehaviour import Misbehaviour
from alphabot.store import SqliteJournal, memory_journal
from alphabot.wiring import Steering, Venue, run_on, simulated_venue

__all__ = ["TWO_USERS", "World", "open_world", "seen", "settings_of"]

TWO_USERS = """
[exchange]
mode = "simulated"

[global_settings]
order_timeout_seconds = 60

[[strategies]]
strategy_id = "koge"
target_token = "KOGE"
target_chain = "BSC"
target_volume = 100
user_ids = [1]

[[strategies]]
strategy_id = "aop"
target_token = "AOP"
target_chain = "BSC"
target_volume = 20
user_ids = [1, 2]
"""


def settings_of(
    text: str = TWO_USERS, *, limits: str = "", koge: str = "", aop: str = ""
) -> Settings:
    """Return the settings of a configuration text with these lines filled in."""
    text = text.replace("{limits}", limits).replace("{koge}", koge).replace("{aop}", aop)
    return loads(text, Path("strategies.toml"))


@dataclass
class World:
    """One exchange that outlives the services run against it, and one journal that does too."""

    exchange: SimulatedExchange
    net: MemoryNet
    clock: TrioClock
    journal: SqliteJournal
    board: Board = field(default_factory=Board)
    stop: Stop = field(default_factory=lambda: Stop(grace_seconds=30))

    async def run(
        self,
        settings: Settings | None = None,
        venue: Venue | None = None,
        clock: WallClock | None = None,
        steering: Steering | None = None,
    ) -> Board:
        """Run a service until every strategy has ended, and return its board."""
        settings = settings or settings_of()
        self.board = Board()
        await run_on(
            venue or self.venue(),
            settings,
            only=(),
            journal=nullcontext(self.journal),
            clock=clock or self.clock,
            stop=self.stop,
            board=self.board,
            steering=steering,
        )
        return self.board

    def venue(self) -> Venue:
        """Return the exchange as the client reaches it."""
        return simulated_venue(self.net, self.net.addresses, self.exchange.settings.seed)

    def killed(self) -> None:
        """Let the journal go the way it goes when its process is killed."""
        self.journal = memory_journal(self.clock, after=self.journal)
        self.stop = Stop(grace_seconds=30)

    def row(self, user_id: int, strategy_id: str) -> Row:
        """Return a row of the last run's board."""
        return self.board.row(UserId(user_id), StrategyId(strategy_id))

    async def records(self, user_id: int) -> list[Record]:
        """Return what the journal holds of a user."""
        return list(await self.journal.records(UserId(user_id)))


async def seen(condition: Callable[[], bool]) -> None:
    """Return once a condition holds; under the virtual clock looking again costs nothing."""
    while not condition():  # noqa: ASYNC110 - the exchange's ledger has no event to wait for
        await trio.sleep(0.01)


@asynccontextmanager
async def open_world(
    settings: ExchangeSettings | None = None,
    plan: Misbehaviour | None = None,
    *,
    start_ms: int = 1_800_000_000_000,
    step_ms: int = 1000,
) -> AsyncIterator[World]:
    """Open an exchange and an empty journal at a wall time; the exchange closes at the end.

    Its market moves once a second: each move is heard by every client, and is most of what a
    world that waits has to do.
    """
    clock = TrioClock(start_ms)
    market = replace(settings or ExchangeSettings(), step_ms=step_ms)
    exchange = SimulatedExchange(market, clock, plan)
    net = MemoryNet(exchange)
    async with trio.open_nursery() as nursery:
        await nursery.start(net.serve)
        yield World(exchange, net, clock, memory_journal(clock))
        nursery.cancel_scope.cancel()
