"""A process that holds sessions and crashes leaves no core file."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from tests.cli.processes import ENVIRONMENT

CANARY = "canary-in-memory-0123456789"
CRASH = """
import ctypes, os, resource, sys
hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
kept = [sys.argv[1]] * 1000
if sys.argv[2] == "forbidden":
    from alphabot.wiring.undumpable import forbid_dumps
    forbid_dumps()
    assert ctypes.CDLL(None).prctl(3, 0, 0, 0, 0) == 0  # PR_GET_DUMPABLE
    assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
os.chdir(sys.argv[3])
os.abort() if sys.argv[4] == "SIGABRT" else ctypes.string_at(0)
"""


def crashed(folder: Path, how: str, by: str) -> tuple[int, bool]:
    """Let a process crash; return the signal it died of and whether its memory was dumped."""
    arguments = [sys.executable, "-c", CRASH, CANARY, how, str(folder), by]
    child = os.posix_spawn(sys.executable, arguments, dict(ENVIRONMENT))
    _, status = os.waitpid(child, 0)
    return os.WTERMSIG(status), os.WCOREDUMP(status)


@pytest.mark.parametrize("by", ["SIGABRT", "SIGSEGV"])
def test_no_core_is_written(tmp_path: Path, by: str) -> None:
    assert crashed(tmp_path, "forbidden", by) == (signal.Signals[by], False)
    assert list(tmp_path.iterdir()) == []


def test_where_a_system_writes_cores_it_would_have_been_seen(tmp_path: Path) -> None:
    number, dumped = crashed(tmp_path, "allowed", "SIGABRT")
    assert number == signal.SIGABRT
    if not dumped:
        pytest.skip("this system writes no core of anybody")
