"""A service as people run it, in a process of its own, on an exchange that this process judges."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import trio

from alphabot.clocks import SystemClock
from alphabot.simulator import ExchangeSettings, SimulatedExchange, serve_sockets
from alphabot.simulator.ledger import Request, RequestKind
from tests.cli.processes import ENVIRONMENT

__all__ = ["Service", "running"]

CONFIG = """
language = "en"

[exchange]
mode = "simulated"
rest_url = "{0.rest_url}"
order_stream_url = "{0.order_stream_url}"
market_stream_url = "{0.market_stream_url}"

[global_settings]
pricing = "{1}"
default_trade_interval_seconds = 0.1

[limits]
max_orders_per_minute = 6000
max_exposure_usdt = 500

[[strategies]]
strategy_id = "koge"
target_token = "KOGE"
target_chain = "BSC"
target_volume = 100000
user_ids = [1, 2]

[[strategies]]
strategy_id = "aop"
target_token = "AOP"
target_chain = "BSC"
target_volume = 100000
user_ids = [1]

[plugins]
paths = ["plugins"]
enabled = {2}
"""
FAST = ExchangeSettings(fill_delay_ms=(5, 20), step_ms=100)
_PLACINGS = (RequestKind.PLACE, RequestKind.PLACE_PAIR)


@dataclass
class Service:
    """A running service, the folder it was started in, and its exchange."""

    folder: Path
    exchange: SimulatedExchange
    process: trio.Process

    @property
    def output(self) -> str:
        """What the service has written so far."""
        return (self.folder / "output").read_text("utf-8")

    def placings(self, after_ms: int = 0) -> list[Request]:
        """Return the order requests that came after a moment, refused ones included."""
        requests = self.exchange.ledger.requests
        return [r for r in requests if r.kind in _PLACINGS and r.at_ms > after_ms]

    async def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command beside the service, from another terminal as it were."""
        done = await trio.run_process(
            [sys.executable, "-m", "alphabot", *arguments],
            cwd=self.folder,
            env=ENVIRONMENT,
            capture_stdout=True,
            capture_stderr=True,
            check=False,
        )
        return subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
        )

    async def seen(self, condition: Callable[[], bool]) -> None:
        """Return once a condition holds."""
        while not condition():
            assert self.process.poll() is None, self.output
            await trio.sleep(0.02)

    async def traded(self, more: int = 2) -> None:
        """Return once so many more orders have come."""
        before = len(self.placings())
        await self.seen(lambda: len(self.placings()) >= before + more)


@asynccontextmanager
async def running(
    folder: Path, plugin: str | None = None, *, log: str = ""
) -> AsyncIterator[Service]:
    """Run a service that trades without an end; ``plugin`` is the text of its pricing rule's."""
    exchange = SimulatedExchange(FAST, SystemClock())
    async with trio.open_nursery() as nursery:
        addresses = await nursery.start(partial(serve_sockets, exchange))
        pricing, enabled = ("percent_offset", []) if plugin is None else ("of_a_test", ["mine"])
        (folder / "plugins").mkdir()
        if plugin is not None:
            (folder / "plugins" / "mine.py").write_text(plugin)
        (folder / "strategies.toml").write_text(CONFIG.format(addresses, pricing, enabled) + log)
        with (folder / "output").open("wb") as output:
            process = await trio.lowlevel.open_process(
                [sys.executable, "-m", "alphabot", "run"],
                cwd=folder,
                env=ENVIRONMENT,
                stdout=output,
                stderr=output,
            )
        service = Service(folder, exchange, process)
        try:
            await service.traded()
            yield service
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
        with trio.fail_after(10):
            await process.wait()
        nursery.cancel_scope.cancel()
