"""A disk that fills up, a file that is locked or read-only, while the real process trades.

Whatever it is: no order leaves without its intent, one line says what is wrong and how to go on,
and once that is so the next run goes on with nothing lost and nothing doubled.
"""

from __future__ import annotations

import os
import random
import re
import resource
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

from tests.cli.processes import alphabot
from tests.disks import fill_up, small_disk
from tests.kill.judge import check, histories
from tests.kill.processes import Exchange, Life, Starter, exchange, finish, starter, write_config

pytestmark = pytest.mark.outside

STRATEGIES = {"koge": ("KOGE", [1]), "aop": ("AOP", [1, 2])}
TARGET = 1_000_000
CARRY_ON = "the next start carries on where the journal ends"

Trouble = Callable[[Life, Path], Callable[[], None]]
"""Makes trouble for a life and its journal; returns what ends the trouble."""


def journal_of(folder: Path) -> Path:
    """Return the database."""
    (path,) = folder.glob(".alphabot/*.db")
    return path


def no_file_may_grow(life: Life, folder: Path) -> Callable[[], None]:
    """Let no file of the process grow any more."""
    size = Path(f"{journal_of(folder)}-wal").stat().st_size
    resource.prlimit(life.pid, resource.RLIMIT_FSIZE, (size, size))
    return lambda: None


def another_program_locks_it(_: Life, folder: Path) -> Callable[[], None]:
    """Hold the database as a careless person with a SQLite shell does."""
    other = apsw.Connection(str(journal_of(folder)))
    other.set_busy_timeout(5000)
    other.execute("BEGIN IMMEDIATE")

    def let_go() -> None:
        other.execute("ROLLBACK")
        other.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        other.close()

    return let_go


def goes_on(starting: Starter, folder: Path, venue: Exchange) -> None:
    """See that the next run trades on, and judge everything up to its end."""
    finish(starting, folder, venue)
    exported = alphabot("journal", "export", cwd=folder)
    assert (exported.returncode, exported.stderr) == (0, "")
    check(venue.report(), histories(exported.stdout))


def stops_with_one_line(life: Life, said: str) -> None:
    """See that the run ends by itself, with exit code 1 and one line that says why."""
    assert life.end() == 1, life.said
    assert re.fullmatch(rf"\.alphabot/simulated-\S+\.db: .*{said}.*; .*{CARRY_ON}\n", life.errors)


@pytest.mark.ceiling(300)
@pytest.mark.parametrize(
    ("trouble", "said", "times"),
    [
        (no_file_may_grow, "the disk", 2),
        (another_program_locks_it, "another program holds the database locked", 2),
    ],
    ids=["no file may grow", "locked"],
)
def test_in_the_middle_of_trading(tmp_path: Path, trouble: Trouble, said: str, times: int) -> None:
    draw = random.Random(said)
    with exchange(1) as venue, starter("fork") as starting:
        write_config(tmp_path, venue, TARGET, STRATEGIES)
        for _ in range(times):
            life = starting.start(tmp_path, venue)
            assert life.until("OTO pair placed"), life.said + life.errors
            life.live_on(draw.uniform(0, 0.3))
            end_of_trouble = trouble(life, tmp_path)
            stops_with_one_line(life, said)
            end_of_trouble()
        goes_on(starting, tmp_path, venue)


@pytest.mark.ceiling(300)
def test_a_disk_without_room(tmp_path: Path) -> None:
    draw = random.Random(1)
    state = tmp_path / ".alphabot"
    with small_disk(state, "12m"), exchange(1) as venue, starter("fork") as starting:
        write_config(tmp_path, venue, TARGET, STRATEGIES)
        for _ in range(2):
            life = starting.start(tmp_path, venue)
            assert life.until("OTO pair placed"), life.said + life.errors
            life.live_on(draw.uniform(0, 0.3))
            fill_up(state / "ballast")
            stops_with_one_line(life, "the disk is full")
            # It does not help to start again before there is room.
            life = starting.start(tmp_path, venue)
            assert life.end() == 1
            assert "the disk is full" in life.errors
            assert life.errors.count("\n") == 1
            (state / "ballast").unlink()
        goes_on(starting, tmp_path, venue)


NOBODY = 65534


@pytest.mark.skipif(os.getuid() != 0, reason="only root may be nobody")
@pytest.mark.parametrize("there", [False, True], ids=["no journal yet", "somebody else's"])
def test_a_folder_that_may_not_be_written(there: bool) -> None:
    """The one who starts it has no right to write; nothing is ordered, and a line says so."""
    folder = Path("/var/tmp") / f"alphabot-test-{os.getpid()}"  # a place that nobody can reach
    folder.mkdir()
    folder.chmod(0o755)  # whatever the umask is
    try:
        with exchange(1) as venue, starter("fork") as starting:
            write_config(folder, venue, TARGET, STRATEGIES)
            if there:
                goes_on(starting, folder, venue)
                for path in [folder / ".alphabot", *folder.glob(".alphabot/*")]:
                    path.chmod(0o755 if path.is_dir() else 0o644)
            before = placings(venue)
            for path in folder.glob("*.toml"):
                path.chmod(0o644)
            life = starting.start(folder, venue, user=NOBODY)
            assert (life.end(), life.errors.count("\n")) == (1, 1), life.errors
            assert ".alphabot" in life.errors
            assert re.search("Permission denied|not permitted", life.errors)
            assert placings(venue) == before
            if there:
                goes_on(starting, folder, venue)
    finally:
        shutil.rmtree(folder)


def placings(venue: Exchange) -> list[Any]:
    """Return every order request that reached the exchange."""
    requests: list[Any] = venue.report()["requests"]
    return requests
