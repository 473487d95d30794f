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
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from alphabot.core.records import Intended, Leg, Settled
from alphabot.core.values import OrderStatus
from alphabot.log import listen
from alphabot.rehearsal.workers import workers
from alphabot.runtime.board import Ending
from alphabot.testing import simulated_world

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
PATIENT_LIMITS = """
[limits]
max_daily_loss_usdt = 1000
max_consecutive_failures = 1000
"""
"""Beside the shipped settings: nothing ends a long day early."""
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
    market, rule, seed, volume_usdt = asked
    listen(lambda key, fields: False)
    try:
        run = simulated_world(
            pricing=rule,
            multiplier="flat",
            tables=PATIENT_LIMITS,
            market=MARKETS[market],
            target_volume=volume_usdt,
            seconds_max=HORIZON_SECONDS,
            seed=seed,
        )
    finally:
        listen(None)
    buys = [r for r in run.records if isinstance(r, Settled) and r.leg is Leg.WORKING]
    return Run(
        market=market,
        rule=rule,
        seed=seed,
        ending=run.ending,
        volume_usdt=run.volume_usdt,
        wear_usdt=run.wear_usdt,
        rounds=run.rounds,
        seconds=run.seconds,
        buys=len(buys),
        filled_buys=sum(r.status is OrderStatus.FILLED for r in buys),
        orders=sum(isinstance(r, Intended) for r in run.records),
    )


if __name__ == "__main__":
    sys.exit(main())
