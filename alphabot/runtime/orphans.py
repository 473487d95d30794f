"""Rounds whose strategy does not run now: renamed, taken out, not asked for, or ended meanwhile.

Their orders are the user's all the same. No order is placed for them, but how they end is watched
and recorded, so that exposure, holdings and the next run of that strategy are right. A wait that
their rule had planned still ends with a cancel: the order was placed for a better price, and nobody
will ask the rule again. A SELL is only cancelled where a running strategy of the same token offers
what is left; elsewhere it is the only offer there is, and stays.
"""

from __future__ import annotations

import trio

from alphabot.core.progress import OpenIntent
from alphabot.core.records import Leg
from alphabot.core.values import OrderStatus
from alphabot.errors import NotSent
from alphabot.log import say
from alphabot.runtime.cancelling import cancel_to_the_end
from alphabot.runtime.desk import Desk
from alphabot.runtime.watch import ended

__all__ = ["follow_orphan"]


async def follow_orphan(desk: Desk, entry: OpenIntent, *, traded: bool) -> None:
    """Settle what a strategy that does not run left open; returns once it is over.

    What nobody knows the outcome of is looked for first. ``traded`` says whether a running
    strategy trades the same token. Raises Unresolved and NotAuthorised.
    """
    await trio.lowlevel.checkpoint()
    who = {"strategy_id": entry.intended.strategy_id, "user_id": desk.user_id}
    say("reconcile.orphan", intent_id=entry.intended.intent_id, **who)
    if entry.placed is None:
        try:
            await desk.reconciler.resolve(entry)
        except NotSent:
            return
    await _follow(desk, entry, traded)
    say("reconcile.settled", intent_id=entry.intended.intent_id, user_id=desk.user_id)


async def _follow(desk: Desk, entry: OpenIntent, traded: bool) -> None:
    intended = entry.intended
    who = {"strategy_id": intended.strategy_id, "user_id": desk.user_id}
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
