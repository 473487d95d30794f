"""One seed, one trace: of the whole service, with and without faults, in any process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import trio

from alphabot.simulator.schedule import run_seeded
from tests.simulation.trace import trace_of

ROOT = Path(__file__).parent.parent.parent
FAULTY_SEED = 3
"""A seed under which connections are lost while trading, again and again."""


def trace_elsewhere(seed: int, *words: str, hash_seed: str) -> str:
    """Return the trace of a run in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "tests.simulation.trace", str(seed), *words],
        cwd=ROOT,
        env=os.environ | {"PYTHONHASHSEED": hash_seed},
        capture_output=True,
        check=True,
        encoding="utf-8",
    ).stdout


def test_one_seed_gives_one_trace_in_every_process() -> None:
    trace = trace_of(1)
    assert trace.count("PLACE_PAIR") >= 10
    assert trace_of(1) == trace
    for hash_seed in ("0", "4711"):
        assert trace_elsewhere(1, hash_seed=hash_seed) == trace


def test_with_faults_as_well() -> None:
    trace = trace_of(FAULTY_SEED, faults=True)
    assert trace.count("incident: ") >= 5
    assert trace_of(FAULTY_SEED, faults=True) == trace
    assert trace_elsewhere(FAULTY_SEED, "faults", hash_seed="4711") == trace
    assert trace_of(FAULTY_SEED) != trace


def test_another_seed_gives_another_trace() -> None:
    assert len({trace_of(seed) for seed in range(1, 4)}) == 3


def test_a_run_that_does_not_end_is_noticed() -> None:
    with pytest.raises(trio.TooSlowError):
        run_seeded(1, trio.sleep_forever, horizon_seconds=3600)
