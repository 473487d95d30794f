"""``alphabot clear`` and ``alphabot reset``: what a person does to a journal at rest."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest
import trio

from alphabot.config import load
from alphabot.core.progress import UserState
from alphabot.core.records import (
    Intended,
    Latched,
    Leftover,
    Leg,
    Record,
    RefusedRecord,
    UnknownRecord,
)
from alphabot.core.values import UserId
from alphabot.runtime.recorder import Recorder
from alphabot.store import SqliteJournal, VenueIdentity, VenueMode, open_journal
from alphabot.wiring.venues import folder_of, hosts_of
from tests.cli.configurations import elsewhere
from tests.cli.conftest import Command, Done
from tests.cli.processes import ENVIRONMENT, alphabot
from tests.core.samples import KOGE, NOON_MS, STRATEGY, pair, placed, settled

pytestmark = pytest.mark.outside

ELSEWHERE = elsewhere(1, 2)
EMBEDDED = (
    ELSEWHERE.replace("rest_url", "# rest_url")
    .replace("order_", "# order_")
    .replace("market_stream", "# market_stream")
)
REASON = "risk challenge\x1b[31m: finish it in the official page"
LATCHED = Latched(at_ms=NOON_MS, reason=REASON, clears="alphabot clear 1")
BOUGHT = settled(Leg.WORKING, "13636.36", "27.28", credited="27.28")
ABANDONED = Leftover(
    at_ms=NOON_MS,
    intent_id=pair().intent_id,
    alpha_id=KOGE,
    quantity=Decimal("13636.36"),
    reason="closed in the app",
)


class Clock:
    """Noon, for ever."""

    def now_ms(self) -> int:
        return NOON_MS


class Journal:
    """The journal of an exchange that runs elsewhere, beside its configuration."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "strategies.toml"
        self.config.write_text(ELSEWHERE)

    def write(self, *records: Record, user: int = 1) -> None:
        """Append records of a user, as a run would have."""

        async def write(recorder: Recorder) -> None:
            for record in records:
                if isinstance(record, Intended):
                    await recorder.intend(record)
                else:
                    await recorder.write(record)

        self.own(user, write)

    def state(self, user: int = 1) -> UserState:
        """Return what the journal says of a user."""
        found: list[UserState] = []

        async def look(recorder: Recorder) -> None:
            await trio.lowlevel.checkpoint()
            found.append(recorder.state)

        self.own(user, look)
        return found[0]

    def own(self, user: int, act: Callable[[Recorder], Awaitable[None]]) -> None:
        """Do something as the journal's owner."""
        trio.run(self._open, user, act)

    async def _open(self, user: int, act: Callable[[Recorder], Awaitable[None]]) -> None:
        settings = load(self.config)
        identity = VenueIdentity(VenueMode.SIMULATED, hosts_of(settings))
        with open_journal(folder_of(settings), identity, fresh=False, clock=Clock()) as journal:
            assert isinstance(journal, SqliteJournal)
            journal.users.ensure_simulated_user(UserId(user))
            recorder = Recorder(journal, UserId(user), Clock())
            await recorder.replay()
            await act(recorder)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path)


Answer = Callable[[str], None]


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Answer:
    """Put somebody at the terminal who will type this."""

    class Keyboard(io.StringIO):
        def isatty(self) -> bool:
            return True

    return lambda text: monkeypatch.setattr(sys, "stdin", Keyboard(text))


# --- clear ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["y\n", "Yes\n", " Y \n"])
def test_after_a_yes_it_is_cleared(
    command: Command, journal: Journal, answer: Answer, typed: str
) -> None:
    journal.write(LATCHED)
    answer(typed)
    done = command("clear", 1, "--config", journal.config)
    assert (done.code, done.err) == (0, "")
    assert r"risk challenge\x1b[31m: finish it" in done.out
    assert "UTC" in done.out
    assert "Clear it? [y/N]" in done.out
    assert done.out.endswith("Cleared. At the next start user 1 is reconciled, then trades on.\n")
    assert journal.state().latched is None


@pytest.mark.parametrize("typed", ["n\n", "\n", "", "yess\n"])
def test_after_anything_else_it_is_not(
    command: Command, journal: Journal, answer: Answer, typed: str
) -> None:
    journal.write(LATCHED)
    answer(typed)
    done = command("clear", 1, "--config", journal.config)
    assert (done.code, done.err) == (1, "")
    assert done.out.endswith("Not cleared.\n")
    assert journal.state().latched == LATCHED


def test_in_a_pipe_it_is_refused_without_yes(command: Command, journal: Journal) -> None:
    journal.write(LATCHED)
    done = command("clear", 1, "--config", journal.config)
    assert (done.code, done.out) == (2, "")
    assert done.err == "there is no terminal to ask on (--yes clears without asking)\n"
    assert journal.state().latched == LATCHED


def test_with_yes_nothing_is_asked(command: Command, journal: Journal) -> None:
    journal.write(LATCHED)
    done = command("clear", 1, "--config", journal.config, "--yes")
    assert (done.code, done.err) == (0, "")
    assert "[y/N]" not in done.out
    assert "risk challenge" in done.out
    assert journal.state().latched is None


def test_tokens_that_were_not_sold_are_told_and_released(
    command: Command, journal: Journal
) -> None:
    journal.write(pair(), placed(), BOUGHT, ABANDONED)
    assert journal.state().holding(KOGE).abandoned
    done = command("clear", 1, "--config", journal.config, "--yes")
    assert done.code == 0
    assert "user 1 holds 13636.36 ALPHA_22" in done.out.replace("User", "user")
    assert not journal.state().holding(KOGE).abandoned


