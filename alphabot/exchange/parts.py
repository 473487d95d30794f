"""Tasks that are parts of one thing, so that one exception says why the thing has ended."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

from alphabot.errors import AlphabotError, FeedLost

__all__ = ["open_parts"]


@asynccontextmanager
async def open_parts() -> AsyncIterator[trio.Nursery]:
    """Open a nursery whose failure is raised as itself and not in a group.

    When a connection breaks, its parts fail together (the reader, and whoever sends), and only
    the reason matters to the caller. Where several failed, the one that says most is raised: a
    bug, then what the exchange said, then a loss; the group stays in view as its context.
    """
    try:
        async with trio.open_nursery() as nursery:
            yield nursery
    except BaseExceptionGroup as group:
        raise min(_leaves(group), key=_rank) from group.__cause__


def _leaves(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    leaves: list[BaseException] = []
    for error in group.exceptions:
        leaves += _leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return leaves


def _rank(error: BaseException) -> int:
    match error:
        case trio.Cancelled():
            return 3
        case FeedLost():
            return 2
        case AlphabotError():
            return 1
        case _:
            return 0
