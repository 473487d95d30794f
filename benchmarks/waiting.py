"""One user whose order rests at the exchange: memory and CPU, with nothing to do but listen.

The exchange moves its prices four times a second and says so on the market stream, which is all
that happens meanwhile.
"""

from __future__ import annotations

import os
import pty
import time

from benchmarks.exchange import Plan
from benchmarks.figures import ratio, table
from benchmarks.machine import cpu_ns, rss_kb
from benchmarks.processes import open_bench
from benchmarks.settings import TOKENS

__all__ = ["NEVER_MS", "WINDOW_SECONDS", "measure"]

WINDOW_SECONDS = 15.0
NEVER_MS = 86_400_000
"""An order that fills after this rests for as long as anything is measured."""
MIB = 1024


def measure(window_seconds: float = WINDOW_SECONDS) -> None:
    """Print memory and CPU of alphabot, in a pipe and on a terminal, and of the usual bot."""
    ours, theirs = pty.openpty()
    with open_bench(Plan(fill_delay_ms=NEVER_MS)) as bench:
        programs = {
            "usual bot": bench.start_usual([1], token=TOKENS[0]),
            "alphabot": bench.start_alphabot([2], token=TOKENS[1]),
            "alphabot, on a terminal": bench.start_alphabot([3], token=TOKENS[2], terminal=theirs),
        }
        bench.ask("users_placed", count=len(programs))
        # What a start leaves to be done, and the first of the reads that come every half minute.
        time.sleep(1)
        before_ns = {name: cpu_ns(program.pid) for name, program in programs.items()}
        _read_for(ours, window_seconds)
        rows = []
        for name, program in programs.items():
            busy_ns = cpu_ns(program.pid) - before_ns[name]
            rows.append((name, rss_kb(program.pid) / MIB, busy_ns / window_seconds / 1e7))
    os.close(ours)
    os.close(theirs)
    usual = rows[0]
    table(
        f"One user waiting, {window_seconds:g} s (usual bot = 1.00)",
        ["program", "memory", "CPU", "RSS MiB", "CPU %"],
        [
            [name, ratio(rss, usual[1]), ratio(cpu, usual[2]), f"{rss:.1f}", f"{cpu:.2f}"]
            for name, rss, cpu in rows
        ],
    )


def _read_for(terminal: int, seconds: float) -> None:
    """Read what is drawn, or a full terminal would stop who draws."""
    ends_at = time.monotonic() + seconds
    os.set_blocking(terminal, False)
    while time.monotonic() < ends_at:
        try:
            os.read(terminal, 65_536)
        except BlockingIOError:
            time.sleep(0.05)
