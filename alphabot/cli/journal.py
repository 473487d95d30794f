"""``alphabot journal``: look at what is remembered, also while a service is writing to it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter
from cyclopts.validators import Number

if TYPE_CHECKING:
    from alphabot.config import Settings

__all__ = ["journal"]

Count = Annotated[int, Parameter(validator=Number(gte=1))]
CONFIG = Path("strategies.toml")

journal = App(name="journal", help="The journal: check it, read it, write it out, copy it.")


@journal.command
def verify(*, config: Path = CONFIG, json: bool = False) -> int:
    """Check everything that the start of a service checks, and change nothing.

    That is the file, its tables, every user's chain of records, the table of open intents and
    how far the journal had come. Users and notices are read as well, though no hash covers them.
    The exit code is 0 for a sound journal and 1 for a damaged one.

    Parameters
    ----------
    config
        The file that names the exchange.
    json
        Print what was found as JSON.
    """
    from alphabot import wiring
    from alphabot.cli import journal_text as text
    from alphabot.cli.session import emit
    from alphabot.errors import JournalError

    settings = _settings(config)
    file = wiring.journal_file(settings)
    try:
        with wiring.look(settings) as view:
            view.check_what_no_hash_covers()
            found = (
                text.as_json(file, view) if json else text.as_text(file, view, settings.language)
            )
            emit(found)
            return 1 if view.damaged else 0
    except JournalError as error:
        problem = str(error)
        emit(
            text.unreadable_json(file, problem)
            if json
            else text.unreadable_text(problem, settings.language)
        )
        return 1


@journal.command
def show(user: int, *, last: Count | None = None, config: Path = CONFIG, json: bool = False) -> int:
    """Print a user's records in words, one line each, newest last, and then the ledger.

    The ledger says of each token what was bought and where it is: sold, on open SELLs, on no
    order (dust, or still to be sold), or gone from the wallet by no order of ours. It is of all
    records, also where fewer are shown.

    Parameters
    ----------
    user
        Whose, by the id in user_ids.
    last
        No more records than this, the newest.
    config
        The file that names the exchange.
    json
        Print it all as JSON, the records with their places and hashes.
    """
    from collections import deque

    from alphabot import wiring
    from alphabot.cli import journal_text as text
    from alphabot.cli.session import emit

    settings = _settings(config)
    with wiring.look(settings) as view:
        of = view.user(user)
        entries = deque(view.entries(user), maxlen=last)
    if json:
        emit(text.records_json(of, entries, dry_run=view.dry_run))
    else:
        head = text.heading(settings.language, dry_run=view.dry_run)
        emit("\n".join([*head, *text.records_text(of, entries, settings.language)]))
    return 1 if of.damage else 0


@journal.command
def export(
    *,
    user: int | None = None,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    config: Path = CONFIG,
) -> int:
    """Write the records as they are stored and hashed, one line of JSON each.

    Parameters
    ----------
    user
        Only this user's.
    output
        A new file, for your eyes alone, instead of standard output.
    config
        The file that names the exchange.
    """
    from alphabot import wiring
    from alphabot.cli import journal_text as text
    from alphabot.cli.lines import write_lines

    settings = _settings(config)
    with wiring.look(settings) as view:
        chosen = view.users if user is None else (view.user(user),)
        write_lines(map(text.exported, view.entries(user)), output)
        damaged = [of for of in chosen if of.damage]
    for of in damaged:
        _complain(text.damage_text(of, settings.language))
    return 1 if damaged else 0


@journal.command
def backup(file: Path, *, config: Path = CONFIG, json: bool = False) -> int:
    """Copy the journal into one new file, also while a service is writing to it.

    The file is checked before it gets its name, and its contents are printed. Sessions are in it
    as they are kept, sealed; the key is not.

    Parameters
    ----------
    file
        A new file, for your eyes alone.
    config
        The file that names the exchange.
    json
        Print what it holds as JSON.
    """
    from alphabot import wiring
    from alphabot.cli import journal_text as text
    from alphabot.cli.session import emit

    settings = _settings(config)
    wiring.back_up(settings, file)
    with wiring.look(settings, file) as view:
        emit(text.as_json(file, view) if json else text.as_text(file, view, settings.language))
    return 0


@journal.command
def restore(file: Path, *, config: Path = CONFIG, json: bool = False) -> int:
    """Put a copy in the place of the journal while no service runs.

    What is replaced is kept beside it in a folder named after the moment. Before the next order
    every user is compared with the exchange: who has orders there that the copy does not know
    trades nothing until you have looked and said so with alphabot clear.

    Parameters
    ----------
    file
        What alphabot journal backup has made.
    config
        The file that names the exchange.
    json
        Print what was done as JSON.
    """
    from functools import partial

    import trio

    from alphabot import wiring
    from alphabot.cli import journal_text as text
    from alphabot.cli.pasting import passphrase
    from alphabot.cli.session import emit
    from alphabot.cli.users_words import SAID
    from alphabot.cli.words import word

    settings = _settings(config)
    ask = partial(passphrase, word(SAID["passphrase"], settings.language))
    done = trio.run(wiring.restore, settings, file, ask)
    language = settings.language
    emit(text.restored_json(file, done) if json else text.restored_text(file, done, language))
    return 0


def _settings(config: Path) -> Settings:
    """Read the configuration; whatever is logged goes to standard error."""
    import sys

    from alphabot.config import load
    from alphabot.log import LineWriter, configure

    settings = load(config)
    configure(settings.language, sink=LineWriter(lambda: sys.stderr))
    return settings


def _complain(line: str) -> None:
    import sys

    from alphabot.log import LineWriter

    LineWriter(lambda: sys.stderr)(line)
