"""Work that is too long for one go: a plain generator, which pauses where it may be interrupted.

The codec knows no event loop. Whoever has one takes a step, lets others run, and takes the next;
whoever has none finishes at once.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

__all__ = ["Steps", "finish"]

T = TypeVar("T")

Steps = Generator[None, None, T]
"""Pauses between steps, and returns a T after the last."""


def finish(steps: Steps[T]) -> T:
    """Take all steps at once and return what comes of them; raises what a step raises."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            value: T = end.value
            return value
