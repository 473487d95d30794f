"""Processes that rehearse side by side."""

from __future__ import annotations

import gc
import multiprocessing
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.pool import Pool

from alphabot.log import configure

__all__ = ["workers"]


@contextmanager
def workers(processes: int) -> Iterator[Pool]:
    """Open so many processes; whatever they are at is ended with this block."""
    # A fresh interpreter each: trio's run and the log are a process's own.
    with multiprocessing.get_context("spawn").Pool(processes, _begin) as pool:
        yield pool


_GARBAGE_AFTER = 20_000
"""Containers made between two looks for garbage; a world makes a few hundred thousand."""


def _begin() -> None:
    """Leave Ctrl+C to the process that started us, say nothing, and look less for garbage.

    What was imported stays until the end: not looking at it saves a tenth of a sweep's time.
    """
    gc.freeze()
    gc.set_threshold(_GARBAGE_AFTER)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    configure("en", sink=lambda line: None)
