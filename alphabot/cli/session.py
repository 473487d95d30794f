"""One run as a person or a script sees it: signals, screen or plain lines, the final table.

On a terminal the progress rows stand below the log. In a pipe there are log lines only, and rich
is not even imported while trading. With JSON asked for, standard output holds nothing else and
the log goes to standard error.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import trio

from alphabot.cli.stopping import watch_signals
from alphabot.log import LineWriter, configure, let_go, say_exception
from alphabot.messages import Language
from alphabot.runtime.board import Board, Ending
from alphabot.runtime.stop import Stop

if TYPE_CHECKING:
    from rich.console import Console

    from alphabot.cli.screen import Screen

__all__ = ["Summary", "conduct", "emit", "exit_code"]

_DONE = (Ending.REACHED, Ending.ALREADY_REACHED)


class Summary(Protocol):
    """What is asked of the value that trading returns."""

    @property
    def failed(self) -> bool:
        """Whether anything ended by an error."""
        ...


async def conduct(
    trade: Callable[[], Awaitable[Summary]],
    *,
    board: Board,
    stop: Stop,
    language: Language,
    json: bool = False,
) -> int:
    """Run ``trade``, show it, tell how it ended and return the exit code."""
    with _output(board, language, json=json) as screen:
        async with trio.open_nursery() as nursery:
            signals = await nursery.start(watch_signals, stop)
            if screen is not None:
                nursery.start_soon(_draw, screen, language)
            summary = await trade()
            nursery.cancel_scope.cancel()
    _show_result(board, language, json=json)
    return exit_code(board, failed=summary.failed, interrupted=signals.interrupted)


def exit_code(board: Board, *, failed: bool, interrupted: bool) -> int:
    """Return 1, 3, 130 or 0: what went wrong before what is open before how it was stopped."""
    endings = [row.ending for row in board.rows]
    if failed or Ending.FAILED in endings or Ending.LATCHED in endings:
        return 1
    if Ending.OPEN in endings:
        return 3
    # Ctrl+C after the last target was reached interrupted nothing.
    done = bool(endings) and all(ending in _DONE for ending in endings)
    return 130 if interrupted and not done else 0


def emit(text: str) -> None:
    """Write a result to standard output; whoever does not read it misses it."""
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except OSError:
        let_go(sys.stdout)


async def _draw(screen: Screen, language: Language) -> None:
    try:
        await screen.run()
    except Exception as error:  # noqa: BLE001 - no order may depend on a picture
        configure(language)
        say_exception("screen.failed", error)
        await trio.lowlevel.checkpoint()


@contextmanager
def _output(board: Board, language: Language, *, json: bool) -> Iterator[Screen | None]:
    """Send the log where it belongs, and open the screen where there is one."""
    if json:
        configure(language, sink=LineWriter(lambda: sys.stderr))
        yield None
    elif (console := _terminal()) is None:
        configure(language)
        yield None
    else:
        from alphabot.cli.screen import Screen

        try:
            with Screen(board, language, console, sys.stdout) as screen:
                configure(language, sink=screen.write, colour=console.color_system is not None)
                yield screen
        finally:
            configure(language)


def _show_result(board: Board, language: Language, *, json: bool) -> None:
    from alphabot.cli.table import as_json, as_table, as_text

    if json:
        emit(as_json(board))
    elif (console := _terminal()) is None:
        emit("\n" + as_text(board, language))
    else:
        console.print()
        console.print(as_table(board, language, console.width))


def _terminal() -> Console | None:
    """Return the terminal that standard output is, if it is one that can be drawn on."""
    if not sys.stdout.isatty():
        return None
    from rich.console import Console

    console = Console(highlight=False)
    return None if console.is_dumb_terminal else console
