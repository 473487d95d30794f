"""The final table of a run: what each strategy of each user did, cost and left behind.

On a terminal a table, or a list where even a folded table is too wide; in a pipe the same columns
as aligned text; or JSON, in which every amount is text, because many readers round numbers.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from alphabot.cli import cells
from alphabot.cli.words import DIFFERENCES, DRY_RUN, ENDINGS, LABELS, word
from alphabot.core.exact import ZERO, plain, round_half_up
from alphabot.core.values import StrategyId, UserId
from alphabot.messages import Language
from alphabot.runtime.board import Board, Row

__all__ = ["as_json", "as_table", "as_text"]

# Columns of text, and how narrow each may be folded; figures are never folded.
_TEXTS = {"strategy": 20, "token": 10, "ending": 14}
# What a terminal that is not wide enough can do without; JSON and pipes always have it.
_DISPENSABLE = ("failed", "raw")


def as_table(board: Board, language: Language, width: int) -> RenderableType:
    """Return the board for a terminal of ``width`` cells."""
    figures = _figures(board, language, width)
    return Group(Text(word(DRY_RUN, language), "bold"), figures) if board.dry_run else figures


def _figures(board: Board, language: Language, width: int) -> RenderableType:
    lines = _lines(board, language)
    for left_out in ((), _DISPENSABLE):
        if _width(lines, language, left_out) <= width:
            return Group(_table(lines, language, left_out), *_shown(board, language))
    listed = (_listed(line, language) for line in lines)
    return Group(*listed, *_shown(board, language))


def as_text(board: Board, language: Language) -> str:
    """Return the board as aligned text, as wide as it needs to be."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    lines = _lines(board, language)
    for key in _keys(lines):
        label = word(LABELS[key], language)
        table.add_column(label, justify="left" if key in _TEXTS else "right")
    for line in lines:
        table.add_row(*(Text(cell) for cell in line.values()))
    # Whatever the environment says of the terminal, this is text, and not folded.
    console = Console(force_terminal=False, color_system=None, width=10_000)
    with console.capture() as capture:
        console.print(table)
    text = [line.rstrip() for line in capture.get().splitlines()]
    head = [word(DRY_RUN, language)] if board.dry_run else []
    return "\n".join([*head, *text, *(line.plain for line in _shown(board, language))])


def _shown(board: Board, language: Language) -> Sequence[Text]:
    """Return the exchange's own figures, each with a word about why it is another than ours."""
    return [
        Text(
            word(LABELS["shown"], language).format(
                user=row.user_id,
                token=cells.name(row.token),
                shown=cells.usdt(row.shown_volume),
                why=word(DIFFERENCES[row.shown_difference], language),
            )
        )
        for row in board.rows
        if row.shown_volume is not None and row.shown_difference is not None
    ]


def as_json(board: Board) -> str:
    """Return the rows as a JSON list on one line, in plain ASCII."""
    return json.dumps([_facts(row) | {"dry_run": board.dry_run} for row in board.rows])


def _table(
    lines: Sequence[Mapping[str, str]], language: Language, left_out: Collection[str]
) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=0, pad_edge=False, show_edge=False)
    keys = [key for key in _keys(lines) if key not in left_out]
    for key in keys:
        if key in _TEXTS:
            least = min(_TEXTS[key], max(cell_len(line[key]) for line in lines))
            table.add_column(_label(key, language), overflow="fold", min_width=least)
        else:
            table.add_column(_label(key, language), justify="right", no_wrap=True)
    for number, line in enumerate(lines):
        if number and number == len(lines) - 1:
            table.add_section()
        table.add_row(*(Text(line[key]) for key in keys))
    return table


def _width(
    lines: Sequence[Mapping[str, str]], language: Language, left_out: Collection[str]
) -> int:
    """Return how wide the table is when names and reasons are folded as far as is bearable."""
    total = 0
    for key in _keys(lines):
        widest = max(cell_len(line[key]) for line in lines)
        label = max(cell_len(part) for part in _label(key, language).split("\n"))
        needed = max(label, min(widest, _TEXTS.get(key, widest)))
        total += 0 if key in left_out else needed + 1
    return total - 1


