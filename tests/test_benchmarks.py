"""The benchmarks still run: with tiny numbers, whose results mean nothing."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest
import tomli

from benchmarks import many_users, reaction, stopping, waiting
from benchmarks.figures import percentile

pytestmark = pytest.mark.outside

ROOT = Path(__file__).parent.parent
PROJECT = tomli.loads((ROOT / "pyproject.toml").read_text("utf-8"))

on_linux = pytest.mark.skipif(
    sys.platform != "linux", reason="memory, CPU and time stamps are read from Linux's kernel"
)
beside_the_usual_bot = pytest.mark.skipif(
    importlib.util.find_spec("websockets") is None,
    reason="the usual bot needs websockets, which only `just bench` installs",
)


@on_linux
def test_stops_are_measured(capsys: pytest.CaptureFixture[str]) -> None:
    stopping.measure(((1, 1),))
    shown = capsys.readouterr().out
    assert re.search(r"\| 1 +\| SIGINT +\| +\d+ +\|", shown)
    assert re.search(r"\| 1 +\| Stop.request +\| +\d+ +\|", shown)


@on_linux
@beside_the_usual_bot
@pytest.mark.ceiling(180)
def test_we_are_measured_beside_the_usual_bot(capsys: pytest.CaptureFixture[str]) -> None:
    waiting.measure(window_seconds=0.5)
    reaction.measure(((1, 1, 2), (3, 1, 1)))
    many_users.measure(users=3, window_seconds=0.5)
    shown = capsys.readouterr().out
    for program in ("alphabot", "alphabot, on a terminal", "alphabot, journal in memory"):
        assert f"| {program} " in shown
    assert re.search(r"\| 3 +\| usual bot +\| 1.00 +\|", shown)


def test_percentile_is_one_of_the_values() -> None:
    values = [5.0, 1.0, 4.0, 2.0, 3.0]
    assert [percentile(values, percent) for percent in (0, 50, 99)] == [1.0, 3.0, 5.0]


def versions(lock: str) -> dict[str, str]:
    """Return the version of every package in a lock; each has to have hashes."""
    text = (ROOT / lock).read_text("utf-8").replace("\\\n", " ")
    pinned = [re.match(r"([a-z0-9-]+)==(\S+).*--hash=sha256:", line) for line in text.splitlines()]
    assert None not in pinned, "`just lock` made no hash"
    return {found[1]: found[2] for found in pinned if found}


def test_what_is_measured_is_what_runs() -> None:
    ours, measured = versions("requirements.lock"), versions("benchmarks/requirements.lock")
    added = {re.split(r"[^\w-]", asked)[0] for asked in PROJECT["dependency-groups"]["bench"]}
    assert added <= measured.keys(), "`just lock` was forgotten"
    assert {name: ours.get(name) for name in measured.keys() - added} == {
        name: version for name, version in measured.items() if name not in added
    }
