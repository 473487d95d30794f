"""Runs whose every step follows from a seed: virtual time, and a schedule that is drawn.

trio runs tasks that are ready at the same moment in an order drawn anew each time, so that nobody
comes to rely on one. Told to be deterministic it draws that order from a generator we can seed.
Both names are private to trio; ``tests/test_trio_guard.py`` fails when they move, and
``pyproject.toml`` pins the minor version. Nothing else may touch them.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Iterator, MutableSequence
from contextlib import contextmanager
from typing import Any, TypeVar, TypeVarTuple

import trio
import trio._core._run as trio_run
from trio.testing import MockClock

__all__ = ["HORIZON_SECONDS", "run_seeded"]

HORIZON_SECONDS = 7 * 86_400.0
"""Virtual seconds after which a run is taken to be stuck: without an end, its clock would jump on
for ever."""

_PRIVATE = ("_ALLOW_DETERMINISTIC_SCHEDULING", "_r")

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


def run_seeded(
    seed: int,
    main: Callable[[*Ts], Awaitable[T]],
    *args: *Ts,
    horizon_seconds: float = HORIZON_SECONDS,
    in_order: bool = False,
) -> T:
    """Run ``main`` under a virtual clock with a schedule that follows the seed; return its result.

    The same seed gives the same run, in any process, as long as ``main`` uses no threads, no
    sockets and no chance of its own. ``in_order`` draws nothing: tasks that are ready at the same
    moment run in the order in which they were started, so that one more task moves no other.
    Raises trio.TooSlowError at the horizon, and whatever ``main`` raises.
    """

    async def within_horizon() -> T:
        with trio.fail_after(horizon_seconds):
            return await main(*args)

    with _schedule(_Unmoved() if in_order else random.Random(seed)):
        return trio.run(within_horizon, clock=MockClock(autojump_threshold=0))


class _Unmoved(random.Random):
    """Leaves in its place what it is to shuffle."""

    def shuffle(self, x: MutableSequence[Any]) -> None:
        """Change nothing."""


@contextmanager
def _schedule(draws: random.Random) -> Iterator[None]:
    """Have trio draw its schedule from a generator, and leave everything as it was found."""
    before = {name: getattr(trio_run, name) for name in _PRIVATE}
    # Not by assignment: trio declares the flag final, which for everybody else it is.
    vars(trio_run).update(dict(zip(_PRIVATE, (True, draws), strict=True)))
    try:
        yield
    finally:
        vars(trio_run).update(before)
