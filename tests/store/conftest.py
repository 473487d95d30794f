"""Fixtures of this room: a clock, a journal in memory with two users, and a way to open files."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from alphabot.store import EMBEDDED, SqliteJournal, VenueIdentity, memory_journal, open_journal
from tests.store.samples import OTHER, USER, FixedClock

_IN_MEMORY = Path("/dev/shm")

Opener = Callable[..., AbstractContextManager[SqliteJournal]]


def run_child(*arguments: object) -> str:
    """Run a program of :mod:`tests.store.child` to its end and return what it said."""
    done = subprocess.run(
        child(*arguments), input="", capture_output=True, text=True, timeout=30, check=True
    )
    return done.stdout


def child(*arguments: object) -> list[str]:
    """Return the command that starts a program of :mod:`tests.store.child`."""
    return [sys.executable, "-m", "tests.store.child", *map(str, arguments)]


@pytest.fixture
def clock() -> FixedClock:
    """A wall clock that stands still."""
    return FixedClock()


@pytest.fixture
def journal(clock: FixedClock) -> SqliteJournal:
    """A journal in memory that knows two users."""
    journal = memory_journal(clock)
    journal.users.ensure_simulated_user(USER)
    journal.users.ensure_simulated_user(OTHER)
    return journal


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that does not exist yet, in memory where the system has such a place.

    No test here needs a disk that turns: a killed process loses nothing that the kernel has, and
    a lost power is played by :mod:`tests.store.faulty_disk`. Thousands of syncs would take minutes.
    """
    with TemporaryDirectory(dir=_IN_MEMORY if _IN_MEMORY.is_dir() else None) as name:
        yield Path(name) / "state"


@pytest.fixture
def reopen(folder: Path, clock: FixedClock) -> Opener:
    """Open the database of the folder, keeping what it has."""

    def opened(identity: VenueIdentity = EMBEDDED) -> AbstractContextManager[SqliteJournal]:
        return open_journal(folder, identity, fresh=False, clock=clock)

    return opened
