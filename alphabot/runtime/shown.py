"""After a strategy: what the exchange itself shows for today, beside what we count."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import trio

from alphabot.core.days import DAY_MS
from alphabot.core.exact import ZERO, plain
from alphabot.core.notices import NoticeKind
from alphabot.core.records import Shown
from alphabot.core.shown_volume import Difference, explain
from alphabot.errors import ExchangeError, NotAuthorised, Unresolved
from alphabot.log import say
from alphabot.runtime.board import Row
from alphabot.runtime.desk import Desk

__all__ = ["read_shown"]

READ_SECONDS = 5.0
"""How long the end of a strategy waits for a figure that is only shown."""


async def read_shown(desk: Desk, row: Row, rows: Sequence[Row]) -> None:
    """Read the exchange's figure of a strategy's token, and show, record and tell how it fits.

    ``rows`` are all strategies of the user: those of tokens with the same display symbol are in
    the same figure. Without an answer, or with an odd one, the figure is missing and no more.
    Raises NotAuthorised, and Unresolved where the two disagree and the settings say to stop then.
    """
    shown: Decimal | None = None
    with trio.move_on_after(READ_SECONDS):
        await trio.lowlevel.checkpoint()
        try:
            shown = (await desk.exchange.shown_volume()).get(row.token, ZERO)
        except NotAuthorised:
            raise
        except ExchangeError as error:
            say("request.read_failed", reason=str(error), user_id=desk.user_id)
    if shown is None:
        await trio.lowlevel.checkpoint()
        return
    tokens = [r.alpha_id for r in rows if r.token == row.token and r.alpha_id is not None]
    now_ms = desk.exchange_now_ms()
    ours = desk.purchases.of_day(now_ms // DAY_MS, tokens, now_ms)
    difference = explain(shown, ours)
    row.shown_volume, row.shown_difference = shown, difference
    who = {"user_id": desk.user_id, "strategy_id": row.strategy_id}
    figures = {"shown": plain(shown), "ours": plain(ours.raw), "difference": difference.value}
    say("volume.disagrees" if difference.disagrees else "volume.shown", **figures, **who)
    await desk.recorder.write(
        Shown(
            at_ms=desk.recorder.now_ms(),
            strategy_id=row.strategy_id,
            token=row.token,
            shown=shown,
            ours_usdt=ours.raw,
            multiplied_usdt=ours.multiplied,
            difference=difference.value,
        )
    )
    if difference.disagrees:
        await _disagree(desk, row, difference, figures)


async def _disagree(desk: Desk, row: Row, difference: Difference, figures: dict[str, str]) -> None:
    await trio.lowlevel.checkpoint()
    reason = f"the exchange shows {figures['shown']} USDT for {row.token} today, ours are " + (
        f"{figures['ours']} ({difference.value})"
    )
    desk.teller.warns(NoticeKind.VOLUME_DISAGREES, row.strategy_id, reason)
    if desk.halts_on_mismatch:
        raise Unresolved(reason)
