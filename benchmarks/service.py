"""alphabot's whole service on an exchange elsewhere: no command line, and no pace of its own.

``alphabot run`` asks a simulated exchange for at most 20 things a second and user; that would be
measured instead of the program. Everything else is as it runs: journal, gate, log lines, streams.
Started with a :class:`Plan` as JSON.
"""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import trio

from alphabot.clocks import SystemClock
from alphabot.config import load
from alphabot.exchange.account import AccountSettings
from alphabot.log import configure
from alphabot.runtime.board import Board
from alphabot.runtime.stop import Stop
from alphabot.store import memory_journal, open_journal
from alphabot.wiring import run_on
from alphabot.wiring.venues import folder_of, open_venue
from benchmarks.stamped import now_ns

__all__ = ["Plan", "serve"]

UNPACED = AccountSettings(requests_per_second=1e6, request_burst=1_000_000)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to run: a configuration, and whether its journal is on disk or in memory.

    With ``stop_after_seconds`` a stop is requested, and the time of it is a line of the output.
    """

    config: str
    in_memory: bool = False
    stop_after_seconds: float = 0


async def serve(plan: Plan) -> None:
    """Run the service until it has stopped."""
    settings, clock = load(Path(plan.config)), SystemClock()
    configure("en")
    stop = Stop(settings.grace_seconds)
    async with open_venue(settings, clock, None) as venue, trio.open_nursery() as nursery:
        if plan.stop_after_seconds:
            nursery.start_soon(_stop_later, stop, plan.stop_after_seconds)
        on_disk = open_journal(folder_of(settings), venue.identity, fresh=False, clock=clock)
        await run_on(
            replace(venue, pace=UNPACED),
            settings,
            journal=nullcontext(memory_journal(clock)) if plan.in_memory else on_disk,
            clock=clock,
            stop=stop,
            board=Board(),
        )


async def _stop_later(stop: Stop, seconds: float) -> None:
    await trio.sleep(seconds)
    print(f"asked to stop at {now_ns()}")
    stop.request()


if __name__ == "__main__":
    trio.run(serve, Plan(**json.loads(sys.argv[1])))