def _label(key: str, language: Language) -> str:
    label = word(LABELS[key], language)
    return label if key in _TEXTS else label.replace(" ", "\n")


def _listed(line: Mapping[str, str], language: Language) -> RenderableType:
    """Return a line as a heading and its figures below it, as many beside another as fit."""
    heading = "  ".join(line[key] for key in ("user", *_TEXTS) if line[key])
    figures = [
        Text.assemble((f"{word(LABELS[key], language)} ", "dim"), cell)
        for key, cell in line.items()
        if key != "user" and key not in _TEXTS and cell
    ]
    below = Padding(Columns(figures, padding=(0, 3), equal=True), (0, 0, 1, 2))
    return Group(Text(heading, "bold"), below)


def _keys(lines: Sequence[Mapping[str, str]]) -> Sequence[str]:
    return list(lines[0]) if lines else []


def _lines(board: Board, language: Language) -> Sequence[Mapping[str, str]]:
    """Return what stands in each line, by column and in the order of the columns."""
    lines = [_cells(row, language) for row in board.rows]
    return [*lines, _totals(board.rows, language)] if len(lines) > 1 else lines


def _cells(row: Row, language: Language) -> dict[str, str]:
    counted = row.exchange_volume_usdt
    ending = "-" if row.ending is None else word(ENDINGS[row.ending], language)
    return {
        "user": str(row.user_id),
        "strategy": cells.name(row.strategy_id),
        "token": cells.name(row.token),
        "rounds": str(row.rounds),
        "failed": str(row.failed_rounds),
        "credited": cells.usdt(row.credited),
        "raw": cells.usdt(row.volume_usdt),
        "exchange": "-" if counted is None else cells.usdt(counted),
        "round_time": cells.seconds(row.round_seconds_mean) if row.rounds_timed else "-",
        "wear": cells.usdt(row.wear_usdt),
        "bp": cells.bp(row.wear_bp),
        "leftover": cells.tokens(row.leftover, row.leftover_cost_usdt),
        "ending": f"{ending}: {cells.name(row.reason)}" if row.reason else ending,
    }


def _totals(rows: Sequence[Row], language: Language) -> dict[str, str]:
    """Return the sums of what can be summed over users and tokens."""
    counted = [row.exchange_volume_usdt for row in rows if row.exchange_volume_usdt is not None]
    total = Row(
        UserId(0),
        StrategyId(word(LABELS["total"], language)),
        "",
        sum((row.target for row in rows), ZERO),
        credited=sum((row.credited for row in rows), ZERO),
        volume_usdt=sum((row.volume_usdt for row in rows), ZERO),
        rounds=sum(row.rounds for row in rows),
        failed_rounds=sum(row.failed_rounds for row in rows),
        wear_usdt=sum((row.wear_usdt for row in rows), ZERO),
        exchange_volume_usdt=sum(counted, ZERO) if len(counted) == len(rows) else None,
        round_seconds_total=sum(row.round_seconds_total for row in rows),
        rounds_timed=sum(row.rounds_timed for row in rows),
    )
    return _cells(total, language) | {"user": "", "leftover": "", "ending": ""}


def _facts(row: Row) -> dict[str, object]:
    counted = row.exchange_volume_usdt
    return {
        "user_id": row.user_id,
        "strategy_id": row.strategy_id,
        "token": row.token,
        "alpha_id": row.alpha_id,
        "target": plain(row.target),
        "credited": plain(row.credited),
        "volume_usdt": plain(row.volume_usdt),
        "exchange_volume_usdt": None if counted is None else plain(counted),
        "shown_volume": None if row.shown_volume is None else plain(row.shown_volume),
        "shown_difference": row.shown_difference,
        "rounds": row.rounds,
        "failed_rounds": row.failed_rounds,
        "round_seconds_mean": round(row.round_seconds_mean, 3),
        "wear_usdt": plain(row.wear_usdt),
        "wear_bp": plain(round_half_up(row.wear_bp, 4)),
        "leftover": plain(row.leftover),
        "leftover_cost_usdt": plain(row.leftover_cost_usdt),
        "ending": None if row.ending is None else row.ending.value,
        "reason": row.reason,
    }
