"""The ceiling of conftest.py holds: whatever hangs fails by itself, and the run goes on."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
HANGING = """
import signal
import time

import pytest
import trio

pytestmark = pytest.mark.ceiling(0.2)

def test_thread():
    time.sleep(60)

async def test_task():
    await trio.sleep_forever()

async def test_task_of_its_own():
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.sleep_forever)

async def test_loop():
    while True:
        pass

async def test_service():
    with trio.open_signal_receiver(signal.SIGINT) as signals:
        with trio.CancelScope() as scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(trio.sleep_forever)
                await anext(signals)
                await anext(signals)
                scope.cancel()

async def test_shielded():
    with trio.CancelScope(shield=True):
        await trio.sleep_forever()

async def test_virtual_time(autojump_clock):
    await trio.sleep(60)
"""


def test_what_hangs_fails_and_the_run_goes_on(tmp_path: Path) -> None:
    for name in ["pyproject.toml", "tests/conftest.py"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "tests/test_hanging.py").write_text(HANGING)
    report = subprocess.run(
        [sys.executable, "-m", "pytest", "--tb=short"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        text=True,
    ).stdout
    assert report.count("Failed: still running") == 6, report
    assert "6 failed, 1 passed" in report
    assert "<test 'test_task'>: test_hanging.py:14 test_task" in report
