"""Programs that a test starts as a process of their own: ``python -m tests.store.child NAME ARG``.

Each prints a line when what it was started for has come about, and then waits, goes on or ends.
"""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path

import trio

from alphabot.errors import AlphabotError
from alphabot.store import EMBEDDED, open_journal
from tests.store.samples import USER, FixedClock, latched, not_sent, pair

NOBODY = 65534


def say(*lines: object) -> None:
    """Tell the test, at once."""
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.stdout.flush()


def hold(folder: str) -> None:
    """Own the database until standard input ends."""
    with open_journal(Path(folder), EMBEDDED, fresh=False, clock=FixedClock()):
        say("held")
        sys.stdin.read()


def write_again_and_again(folder: str) -> None:
    """For each line of standard input, let a new process write until it is killed.

    Forked before anything is open, since starting Python anew takes longer than all the rest.
    """
    for _ in sys.stdin:
        writer = os.fork()
        if writer == 0:
            trio.run(_write_without_end, Path(folder))
        say(writer)
        os.waitpid(writer, 0)
        say("dead")


async def _write_without_end(folder: Path) -> None:
    with open_journal(folder, EMBEDDED, fresh=False, clock=FixedClock()) as journal:
        journal.users.ensure_simulated_user(USER)
        number = len(await journal.records(USER))
        while True:
            # A process that was killed between the two left its intent open.
            if number % 2 == 0:
                await journal.commit_intent(USER, pair(f"{number}"))
            else:
                await journal.append(USER, not_sent(f"{number - 1}"))
            number += 1
            say(number)


def fill(folder: str) -> None:
    """Write until the files may not grow any more, then say how far it came and what was said."""

    async def until_full() -> None:
        written = 0
        with open_journal(Path(folder), EMBEDDED, fresh=False, clock=FixedClock()) as journal:
            journal.users.ensure_simulated_user(USER)
            resource.setrlimit(resource.RLIMIT_FSIZE, (120_000, 120_000))
            try:
                while True:
                    await journal.append(USER, latched())
                    written += 1
            except AlphabotError as error:
                say(written, type(error).__name__, error)

    trio.run(until_full)


def open_as_nobody(folder: str) -> None:
    """Open without any right of the superuser and say what came of it."""
    if os.getuid() == 0:
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    try:
        with open_journal(Path(folder), EMBEDDED, fresh=False, clock=FixedClock()) as journal:
            journal.users.ensure_simulated_user(USER)
        say("opened")
    except AlphabotError as error:
        say(type(error).__name__, error)


def open_with_umask_000(folder: str) -> None:
    """Make a database with the umask of a careless start, and leave it as a crash would."""
    os.umask(0)

    async def abandon() -> None:
        with open_journal(Path(folder), EMBEDDED, fresh=True, clock=FixedClock()) as journal:
            journal.users.ensure_simulated_user(USER)
            await journal.append(USER, latched())
            os._exit(0)

    trio.run(abandon)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
