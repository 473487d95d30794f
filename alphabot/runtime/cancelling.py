"""Cancelling an order of ours until the exchange says that it is over."""

from __future__ import annotations

from typing import Final

import trio

from alphabot.core.records import Leg
from alphabot.errors import ExchangeError, NotAuthorised
from alphabot.log import say
from alphabot.runtime.desk import Desk
from alphabot.runtime.watch import Watch, ended

__all__ = ["cancel_to_the_end"]

CANCEL_AGAIN_SECONDS: Final = 30.0
"""How long a cancel without visible effect is given before it is sent again."""


async def cancel_to_the_end(desk: Desk, watch: Watch, leg: Leg, **who: object) -> None:
    """Cancel an order and learn from the exchange how it ended; it may have filled instead.

    ``who`` are the fields of the log's lines. Raises NotAuthorised.
    """
    await trio.lowlevel.checkpoint()
    order = watch.legs[leg]
    while not watch.legs[leg].terminal:
        try:
            await desk.exchange.cancel(order.order_id, order.symbol)
            say("cancel.sent", order_id=order.order_id, **who)
        except NotAuthorised:
            raise
        except ExchangeError as error:
            # Whatever went wrong, the lists have the truth, and a cancel may be repeated.
            say("cancel.failed", order_id=order.order_id, reason=str(error), **who)
        with trio.move_on_after(CANCEL_AGAIN_SECONDS):
            await watch.prove(ended(leg))
