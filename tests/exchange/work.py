"""How long tasks work without letting others run: what a stall of the loop is made of."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager

import trio

__all__ = ["LongestWork", "own_garbage_alone"]


@contextmanager
def own_garbage_alone() -> Iterator[None]:
    """Have garbage collected among what is made meanwhile, and nowhere else.

    Looking through everything that thousands of other tests have left took 200 ms; the process
    that is meant has none of it.
    """
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


class LongestWork(trio.abc.Instrument):
    """Notes the most CPU time of this thread that any task took between two checkpoints."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.task = ""
        self._began = 0.0

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        self._began = time.thread_time()

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        took = time.thread_time() - self._began
        if took > self.seconds:
            self.seconds, self.task = took, task.name
