"""Two processes on one database: one trades, and the other says who does."""

from __future__ import annotations

import os
import re
import signal
import sys
from pathlib import Path

import pytest

from alphabot.core.records import Intended, Record
from tests.cli.processes import alphabot
from tests.kill.judge import check, histories
from tests.kill.processes import Exchange, Life, Starter, Way, exchange, starter, write_config

pytestmark = pytest.mark.outside

STRATEGIES = {"koge": ("KOGE", [1]), "aop": ("AOP", [2])}
TARGET = 1_000_000
TRADED = "Trade succeeded"


def judged(venue: Exchange, folder: Path) -> dict[int, list[Record]]:
    """Return every user's records, once the exchange's books agree with them."""
    exported = alphabot("journal", "export", cwd=folder)
    assert (exported.returncode, exported.stderr) == (0, "")
    records = histories(exported.stdout)
    check(venue.report(), records)
    return records


def finished(life: Life) -> None:
    """Let a service finish its rounds, and see that all was well."""
    life.kill(signal.SIGTERM)
    assert (life.end(), life.errors) == (0, ""), life.said


def race(starters: tuple[Starter, Starter], folder: Path, venue: Exchange) -> int:
    """Start two services at the same moment; return which of them got to trade."""
    lives = [starting.start(folder, venue) for starting in starters]
    loser = next(i for i in (0, 1) if lives[i].until("OTO pair placed", TRADED) is None)
    winner = 1 - loser
    assert lives[loser].end() == 1
    told = lives[loser].errors
    expected = rf".*simulated-\S+\.db is in use by process {lives[winner].pid} since [-\d: ]+ UTC\n"
    # Between locking the file and signing it nobody's name is there yet.
    assert re.fullmatch(f"{expected}|.* is in use by another process\n", told), told
    assert "Journal opened" not in lives[loser].said
    assert lives[winner].until(TRADED), lives[winner].said + lives[winner].errors
    finished(lives[winner])
    return winner


def run_races(folder: Path, way: Way, races: int) -> None:
    """Race again and again on one database and one exchange, then judge."""
    with exchange(1) as venue, starter(way) as first, starter(way) as second:
        write_config(folder, venue, TARGET, STRATEGIES)
        wins = [race((first, second), folder, venue) for _ in range(races)]
        records = judged(venue, folder)
    epochs = {r.owner_epoch for told in records.values() for r in told if isinstance(r, Intended)}
    # Who lost has never been the owner, not even for a moment.
    assert epochs == set(range(1, races + 1))
    sys.stdout.write(f"\n{races} races ({way}): won {wins.count(0)} and {wins.count(1)}\n")


@pytest.mark.ceiling(300)
def test_of_two_starters_one_trades(tmp_path: Path) -> None:
    run_races(tmp_path, "fork", 20)


@pytest.mark.ceiling(300)
def test_of_two_programs_as_they_are_started_one_trades(tmp_path: Path) -> None:
    run_races(tmp_path, "exec", 1)


@pytest.mark.kill
@pytest.mark.ceiling(3600)
def test_of_two_programs_one_trades_fifty_times(tmp_path: Path) -> None:
    run_races(tmp_path, "exec", int(os.environ.get("RACES", "50")))


@pytest.mark.ceiling(120)
def test_a_stopped_owner_stays_the_owner(tmp_path: Path) -> None:
    with exchange(2) as venue, starter("fork") as first, starter("fork") as second:
        write_config(tmp_path, venue, TARGET, STRATEGIES)
        owner = first.start(tmp_path, venue)
        assert owner.until(TRADED), owner.said + owner.errors
        owner.kill(signal.SIGSTOP)
        for _ in range(3):
            other = second.start(tmp_path, venue)
            assert other.end() == 1
            assert f"is in use by process {owner.pid} since" in other.errors
        # Who only looks may.
        looked = alphabot("journal", "verify", cwd=tmp_path)
        assert (looked.returncode, looked.stderr) == (0, "")
        owner.kill(signal.SIGCONT)
        for _ in range(3):
            assert owner.until(TRADED), owner.said + owner.errors
        finished(owner)
        records = judged(venue, tmp_path)
    epochs = {r.owner_epoch for told in records.values() for r in told if isinstance(r, Intended)}
    assert epochs == {1}


@pytest.mark.ceiling(120)
def test_whose_lock_was_taken_away_commits_no_further_intent(tmp_path: Path) -> None:
    """A person may remove the lock file; the epoch in the database is not so easily removed."""
    with exchange(3) as venue, starter("fork") as first, starter("fork") as second:
        write_config(tmp_path, venue, TARGET, STRATEGIES)
        owners = [first.start(tmp_path, venue)]
        for epoch in range(2, 6):
            assert owners[-1].until(TRADED), owners[-1].said + owners[-1].errors
            (lock,) = tmp_path.glob(".alphabot/*.lock")
            lock.unlink()
            owners.append((first, second)[epoch % 2 == 0].start(tmp_path, venue))
            assert owners[-1].until(TRADED), owners[-1].said + owners[-1].errors
            assert owners[-2].end() == 1
            assert owners[-2].errors.endswith(
                f"another process has taken over (epoch {epoch}, this one has {epoch - 1})\n"
            )
            assert owners[-2].errors.count("\n") == 1
        owners[-1].live_on(2)  # until it has found out about everybody's orders
        finished(owners[-1])
        records = judged(venue, tmp_path)
    for told in records.values():
        epochs = [record.owner_epoch for record in told if isinstance(record, Intended)]
        assert epochs == sorted(epochs)
