"""Sends an order once, and finds out what became of it.

The intent is durable before a byte leaves, the answer before anything is done with it. What is
not proven is *unknown*: it is never sent again, it is looked for at the exchange until it is
found or proven absent (:mod:`alphabot.core.reconcile`), and meanwhile the gate is closed for the
account.
"""

from __future__ import annotations

import trio

from alphabot.core.progress import OpenIntent
from alphabot.core.reconcile import READS_MIN, Match, find_orders, is_proven_absent
from alphabot.core.records import (
    Intended,
    NotSentRecord,
    PlacedRecord,
    RefusedRecord,
    UnknownRecord,
)
from alphabot.core.values import OrderId, Side
from alphabot.errors import ExchangeError, NotAuthorised, NotSent, Refused, Unresolved
from alphabot.log import say
from alphabot.runtime.desk import Desk
from alphabot.runtime.watch import read_account

__all__ = ["place", "resolve"]

RECORD_SECONDS = 5.0
"""How long a cancelled order may still take to write down that it never left."""


async def place(desk: Desk, intended: Intended) -> OpenIntent:
    """Commit an intent, send it, and return it once it is placed.

    Raises NotSent and Refused when no order exists, Unresolved when that cannot be told, and
    NotAuthorised; JournalError when it could not be remembered (then nothing was sent).
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
        await _record_placed(desk, entry, working, sell, "reply")
        return entry
    await _record_failure(desk, intended, failure)
    if not entry.unresolved or isinstance(failure, NotAuthorised):
        raise failure
    await resolve(desk, entry)
    return entry


async def _record_placed(
    desk: Desk, entry: OpenIntent, working: OrderId | None, sell: OrderId, how: str
) -> None:
    recorder = desk.recorder
    await recorder.write(
        PlacedRecord(
            at_ms=recorder.now_ms(),
            intent_id=entry.intended.intent_id,
            working_order_id=working,
            sell_order_id=sell,
            how=how,
        )
    )


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


async def resolve(desk: Desk, entry: OpenIntent) -> None:
    """Ask the exchange until an unknown intent is found (then it is placed) or proven absent.

    Raises NotSent when it is proven absent, Unresolved when several orders fit, NotAuthorised.
    """
    intended, recorder = entry.intended, desk.recorder
    say("reconcile.started", intent_id=intended.intent_id, user_id=desk.user_id)
    sent_at = trio.current_time() - max(0, recorder.now_ms() - intended.at_ms) / 1000
    reads = 0
    while True:
        try:
            reading = await read_account(desk.exchange, intended.alpha_id, intended.at_ms)
        except NotAuthorised:
            raise
        except ExchangeError as error:
            say("request.read_failed", reason=str(error), user_id=desk.user_id)
            await trio.sleep(1)
            continue
        reads += 1
        match, legs = find_orders(intended, reading, recorder.state.claimed)
        if match is Match.ONE:
            working = legs[Side.BUY].order_id if intended.is_pair else None
            await _record_placed(desk, entry, working, legs[Side.SELL].order_id, "matched")
            say("reconcile.matched", intent_id=intended.intent_id, user_id=desk.user_id)
            return
        if match is Match.SEVERAL:
            raise Unresolved(f"several orders of the exchange fit intent {intended.intent_id}")
        if is_proven_absent(reads, trio.current_time() - sent_at, desk.settle_seconds):
            reason = f"absent from {reads} complete readings over {desk.settle_seconds} s"
            await recorder.write(
                NotSentRecord(at_ms=recorder.now_ms(), intent_id=intended.intent_id, reason=reason)
            )
            say("reconcile.absent", intent_id=intended.intent_id, user_id=desk.user_id)
            raise NotSent(reason)
        await trio.sleep(max(0.2, desk.settle_seconds / (READS_MIN + 1)))
