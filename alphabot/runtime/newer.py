"""Whether the exchange has orders that are newer than the journal and unknown to it.

A copy of the journal that was put back is sound in itself: only the exchange still knows what was
traded after it was made. Trading on would buy a second time what had been bought, and sell what is
sold already.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime

import trio

from alphabot.core.reconcile import SKEW_MS
from alphabot.core.values import AlphaId, OrderId, OrderReport, StrategyId
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
        if _made_ms(report) > since_ms and report.order_id not in claimed
    }
    return sorted(found.values(), key=lambda report: (_made_ms(report), report.order_id))


async def refuse_older_journal(
    desk: Desk, tokens: Mapping[StrategyId, AlphaId], known_until_ms: int | None
) -> None:
    """Return if the journal knows every order of these tokens placed after its last record.

    A user without records has nothing to compare. Where the journal was put back by our own
    command it says until when it knows, also for who had no records, and then what lies open
    counts as well. Raises Unresolved if it does not know one, and NotAuthorised.
    """
    await trio.lowlevel.checkpoint()
    state = desk.recorder.state
    missing: dict[StrategyId, Sequence[OrderReport]] = {}
    ends_ms: list[int] = []
    for strategy_id, alpha_id in sorted(tokens.items()):
        copied_ms = state.copied_until_ms(strategy_id)
        known_ms = known_until_ms if copied_ms is None else copied_ms
        if known_ms is None:
            continue
        since_ms = known_ms if copied_ms is None else known_ms - SKEW_MS
        reports = [*await _history(desk, alpha_id, since_ms)]
        reports += [] if copied_ms is None else desk.reconciler.foreign
        if unknown := unknown_since(reports, since_ms, state.claimed):
            missing[strategy_id] = unknown
            ends_ms.append(known_ms)
    if missing:
        raise Unresolved(_told(missing, min(ends_ms)), strategies=tuple(missing))


def _told(missing: Mapping[StrategyId, Sequence[OrderReport]], known_until_ms: int) -> str:
    unknown = unknown_since((report for each in missing.values() for report in each), 0, ())
    symbols = ", ".join(sorted({report.symbol for report in unknown}))
    first = unknown[0]
    return (
        f"the exchange has {len(unknown)} orders of {symbols} that the journal does not know, from"
        f" {first.order_id} at {_text(_made_ms(first))} on, and its last record is of"
        f" {_text(known_until_ms)}: if an older copy was put in place, put the newest back; if you"
        " placed them yourself, clear it"
    )


async def _history(desk: Desk, alpha_id: AlphaId, since_ms: int) -> Sequence[OrderReport]:
    """Return what has traded or ended of a token since then, asking until there is an answer.

    An order that only lies open is the gate's to see: it holds the token up until it is gone. Of
    a journal that is known to be a copy it is evidence as well: it may fill while nobody looks.
    """
    while True:
        try:
            return await desk.exchange.order_history(alpha_id, since_ms)
        except NotAuthorised:
            raise
        except ExchangeError as error:
            say("request.read_failed", reason=str(error), user_id=desk.user_id)
            await trio.sleep(1)


def _made_ms(report: OrderReport) -> int:
    """Return when an order was made; one that does not say is no evidence of a newer journal."""
    return 0 if report.created_at_ms is None else report.created_at_ms


def _text(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"
