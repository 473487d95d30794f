"""Sends an order once.

The intent is durable before a byte leaves, the answer before anything is done with it. What is
not proven is *unknown*: it is never sent again, it is looked for at the exchange until it is
found or proven absent (:mod:`alphabot.runtime.reconcile`), and meanwhile the gate is closed for
the account.
"""

from __future__ import annotations

import trio

from alphabot.core.progress import OpenIntent
from alphabot.core.records import (
    Intended,
    NotSentRecord,
    PlacedRecord,
    RefusedRecord,
    UnknownRecord,
)
from alphabot.core.values import OrderId
from alphabot.errors import ExchangeError, NotAuthorised, NotSent, Refused
from alphabot.log import say
from alphabot.runtime.desk import Desk

__all__ = ["place"]

RECORD_SECONDS = 5.0
"""How long a cancelled order may still take to write down that it never left."""


async def place(desk: Desk, intended: Intended) -> OpenIntent:
    """Commit an intent, send it, and return it: placed, or unresolved where that is not known.

    The caller holds ``desk.ordering`` from the gate to here, so that only one request of an
    account is ever under way, and none leaves on top of one whose outcome is unknown.

    Raises NotSent and Refused when no order exists, and NotAuthorised; JournalError when it could
    not be remembered (then nothing was sent).
    """
    recorder = desk.recorder
    committed = await recorder.intend(intended)
    entry = recorder.state.open_intents[intended.intent_id]
    working: OrderId | None = None
    try:
        if intended.is_pair:
            pair = await desk.exchange.place_pair(committed)
            working, sell = pair.working_order_id, pair.pending_order_id
        else:
            sell = await desk.exchange.place_sale(committed)
    except trio.Cancelled:
        # A request that was cut short once bytes had left says so; this one never left.
        with trio.move_on_after(RECORD_SECONDS, shield=True):
            await _record_failure(desk, intended, NotSent("stopped before the request left"))
        raise
    except ExchangeError as error:
        failure = error
    else:
        await _record_placed(desk, entry, working, sell)
        return entry
    await _record_failure(desk, intended, failure)
    if not entry.unresolved or isinstance(failure, NotAuthorised):
        raise failure
    return entry


async def _record_placed(
    desk: Desk, entry: OpenIntent, working: OrderId | None, sell: OrderId
) -> None:
    recorder = desk.recorder
    await recorder.write(
        PlacedRecord(
            at_ms=recorder.now_ms(),
            intent_id=entry.intended.intent_id,
            working_order_id=working,
            sell_order_id=sell,
        )
    )
    for order_id in (working, sell):
        if order_id is not None:
            desk.identities.saw(desk.user_id, order_id)


async def _record_failure(desk: Desk, intended: Intended, error: ExchangeError) -> None:
    recorder, intent_id = desk.recorder, intended.intent_id
    at_ms, reason, user_id = recorder.now_ms(), str(error), desk.user_id
    # An account that is silenced refuses by itself, and says with its cause that nothing left.
    match error.__cause__ if isinstance(error, NotAuthorised) else error:
        case NotSent():
            say("request.not_sent", reason=reason, user_id=user_id)
            await recorder.write(NotSentRecord(at_ms=at_ms, intent_id=intent_id, reason=reason))
        case Refused(code=code, message=message):
            say("request.refused", code=code, message=message, user_id=user_id)
            await recorder.write(
                RefusedRecord(at_ms=at_ms, intent_id=intent_id, code=code, message=message)
            )
        case _:
            say("request.unknown", reason=reason, intent_id=intent_id, user_id=user_id)
            await recorder.write(UnknownRecord(at_ms=at_ms, intent_id=intent_id, reason=reason))
