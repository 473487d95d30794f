"""Starts the programs that are measured, and ends every one of them."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from alphabot.simulator import credentials_for
from benchmarks.exchange import SEED, Plan
from benchmarks.settings import TOKENS, configuration

__all__ = ["Bench", "open_bench"]

ROOT = Path(__file__).parent.parent
ANSWER_SECONDS = 150.0
"""No question takes longer; a benchmark that hangs fails."""


class Bench:
    """A running exchange, and the programs that trade there."""

    def __init__(self, exchange: subprocess.Popen[bytes], folder: Path) -> None:
        self._exchange = exchange
        self._folder = folder
        self._programs: dict[subprocess.Popen[bytes], Path] = {}
        self._addresses = self._answer()
        self.exchange_pid = exchange.pid

    def ask(self, question: str, **details: object) -> dict[str, Any]:
        """Return the exchange's answer; see :class:`benchmarks.exchange.Answers`."""
        _input(self._exchange).write(json.dumps({"ask": question, **details}).encode() + b"\n")
        _input(self._exchange).flush()
        return self._answer()

    def start_alphabot(
        self,
        users: list[int],
        *,
        token: str = TOKENS[0],
        terminal: int | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start ``alphabot run`` for these users, its log in a file or on a terminal."""
        config = self._configure(users, token)
        return self._start("alphabot", "run", "--config", str(config), terminal=terminal)

    def start_service(
        self,
        users: list[int],
        *,
        token: str = TOKENS[0],
        in_memory: bool = False,
        stop_after_seconds: float = 0,
    ) -> subprocess.Popen[bytes]:
        """Start alphabot's service without the command around it, at any pace."""
        plan = {
            "config": str(self._configure(users, token)),
            "in_memory": in_memory,
            "stop_after_seconds": stop_after_seconds,
        }
        return self._start("benchmarks.service", json.dumps(plan))

    def start_usual(self, users: list[int], *, token: str = TOKENS[0]) -> subprocess.Popen[bytes]:
        """Start the bot written the usual way."""
        headers = {str(user): credentials_for(SEED, user) for user in users}
        plan = self._addresses | {"token": token, "headers": headers}
        return self._start("benchmarks.usual_bot", json.dumps(plan))

    def log_of(self, program: subprocess.Popen[bytes]) -> str:
        """Return what a program has written."""
        return self._programs[program].read_text("utf-8", "replace")

    def close(self) -> None:
        """End everything that was started, whatever it is doing."""
        # It first, or it would look for what is gone.
        self._exchange.kill()
        for program in self._programs:
            program.kill()
            program.wait()

    def _configure(self, users: list[int], token: str) -> Path:
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        config = folder / "strategies.toml"
        text = configuration(self._addresses, users, token)
        config.write_text(text, "utf-8")
        return config

    def _start(
        self, module: str, *arguments: str, terminal: int | None = None
    ) -> subprocess.Popen[bytes]:
        log = self._folder / f"{len(self._programs)}-{module}.log"
        with log.open("wb") as file:
            program = start(module, *arguments, output=file if terminal is None else terminal)
        self._programs[program] = log
        return program

    def _answer(self) -> dict[str, Any]:
        output = self._exchange.stdout
        if output is None or not select.select([output], [], [], ANSWER_SECONDS)[0]:
            raise TimeoutError(f"no answer within {ANSWER_SECONDS:.0f} s")
        line = output.readline()
        if not line:
            raise RuntimeError("the exchange has ended")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def open_bench(plan: Plan) -> Iterator[Bench]:
    """Start an exchange; all that was started ends with the block, and no file is left."""
    with tempfile.TemporaryDirectory(prefix="alphabot-bench-") as folder:
        exchange = start(
            "benchmarks.exchange",
            json.dumps(asdict(plan)),
            questions=subprocess.PIPE,
            output=subprocess.PIPE,
            complaints=None,
        )
        # Waits for it, and closes the pipes.
        with exchange:
            try:
                bench = Bench(exchange, Path(folder))
            except BaseException:
                exchange.kill()
                raise
            try:
                yield bench
            finally:
                bench.close()


def start(
    module: str,
    *arguments: str,
    output: IO[bytes] | int,
    complaints: int | None = subprocess.STDOUT,
    questions: int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """Start a module of ours with this Python."""
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
        stdin=questions,
        stdout=output,
        stderr=complaints,
    )


def _input(process: subprocess.Popen[bytes]) -> IO[bytes]:
    if process.stdin is None:
        raise RuntimeError("the exchange was started without an input")
    return process.stdin
