"""How long tasks work without letting others run: what a stall of the loop is made of."""

from __future__ import annotations

import time

import trio

__all__ = ["LongestWork"]


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
