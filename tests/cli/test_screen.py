"""The screen, seen through rich's recording console."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

import pytest
import trio
from rich.cells import cell_len
from rich.console import Console

from alphabot.cli.screen import Screen, picture
from alphabot.log import configure, say
from alphabot.messages import Language
from alphabot.runtime.board import Board, Ending, State
from tests.cli.boards import HOSTILE, at_the_end, in_the_middle, row

WIDTHS = [10, 20, 40, 60, 79, 80, 100, 120, 140, 250]


def drawn(board: Board, language: Language, width: int, rows_max: int = 1000) -> list[str]:
    """Return the lines of a picture."""
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    with console.capture() as capture:
        console.print(picture(board, language, now=100, width=width, rows_max=rows_max))
    return capture.get().splitlines()


@contextmanager
def opened(board: Board, width: int = 100) -> Iterator[tuple[Screen, io.StringIO]]:
    """Open a screen on a terminal in memory, with the log going to it."""
    terminal = io.StringIO()
    console = Console(file=terminal, width=width, height=24, force_terminal=True)
    try:
        with Screen(board, "en", console, terminal) as screen:
            configure("en", sink=screen.write)
            yield screen, terminal
    finally:
        configure("zh")


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("width", WIDTHS)
def test_every_row_is_one_line_on_any_terminal(width: int, language: Language) -> None:
    board = in_the_middle()
    lines = drawn(board, language, width)
    assert len(lines) == 1 + len(board.rows)
    assert max(map(cell_len, lines)) <= width


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_columns_do_not_jump_as_states_change(state: State, language: Language) -> None:
    board = Board([row()])
    before = drawn(board, language, 100)[0]
    board.rows[0].state, board.rows[0].waiting_until = state, 400
    assert drawn(board, language, 100)[0] == before


def test_a_wide_terminal_has_every_figure() -> None:
    lines = drawn(in_the_middle(), "en", 140)
    for part in ("KOGE", "49.5%", "8,120 / 16,384", "270", "1.63", "2.0", "● ", "281 s", "live"):
        assert part in lines[1]


def test_a_hundred_percent_is_said_of_nothing_less() -> None:
    board = Board([row()])
    board.rows[0].credited = board.rows[0].target - 1
    assert "99.9%" in drawn(board, "en", 140)[1]
    board.rows[0].credited += 1
    assert "100.0%" in drawn(board, "en", 140)[1]


def test_names_from_outside_are_text() -> None:
    board = Board([row(strategy_id=HOSTILE[:16], token=HOSTILE[:10])])
    (_, line) = drawn(board, "en", 140)
    assert line.isprintable()
    assert "[red]x[/" in line


def test_what_ended_gives_way_to_what_runs() -> None:
    board = Board([row(user_id) for user_id in range(1, 31)])
    for line in board.rows[:25]:
        line.ending = Ending.REACHED
    lines = drawn(board, "en", 140, rows_max=6)
    assert [line.split()[0] for line in lines[1:-1]] == ["1", "26", "27", "28", "29", "30"]
    assert "24" in lines[-1]


def test_no_rows_are_drawn_as_nothing() -> None:
    assert "".join(drawn(Board(), "en", 100)).strip() == ""


async def test_log_lines_leave_whole_above_the_rows(autojump_clock: trio.testing.MockClock) -> None:
    with opened(Board([row()]), width=40) as (screen, terminal):
        say("strategy.started", strategy_id="x" * 100, user_id=7)
        assert "x" * 100 not in terminal.getvalue()
        with trio.move_on_after(1):
            await screen.run()
        text = terminal.getvalue()
    assert "x" * 100 + ", user_id=7\n" in text
    assert text.index("user_id=7") < text.rindex("starting")


async def test_what_has_not_changed_is_not_drawn_again(
    autojump_clock: trio.testing.MockClock,
) -> None:
    board = Board([row()])
    with opened(board) as (screen, terminal):
        screen.refresh()
        size = terminal.tell()
        with trio.move_on_after(10):
            await screen.run()
        assert terminal.tell() == size
        board.rows[0].rounds += 1
        screen.refresh()
        assert terminal.tell() > size


def test_lines_still_held_leave_when_the_screen_closes() -> None:
    with opened(at_the_end()) as (_, terminal):
        say("round.failed", reason="last words")
    assert "last words" in terminal.getvalue()


@pytest.fixture
def full_pipe() -> Iterator[tuple[int, TextIO]]:
    """What a terminal after Ctrl+S is to who writes: open, and taking nothing."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writer, b"x" * 1000)
    with open(reader), open(writer, "w") as stream:
        yield reader, stream


async def test_a_terminal_that_takes_nothing_holds_up_nobody(
    full_pipe: tuple[int, TextIO],
) -> None:
    reader, stream = full_pipe
    drawn_on = io.StringIO()
    console = Console(file=drawn_on, width=80, height=24, force_terminal=True)
    screen = Screen(Board([row()]), "en", console, stream)
    for number in range(5000):
        screen.write(f"line {number}")
    screen.refresh()
    assert drawn_on.getvalue() == ""
    os.read(reader, 1_000_000)
    try:
        configure("en", sink=screen.write)
        screen.refresh()
    finally:
        configure("zh")
    assert "line 4999\n" in drawn_on.getvalue()
    assert "line 3000\n" in drawn_on.getvalue()
    assert "line 2999\n" not in drawn_on.getvalue()
    assert "lines=3000" in drawn_on.getvalue()
