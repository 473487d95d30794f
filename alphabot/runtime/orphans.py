"""Rounds whose strategy does not run now: it was renamed, taken out, or not asked for.

Their orders are the user's all the same. Nothing new is done about them, but how they end is
watched and recorded, so that exposure, holdings and the next run of that strategy are right.
"""

from __future__ import annotations

from collections.abc import Collection

import trio

from alphabot.core.progress import OpenIntent
from alphabot.core.values import StrategyId
from alphabot.log import say
from alphabot.runtime.desk import Desk
from alphabot.runtime.watch import ended

__all__ = ["follow_orphans"]


async def follow_orphans(desk: Desk, running: Collection[StrategyId]) -> None:
    """Settle what strategies other than the running ones left open; returns once all has ended."""
    async with trio.open_nursery() as nursery:
        for entry in tuple(desk.recorder.state.open_intents.values()):
            if entry.placed is not None and entry.intended.strategy_id not in running:
                nursery.start_soon(_follow, desk, entry)


async def _follow(desk: Desk, entry: OpenIntent) -> None:
    intended = entry.intended
    say(
        "reconcile.orphan",
        strategy_id=intended.strategy_id,
        intent_id=intended.intent_id,
        user_id=desk.user_id,
    )
    with desk.watching(entry) as watch:
        await watch.ask_again()
        for leg in entry.legs:
            await watch.until(ended(leg))
            await watch.settle(leg)
    say("reconcile.settled", intent_id=intended.intent_id, user_id=desk.user_id)