def test_a_row_of_failures_ends_with_a_person(command: Command, journal: Journal) -> None:
    most = load(journal.config).limits.max_consecutive_failures
    for number in range(1, most + 1):
        intent = pair(f"1-{number}")
        refused = RefusedRecord(
            at_ms=NOON_MS, intent_id=intent.intent_id, code="481002", message="no"
        )
        journal.write(intent, refused)
    assert journal.state().failing(most) == {STRATEGY: most}
    done = command("clear", 1, "--config", journal.config, "--yes")
    assert done.code == 0
    assert f"Strategy koge of user 1 has failed {most} times in a row" in done.out
    assert journal.state().failing(1) == {}


def test_what_nobody_could_tell_is_over_once_it_is_cleared(
    command: Command, journal: Journal
) -> None:
    lost = UnknownRecord(at_ms=NOON_MS, intent_id=pair().intent_id, reason="no answer")
    latched = Latched(at_ms=NOON_MS, reason="two fit", clears="", intents=(pair().intent_id,))
    journal.write(pair(), lost, latched)
    assert command("clear", 1, "--config", journal.config, "--yes").code == 0
    assert journal.state().open_intents == {}
    assert journal.state().latched is None


def test_nothing_to_clear(command: Command, journal: Journal) -> None:
    journal.write(LATCHED, user=2)
    done = command("clear", 1, "--config", journal.config, "--yes")
    assert (done.code, done.out) == (0, "User 1 is not stopped: nothing to clear.\n")
    assert journal.state(2).latched == LATCHED


def test_in_chinese(command: Command, journal: Journal) -> None:
    journal.config.write_text(ELSEWHERE.replace('"en"', '"zh"'))
    journal.write(LATCHED)
    done = command("clear", 1, "--config", journal.config, "--yes")
    assert "用户 1 自" in done.out
    assert "已解除" in done.out
    assert "没有被停止" in command("clear", 1, "--config", journal.config, "--yes").out


@pytest.mark.parametrize("arguments", [["7", "--yes"], ["x", "--yes"], [], ["1", "2", "--yes"]])
def test_bad_input_is_one_line_and_exit_2(
    command: Command, journal: Journal, arguments: list[str]
) -> None:
    done = command("clear", *arguments, "--config", journal.config)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)


def test_an_unknown_user_is_told_who_there_is(command: Command, journal: Journal) -> None:
    done = command("clear", 7, "--config", journal.config, "--yes")
    assert done.err == f"{journal.config}: user 7 runs no strategy (there are 1, 2)\n"
    assert not (journal.config.parent / ".alphabot").exists()


def test_the_embedded_exchange_has_nothing_to_clear(command: Command, journal: Journal) -> None:
    journal.config.write_text(EMBEDDED)
    done = command("clear", 1, "--config", journal.config, "--yes")
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert "starts anew with every run" in done.err


def test_while_a_service_runs_it_is_refused(command: Command, journal: Journal) -> None:
    journal.write(LATCHED)
    done: list[Done] = []

    async def meanwhile(_: Recorder) -> None:
        arguments = ("clear", "1", "--config", str(journal.config), "--yes")
        ended = await trio.to_thread.run_sync(lambda: alphabot(*arguments))
        done.append(Done(ended.returncode, ended.stdout, ended.stderr))

    journal.own(1, meanwhile)
    assert (done[0].code, done[0].out, done[0].err.count("\n")) == (1, "", 1)
    assert "in use by process" in done[0].err


def test_on_a_terminal(journal: Journal) -> None:
    journal.write(LATCHED)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "alphabot", "clear", "1"],
        cwd=journal.config.parent,
        env=ENVIRONMENT,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    while b"[y/N]" not in shown:
        shown += os.read(ours, 65536)
    os.write(ours, b"y\n")
    with suppress(OSError):  # how a terminal says that nobody is left at the other end
        while True:
            shown += os.read(ours, 65536)
    os.close(ours)
    assert process.wait() == 0
    assert b"Cleared." in shown
    assert journal.state().latched is None


# --- reset ----------------------------------------------------------------------------------------


def test_reset_says_what_it_did(command: Command, journal: Journal) -> None:
    journal.write(pair(), placed(), BOUGHT)
    done = command("reset", "koge", "--config", journal.config)
    assert (done.code, done.err) == (0, "")
    assert done.out == (
        "koge: progress of user 1 set back to zero (it was 27.28 USDT).\n"
        "koge: progress of user 2 set back to zero (it was 0.00 USDT).\n"
    )
    assert journal.state().strategy(pair().strategy_id).credited == 0


def test_reset_of_one_user(command: Command, journal: Journal) -> None:
    journal.write(pair(), placed(), BOUGHT)
    done = command("reset", "koge", "--user", 2, "--config", journal.config)
    assert (done.code, done.out.count("\n")) == (0, 1)
    assert journal.state().strategy(pair().strategy_id).credited == Decimal("27.28")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["kog"], "there is no strategy 'kog' (did you mean koge?)"),
        (["koge", "--user", "7"], "user 7 does not run 'koge' (there are 1, 2)"),
    ],
)
def test_reset_of_what_is_unknown(
    command: Command, journal: Journal, arguments: list[str], said: str
) -> None:
    done = command("reset", *arguments, "--config", journal.config)
    assert (done.code, done.out) == (2, "")
    assert done.err == f"{journal.config}: {said}\n"
    assert not (journal.config.parent / ".alphabot").exists()
