"""The nursery tree of a running service.

::

    service                              one nursery; a first stop sets deadlines, a second cancels
    ├─ market                            one feed per token for all users
    └─ user x N                          see alphabot.runtime.user

What the service cannot go on without ends it: a journal that cannot be kept stops everyone at
once, since nobody may place an order that we would not remember.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import trio

from alphabot.log import say
from alphabot.runtime.board import Ending
from alphabot.runtime.user import User

__all__ = ["MarketFeed", "run_service"]


class MarketFeed(Protocol):
    """The part of a market that runs: its streams."""

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Keep the streams of the tokens in use until cancelled."""
        ...


async def run_service(users: Sequence[User], market: MarketFeed) -> None:
    """Run every user until each of its strategies has ended; raises JournalError (grouped)."""
    async with trio.open_nursery() as shared:
        await shared.start(market.run)
        async with trio.open_nursery() as people:
            for user in users:
                people.start_soon(user.run)
        shared.cancel_scope.cancel()
    endings = [row.ending for user in users for row in user.rows]
    say("service.ended", reached=sum(e in _REACHED for e in endings), strategies=len(endings))


_REACHED = (Ending.REACHED, Ending.ALREADY_REACHED)
