"""Programs that a test starts as a process of their own: ``python -m tests.store.child NAME ARG``.

Each prints a line when what it was started for has come about, and then waits, goes on or ends.
"""

from __future__ import annotations

import os
import resource
import select
import sys
from pathlib import Path

import apsw
import trio

from alphabot.core.folding import checkpoint_before
from alphabot.errors import AlphabotError
from alphabot.store import EMBEDDED, open_journal, read_journal
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


def write_and_hold(folder: str) -> None:
    """Own the database with one record in it, add another when told to, and go when input ends."""

    async def write() -> None:
        with open_journal(Path(folder), EMBEDDED, fresh=False, clock=FixedClock()) as journal:
            journal.users.ensure_simulated_user(USER)
            await journal.append(USER, latched())
            say("held")
            sys.stdin.readline()
            await journal.append(USER, latched())
            say("written")
            sys.stdin.read()

    trio.run(write)


def write(folder: str, records: str) -> None:
    """Write until standard input ends, as one owner after another, each for that many records.

    At least one owner writes.
    """

    async def write_as_owner() -> None:
        with open_journal(Path(folder), EMBEDDED, fresh=False, clock=FixedClock()) as journal:
            journal.users.ensure_simulated_user(USER)
            for _ in range(int(records)):
                await journal.append(USER, latched())
            say(journal.position)

    trio.run(write_as_owner)
    while not select.select([sys.stdin], [], [], 0)[0]:
        trio.run(write_as_owner)


def fill(folder: str) -> None:
    """Write until the files may not grow any more, then say how far it came and what was said."""

    async def until_full() -> None:
        written = 0
        with open_journal(Path(folder), EMBEDDED, fresh=False, clock=FixedClock()) as journal:
            journal.users.ensure_simulated_user(USER)
            resource.setrlimit(resource.RLIMIT_FSIZE, (160_000, 160_000))
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


def look_as_nobody(folder: str) -> None:
    """Look at the journal without any right of the superuser and say what came of it."""
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    try:
        with read_journal(Path(folder), EMBEDDED):
            say("opened")
    except AlphabotError as error:
        say(type(error).__name__, error)


def open_and_say(folder: str) -> None:
    """Open, and say what came of it."""
    try:
        with open_journal(Path(folder), EMBEDDED, fresh=False, clock=FixedClock()):
            say("opened")
    except AlphabotError as error:
        say(type(error).__name__, error)


def open_far(folder: str) -> None:
    """Write a record on a network disk and say how it was written."""

    async def write() -> None:
        with open_journal(
            Path(folder), EMBEDDED, fresh=False, clock=FixedClock(), on_network_disk=True
        ) as journal:
            await journal.append(USER, latched())
            with journal.database.guarded() as connection:
                modes = [connection.pragma(name) for name in ("journal_mode", "locking_mode")]
            say(" ".join([*modes, str(journal.position)]))

    trio.run(write)


def die_in_a_far_write(folder: str) -> None:
    """End in the middle of a transaction whose pages have reached the file."""
    connection = apsw.Connection(str(Path(folder) / "simulated.db"))
    connection.pragma("journal_mode", "delete")
    connection.pragma("cache_size", 1)
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("UPDATE users SET name = hex(randomblob(200000))")
    connection.cacheflush()
    os._exit(0)


def fold(folder: str) -> None:
    """Fold the first user's old records away, whatever is left of them, and write the file anew."""

    async def away() -> None:
        with open_journal(Path(folder), EMBEDDED, fresh=False, clock=FixedClock()) as journal:
            checkpoint = checkpoint_before(await journal.records(USER), 2**62)
            say("begins")
            if checkpoint is not None:
                await journal.fold(USER, checkpoint, 9)
            journal.database.compact()

    trio.run(away)


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
