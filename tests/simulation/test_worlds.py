"""Two hundred worlds with faults, kills and restarts, of which nothing forbidden may be seen.

A seed that fails is shown with all that happened in it by ``just simulate SEED``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from alphabot.rehearsal.counters import Counters, expected
from alphabot.rehearsal.drawing import draw_profile
from alphabot.rehearsal.life import KillPoint
from alphabot.rehearsal.profile import Mode
from alphabot.rehearsal.run import rehearse
from alphabot.rehearsal.sweep import Report, sweep

ROOT = Path(__file__).parent.parent.parent
SEEDS = range(200)
KINDS_MIN = 40
"""Of faults, in each mode."""
SURE = {
    "recovery": {
        "buy.timeout",
        "cancel.sent",
        "cleared",
        "leftover.sold",
        "plugin.failed",
        "reconcile.absent",
        "reconcile.matched",
        "reconcile.orphan",
        "reconcile.settled",
        "request.not_sent",
        "request.refused",
        "request.unknown",
        "stream.back",
        "user.latched",
    },
    "refusal": {
        "max_consecutive_failures",
        "max_price_age_seconds",
        "max_rounds",
        "max_spread_bp",
        "price_collar_percent",
        "self_trade_guard",
        "symbol_trading",
    },
}
"""What so few seeds reach whatever else changes; a sweep asks for everything."""


@pytest.fixture(scope="module")
def report() -> Report:
    """Run the worlds once, beside each other."""
    report = Report()
    for result in sweep(SEEDS, processes=min(4, os.cpu_count() or 1)):
        report.add(result)
    return report


def test_nothing_forbidden_happens(report: Report) -> None:
    assert report.seeds == len(SEEDS)
    failed = {result.seed: result.violations[:3] for result in report.failed}
    assert failed == {}


def test_worlds_are_worth_the_name(report: Report) -> None:
    assert report.rounds >= 5 * len(SEEDS)
    for mode in Mode:
        assert len(report.counters[mode].of("fault")) >= KINDS_MIN
    together = Counters()
    for counters in report.counters.values():
        together += counters
    assert together.of("kill").keys() == set(KillPoint)
    for category, names in SURE.items():
        assert names <= together.of(category).keys()
        assert names <= set(expected()[category])


def test_a_world_is_the_same_in_every_process() -> None:
    for seed in (2, 5):
        outcome = rehearse(draw_profile(seed))
        trace = "\n".join([str(draw_profile(seed)), *outcome.trace])
        assert len(outcome.trace) > 50
        assert rehearse(draw_profile(seed)).trace == outcome.trace
        for hash_seed in ("0", "4711"):
            assert shown_elsewhere(seed, hash_seed).startswith(trace)


def shown_elsewhere(seed: int, hash_seed: str) -> str:
    """Return what ``just simulate SEED`` prints, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "alphabot.rehearsal", str(seed)],
        cwd=ROOT,
        env=os.environ | {"PYTHONHASHSEED": hash_seed},
        capture_output=True,
        check=False,
        encoding="utf-8",
    ).stdout


def test_another_seed_is_another_world() -> None:
    assert len({str(draw_profile(seed)) for seed in range(300)}) == 300


def test_half_of_the_worlds_must_come_to_an_end() -> None:
    modes = [draw_profile(seed).mode for seed in range(100)]
    assert modes.count(Mode.LIVENESS) == 50
    assert draw_profile(2, Mode.LIVENESS).mode is Mode.LIVENESS


def test_a_zero_is_named() -> None:
    report = Report()
    missing = report.missing()
    assert f"kill: {KillPoint.K5}" in missing
    assert "refusal: unknown_outcome" in missing
    assert "fault in liveness: answer lost" in missing
