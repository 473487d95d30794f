"""The last boundary: whatever a command ends by becomes one line or a traceback, and a code."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trio

from alphabot.__main__ import main
from alphabot.cli.app import app
from alphabot.errors import ConfigError, FeedLost, JournalError, PluginError
from alphabot.log import configure, register_secret

Failing = Callable[[BaseException], int]


@pytest.fixture
def ended_by() -> Iterator[Failing]:
    """Run a command that ends by an error, through the real entry point."""
    errors: list[BaseException] = []

    async def fails() -> None:
        await trio.lowlevel.checkpoint()
        raise errors[-1]

    def run(error: BaseException) -> int:
        errors.append(error)
        return main(["fails"])

    mask = os.umask(0)
    app.command(fails)
    yield run
    del app["fails"]
    os.umask(mask)
    configure("zh")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("no such key", path=Path("a.toml"), line=3, key="x"), 2),
        (PluginError("mine", "register", "was wrong"), 2),
        (JournalError("disk full"), 1),
        (ExceptionGroup("", [ExceptionGroup("", [ConfigError("deep")])]), 2),
        (ExceptionGroup("", [ConfigError("one"), FeedLost("two")]), 1),
        (ConfigError("two\nlines \x1b[31m"), 2),
    ],
)
def test_an_error_of_ours_is_one_line(
    ended_by: Failing, capsys: pytest.CaptureFixture[str], error: Exception, code: int
) -> None:
    assert ended_by(error) == code
    out, err = capsys.readouterr()
    assert out == ""
    count = len(error.exceptions) if isinstance(error, ExceptionGroup) else 1
    assert err.count("\n") == count
    assert all(line.isprintable() for line in err.splitlines())


@pytest.mark.parametrize(
    "error",
    [TypeError("a bug"), ExceptionGroup("", [ConfigError("x"), TypeError("a bug")])],
)
def test_a_bug_is_a_traceback_in_the_log(
    ended_by: Failing, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    assert ended_by(error) == 1
    out, err = capsys.readouterr()
    assert "TypeError: a bug" in out
    assert __file__ in out
    assert err == ""


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), BaseExceptionGroup("", [KeyboardInterrupt()])]
)
def test_an_interrupt_is_silent(
    ended_by: Failing, capsys: pytest.CaptureFixture[str], error: BaseException
) -> None:
    assert ended_by(error) == 130
    assert capsys.readouterr() == ("", "")


def test_a_complaint_shows_no_secret(ended_by: Failing, capsys: pytest.CaptureFixture[str]) -> None:
    register_secret("boundary-canary-1")
    ended_by(ConfigError("was boundary-canary-1"))
    ended_by(TypeError("was boundary-canary-1"))
    assert "canary" not in "".join(capsys.readouterr())


def test_what_is_written_from_now_on_is_nobody_elses_business(ended_by: Failing) -> None:
    ended_by(ConfigError("x"))
    assert os.umask(0) == 0o077
