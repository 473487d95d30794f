"""Processes that rehearse side by side."""

from __future__ import annotations

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


def _begin() -> None:
    """Leave Ctrl+C to the process that started us, and say nothing."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    configure("en", sink=lambda line: None)
