"""The real process, killed at random moments while it trades, and started again.

The exchange runs in a process of its own and lives through it; it is the judge.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.cli.processes import alphabot
from tests.kill.judge import Counts, check, histories
from tests.kill.processes import (
    SETTLE_SECONDS,
    Exchange,
    Starter,
    Way,
    exchange,
    finish,
    starter,
    write_config,
)

pytestmark = pytest.mark.outside

CONNECTED, PLACED, SUCCEEDED = "WebSocket connection", "OTO pair placed", "Trade succeeded"
MOMENTS = [(CONNECTED, 0.1), (PLACED, 0.03), (PLACED, 0.2), (PLACED, 1), (SUCCEEDED, 0.04)]
"""After which line to kill, and within how many seconds: while it finds out what became of the
life before, in the first rounds, later, and most often where the next order is about to leave."""
WEIGHTS = [2, 1, 2, 1, 6]
EVERYBODY = {"koge": ("KOGE", [1]), "aop": ("AOP", [1, 2])}
ALONE = {"koge": ("KOGE", [1])}
TARGET = 1_000_000
KILLS = 20


@dataclass
class Story:
    """What a row of kills came to."""

    kills: int = 0
    seconds: float = 0.0
    recoveries: list[float] = field(default_factory=list)
    """From the start of a process to its first new order."""
    without_settling: list[float] = field(default_factory=list)
    """The same, less the settle window where an order had to be proven absent."""
    counts: Counts = field(default_factory=Counts)

    def add(self, other: Story) -> None:
        """Take in what another row came to."""
        self.kills += other.kills
        self.seconds += other.seconds
        self.recoveries += other.recoveries
        self.without_settling += other.without_settling
        for name, count in vars(other.counts).items():
            setattr(self.counts, name, getattr(self.counts, name) + count)


def kill_again_and_again(
    venue: Exchange, starting: Starter, folder: Path, draw: random.Random, kills: int
) -> Story:
    """Kill and start again; the moments are spread over reconciling and the first rounds."""
    story = Story(kills=kills)
    began = time.monotonic()
    for _ in range(kills):
        life = starting.start(folder, venue)
        after, seconds = draw.choices(MOMENTS, WEIGHTS)[0]
        if after != CONNECTED:
            assert life.until(PLACED), life.said + life.errors
            _note_recovery(story, life.began, life.said)
        if after != PLACED:
            assert life.until(after), life.said + life.errors
        life.live_on(draw.uniform(0, seconds))
        assert life.is_alive, life.said + life.errors
        life.kill()
        assert life.end() == -9
    story.seconds = time.monotonic() - began
    finish(starting, folder, venue)
    exported = alphabot("journal", "export", cwd=folder)
    assert (exported.returncode, exported.stderr) == (0, "")
    story.counts = check(venue.report(), histories(exported.stdout))
    return story


def _note_recovery(story: Story, began: float, said: str) -> None:
    seconds = time.monotonic() - began
    story.recoveries.append(seconds)
    settled = SETTLE_SECONDS if "proven not to exist" in said else 0
    story.without_settling.append(seconds - settled)


def tell(story: Story, way: str) -> None:
    """Say what was measured, for whoever reads along with ``-s``."""
    parts = [
        f"{story.kills} kills ({way}) in {story.seconds:.1f} s",
        f"{story.seconds / story.kills:.2f} s each",
        f"{story.counts.rounds} orders placed, {story.counts.left_unknown} left unknown:"
        f" {story.counts.found} found, {story.counts.proven_absent} proven absent",
    ]
    for name, figures in (
        ("start to first new order", story.recoveries),
        ("the same without the settle window", story.without_settling),
    ):
        if len(figures) > 1:
            cuts = statistics.quantiles(figures, n=100, method="inclusive")
            parts.append(f"{name}: p50 {cuts[49]:.2f} s, p99 {cuts[98]:.2f} s")
    sys.stdout.write("\n" + "\n  ".join(parts) + "\n")
    sys.stdout.flush()


def run_batch(
    folder: Path,
    way: Way,
    seed: int,
    kills: int,
    strategies: dict[str, tuple[str, list[int]]],
    *,
    lag_ms: int = 0,
) -> Story:
    """Kill a service on an exchange and a journal of their own."""
    with exchange(seed, lag_ms) as venue, starter(way) as starting:
        write_config(folder, venue, TARGET, strategies)
        story = kill_again_and_again(venue, starting, folder, random.Random(seed), kills)
    tell(story, way)
    return story


@pytest.mark.ceiling(300)
def test_nothing_is_lost_or_doubled_however_often_it_is_killed(tmp_path: Path) -> None:
    story = run_batch(tmp_path, "fork", 1, KILLS, EVERYBODY)
    assert story.counts.rounds > KILLS


@pytest.mark.kill
@pytest.mark.ceiling(3600)
def test_three_hundred_kills_of_the_program_as_it_is_started(tmp_path: Path) -> None:
    batches = int(os.environ.get("KILLS", "300")) // KILLS
    alone, together = Story(), Story()
    for seed in range(100, 100 + batches):
        # One user alone shows how long that user takes to recover; of several somebody is early.
        strategies, total = (ALONE, alone) if seed % 2 else (EVERYBODY, together)
        # Some exchanges show their orders late, so that a first look proves nothing.
        lag_ms = seed // 2 % 2 * 150
        folder = tmp_path / str(seed)
        total.add(run_batch(folder, "exec", seed, KILLS, strategies, lag_ms=lag_ms))
    tell(alone, "exec, one user")
    tell(together, "exec, two users and three strategies")
    assert alone.kills + together.kills == batches * KILLS
    # What a kill can leave behind has each come about, so each was judged.
    assert alone.counts.found + together.counts.found > 0
    assert alone.counts.proven_absent + together.counts.proven_absent > 0
