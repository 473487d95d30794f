"""Many users in one process: what one more of them weighs, and how many rounds a second they get.

The exchange has a core of its own to itself at best; where it is the slower of the two, the
rounds per second are its ceiling and not ours. So the CPU of both is printed beside them.
"""

from __future__ import annotations

import time

from benchmarks.exchange import Plan
from benchmarks.figures import table
from benchmarks.machine import cpu_ns, rss_kb
from benchmarks.processes import open_bench
from benchmarks.waiting import NEVER_MS

__all__ = ["USERS", "WINDOW_SECONDS", "measure"]

USERS = 200
WINDOW_SECONDS = 8.0


def measure(users: int = USERS, window_seconds: float = WINDOW_SECONDS) -> None:
    """Print memory per additional user, and the ceiling of so many users in one process."""
    ours = _weigh(1, "service"), _weigh(users, "service")
    theirs = _weigh(1, "usual"), _weigh(users, "usual")
    rows = []
    for name, (one, many) in (("usual bot", theirs), ("alphabot", ours)):
        each = (many - one) / (users - 1)
        rows.append([name, f"{one / 1024:.1f}", f"{many / 1024:.1f}", f"{each:.0f}"])
    heads = ["program", "RSS MiB, 1 user", f"{users} users", "KiB a user"]
    table("Memory of waiting users in one process", heads, rows)
    rows = [
        ["alphabot", *_rush(users, window_seconds, in_memory=False)],
        ["alphabot, journal in memory", *_rush(users, window_seconds, in_memory=True)],
    ]
    heads = ["program", "rounds a second", "its CPU %", "the exchange's CPU %"]
    table(f"{users} users trading without a pause", heads, rows)


def _weigh(users: int, program: str) -> int:
    """Return the KiB of a process whose users all wait for an order to fill."""
    with open_bench(Plan(fill_delay_ms=NEVER_MS)) as bench:
        start = bench.start_service if program == "service" else bench.start_usual
        pid = start(list(range(1, users + 1))).pid
        bench.ask("users_placed", count=users)
        time.sleep(1)
        return rss_kb(pid)


def _rush(users: int, seconds: float, *, in_memory: bool) -> list[str]:
    with open_bench(Plan()) as bench:
        pid = bench.start_service(list(range(1, users + 1)), in_memory=in_memory).pid
        bench.ask("users_placed", count=users)
        time.sleep(1)
        since_ns = time.time_ns()
        before = cpu_ns(pid), cpu_ns(bench.exchange_pid)
        time.sleep(seconds)
        after = cpu_ns(pid), cpu_ns(bench.exchange_pid)
        count = bench.ask("placings", since_ns=since_ns)["count"]
        busy = [(end - begin) / seconds / 1e7 for begin, end in zip(before, after, strict=True)]
        return [f"{count / seconds:.0f}", *(f"{percent:.0f}" for percent in busy)]
