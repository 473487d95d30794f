"""What happens to one user, as events for people: from its records, its rows and its connection.

It hears every record that is written, those of the past included, and so knows at a start which
halts somebody must hear of whatever an earlier process came to. It decides nothing for trading.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal

import trio

from alphabot.core.days import quote_by_day
from alphabot.core.events import DayOfUser, Event, Figures, progress_step, seconds_left
from alphabot.core.exact import ZERO, plain
from alphabot.core.notices import NoticeKind
from alphabot.core.progress import DAY_MS, UserState
from alphabot.core.records import (
    Cleared,
    Configured,
    Credited,
    Latched,
    Leftover,
    Leg,
    Record,
    Settled,
)
from alphabot.core.standing import on_sale
from alphabot.core.values import AlphaId, StrategyId
from alphabot.errors import HistoryDamaged
from alphabot.runtime.board import Ending, Row
from alphabot.runtime.recorder import Recorder

__all__ = ["Teller"]

_DAYS_KEPT = 2  # today, and yesterday until it has been told
_REACHED = (Ending.REACHED, Ending.ALREADY_REACHED)
_REASON_CHARS = 80
"""Of a reason, what tells one cause from another."""


class Teller:
    """Turns what happens to a user into events; ``post`` takes them and never waits."""

    def __init__(
        self, recorder: Recorder, post: Callable[[Event], None], step_percent: int
    ) -> None:
        self._recorder = recorder
        self._post = post
        self._step_percent = step_percent
        self._rows: dict[StrategyId, Row] = {}
        self._live = False
        self._halts: dict[Event, bool] = {}
        self._steps: dict[StrategyId, int] = {}
        self._began: dict[StrategyId, tuple[float, Decimal]] = {}
        self._volume_by_day: dict[int, tuple[Decimal, int]] = {}
        recorder.onlookers.append(self._recorded)

    def __repr__(self) -> str:
        return f"<Teller of user {self._recorder.user_id}>"

    def begin(self, rows: Sequence[Row]) -> list[Event]:
        """Tell from now on; return the halts of the past that somebody must have heard of.

        Those are what is in force, and what was cleared after the last start: its process may
        have died before it could tell.
        """
        self._rows = {row.strategy_id: row for row in rows}
        self._live = True
        halts = list(self._halts)
        if self._recorder.damage is not None:
            self._damaged(self._recorder.damage)
        return halts

    def day(self, day: int) -> DayOfUser | None:
        """Return what this user did on a day since 1970-01-01 UTC, if anything."""
        if day not in self._volume_by_day:
            return None
        volume_usdt, rounds = self._volume_by_day[day]
        wear_usdt = self._recorder.state.loss_by_day_usdt.get(day, ZERO)
        return DayOfUser(self._recorder.user_id, volume_usdt, wear_usdt, rounds)

    # --- what trading tells --------------------------------------------------------------------

    def failed(self, strategy_id: StrategyId, reason: str) -> None:
        """Tell that a round came to nothing."""
        self._tell(NoticeKind.ROUND_FAILED, strategy_id, reason=reason)

    def unsold(self, strategy_id: StrategyId, reason: str) -> None:
        """Tell that a SELL does not fill and stays."""
        row = self._rows[strategy_id]
        self._tell(NoticeKind.LEFTOVER, strategy_id, subject=row.token, reason=reason)

    def connection(self, live: bool, reason: str) -> None:
        """Tell that the order stream is lost, or back."""
        kind = NoticeKind.STREAM_BACK if live else NoticeKind.STREAM_LOST
        self._tell(kind, None, reason=reason)

    def reached_today(self, strategy_id: StrategyId) -> None:
        """Tell that a daily strategy has reached its target and waits for the next day."""
        self._tell(NoticeKind.TARGET_REACHED, strategy_id)

    def warns(self, kind: NoticeKind, strategy_id: StrategyId, reason: str) -> None:
        """Tell that a day's target will be missed, or that the exchange's volume contradicts us."""
        self._tell(kind, strategy_id, reason=reason)

    def began_a_day(self, strategy_id: StrategyId) -> None:
        """Measure the pace of a daily strategy from now on: it has waited for this."""
        self._began[strategy_id] = trio.current_time(), self._state.strategy(strategy_id).credited

    def ended(self, row: Row) -> None:
        """Tell how a strategy has ended; a latch has told so itself."""
        if row.ending in _REACHED:
            if row.ending is Ending.REACHED:
                self._tell(NoticeKind.TARGET_REACHED, row.strategy_id)
        elif row.ending is Ending.FAILED:
            # One telling a day of the same end, however often the service is started again.
            day, reason = self._recorder.now_ms() // DAY_MS, row.reason[:_REASON_CHARS]
            self._tell(
                NoticeKind.STOPPED,
                row.strategy_id,
                cause=f"failed/{row.user_id}/{row.strategy_id}/{day}/{reason}",
                subject="failed",
                reason=row.reason,
                needs_human=True,
            )
        elif row.ending in (Ending.STOPPED, Ending.OPEN):
            self._tell(
                NoticeKind.STOPPED, row.strategy_id, subject=row.ending.value, reason=row.reason
            )

    # --- what the journal tells ----------------------------------------------------------------

    def _recorded(self, record: Record) -> None:
        match record:
            case Configured():
                # What was cleared before this start was heard of, or dealt with unheard.
                self._halts = {event: True for event, is_set in self._halts.items() if is_set}
                self._configured(record)
            case Settled():
                self._settled(record)
                self._progressed()
            case Credited():
                self._progressed()
            case Latched():
                self._latched(record)
            case Leftover():
                self._left(record)
            case Cleared():
                self._halts = dict.fromkeys(self._halts, False)
            case _:
                pass

    def _configured(self, record: Configured) -> None:
        row = self._rows.get(record.strategy_id)
        if row is None:
            return
        self.began_a_day(record.strategy_id)
        self._steps[record.strategy_id] = self._step(row)
        self._tell(NoticeKind.STARTED, record.strategy_id)

    def _settled(self, record: Settled) -> None:
        if record.leg is not Leg.WORKING or not record.executed:
            return
        quotes = quote_by_day(record, 0)
        day = max(quotes)
        for filled_on, quote_usdt in quotes.items():
            volume_usdt, rounds = self._volume_by_day.get(filled_on, (ZERO, 0))
            one_more = int(filled_on == day)
            self._volume_by_day[filled_on] = (volume_usdt + quote_usdt, rounds + one_more)
        for old in [each for each in self._volume_by_day if each <= day - _DAYS_KEPT]:
            del self._volume_by_day[old]

    def _progressed(self) -> None:
        for strategy_id, row in self._rows.items() if self._live else ():
            before, step = self._steps.get(strategy_id), self._step(row)
            if before is None or step == before:
                continue
            # Lower than before is another day.
            self._steps[strategy_id] = step
            if step > before and self._credited(row) < row.target:
                self._tell(NoticeKind.PROGRESS, strategy_id)

    def _latched(self, record: Latched) -> None:
        held = [
            f"{plain(holding.quantity)} {alpha_id}"
            for alpha_id, holding in self._state.holdings.items()
            if holding.quantity
        ]
        self._halt(
            Event(
                kind=NoticeKind.LATCHED,
                cause=f"latched/{self._recorder.user_id}/{record.at_ms}",
                at_ms=record.at_ms,
                user_id=self._recorder.user_id,
                reason=record.reason,
                clears=record.clears,
                held=", ".join(held),
                open=", ".join(self._state.open_intents),
                needs_human=True,
            )
        )

    def _left(self, record: Leftover) -> None:
        user_id = self._recorder.user_id
        self._halt(
            Event(
                kind=NoticeKind.LEFTOVER,
                cause=f"leftover/{user_id}/{record.intent_id}/{record.at_ms}",
                at_ms=record.at_ms,
                user_id=user_id,
                subject=f"{plain(record.quantity)} {record.alpha_id}",
                reason=record.reason,
                clears=f"alphabot clear {user_id}",
                needs_human=True,
            )
        )

    def _damaged(self, damage: HistoryDamaged) -> None:
        self._halt(
            Event(
                kind=NoticeKind.LATCHED,
                cause=f"damaged/{damage.user_id}/{damage.sequence}",
                at_ms=self._recorder.now_ms(),
                user_id=self._recorder.user_id,
                reason=str(damage),
                needs_human=True,
            )
        )

    # --- how it is told ------------------------------------------------------------------------

    @property
    def _state(self) -> UserState:
        return self._recorder.state

    def _step(self, row: Row) -> int:
        return progress_step(self._credited(row), row.target, self._step_percent)

    def _credited(self, row: Row) -> Decimal:
        """Return what counts toward the target: of a daily strategy, what is of this day."""
        progress = self._state.strategy(row.strategy_id)
        if row.goal is None:
            return progress.credited
        return row.goal.credited(progress, self._recorder.now_ms())

    def _halt(self, event: Event) -> None:
        self._halts[event] = True
        if self._live:
            self._post(event)

    def _tell(
        self,
        kind: NoticeKind,
        strategy_id: StrategyId | None,
        *,
        cause: str = "",
        subject: str = "",
        reason: str = "",
        needs_human: bool = False,
    ) -> None:
        if not self._live:
            return
        user_id, at_ms = self._recorder.user_id, self._recorder.now_ms()
        self._post(
            Event(
                kind=kind,
                cause=cause or f"{kind}/{user_id}/{strategy_id or '-'}/{at_ms}",
                at_ms=at_ms,
                user_id=user_id,
                strategy_id=strategy_id,
                subject=subject,
                reason=reason,
                figures=None if strategy_id is None else self._figures(strategy_id),
                needs_human=needs_human,
            )
        )

    def _unsold(self, alpha_id: AlphaId) -> Decimal:
        """Return how many tokens are held and on no SELL."""
        offered, _ = on_sale(self._state, alpha_id)
        return max(self._state.holding(alpha_id).quantity - offered, ZERO)

    def _figures(self, strategy_id: StrategyId) -> Figures:
        row, progress = self._rows[strategy_id], self._state.strategy(strategy_id)
        figures = Figures(
            token=row.token,
            target=row.target,
            credited=self._credited(row),
            volume_usdt=progress.volume_usdt,
            wear_usdt=progress.wear_usdt,
            rounds=progress.rounds,
            leftover=ZERO if row.alpha_id is None else self._unsold(row.alpha_id),
        )
        began_at, before = self._began.get(strategy_id, (trio.current_time(), progress.credited))
        seconds = trio.current_time() - began_at
        left = seconds_left(figures, progress.credited - before, seconds)
        return replace(figures, seconds_left=left)
