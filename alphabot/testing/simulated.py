"""A service with one strategy on the simulated exchange, in memory and under virtual time."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import trio

from alphabot.clocks import TrioClock
from alphabot.config import Settings, loads
from alphabot.core.records import Record
from alphabot.core.values import UserId
from alphabot.runtime.board import Board, Row
from alphabot.runtime.stop import Stop
from alphabot.simulator import ExchangeSettings, MemoryNet, SimulatedExchange
from alphabot.simulator.schedule import run_seeded
from alphabot.store import memory_journal
from alphabot.testing.plugins import name_of
from alphabot.wiring import run_on, simulated_venue

__all__ = ["SimulatedRun", "simulated_world"]

USER: Final = UserId(1)
NO_CHANGE: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class SimulatedRun:
    """How a strategy ended in a simulated world, and what its journal holds."""

    ending: str
    """``reached``, ``failed`` with a ``reason``, or ``unfinished`` when its time was over."""
    reason: str
    rounds: int
    failed_rounds: int
    volume_usdt: Decimal
    """What the BUYs really cost."""
    credited: Decimal
    wear_usdt: Decimal
    """What the rounds cost: spent minus received, fees included."""
    seconds: float
    """Virtual, from start to end."""
    refusals: Mapping[str, int]
    """How often the gate refused an order, by the limit's name."""
    records: tuple[Record, ...]
    """The journal of the one user, oldest first."""


def simulated_world(
    plugin: Path | str | None = None,
    *,
    pricing: str = "percent_offset",
    multiplier: str = "divide",
    settings: str = "",
    strategy: str = "",
    token: str = "KOGE",  # noqa: S107 - a token to trade, not one to log in with
    target_volume: int = 60,
    seconds_max: float = 600.0,
    seed: int = 1,
    tables: str = "",
    market: Mapping[str, Any] = NO_CHANGE,
) -> SimulatedRun:
    """Trade one strategy until it has ended, in a moment, and return what came of it.

    ``plugin`` is the file of a plugin; ``settings`` what would stand in its ``[plugins.NAME]`` and
    ``strategy`` further keys of the strategy, ``tables`` further tables, all as TOML; ``market``
    what differs from the exchange that ships, by the names of its settings. ``seconds_max`` are
    virtual. The same seed is the same run. Raises ConfigError for what strategies.toml would not
    take.
    """
    lines = [
        "[[strategies]]",
        'strategy_id = "simulated"',
        f'target_token = "{token}"',
        'target_chain = "BSC"',
        f"target_volume = {target_volume}",
        f"user_ids = [{USER}]",
        f'pricing = "{pricing}"',
        f'multiplier = "{multiplier}"',
        strategy,
    ]
    folder = Path()
    if plugin is not None:
        file = Path(plugin).absolute()
        name = name_of(file)
        folder = file.parent.parent if file.name == "__init__.py" else file.parent
        lines += ["[plugins]", 'paths = ["."]', f'enabled = ["{name}"]']
        lines += [f"[plugins.{name}]", settings]
    read = loads("\n".join([*lines, tables]), folder / "strategies.toml")
    run = partial(_run, read, ExchangeSettings(seed=seed, **market), seconds_max)
    return run_seeded(seed, run, horizon_seconds=2 * seconds_max)


async def _run(settings: Settings, market: ExchangeSettings, seconds_max: float) -> SimulatedRun:
    clock = TrioClock()
    exchange = SimulatedExchange(market, clock)
    net = MemoryNet(exchange)
    journal = memory_journal(clock)
    board = Board()
    async with trio.open_nursery() as nursery:
        await nursery.start(net.serve)
        began = trio.current_time()
        with trio.move_on_after(seconds_max):
            await run_on(
                simulated_venue(net, net.addresses, market.seed),
                settings,
                journal=nullcontext(journal),
                clock=clock,
                stop=Stop(settings.grace_seconds),
                board=board,
            )
        seconds = trio.current_time() - began
        records = await journal.records(USER)
        nursery.cancel_scope.cancel()
    (row,) = board.rows
    return _told(row, seconds, tuple(records))


def _told(row: Row, seconds: float, records: tuple[Record, ...]) -> SimulatedRun:
    return SimulatedRun(
        ending="unfinished" if row.ending is None else row.ending.value,
        reason=row.reason,
        rounds=row.rounds,
        failed_rounds=row.failed_rounds,
        volume_usdt=row.volume_usdt,
        credited=row.credited,
        wear_usdt=row.wear_usdt,
        seconds=seconds,
        refusals=dict(row.refusals),
        records=records,
    )
