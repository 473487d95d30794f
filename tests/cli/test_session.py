"""One run as a person or a script sees it, with a fake in the place of trading."""

from __future__ import annotations

import itertools
import json
import os
import re
import signal
import subprocess
import sys

import pytest
import trio

from alphabot.cli.session import conduct, exit_code
from alphabot.cli.stopping import watch_signals
from alphabot.errors import JournalError
from alphabot.runtime.board import Board, Ending
from alphabot.runtime.stop import Stop
from tests.cli.boards import ended
from tests.cli.fake_run import Summary
from tests.cli.processes import ENVIRONMENT, ROOT, on_terminal

pytestmark = pytest.mark.outside

FAKE = "tests.cli.fake_run"


@pytest.mark.parametrize(
    ("endings", "failed", "interrupted", "code"),
    [
        ((Ending.REACHED, Ending.ALREADY_REACHED), False, False, 0),
        ((Ending.REACHED, Ending.ALREADY_REACHED), False, True, 0),
        ((Ending.REACHED, Ending.STOPPED), False, False, 0),
        ((Ending.REACHED, Ending.STOPPED), False, True, 130),
        ((Ending.STOPPED, Ending.OPEN), False, False, 3),
        ((Ending.STOPPED, Ending.OPEN), False, True, 3),
        ((Ending.REACHED, Ending.LATCHED), False, False, 1),
        ((Ending.OPEN, Ending.FAILED), False, True, 1),
        ((Ending.OPEN,), True, True, 1),
        ((Ending.REACHED,), True, False, 1),
        ((), False, False, 0),
        ((), False, True, 130),
    ],
)
def test_exit_codes(
    endings: tuple[Ending, ...], failed: bool, interrupted: bool, code: int
) -> None:
    assert exit_code(ended(*endings), failed=failed, interrupted=interrupted) == code


def test_a_worse_code_wins() -> None:
    ranks = [0, 130, 3, 1]
    for one, two in itertools.product(Ending, repeat=2):
        alone = [exit_code(ended(e), failed=False, interrupted=True) for e in (one, two)]
        both = exit_code(ended(one, two), failed=False, interrupted=True)
        assert ranks.index(both) == max(map(ranks.index, alone))


async def test_the_first_signal_asks_and_the_second_demands() -> None:
    before = signal.getsignal(signal.SIGINT)
    stop = Stop(grace_seconds=5)
    async with trio.open_nursery() as nursery:
        signals = await nursery.start(watch_signals, stop)
        signal.raise_signal(signal.SIGTERM)
        await stop.requested.wait()
        assert (stop.forced, signals.interrupted) == (False, False)
        signal.raise_signal(signal.SIGINT)
        await trio.testing.wait_all_tasks_blocked()
    assert (stop.forced, signals.interrupted) == (True, True)
    assert signal.getsignal(signal.SIGINT) is before


async def test_whoever_else_asked_the_next_signal_demands() -> None:
    stop = Stop(grace_seconds=5)
    stop.request()
    async with trio.open_nursery() as nursery:
        await nursery.start(watch_signals, stop)
        signal.raise_signal(signal.SIGINT)
    assert stop.forced


async def test_an_error_of_trading_comes_out_and_signals_are_given_back() -> None:
    before = signal.getsignal(signal.SIGTERM)

    async def trade() -> Summary:
        await trio.lowlevel.checkpoint()
        raise JournalError("full")

    with pytest.RaisesGroup(JournalError):
        await conduct(trade, board=Board(), stop=Stop(5), language="en")
    assert signal.getsignal(signal.SIGTERM) is before


def fake(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", FAKE, *arguments],
        cwd=ROOT,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def test_in_a_pipe_there_are_lines_and_then_the_table() -> None:
    with fake("0") as process:
        out, err = process.communicate()
    assert (process.returncode, err) == (0, "")
    log, table = out.split("\n\n")
    assert all(re.match(r"\d{4}-.* \| [A-Z]+ +\| ", line) for line in log.splitlines())
    assert len(table.splitlines()) == 4
    assert "\x1b" not in out


def test_with_json_standard_output_holds_nothing_else() -> None:
    with fake("0", "--json") as process:
        out, err = process.communicate()
    assert [row["ending"] for row in json.loads(out)] == ["reached", "reached"]
    assert "strategy_id=fake" in err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_that_leaves_something_open_ends_with_3(number: signal.Signals) -> None:
    with fake("60") as process:
        assert process.stdout
        process.stdout.readline()
        process.send_signal(number)
        out, err = process.communicate()
    assert (process.returncode, err) == (3, "")
    assert number.name in out


def test_whoever_stops_reading_ends_nothing() -> None:
    with fake("1") as process:
        assert process.stdout
        assert process.stderr
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait() == 0


def test_on_a_terminal_rows_stand_below_the_log_and_give_way_to_the_table() -> None:
    with on_terminal("-m", FAKE, "60") as terminal:
        shown = terminal.read_until("awaiting sell")
        assert shown.index("Strategy started") < shown.index("koge_vol")  # the column gives way
        terminal.process.send_signal(signal.SIGINT)
        shown = terminal.read_until("\n\n\n")
        assert terminal.process.wait() == 3
    assert shown.rindex("Strategy stopped") < shown.rindex("total")
    assert "\x1b[?25h" in shown, "the cursor is shown again"


def test_a_terminal_that_goes_away_does_not_end_the_trading() -> None:
    with on_terminal("-m", FAKE, "2") as terminal:
        terminal.read_until("awaiting sell")
        os.close(terminal.end)
        assert terminal.process.wait() == 0


def test_a_dumb_terminal_gets_plain_lines() -> None:
    with on_terminal("-m", FAKE, "0", kind="dumb") as terminal:
        shown = terminal.read_until("\n\n\n")
        assert terminal.process.wait() == 0
    assert "\x1b" not in shown
    assert "total" in shown
