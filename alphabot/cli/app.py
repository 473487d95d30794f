"""The commands by name; none is imported before it is asked for, so that ``--help`` is quick."""

from __future__ import annotations

from collections.abc import Mapping

from cyclopts import App, Parameter

from alphabot import __version__

__all__ = ["COMMANDS", "app"]

COMMANDS: Mapping[str, str] = {
    "run": "Trade until every target is reached.",
    "exchange": "Serve the simulated exchange alone.",
    "reset": "Set a strategy's progress back to zero.",
}
"""Every command and what it does; ``alphabot.cli.NAME`` has a function of its name."""

app = App(
    name="alphabot",
    help=(
        "Volume-target strategies for several users of Binance Alpha, "
        "on a simulated exchange until you say otherwise."
    ),
    help_epilogue=(
        "Exit codes: 0 done or cleanly terminated, 1 failed, 2 bad input, "
        "3 stopped with something open, 130 interrupted."
    ),
    version=f"alphabot {__version__}",
    help_format="plaintext",
    default_parameter=Parameter(negative=()),
    backend="trio",
    # What a command returns is the exit code, and errors are told in one line: see __main__.
    result_action="return_value",
    exit_on_error=False,
    print_error=False,
    suppress_keyboard_interrupt=False,
)
for name, about in COMMANDS.items():
    app.command(f"alphabot.cli.{name}:{name}", name=name, help=about)
