"""Reports as plain text for 80 columns: paragraphs, labelled rows and tables.

What goes in is text, never markup: names of tokens and strategies come from outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

__all__ = ["WIDTH", "Row", "labelled", "printed", "table"]

WIDTH = 80
_LABEL_CELLS = 8
_FOLDED_CELLS_MIN = 8

Row = tuple[str, RenderableType]
"""A label, and what stands beside it."""


def printed(blocks: Iterable[RenderableType]) -> str:
    """Return the blocks one below the other, in lines of at most :data:`WIDTH` cells."""
    # Whatever the environment says of the terminal, this is text.
    console = Console(
        force_terminal=False,
        color_system=None,
        width=WIDTH,
        highlight=False,
        markup=False,
        emoji=False,
    )
    with console.capture() as capture:
        for block in blocks:
            console.print(block)
    return "\n".join(line.rstrip() for line in capture.get().rstrip().splitlines())


def labelled(rows: Iterable[Row]) -> RenderableType:
    """Return rows with their labels in one column and folded text in the other."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(min_width=_LABEL_CELLS)
    grid.add_column(overflow="fold")
    for label, body in rows:
        grid.add_row(label, Text(body) if isinstance(body, str) else body)
    return Padding(grid, (0, 0, 0, 2))


def table(
    heads: Sequence[str], rows: Iterable[Sequence[str]], *, texts: int = 1, gap: int = 2
) -> Table:
    """Return a table whose first columns, ``texts`` of them, are text and may be folded.

    The others are figures, which are not. ``gap`` cells are between two columns.
    """
    built = Table(box=None, padding=(0, gap, 0, 0), pad_edge=False)
    rows = list(rows)
    for number, head in enumerate(heads):
        if number < texts:
            widest = max((cell_len(row[number]) for row in rows), default=0)
            built.add_column(head, overflow="fold", min_width=min(widest, _FOLDED_CELLS_MIN))
        else:
            built.add_column(head, justify="right", no_wrap=True)
    for row in rows:
        built.add_row(*(Text(cell) for cell in row))
    return built
