"""What each pricing rule costs: the same seeds on three simulated markets, in virtual time.

``python -m benchmarks.pricing [--seeds N] [--volume USDT]``. The figures are of the simulated
exchange and follow from the seeds alone, so every machine prints the same table. docs/pricing.md
keeps it, and says what the market model can and cannot tell.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import trio

from alphabot.clocks import TrioClock
from alphabot.config import loads
from alphabot.core.records import Intended, Leg, Settled
from alphabot.core.values import OrderStatus, UserId
from alphabot.log import listen
from alphabot.rehearsal.workers import workers
from alphabot.runtime.board import Board, Ending
from alphabot.runtime.stop import Stop
from alphabot.simulator import ExchangeSettings, MemoryNet, SimulatedExchange
from alphabot.simulator.schedule import run_seeded
from alphabot.store import memory_journal
from alphabot.wiring import run_on, simulated_venue

__all__ = ["MARKETS", "RULES", "main", "measured", "table"]

RULES = ("percent_offset", "book_touch", "patient")
MARKETS: Mapping[str, Mapping[str, Any]] = {
    "calm": {"volatility_percent": 20},
    "thin": {"level_usdt": (2, 40), "half_spread_bp": (5, 20), "traffic_percent": 20},
    "jumpy": {"volatility_percent": 1000, "half_spread_bp": (2, 8)},
}
"""What differs from the market that ships: its price keeps still; its book holds little, is wide
and is traded on seldom; its price moves ten times as far."""
HORIZON_SECONDS = 7 * 86_400.0
_HEAD = (
    "market", "rule", "wear per 1,000 USDT", "over the seeds", "BUYs filled wholly",
    "seconds a round", "minutes per 1,000 USDT", "orders a round", "rounds",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one rule did on one market with one seed; money in USDT."""

    market: str
    rule: str
    seed: int
    ending: str
    volume_usdt: Decimal
    wear_usdt: Decimal
    rounds: int
    seconds: float
    buys: int
    filled_buys: int
    orders: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return 1 if some run did not reach its volume."""
    parser = argparse.ArgumentParser("python -m benchmarks.pricing", description=__doc__)
    parser.add_argument("--seeds", type=int, default=8, help="how many, from 1 on")
    parser.add_argument("--volume", type=int, default=1500, help="USDT that each run buys for")
    asked = parser.parse_args(arguments)
    runs = measured(range(1, asked.seeds + 1), asked.volume)
    for line in table(runs):
        print(line)
    short = [run for run in runs if run.ending != Ending.REACHED]
    for run in short:
        print(f"{run.market}, {run.rule}, seed {run.seed}: {run.ending}")
    return 1 if short else 0


def measured(seeds: Iterable[int], volume_usdt: int) -> list[Run]:
    """Return every run: each market, each rule, each seed."""
    asked = [(m, r, seed, volume_usdt) for m in MARKETS for r in RULES for seed in seeds]
    processes = min(len(asked), os.cpu_count() or 1)
    if processes == 1:
        return [_measure(each) for each in asked]
    with workers(processes) as pool:
        return list(pool.imap(_measure, asked))


def table(runs: Sequence[Run]) -> list[str]:
    """Return the runs of each market and rule together, as a table in Markdown."""
    lines = [f"| {' | '.join(_HEAD)} |", "|---|---|" + "---:|" * (len(_HEAD) - 2)]
    for market in MARKETS:
        for rule in RULES:
            same = [run for run in runs if (run.market, run.rule) == (market, rule)]
            lines.append(f"| {market} | `{rule}` | {' | '.join(_cells(same))} |")
    return lines


def _cells(runs: Sequence[Run]) -> list[str]:
    rounds = sum(run.rounds for run in runs)
    volume_usdt = sum(run.volume_usdt for run in runs)
    each = [run.wear_usdt / run.volume_usdt * 1000 for run in runs if run.volume_usdt]
    if not rounds or not volume_usdt:
        return ["-"] * (len(_HEAD) - 3) + ["0"]
    filled = sum(run.filled_buys for run in runs) / sum(run.buys for run in runs)
    seconds = sum(run.seconds for run in runs)
    return [
        f"{sum(run.wear_usdt for run in runs) / volume_usdt * 1000:.2f}",
        f"{min(each):.2f} to {max(each):.2f}",
        f"{filled:.0%}",
        f"{seconds / rounds:.1f}",
        f"{seconds / 60 / float(volume_usdt) * 1000:.1f}",
        f"{sum(run.orders for run in runs) / rounds:.2f}",
        str(rounds),
    ]


def _measure(asked: tuple[str, str, int, int]) -> Run:
    listen(lambda key, fields: False)
    try:
        return run_seeded(asked[2], partial(_run, *asked), horizon_seconds=2 * HORIZON_SECONDS)
    finally:
        listen(None)


async def _run(market: str, rule: str, seed: int, volume_usdt: int) -> Run:
    clock = TrioClock()
    settings = loads(_configuration(rule, volume_usdt), Path("pricing.toml"))
    exchange = SimulatedExchange(ExchangeSettings(seed=seed, **MARKETS[market]), clock)
    net = MemoryNet(exchange)
    journal, board = memory_journal(clock), Board()
    async with trio.open_nursery() as nursery:
        await nursery.start(net.serve)
        began = trio.current_time()
        with trio.move_on_after(HORIZON_SECONDS):
            await run_on(
                simulated_venue(net, net.addresses, seed),
                settings,
                journal=nullcontext(journal),
                clock=clock,
                stop=Stop(settings.grace_seconds),
                board=board,
            )
        seconds = trio.current_time() - began
        records = await journal.records(UserId(1))
        nursery.cancel_scope.cancel()
    (row,) = board.rows
    buys = [r for r in records if isinstance(r, Settled) and r.leg is Leg.WORKING]
    return Run(
        market=market,
        rule=rule,
        seed=seed,
        ending=str(row.ending),
        volume_usdt=row.volume_usdt,
        wear_usdt=row.wear_usdt,
        rounds=row.rounds,
        seconds=seconds,
        buys=len(buys),
        filled_buys=sum(r.status is OrderStatus.FILLED for r in buys),
        orders=sum(isinstance(r, Intended) for r in records),
    )


def _configuration(rule: str, volume_usdt: int) -> str:
    """Return the shipped settings for one user, but that nothing ends a long day early."""
    return f"""
[global_settings]
pricing = "{rule}"
multiplier = "flat"
[limits]
max_daily_loss_usdt = 1000
max_consecutive_failures = 1000
[[strategies]]
strategy_id = "measured"
target_token = "KOGE"
target_chain = "BSC"
target_volume = {volume_usdt}
user_ids = [1]
"""


if __name__ == "__main__":
    sys.exit(main())
