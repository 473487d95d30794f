"""From a stop to the last order that still leaves, and to the end of the process.

The users trade without a pause when the stop comes. A round under way is finished (that is what
the first Ctrl+C means), and the exchange fills within milliseconds, so the end of the process is
the end of those rounds, the exchange's own count for the final table, and Python's own farewell.
"""

from __future__ import annotations

import re
import signal
import time

from benchmarks.exchange import Plan
from benchmarks.figures import median, table
from benchmarks.processes import Bench, open_bench
from benchmarks.stamped import now_ns

__all__ = ["CASES", "measure"]

CASES = ((1, 4), (50, 4))
"""Users, and how often they are stopped in each way."""
STARTING_SECONDS = 1.5
TRADING_SECONDS = 1.0
PATIENCE_SECONDS = 60.0


def measure(cases: tuple[tuple[int, int], ...] = CASES) -> None:
    """Print how long orders still left and how long the process lived after a stop."""
    rows = []
    for users, times in cases:
        with open_bench(Plan()) as bench:
            for name, stop in (("SIGINT", _by_signal), ("Stop.request", _in_process)):
                stops = [stop(bench, users) for _ in range(times)]
                last, end = [last for last, _ in stops], [end for _, end in stops]
                row = [median(last), max(last), median(end), max(end)]
                rows.append([users, name, *(f"{ms:.0f}" for ms in row)])
    heads = ["users", "stop", "last order ms", "at most", "end ms", "at most"]
    table("From a stop to the last order on the wire, and to the end of the process", heads, rows)


def _by_signal(bench: Bench, users: int) -> tuple[float, float]:
    """Return the milliseconds to the last order and to the end, after a Ctrl+C."""
    bench.ask("forget")
    program = bench.start_alphabot(list(range(1, users + 1)))
    bench.ask("users_placed", count=users)
    time.sleep(TRADING_SECONDS)
    asked_ns = now_ns()
    program.send_signal(signal.SIGINT)
    program.wait(PATIENCE_SECONDS)
    return _since(bench, asked_ns, now_ns())


def _in_process(bench: Bench, users: int) -> tuple[float, float]:
    """Return the same after a Stop.request() inside the process."""
    seconds = STARTING_SECONDS + TRADING_SECONDS
    program = bench.start_service(list(range(1, users + 1)), stop_after_seconds=seconds)
    program.wait(PATIENCE_SECONDS)
    ended_ns = now_ns()
    asked = re.search(r"asked to stop at (\d+)", bench.log_of(program))
    if asked is None:
        raise RuntimeError("the service ended by itself")
    return _since(bench, int(asked[1]), ended_ns)


def _since(bench: Bench, asked_ns: int, ended_ns: int) -> tuple[float, float]:
    last_ns = bench.ask("placings", since_ns=asked_ns)["last_ns"]
    return max(0, last_ns - asked_ns) / 1e6, (ended_ns - asked_ns) / 1e6
