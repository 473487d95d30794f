"""Push received to next request on the wire, and CPU per round, beside the usual bot.

Three programs trade on one exchange and take turns (see :mod:`benchmarks.turns`): alphabot with its
journal on disk, the same in memory, and the bot written the usual way. A reaction is the time from
the push that a user's SELL is filled, taken before the exchange sends it, to the moment the kernel
received the last byte of that user's next placing. Both ends are taken by the exchange's process,
for all programs alike.
"""

from __future__ import annotations

from benchmarks.exchange import Plan
from benchmarks.figures import median, percentile, ratio, table
from benchmarks.processes import open_bench
from benchmarks.settings import TOKENS

__all__ = ["CASES", "measure"]

CASES = ((1, 40, 250), (50, 2, 10), (200, 1, 6))
"""Users, and how many bursts of theirs to warm up with and to measure."""
MOST_SECONDS = 40.0
"""On a slow or busy machine fewer bursts are measured."""
USUAL, DISK, MEMORY = "usual bot", "alphabot", "alphabot, journal in memory"


def measure(cases: tuple[tuple[int, int, int], ...] = CASES) -> None:
    """Print reactions and CPU per round for each number of users."""
    reactions: list[list[object]] = []
    costs: list[list[object]] = []
    for users, warm, bursts in cases:
        of, cpu_ms = _trade(users, warm, bursts)
        flat = {name: [us for burst in of[name] for us in burst] for name in of}
        lasts = {name: median([max(burst) for burst in of[name]]) for name in of}
        cpu = {name: median(cpu_ms[name]) / users for name in of}
        for name in (USUAL, DISK, MEMORY):
            figures = [percentile(flat[name], 50), percentile(flat[name], 99), lasts[name]]
            usual = [percentile(flat[USUAL], 50), percentile(flat[USUAL], 99), lasts[USUAL]]
            ratios = [ratio(ours, theirs) for ours, theirs in zip(figures, usual, strict=True)]
            times = [f"{figure / 1000:.1f}" for figure in figures]
            reactions.append([users, name, *ratios, *times])
            costs.append([users, name, ratio(cpu[name], cpu[USUAL]), f"{cpu[name]:.2f}"])
    heads = ["users", "program", "p50", "p99", "last", "p50 ms", "p99 ms", "last ms"]
    table("Push received to next request on the wire (usual bot = 1.00)", heads, reactions)
    heads = ["users", "program", "CPU", "ms a round"]
    table("CPU of the client per round (usual bot = 1.00)", heads, costs)


def _trade(
    users: int, warm: int, bursts: int
) -> tuple[dict[str, list[list[float]]], dict[str, list[float]]]:
    """Return the reactions of each burst in microseconds, and its CPU in milliseconds."""
    users_of = {
        name: list(range(first, first + users))
        for name, first in ((USUAL, 1), (DISK, 10_001), (MEMORY, 20_001))
    }
    with open_bench(Plan(users_of=users_of)) as bench:
        programs = {
            USUAL: bench.start_usual(users_of[USUAL], token=TOKENS[0]),
            DISK: bench.start_service(users_of[DISK], token=TOKENS[1]),
            MEMORY: bench.start_service(users_of[MEMORY], token=TOKENS[2], in_memory=True),
        }
        pids = {name: program.pid for name, program in programs.items()}
        answer = bench.ask("take_turns", pids=pids, warm=warm, bursts=bursts, seconds=MOST_SECONDS)
        return answer["reactions_us"], answer["cpu_ms"]
