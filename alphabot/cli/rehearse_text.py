"""The range of ``alphabot rehearse`` as it builds up: in place, or by lines in a pipe."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from decimal import Decimal
from types import TracebackType
from typing import TYPE_CHECKING, Any

from alphabot.cli import cells
from alphabot.cli.layout import labelled, printed
from alphabot.cli.session import emit
from alphabot.cli.words import ENDINGS, Words, word
from alphabot.core.exact import plain
from alphabot.messages import Language
from alphabot.rehearsal.day import Day, Stretch
from alphabot.runtime.board import Ending

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

__all__ = ["Showing", "as_json", "ranges"]

_HEAD: Words = (
    "{strategy}，用户 {user}（{token}）：{count} 天中 {done} 天达标",
    "{strategy}, user {user} ({token}): target reached on {done} of {count} days",
)
_ROWS: tuple[tuple[Words, Words], ...] = (
    (("买入", "bought"), ("{volume} USDT，{rounds} 轮", "{volume} USDT in {rounds} rounds")),
    (("用时", "time"), ("{seconds}", "{seconds}")),
    (("损耗", "wear"), ("{wear} USDT，{bp} 基点", "{wear} USDT, {bp} bp")),
)
_UNSOLD: tuple[Words, Words] = (
    ("未售出", "unsold"),
    ("买入花费 {unsold} USDT 的代币", "tokens that cost {unsold} USDT"),
)
_DAY: Words = (
    "第 {number}/{count} 天（种子 {seed}）：故障 {incidents} 次，{how}",
    "day {number} of {count} (seed {seed}): {incidents} faults, {how}",
)
_DAY_OVER: Words = ("当天未完成", "day over")


_CENT = Decimal("0.01")


class Showing:
    """Shows days as they come in; ``quiet`` shows nothing."""

    def __init__(self, language: Language, count: int, *, quiet: bool) -> None:
        self._language: Language = language
        self._count = count
        self._quiet = quiet
        self._live: Live | None = None
        self._days: Sequence[Day] = ()

    def __enter__(self) -> Showing:
        if not self._quiet and sys.stdout.isatty():
            from rich.console import Console
            from rich.live import Live

            console = Console(highlight=False, markup=False, emoji=False)
            if not console.is_dumb_terminal:
                self._live = Live(console=console, auto_refresh=False)
                self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()
        elif not self._quiet and self._days:
            emit("\n" + printed([ranges(self._days, self._language)]))

    def show(self, days: Sequence[Day]) -> None:
        """Show the range of the days so far; the last one is new."""
        self._days = days
        if self._quiet:
            return
        line = self._line(days[-1], len(days))
        if self._live is None:
            emit(line)
        else:
            from rich.console import Group

            self._live.update(Group(ranges(days, self._language), "", line), refresh=True)

    def _line(self, day: Day, number: int) -> str:
        endings = dict.fromkeys(_ending(each, self._language) for each in day.stretches)
        text = word(_DAY, self._language)
        figures = {"number": number, "count": self._count, "seed": day.seed}
        return text.format(**figures, incidents=day.incidents, how=", ".join(endings))


def ranges(days: Sequence[Day], language: Language) -> RenderableType:
    """Return the lowest and highest figures of each strategy of each user."""
    from rich.console import Group
    from rich.text import Text

    blocks: list[RenderableType] = []
    for place, first in enumerate(days[0].stretches):
        of_all = [day.stretches[place] for day in days]
        done = sum(each.ending in (Ending.REACHED, Ending.ALREADY_REACHED) for each in of_all)
        names = {"strategy": cells.name(first.strategy_id), "token": cells.name(first.token)}
        counts = {"user": first.user_id, "done": done, "count": len(of_all)}
        blocks.append(Text(word(_HEAD, language).format(**names, **counts)))
        figures = {
            "volume": _range(of_all, lambda each: each.volume_usdt, cells.usdt),
            "rounds": _range(of_all, lambda each: each.rounds, str),
            "seconds": _range(of_all, lambda each: each.seconds, cells.seconds),
            "wear": _range(of_all, lambda each: each.wear_usdt, cells.usdt),
            "bp": _range(of_all, _wear_bp, cells.bp),
            "unsold": _range(of_all, lambda each: each.leftover_cost_usdt, cells.usdt),
        }
        # Dust is left on any day; less than a cent of it is no figure.
        left = max(each.leftover_cost_usdt for each in of_all) >= _CENT
        shown = (*_ROWS, _UNSOLD) if left else _ROWS
        rows = [(word(a, language), word(b, language).format(**figures)) for a, b in shown]
        blocks.append(labelled(rows))
    return Group(*blocks)


def as_json(days: Sequence[Day]) -> str:
    """Return the days as a JSON list on one line; amounts are text."""
    return json.dumps([asdict(day) for day in days], default=_text)


def _text(value: Any) -> str:
    return plain(value) if isinstance(value, Decimal) else str(value)


def _range(
    stretches: Sequence[Stretch], figure: Callable[[Stretch], Any], show: Callable[[Any], str]
) -> str:
    values = [figure(each) for each in stretches]
    low, high = show(min(values)), show(max(values))
    return low if low == high else f"{low}–{high}"


def _wear_bp(stretch: Stretch) -> Decimal:
    volume = stretch.volume_usdt
    return stretch.wear_usdt / volume * 10_000 if volume else Decimal(0)


def _ending(stretch: Stretch, language: Language) -> str:
    known = stretch.ending in tuple(Ending)
    return word(ENDINGS[Ending(stretch.ending)] if known else _DAY_OVER, language)
