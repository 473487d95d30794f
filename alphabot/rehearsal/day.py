"""A day of somebody's own configuration: what it would trade, take and cost, seed by seed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from functools import partial
from pathlib import Path

import trio

from alphabot.clocks import TrioClock
from alphabot.config import NoticeSettings, Settings, load
from alphabot.rehearsal.net_faults import WorldFaults
from alphabot.rehearsal.workers import workers
from alphabot.runtime.board import Board
from alphabot.runtime.stop import Stop
from alphabot.simulator import ExchangeSettings, MemoryNet, SimulatedExchange
from alphabot.simulator.faults import FaultKind
from alphabot.simulator.faulty_net import open_faulty_net
from alphabot.simulator.misdeeds import DrawnMisbehaviour, PushFault
from alphabot.simulator.schedule import run_seeded
from alphabot.store import memory_journal
from alphabot.wiring import run_on, simulated_venue
from alphabot.wiring.unwrapping import unwrapped

__all__ = ["DAY_SECONDS", "Day", "FaultLevel", "Stretch", "rehearse_days"]

DAY_SECONDS = 86_400.0
_STEP_MS = 1000
"""The exchange of a day moves its prices once a second: a quarter of the work, the same fills."""
_HELD_SECONDS_MAX = 3.5


class FaultLevel(StrEnum):
    """How much goes wrong."""

    NONE = "none"
    FEW = "few"
    MANY = "many"


_PERMILLE: dict[FaultLevel, dict[str, float]] = {
    FaultLevel.NONE: {},
    FaultLevel.FEW: {
        "gateway page, not done": 2,
        "gateway page, done": 1,
        "late answer": 2,
        "answer lost": 5,
        PushFault.LOST: 10,
        PushFault.TWICE: 20,
    },
    FaultLevel.MANY: {
        "gateway page, not done": 15,
        "gateway page, done": 8,
        "429 with Retry-After": 2,
        "late answer": 8,
        "answer lost": 30,
        "request never left": 30,
        PushFault.LOST: 100,
        PushFault.LATE: 100,
        PushFault.TWICE: 100,
    },
}
_PERCENT: dict[FaultLevel, dict[FaultKind, float]] = {
    FaultLevel.NONE: {},
    FaultLevel.FEW: {FaultKind.RESET: 1, FaultKind.REFUSED: 1},
    FaultLevel.MANY: {FaultKind.RESET: 6, FaultKind.REFUSED: 5, FaultKind.STALLED: 3},
}


@dataclass(frozen=True, slots=True)
class Stretch:
    """What one strategy of one user did in a day; amounts in USDT."""

    user_id: int
    strategy_id: str
    token: str
    target: Decimal
    credited: Decimal
    volume_usdt: Decimal
    rounds: int
    seconds: float
    wear_usdt: Decimal
    leftover_cost_usdt: Decimal
    ending: str


@dataclass(frozen=True, slots=True)
class Day:
    """A seed's day."""

    seed: int
    stretches: tuple[Stretch, ...]
    incidents: int
    """How many faults struck."""


def rehearse_days(
    config: Path,
    only: Sequence[str],
    level: FaultLevel,
    seeds: Sequence[int],
    *,
    no_plugins: bool = False,
) -> Iterator[Day]:
    """Yield the days of these seeds, in their order, as they come in; several run at a time."""
    day = partial(_day, config, tuple(only), level, no_plugins)
    processes = min(len(seeds), os.cpu_count() or 1)
    if processes == 1:
        yield from map(day, seeds)
        return
    with workers(processes) as pool:
        yield from pool.imap(day, seeds)


def _day(config: Path, only: Sequence[str], level: FaultLevel, no_plugins: bool, seed: int) -> Day:
    from alphabot.log import listen

    listen(lambda key, fields: False)
    settings = load(config)
    try:
        run = partial(
            _run, settings.without_plugins() if no_plugins else settings, only, level, seed
        )
        return run_seeded(seed, run, horizon_seconds=2 * DAY_SECONDS)
    finally:
        listen(None)


async def _run(settings: Settings, only: Sequence[str], level: FaultLevel, seed: int) -> Day:
    clock = TrioClock()
    misbehaviour = DrawnMisbehaviour(seed, _PERMILLE[level])
    exchange = SimulatedExchange(ExchangeSettings(seed=seed, step_ms=_STEP_MS), clock, misbehaviour)
    memory = MemoryNet(exchange)
    faults = WorldFaults(
        seed,
        percent=_PERCENT[level],
        permille=_PERMILLE[level],
        rest_port=80,
        held_seconds_max=_HELD_SECONDS_MAX,
    )
    board = Board()
    ended_at: dict[int, float] = {}
    async with trio.open_nursery() as nursery:
        addresses = await nursery.start(memory.serve)
        async with open_faulty_net(memory, faults) as net:
            nursery.start_soon(_watch, board, ended_at)
            with unwrapped(), trio.move_on_after(DAY_SECONDS):
                await run_on(
                    simulated_venue(net, addresses, seed),
                    # Nobody is told of a day that is not.
                    replace(settings, notices=NoticeSettings()),
                    only=only,
                    journal=nullcontext(memory_journal(clock)),
                    clock=clock,
                    stop=Stop(settings.grace_seconds),
                    board=board,
                )
            struck = len(net.incidents) + len(misbehaviour.misdeeds) + faults.counts.total()
        now = trio.current_time()
        nursery.cancel_scope.cancel()
    stretches = tuple(
        Stretch(
            user_id=row.user_id,
            strategy_id=row.strategy_id,
            token=row.token,
            target=row.target,
            credited=row.credited,
            volume_usdt=row.volume_usdt,
            rounds=row.rounds,
            seconds=ended_at.get(id(row), now),
            wear_usdt=row.wear_usdt,
            leftover_cost_usdt=row.leftover_cost_usdt,
            ending=str(row.ending or "day over"),
        )
        for row in board.rows
    )
    return Day(seed, stretches, struck)


async def _watch(board: Board, ended_at: dict[int, float]) -> None:
    """Note when each strategy came to its end."""
    while True:
        await trio.sleep(1)
        for row in board.rows:
            if row.ending is not None:
                ended_at.setdefault(id(row), trio.current_time())
