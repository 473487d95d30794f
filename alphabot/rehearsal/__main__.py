"""Rehearse from a shell: ``python -m alphabot.rehearsal FIRST [COUNT]``.

One seed alone prints its world and everything that happened in it; many print a report. Exit code
0: nothing forbidden happened, and every fault, kill point, branch of recovery and refusal was met
(with --partial that is not asked); 1 otherwise; 2 where the file of --results is of another
program; 130 where Ctrl+C ended it: the report is of the worlds that were judged until then.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from alphabot.log import configure
from alphabot.rehearsal.drawing import draw_profile
from alphabot.rehearsal.kept_results import KeptResults, digest_of_program
from alphabot.rehearsal.run import rehearse
from alphabot.rehearsal.sweep import Report, Result, sweep

__all__ = ["main"]

_EVERY = 500


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the worlds that are asked for, print what came of them and return the exit code."""
    asked = _parser().parse_args(arguments)
    configure("en", sink=lambda line: None)
    if asked.count is None:
        return _one(asked.first)
    try:
        kept = KeptResults(asked.results, digest_of_program()) if asked.results else None
    except (ValueError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    seeds = [s for s in range(asked.first, asked.first + asked.count) if s not in asked.known]
    report = Report()
    interrupted = False
    try:
        for result in _results(seeds, asked.processes, kept):
            report.add(result)
            if result.violations:
                _write(f"seed {result.seed}: {result.violations[0]}")
            if asked.first_failure and report.failed:
                return 1
            if report.seeds % _EVERY == 0:
                _write(f"{report.seeds} seeds, {len(report.failed)} failed")
    except KeyboardInterrupt:
        interrupted = True
    for line in report.lines():
        _write(line)
    if interrupted:
        return 130
    missing = [] if asked.partial else report.missing()
    for name in missing:
        _write(f"never met: {name}")
    return 1 if report.failed or missing else 0


def _results(seeds: Sequence[int], processes: int, kept: KeptResults | None) -> Iterator[Result]:
    """Yield what is kept already, then what is found and kept now."""
    known = kept.known if kept is not None else {}
    yield from (known[seed] for seed in seeds if seed in known)
    for result in sweep([seed for seed in seeds if seed not in known], processes=processes):
        if kept is not None:
            kept.add(result)
        yield result


def _one(seed: int) -> int:
    profile = draw_profile(seed)
    _write(str(profile))
    outcome = rehearse(profile)
    for line in outcome.trace:
        _write(line)
    for violation in outcome.violations:
        _write(f"VIOLATION {violation}")
    return 1 if outcome.violations else 0


def _write(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m alphabot.rehearsal", description=__doc__)
    parser.add_argument("first", type=int, help="the first seed, or the only one")
    parser.add_argument("count", type=int, nargs="?", help="how many seeds")
    parser.add_argument("--processes", type=int, default=1, help="how many at a time")
    parser.add_argument("--first-failure", action="store_true", help="stop there")
    parser.add_argument("--known", type=int, action="append", default=[], help="leave this out")
    parser.add_argument(
        "--results", type=Path, help="keep each world's result in this file, and go on from there"
    )
    parser.add_argument("--partial", action="store_true", help="do not ask for every counter")
    return parser


if __name__ == "__main__":
    sys.exit(main())
