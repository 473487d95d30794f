"""Who may not trade: whose past cannot be read, who would meet them, and whose rule is missing.

A user whose records do not fit together trades nothing, and no private request is sent for that
user. Of the others nothing is known to be wrong, so they trade on, as careful as if the one who is
not known had used up the own exposure limit, and never on a token on which that user may have an
order that theirs could meet.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import trio

from alphabot.core.values import StrategyId, Symbol, UserId
from alphabot.errors import HistoryDamaged
from alphabot.exchange.wire.market import symbol_of
from alphabot.log import say
from alphabot.runtime.board import Ending, Row, State
from alphabot.runtime.recorder import Recorder
from alphabot.wiring.journals import ServiceJournal

__all__ = ["Bars", "replay_all"]


class Bars:
    """Which strategies may not run in this service, and why."""

    def __init__(self, *, guard: bool) -> None:
        self._guard = guard
        self._damaged: dict[UserId, str] = {}
        self._uncertain: dict[Symbol, UserId] = {}
        self._refused: dict[StrategyId, str] = {}

    def add(self, user_id: UserId, reason: str, may_be_open: Collection[Symbol]) -> None:
        """Bar a user, and everybody else from where that user may have an order."""
        self._damaged[user_id] = reason
        for symbol in may_be_open:
            self._uncertain.setdefault(symbol, user_id)

    def refuse(self, strategy_id: StrategyId, reason: str) -> None:
        """Bar one strategy, for all its users."""
        self._refused[strategy_id] = reason

    def let_through(self, rows: Sequence[Row]) -> list[Row]:
        """Return the rows whose strategies may run; the others end here, saying why."""
        free = []
        for row in rows:
            reason = self._reason(row)
            if reason is None:
                free.append(row)
                continue
            row.state, row.ending, row.reason = State.ENDED, Ending.FAILED, reason
            if row.user_id not in self._damaged:
                say(
                    "strategy.failed",
                    reason=reason,
                    user_id=row.user_id,
                    strategy_id=row.strategy_id,
                )
        return free

    def _reason(self, row: Row) -> str | None:
        if row.user_id not in self._damaged and row.strategy_id in self._refused:
            return self._refused[row.strategy_id]
        symbol = None if row.alpha_id is None else symbol_of(row.alpha_id)
        if row.user_id not in self._damaged and self._guard and symbol in self._uncertain:
            return (
                f"self_trade_guard: user {self._uncertain[symbol]}, whose records are damaged,"
                f" may have an order on {symbol}"
            )
        return self._damaged.get(row.user_id)


async def replay_all(
    journal: ServiceJournal, recorders: Sequence[Recorder], *, guard: bool
) -> Bars:
    """Let every recorder read its user's past, and say whose cannot be read.

    Raises JournalError when nobody's can.
    """
    await trio.lowlevel.checkpoint()
    bars = Bars(guard=guard)
    for recorder in recorders:
        user_id = recorder.user_id
        journal.users.ensure(user_id)
        try:
            await recorder.replay()
        except HistoryDamaged as error:
            may_be_open = journal.may_be_open(user_id)
            say(
                "user.damaged",
                user_id=user_id,
                record=error.sequence,
                reason=error.problem,
                file=journal.database.name,
                may_be_open=", ".join(sorted(may_be_open)) or "-",
            )
            bars.add(user_id, str(error), may_be_open)
    return bars
