"""Whether the exchange has orders that are newer than the journal and unknown to it.

A copy of the journal that was put back is sound in itself: only the exchange still knows what was
traded after it was made. Trading on would buy a second time what had been bought, and sell what is
sold already.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime

import trio

from alphabot.core.values import AlphaId, OrderId, OrderReport
from alphabot.errors import ExchangeError, NotAuthorised, Unresolved
from alphabot.log import say
from alphabot.runtime.desk import Desk

__all__ = ["refuse_older_journal", "unknown_since"]


def unknown_since(
    reports: Iterable[OrderReport], since_ms: int, claimed: Collection[OrderId]
) -> list[OrderReport]:
    """Return the orders that were placed after a time and are not ours, each once, by time."""
    found = {
        report.order_id: report
        for report in reports
        if report.created_at_ms > since_ms and report.order_id not in claimed
    }
    return sorted(found.values(), key=lambda report: (report.created_at_ms, report.order_id))


async def refuse_older_journal(
    desk: Desk, alpha_ids: Iterable[AlphaId], known_until_ms: int | None
) -> None:
    """Return if the journal knows every order of these tokens placed after its last record.

    A user without records has nothing to compare. Raises Unresolved if it does not know one, and
    NotAuthorised.
    """
    await trio.lowlevel.checkpoint()
    if known_until_ms is None:
        return
    for alpha_id in sorted(set(alpha_ids)):
        reports = await _history(desk, alpha_id, known_until_ms)
        unknown = unknown_since(reports, known_until_ms, desk.recorder.state.claimed)
        if unknown:
            first = unknown[0]
            raise Unresolved(
                f"the exchange has {len(unknown)} orders of {first.symbol} that the journal does"
                f" not know, from {first.order_id} at {_text(first.created_at_ms)} on, and its last"
                f" record is of {_text(known_until_ms)}: if an older copy was put in place,"
                " put the newest back; if you placed them yourself, clear it"
            )


async def _history(desk: Desk, alpha_id: AlphaId, since_ms: int) -> Sequence[OrderReport]:
    """Return what has traded or ended of a token since then, asking until there is an answer.

    An order that only lies open is the gate's to see: it holds the token up until it is gone.
    """
    while True:
        try:
            return await desk.exchange.order_history(alpha_id, since_ms)
        except NotAuthorised:
            raise
        except ExchangeError as error:
            say("request.read_failed", reason=str(error), user_id=desk.user_id)
            await trio.sleep(1)


def _text(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"
