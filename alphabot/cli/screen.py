"""The screen of a run: one line per user and strategy, the log above it.

Drawing costs milliseconds, so nothing is drawn by the line that is logged: lines are held for at
most a quarter of a second and leave together, and a picture equal to the last one is not drawn
again. A terminal that takes nothing (Ctrl+S) is skipped, never waited for.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from math import ceil
from types import TracebackType
from typing import TextIO

import trio
from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from alphabot.cli import cells
from alphabot.cli.words import CONNECTIONS, ENDINGS, LABELS, STATES, word
from alphabot.core.exact import floor_places
from alphabot.log import let_go, say, writable
from alphabot.messages import Language
from alphabot.runtime.board import Board, Ending, Row

__all__ = ["Screen", "picture"]

_REFRESH_SECONDS = 0.25
_HELD_LINES_MAX = 2000
_NAME_CELLS_MAX = 20
_BAR_CELLS_MIN = 8
_BAR_CELLS_MAX = 30
_TOKEN_CELLS_MAX = 10
_COUNTDOWN_CELLS = 6  # " 300 s"
_ORDER = (
    *("user", "strategy", "token", "progress", "percent", "volume"),
    *("rounds", "wear", "bp", "state", "connection"),
)
_RIGHT = ("user", "percent", "volume", "rounds", "wear", "bp")
# On a narrow terminal: which column is given a place first.
_BY_IMPORTANCE = (
    *("state", "user", "strategy", "volume", "progress", "wear"),
    *("percent", "token", "bp", "rounds", "connection"),
)
_DOTS = {"live": ("● ", "green"), "connecting": ("○ ", "yellow"), "lost": ("× ", "red")}
_GOOD = (Ending.REACHED, Ending.ALREADY_REACHED)
_BAD = (Ending.FAILED, Ending.LATCHED, Ending.OPEN)


class Screen:
    """Shows a board on a terminal while it is entered and :meth:`run` runs."""

    def __init__(self, board: Board, language: Language, console: Console, stream: TextIO) -> None:
        self._board = board
        self._language = language
        self._console = console
        self._stream = stream
        self._picture: RenderableType = ""
        # Draws this object, that is, its latest picture, also when it is a log line that makes
        # rich draw. auto_refresh would be a thread.
        self._live = Live(self, console=console, auto_refresh=False, transient=True)
        self._held: deque[str] = deque()
        self._dropped = 0
        self._drawn: object = None

    def __enter__(self) -> Screen:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self._flush()
            self._live.stop()
        except OSError:  # the terminal is gone
            let_go(self._stream)

    def __rich__(self) -> RenderableType:
        """Return the latest picture, for rich."""
        return self._picture

    def write(self, line: str) -> None:
        """Hold a finished log line until the next refresh."""
        if len(self._held) >= _HELD_LINES_MAX:
            self._held.popleft()
            self._dropped += 1
        self._held.append(line)

    async def run(self) -> None:
        """Draw four times a second until cancelled."""
        while True:
            self.refresh()
            await trio.sleep(_REFRESH_SECONDS)

    def refresh(self) -> None:
        """Draw, if there is something new and the terminal takes it."""
        size = self._console.size
        rows = _chosen(self._board.rows, rows_max=max(3, size.height // 2))
        columns = _columns(rows, self._language, trio.current_time())
        news = (size, columns) != self._drawn
        if not (news or self._held) or not writable(self._stream, 0):
            return
        if news:
            self._drawn = (size, columns)
            hidden = len(self._board.rows) - len(rows)
            self._picture = _table(rows, columns, self._language, size.width, hidden)
        if not self._flush():
            self._live.refresh()

    def _flush(self) -> bool:
        lines = list(self._held)
        self._held.clear()
        if self._dropped:
            dropped, self._dropped = self._dropped, 0
            say("log.lines_dropped", lines=dropped)
            lines = [*self._held, *lines]
            self._held.clear()
        if not lines:
            return False
        # Prints above the rows and draws them anew, in one go. The terminal folds long lines, so
        # that a line copied from it is whole.
        text = Text.from_ansi("\n".join(lines))
        self._console.print(text, soft_wrap=True, highlight=False)
        return True


def picture(
    board: Board, language: Language, *, now: float, width: int, rows_max: int = 1000
) -> Table:
    """Return the rows as they are drawn ``width`` cells wide at trio's time ``now``."""
    rows = _chosen(board.rows, rows_max)
    hidden = len(board.rows) - len(rows)
    return _table(rows, _columns(rows, language, now), language, width, hidden)


