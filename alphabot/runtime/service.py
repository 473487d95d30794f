"""The nursery tree of a running service.

::

    service                              one nursery; a first stop sets deadlines, a second cancels
    ├─ market                            one feed per token for all users
    ├─ brake                             halts and standstills, which hold back everyone's orders
    ├─ control                           what people ask of a running service
    └─ user x N                          see alphabot.runtime.user

What the service cannot go on without ends it: a journal that cannot be kept stops everyone at
once, since nobody may place an order that we would not remember.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Protocol

import trio

from alphabot.log import say
from alphabot.runtime.board import Ending
from alphabot.runtime.roster import Roster

__all__ = ["MarketFeed", "run_service"]


class MarketFeed(Protocol):
    """The part of a market that runs: its streams."""

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Keep the streams of the tokens in use until cancelled."""
        ...


async def run_service(
    roster: Roster, market: MarketFeed, beside: Sequence[Callable[[], Awaitable[None]]] = ()
) -> None:
    """Run every user until each of its strategies has ended; raises JournalError (grouped).

    What runs ``beside`` them ends with the last of them.
    """
    async with AsyncExitStack() as stack:
        users = [await stack.enter_async_context(seat.open()) for seat in roster.seats]
        async with trio.open_nursery() as shared:
            await shared.start(market.run)
            for task in beside:
                shared.start_soon(task)
            async with trio.open_nursery() as people:
                roster.open(people)
                for seat, user in zip(roster.seats, users, strict=True):
                    people.start_soon(seat.run, user)
            shared.cancel_scope.cancel()
    endings = [row.ending for seat in roster.seats for row in seat.rows]
    say("service.ended", reached=sum(e in _REACHED for e in endings), strategies=len(endings))


_REACHED = (Ending.REACHED, Ending.ALREADY_REACHED)
