"""An exchange in one process, the service in another, and a hand on both."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tests.cli.processes import ENVIRONMENT

__all__ = ["Exchange", "Life", "Starter", "Way", "exchange", "finish", "starter", "write_config"]

Way = Literal["exec", "fork"]
"""How the service is started: the program as a person starts it, or forked from one loaded."""
PATIENCE_SECONDS = 50.0
"""How long anything may take before the test says that it never came."""

CONFIG = """
language = "en"

[exchange]
mode = "simulated"
rest_url = "{rest_url}"
order_stream_url = "{order_stream_url}"
market_stream_url = "{market_stream_url}"

[global_settings]
default_trade_interval_seconds = 0
failure_backoff_factor = 1
order_timeout_seconds = 300
settle_seconds = {settle_seconds}

[limits]
max_daily_loss_usdt = 1000
max_exposure_usdt = 1000
max_total_exposure_usdt = 10000
max_leftover_usdt = 1000
max_consecutive_failures = 1000
max_orders_per_minute = 6000
max_rounds = 1000000
"""
STRATEGY = """
[[strategies]]
strategy_id = "{strategy_id}"
target_token = "{token}"
target_chain = "BSC"
target_volume = {target}
user_ids = {user_ids}
multiplier = "flat"
"""
SETTLE_SECONDS = 1.0


class Exchange:
    """The exchange's process, as its client and as its judge see it."""

    def __init__(self, process: subprocess.Popen[str], seed: int) -> None:
        self._process = process
        self.seed = seed
        self.addresses: dict[str, str] = self._answer()

    def report(self) -> dict[str, Any]:
        """Return what happened so far, from the exchange's own books."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the exchange has ended"
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def exchange(seed: int, lag_ms: int = 0) -> Iterator[Exchange]:
    """Start an exchange, and end it at last."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.kill.exchange", str(seed), str(lag_ms)],
        env=ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        try:
            yield Exchange(process, seed)
        finally:
            process.kill()


def write_config(
    folder: Path, venue: Exchange, target: int, strategies: dict[str, tuple[str, list[int]]]
) -> None:
    """Write a configuration; ``strategies`` has token and users by strategy_id."""
    text = CONFIG.format(**venue.addresses, settle_seconds=SETTLE_SECONDS)
    for strategy_id, (token, user_ids) in strategies.items():
        text += STRATEGY.format(
            strategy_id=strategy_id, token=token, target=target, user_ids=user_ids
        )
    folder.mkdir(exist_ok=True)
    (folder / "strategies.toml").write_text(text)


@dataclass
class Life:
    """One run of the service: what it says, and how it ends."""

    pid: int
    began: float
    _out: int
    _err: int
    _wait: Callable[[], int | None]
    said: str = ""
    _complained: str = ""
    _lines: list[str] = field(default_factory=list)
    code: int | None = None

    def until(self, *texts: str) -> str | None:
        """Return the next line that has one of these texts in it, None if the process has ended."""
        give_up = time.monotonic() + PATIENCE_SECONDS
        while True:
            while self._lines:
                line = self._lines.pop(0)
                if any(text in line for text in texts):
                    return line
            assert time.monotonic() < give_up, (
                f"no {texts} within {PATIENCE_SECONDS} s:\n{self.said}"
            )
            if not self._listen(0.05) and not self.is_alive:
                return None

    def live_on(self, seconds: float) -> None:
        """Let it go on for a time, listening."""
        until = time.monotonic() + seconds
        while (rest := until - time.monotonic()) > 0:
            self._listen(rest)

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send it a signal."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def end(self) -> int:
        """Wait for its end and return the exit code; negative is the signal that ended it."""
        while self._listen(0):
            pass
        while self.is_alive:
            self._listen(0.05)
        while self._listen(0):
            pass
        assert self.code is not None
        return self.code

    @property
    def errors(self) -> str:
        """What it has written to standard error so far."""
        while select.select([self._err], [], [], 0)[0] and (chunk := os.read(self._err, 65536)):
            self._complained += chunk.decode()
        return self._complained

    @property
    def is_alive(self) -> bool:
        """Whether it has not ended."""
        if self.code is None:
            self.code = self._wait()
        return self.code is None

    def _listen(self, seconds: float) -> bool:
        """Take in what it said; return whether it said anything."""
        if not select.select([self._out], [], [], seconds)[0]:
            return False
        chunk = os.read(self._out, 65536).decode()
        self.said += chunk
        self._lines += chunk.splitlines()
        if not chunk:
            time.sleep(min(seconds, 0.01))
        return bool(chunk)


class Starter:
    """Starts lives of the service, one after another."""

    def __init__(self, way: Way) -> None:
        self._way = way
        self._resources = ExitStack()
        self._life: Life | None = None
        self._user: int | None = None
        if way == "fork":
            self._open_starter()

    def close(self) -> None:
        """End what there is."""
        if self._life is not None and self._life.is_alive:
            self._life.kill()
        self._resources.close()

    def start(self, folder: Path, venue: Exchange, *, user: int | None = None) -> Life:
        """Start the service in the folder of its configuration; the accounts are the exchange's.

        ``user`` is the system's user to be, which only the forked can.
        """
        self._user = user
        began = time.monotonic()
        start = self._exec if self._way == "exec" else self._fork
        self._life = start(folder, ("run", "--seed", str(venue.seed)), began)
        return self._life

    def _exec(self, folder: Path, arguments: tuple[str, ...], began: float) -> Life:
        process = self._resources.enter_context(
            subprocess.Popen(
                [sys.executable, "-m", "alphabot", *arguments],
                cwd=folder,
                env=ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        )
        self._resources.callback(process.kill)
        assert process.stdout is not None
        assert process.stderr is not None
        out, err = process.stdout.fileno(), process.stderr.fileno()
        return Life(process.pid, began, out, err, process.poll)

    def _open_starter(self) -> None:
        ours, theirs = os.pipe()
        self._channel = self._resources.enter_context(os.fdopen(ours, "rb", buffering=0))
        self._process = self._resources.enter_context(
            subprocess.Popen(
                [sys.executable, "-m", "tests.kill.starter", str(theirs)],
                env=ENVIRONMENT,
                pass_fds=[theirs],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        )
        self._resources.callback(self._process.kill)
        os.close(theirs)

    def _fork(self, folder: Path, arguments: tuple[str, ...], began: float) -> Life:
        process, channel = self._process, self._channel
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        request = {"folder": str(folder), "arguments": arguments, "user": self._user}
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
        pid = int(channel.readline())

        def wait() -> int | None:
            ready = select.select([channel], [], [], 0)[0]
            return int(channel.readline()) if ready else None

        return Life(pid, began, process.stdout.fileno(), process.stderr.fileno(), wait)


@contextmanager
def starter(way: Way) -> Iterator[Starter]:
    """Open a starter, and end at last whatever it has started."""
    starting = Starter(way)
    try:
        yield starting
    finally:
        starting.close()


def finish(starting: Starter, folder: Path, venue: Exchange) -> None:
    """Run until a stop leaves nothing open; each one ends the rounds that are under way."""
    for _ in range(5):
        life = starting.start(folder, venue)
        assert life.until("Trade succeeded"), life.said + life.errors
        life.live_on(2 * SETTLE_SECONDS)
        life.kill(signal.SIGTERM)
        code = life.end()
        assert code in (0, 3), life.said + life.errors
        assert life.errors == ""
        if code == 0:
            return
    raise AssertionError(f"there was always something open:\n{life.said}")
