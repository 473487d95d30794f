"""From a profile to an outcome: one world, run to its end and judged."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

import trio

from alphabot.clocks import TrioClock
from alphabot.log import listen
from alphabot.rehearsal import closing, opening
from alphabot.rehearsal.counters import Counters
from alphabot.rehearsal.profile import Profile
from alphabot.rehearsal.referee import Violation
from alphabot.simulator.schedule import run_seeded

__all__ = ["HORIZON_SECONDS", "Outcome", "rehearse"]

HORIZON_SECONDS = 6 * 3600.0
"""Virtual; no world lasts so long."""


@dataclass(slots=True)
class Outcome:
    """What became of a world."""

    profile: Profile
    violations: list[Violation]
    counters: Counters
    rounds: int
    lives: int
    ended_at: float
    recovery_seconds: list[float] = field(default_factory=list)
    """How long each unknown outcome took to be resolved, without the settle window."""
    trace: list[str] = field(default_factory=list)


def rehearse(profile: Profile, *, verbose: bool = False) -> Outcome:
    """Run a world to its end and judge it."""
    return run_seeded(
        profile.seed, partial(_run, profile, verbose), horizon_seconds=HORIZON_SECONDS
    )


async def _run(profile: Profile, verbose: bool) -> Outcome:
    async with opening.open_world(profile, TrioClock(), verbose=verbose) as world:
        listen(world.hear)
        try:
            await world.run()
        finally:
            listen(None)
        await closing.judge(world)
        opening.count_faults(world)
        rounds = sum(
            1 for order in world.referee.stakes.ours() if world.referee.stakes.is_working(order)
        )
        return Outcome(
            profile=profile,
            violations=world.referee.violations,
            counters=world.counters,
            rounds=rounds,
            lives=world.lives,
            ended_at=trio.current_time() - world.began_at,
            recovery_seconds=world.recovery_seconds,
            trace=world.lines,
        )