def _chosen(rows: Sequence[Row], rows_max: int) -> Sequence[Row]:
    """Return the rows that fit, in their order: those that still run before those that ended."""
    if len(rows) <= rows_max:
        return rows
    ranked = sorted(range(len(rows)), key=lambda index: rows[index].ending is not None)
    return [rows[index] for index in sorted(ranked[:rows_max])]


def _columns(rows: Sequence[Row], language: Language, now: float) -> Mapping[str, list[Text]]:
    """Return the cells of every column but the bars, which follow the percentages."""
    return {
        "user": [Text(str(row.user_id)) for row in rows],
        "strategy": [Text(cells.name(row.strategy_id)) for row in rows],
        "token": [Text(cells.name(row.token)) for row in rows],
        "percent": [Text(_percent(row)) for row in rows],
        "volume": [Text(_volume(row)) for row in rows],
        "rounds": [Text(str(row.rounds)) for row in rows],
        "wear": [Text(cells.usdt(row.wear_usdt)) for row in rows],
        "bp": [Text(cells.bp(row.wear_bp)) for row in rows],
        "state": [_state(row, language, now) for row in rows],
        "connection": [Text(_connection(row, language)) for row in rows],
    }


def _percent(row: Row) -> str:
    # Cut, not rounded: 100 % is said of nothing less.
    return f"{int(row.progress * 1000) / 10:.1f}%"


def _volume(row: Row) -> str:
    places = 0 if row.target >= 1000 else 2
    credited = floor_places(row.credited, places)
    return f"{cells.usdt(credited, places)} / {cells.usdt(row.target, 0)}"


def _state(row: Row, language: Language, now: float) -> Text:
    if row.ending is not None:
        style = "green" if row.ending in _GOOD else "red" if row.ending in _BAD else "yellow"
        return Text(word(ENDINGS[row.ending], language), style)
    text = word(STATES[row.state], language)
    if row.waiting_until is not None:
        text += f" {max(0, ceil(row.waiting_until - now))} s"
    return Text.assemble(_DOTS.get(row.connection, ("  ", "")), text)


def _connection(row: Row, language: Language) -> str:
    words = CONNECTIONS.get(row.connection)
    return word(words, language) if words else cells.name(row.connection)


def _state_width(language: Language) -> int:
    """Return the width of the longest state, so that columns do not jump as states change."""
    states = [cell_len(word(words, language)) + _COUNTDOWN_CELLS + 2 for words in STATES.values()]
    return max(states + [cell_len(word(words, language)) for words in ENDINGS.values()])


def _table(
    rows: Sequence[Row],
    columns: Mapping[str, list[Text]],
    language: Language,
    width: int,
    hidden: int,
) -> Table:
    labels = {key: word(LABELS[key], language) for key in _ORDER}
    widths = {
        key: max([cell_len(labels[key])] + [cell.cell_len for cell in columns.get(key, [])])
        for key in _ORDER
    }
    widths["strategy"] = min(widths["strategy"], _NAME_CELLS_MAX if width >= 100 else 16)
    widths["token"] = min(widths["token"], _TOKEN_CELLS_MAX)
    widths["progress"] = max(widths["progress"], _BAR_CELLS_MIN)
    widths["state"] = _state_width(language)
    chosen: list[str] = []
    for key in _BY_IMPORTANCE:
        if key == "bp" and "wear" not in chosen:
            continue  # nobody knows of what
        if sum(widths[k] + 1 for k in chosen) + widths[key] <= width:
            chosen.append(key)
    spare = width - sum(widths[key] + 1 for key in chosen) + 1
    widths["progress"] = min(widths["progress"] + spare, _BAR_CELLS_MAX)
    shown = [key for key in _ORDER if key in chosen]
    table = Table(
        box=None,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        header_style="dim",
        show_header=bool(rows),
    )
    for key in shown:
        table.add_column(
            labels[key],
            width=widths[key],
            justify="right" if key in _RIGHT else "left",
            no_wrap=True,
            overflow="ellipsis",
        )
    for index, row in enumerate(rows):
        table.add_row(*(_cell(key, row, index, columns) for key in shown))
    if hidden:
        table.caption = word(LABELS["hidden"], language).format(count=hidden)
        table.caption_justify = "left"
    return table


def _cell(key: str, row: Row, index: int, columns: Mapping[str, list[Text]]) -> RenderableType:
    if key == "progress":
        return ProgressBar(total=1.0, completed=row.progress)
    return columns[key][index]
