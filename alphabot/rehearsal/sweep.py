"""Many worlds over several processes, what they met together, and what none of them met."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from alphabot.rehearsal.counters import Counters, expected
from alphabot.rehearsal.drawing import draw_profile
from alphabot.rehearsal.profile import Mode
from alphabot.rehearsal.run import rehearse
from alphabot.rehearsal.workers import workers

__all__ = ["Report", "Result", "judge_seed", "sweep"]

_SEEDS_A_TASK = 5


@dataclass(frozen=True, slots=True)
class Result:
    """What is kept of one world."""

    seed: int
    mode: Mode
    violations: tuple[str, ...]
    rounds: int
    lives: int
    virtual_seconds: float
    cpu_seconds: float
    recovery_seconds: tuple[float, ...]
    counters: Counters


@dataclass(slots=True)
class Report:
    """What a sweep came to."""

    seeds: int = 0
    rounds: int = 0
    lives: int = 0
    cpu_seconds: float = 0.0
    counters: dict[Mode, Counters] = field(
        default_factory=lambda: {mode: Counters() for mode in Mode}
    )
    recovery_seconds: list[float] = field(default_factory=list)
    failed: list[Result] = field(default_factory=list)

    def add(self, result: Result) -> None:
        """Take in a world."""
        self.seeds += 1
        self.rounds += result.rounds
        self.lives += result.lives
        self.cpu_seconds += result.cpu_seconds
        self.counters[result.mode] += result.counters
        self.recovery_seconds += result.recovery_seconds
        if result.violations:
            self.failed.append(result)

    def missing(self) -> list[str]:
        """Return what no world has met: the faults in each mode, the rest in either."""
        together = Counters()
        for counters in self.counters.values():
            together += counters
        found = []
        for category, names in expected().items():
            met = together.of(category)
            found += [f"{category}: {name}" for name in names if name not in met]
        for mode, counters in self.counters.items():
            met = counters.of("fault")
            names = expected()["fault"]
            found += [f"fault in {mode}: {name}" for name in names if name not in met]
        return found

    def percentile(self, percent: int) -> float:
        """Return how long recovery took at this percentile, without the settle window."""
        times = sorted(self.recovery_seconds)
        return times[min(len(times) - 1, len(times) * percent // 100)] if times else 0.0

    def lines(self) -> Iterator[str]:
        """Yield the report for a person."""
        hour = self.seeds / self.cpu_seconds * 3600 if self.cpu_seconds else 0.0
        yield (
            f"{self.seeds} seeds, {self.rounds} rounds"
            f" ({self.rounds / max(self.seeds, 1):.1f} each), {self.lives} lives,"
            f" {self.cpu_seconds:.0f} s of CPU, {hour:.0f} seeds a core-hour"
        )
        yield (
            f"{len(self.recovery_seconds)} unknown outcomes resolved, without the settle window"
            f" p50 {self.percentile(50):.2f} s, p99 {self.percentile(99):.2f} s"
        )
        for mode, counters in self.counters.items():
            faults = counters.of("fault")
            yield f"{mode}: {len(faults)} kinds of fault, {sum(faults.values())} times"
        for category in ("kill", "recovery", "refusal", "ending", "accident"):
            counts: dict[str, int] = {}
            for counters in self.counters.values():
                for name, times in counters.of(category).items():
                    counts[name] = counts.get(name, 0) + times
            yield f"{category}: " + ", ".join(f"{name} {n}" for name, n in sorted(counts.items()))
        for result in self.failed:
            yield f"seed {result.seed} ({result.mode}): {len(result.violations)} violations"
            yield from (f"    {violation}" for violation in result.violations[:3])


def judge_seed(seed: int) -> Result:
    """Run the world of a seed and keep what a report needs; a crash is a violation as well."""
    profile = draw_profile(seed)
    began = time.process_time()
    try:
        outcome = rehearse(profile)
    except Exception as error:  # noqa: BLE001 - a sweep goes on, and names the seed
        crash = (f"crash: {error!r}"[:400],)
        cpu_seconds = time.process_time() - began
        return Result(seed, profile.mode, crash, 0, 0, 0, cpu_seconds, (), Counters())
    return Result(
        seed=seed,
        mode=profile.mode,
        violations=tuple(map(str, outcome.violations)),
        rounds=outcome.rounds,
        lives=outcome.lives,
        virtual_seconds=outcome.ended_at,
        cpu_seconds=time.process_time() - began,
        recovery_seconds=tuple(outcome.recovery_seconds),
        counters=outcome.counters,
    )


def sweep(seeds: Sequence[int], *, processes: int) -> Iterator[Result]:
    """Yield the results of many seeds, in their order, as they come in."""
    if processes <= 1:
        yield from map(judge_seed, seeds)
        return
    with workers(processes) as pool:
        yield from pool.imap(judge_seed, seeds, _SEEDS_A_TASK)
