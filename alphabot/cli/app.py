"""The command line as a whole.

The modules of the commands import what they need when they run and not before, so that ``--help``
and complaints about options come at once.
"""

from __future__ import annotations

from cyclopts import App, Parameter

from alphabot import __version__
from alphabot.cli.check import check
from alphabot.cli.clear import clear
from alphabot.cli.doctor import doctor
from alphabot.cli.drain import drain
from alphabot.cli.exchange import exchange
from alphabot.cli.halt import halt
from alphabot.cli.init import init
from alphabot.cli.journal import journal
from alphabot.cli.pause import pause
from alphabot.cli.plugins import plugins
from alphabot.cli.rehearse import rehearse
from alphabot.cli.reset import reset
from alphabot.cli.resume import resume
from alphabot.cli.run import run
from alphabot.cli.schema import schema
from alphabot.cli.status import status
from alphabot.cli.stop import stop
from alphabot.cli.tokens import tokens
from alphabot.cli.users_shown import users

__all__ = ["app"]

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
for command in (
    *(init, check, doctor, rehearse, run, tokens, exchange),
    *(status, pause, resume, drain, stop, halt, clear),
    *(reset, journal, users, plugins, schema),
):
    app.command(command)
