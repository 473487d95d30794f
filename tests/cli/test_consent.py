"""What is typed on a terminal: consent to real orders, and a passphrase that nobody sees."""

from __future__ import annotations

import os
import pty
import select
import signal
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.cli.processes import ENVIRONMENT, alphabot
from tests.cli.sessions import config, pasted

pytestmark = pytest.mark.outside

PATIENCE_SECONDS = 30
WORDS = "correct horse battery"


def typed(folder: Path, *arguments: str, answers: list[tuple[str, str]]) -> tuple[int, str]:
    """Run a command on a terminal of its own, answering each question once it is asked."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        environment = {**ENVIRONMENT, "ALPHABOT_KEY_FILE": str(folder.parent / "key")}
        command = [sys.executable, "-m", "alphabot", *arguments]
        os.execve(sys.executable, command, environment)  # noqa: S606 - ours
    shown = b""
    for question, answer in [*answers, ("\0", "")]:
        with suppress(OSError):  # how a terminal says that nobody is left at the other end
            while question.encode() not in shown:
                if not select.select([terminal], [], [], PATIENCE_SECONDS)[0]:
                    os.kill(child, signal.SIGKILL)
                chunk = os.read(terminal, 65_536)
                if not chunk:
                    break
                shown += chunk
            raw = answer.encode()
            while raw:
                raw = raw[os.write(terminal, raw[:1000]) :]
    os.close(terminal)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), shown.decode()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a configuration for live mode."""
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "strategies.toml").write_text(config())
    return tmp_path / "work"


def begin_with_passphrase(folder: Path) -> None:
    """Seal with a passphrase and add a user, all of it typed."""
    twice = [("New passphrase", WORDS + "\n"), ("Once more", WORDS + "\n")]
    code, shown = typed(folder, "users", "init", "--passphrase", answers=twice)
    assert code == 0, shown
    assert WORDS not in shown
    answers = [("Paste", pasted(1) + "\x04"), ("Passphrase", WORDS + "\n")]
    code, shown = typed(folder, "users", "add", "anna", answers=answers)
    assert code == 0, shown
    assert "Added user 1 (anna)" in shown
    assert "p20t" not in shown


def test_a_passphrase_is_asked_for_and_never_shown(folder: Path) -> None:
    begin_with_passphrase(folder)
    code, shown = typed(folder, "users", "show", "1", answers=[("Passphrase", WORDS + "\n")])
    assert (code, "names of cookies: cr00, logined, p20t" in shown) == (0, True)
    before = (folder / ".alphabot" / "live.db").read_bytes()
    code, shown = typed(folder, "users", "show", "1", answers=[("Passphrase", "wrong horse\n")])
    assert code == 2
    assert "passphrase" in shown.splitlines()[-1]
    other = "another horse battery\n"
    code, shown = typed(folder, "users", "show", "1", answers=[("Passphrase", other)])
    assert (code, "another passphrase than this one" in shown) == (2, True)
    # Sealed pages; that somebody opened the database is counted elsewhere in it.
    assert len((folder / ".alphabot" / "live.db").read_bytes()) == len(before)


def test_without_a_terminal_nobody_can_be_asked(folder: Path) -> None:
    begin_with_passphrase(folder)
    done = alphabot("run", "--live", "--yes-i-know", cwd=folder)
    if done.returncode == 2:
        assert "no terminal to ask for the passphrase" in done.stderr
    else:  # this test itself runs on a terminal, which is another's
        pytest.skip("there is a terminal")


def test_a_line_of_any_length_can_be_pasted(folder: Path) -> None:
    answers = [("Paste", pasted(1).replace("logined=y", f"logined={'y' * 9000}") + "\x04")]
    assert typed(folder, "users", "init", answers=[])[0] == 0
    code, shown = typed(folder, "users", "add", "anna", answers=answers)
    assert code == 0, shown


def test_consent_is_a_phrase_and_is_asked_for_once(folder: Path) -> None:
    assert typed(folder, "users", "init", answers=[])[0] == 0
    answers = [("Paste", pasted(1) + "\x04")]
    assert typed(folder, "users", "add", "anna", answers=answers)[0] == 0
    code, shown = typed(folder, "run", "--live", answers=[("type live 1", "yes\n")])
    assert (code, "nothing was started" in shown) == (2, True)
    assert "1 (anna)" in shown
    # Nobody answers at this exchange: consent was there, so it was asked.
    code, shown = typed(folder, "run", "--live", answers=[("type live 1", "live 1\n")])
    assert (code, "the exchange does not answer" in shown) == (1, True)
    code, shown = typed(folder, "run", "--live", answers=[])
    assert (code, "the exchange does not answer" in shown) == (1, True)
    assert "type live" not in shown
