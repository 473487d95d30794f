"""A loop that is stalled, and a process that was stopped: seen from the exchange and the log."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import trio

from tests.cli.processes import ENVIRONMENT, ROOT
from tests.cli.service import running
from tests.cli.test_steering import HANGS, now_ms

pytestmark = pytest.mark.outside

STALLED = """
import time
from alphabot.runtime.brake import Pulse
from alphabot.runtime.watchdog import watched

def deaf():
    while True:
        time.sleep(60)

pulse = Pulse(time.monotonic)
pulse.begin()
with watched(pulse, end_seconds=3.0):
    {before}
    deaf()
"""


@pytest.mark.ceiling(120)
async def test_who_stalls_the_loop_is_named_and_trading_goes_on_after(tmp_path: Path) -> None:
    async with running(tmp_path, HANGS) as service:
        (tmp_path / "hang").write_text("5")
        while not (tmp_path / "hanging").exists():
            await trio.sleep(0.01)
        hangs_ms = now_ms()
        await service.seen(lambda: "stalled" in service.output)
        assert now_ms() - hangs_ms < 4000  # while it hangs, not afterwards
        (line,) = re.findall(r".*stalled.*", service.output)
        number = 1 + HANGS.splitlines().index('        time.sleep(float(open("hanging").read()))')
        assert f"{tmp_path}/plugins/mine.py, line={number}, function=of_a_test" in line
        await service.seen(lambda: "stood still" in service.output)
        woke_ms = hangs_ms + 5000
        await service.seen(lambda: len(service.placings(woke_ms)) >= 3)
        for user_id in (1, 2):
            keys = [
                call.at_ms
                for call in service.exchange.ledger.calls
                if call.at_ms > woke_ms - 500
                and call.user_id == user_id
                and call.path.endswith("/get-listen-key")
            ]
            orders = [r.at_ms for r in service.placings(hangs_ms + 50) if r.user_id == user_id]
            assert min(orders, default=keys[0] + 1) > keys[0]


@pytest.mark.ceiling(120)
async def test_after_sigstop_the_streams_are_new_before_an_order_leaves(tmp_path: Path) -> None:
    async with running(tmp_path) as service:
        service.process.send_signal(signal.SIGSTOP)
        await trio.sleep(0.3)  # what was on its way has arrived
        stopped_ms, calls = now_ms(), len(service.exchange.ledger.calls)
        await trio.sleep(4)
        service.process.send_signal(signal.SIGCONT)
        await service.seen(lambda: {r.user_id for r in service.placings(stopped_ms)} == {1, 2})
        for user_id in (1, 2):
            first = next(r.at_ms for r in service.placings(stopped_ms) if r.user_id == user_id)
            before = [
                call.path.rpartition("/")[2]
                for call in service.exchange.ledger.calls[calls:]
                if call.user_id == user_id and call.at_ms <= first
            ]
            assert "get-listen-key" in before
        assert "stalled" not in service.output  # nobody was to blame
        assert service.process.poll() is None


@pytest.mark.parametrize(
    ("before", "code"),
    [("pass", 1), ("import os; os.close(2)", 1), ("import sys; sys.__stderr__ = None", 1)],
)
def test_a_loop_that_never_comes_back_ends_the_process(before: str, code: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", STALLED.format(before=before)],
        cwd=ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    assert done.returncode == code
    assert "function=deaf" in done.stdout
    if before == "pass":
        assert "did not come round for 3 s" in done.stderr
        assert "in deaf" in done.stderr
