"""Rounds whose strategy does not run now: it was renamed, taken out, or not asked for.

Their orders are the user's all the same. No order is placed for them, but how they end is watched
and recorded, so that exposure, holdings and the next run of that strategy are right. A wait that
their rule had planned still ends with a cancel: the order was placed for a better price, and nobody
will ask the rule again. A SELL is only cancelled where a running strategy of the same token offers
what is left; elsewhere it is the only offer there is, and stays.
"""

from __future__ import annotations

from collections.abc import Collection

import trio

from alphabot.core.progress import OpenIntent
from alphabot.core.records import Leg
from alphabot.core.values import AlphaId, OrderStatus, StrategyId
from alphabot.log import say
from alphabot.runtime.cancelling import cancel_to_the_end
from alphabot.runtime.desk import Desk
from alphabot.runtime.watch import ended

__all__ = ["follow_orphans"]


async def follow_orphans(
    desk: Desk, running: Collection[StrategyId], traded: Collection[AlphaId]
) -> None:
    """Settle what strategies other than the running ones left open; returns once all has ended.

    ``traded`` are the tokens of the running ones.
    """
    async with trio.open_nursery() as nursery:
        for entry in tuple(desk.recorder.state.open_intents.values()):
            if entry.placed is not None and entry.intended.strategy_id not in running:
                nursery.start_soon(_follow, desk, entry, entry.intended.alpha_id in traded)


async def _follow(desk: Desk, entry: OpenIntent, traded: bool) -> None:
    intended = entry.intended
    who = {"strategy_id": intended.strategy_id, "user_id": desk.user_id}
    say("reconcile.orphan", intent_id=intended.intent_id, **who)
    with desk.watching(entry) as watch:
        await watch.ask_again()
        released = True
        for leg in entry.legs:
            planned = intended.wait_of(leg)
            if planned is not None and released and (traded or leg is Leg.WORKING):
                with trio.move_on_after(float(planned)):
                    await watch.until(ended(leg))
                if not watch.legs[leg].terminal:
                    say("order.waited", order_id=watch.legs[leg].order_id, seconds=planned, **who)
                    await cancel_to_the_end(desk, watch, leg, **who)
            await watch.until(ended(leg))
            released = (await watch.settle(leg)).status is OrderStatus.FILLED
    say("reconcile.settled", intent_id=intended.intent_id, user_id=desk.user_id)
