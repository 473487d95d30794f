"""The simulated exchange in a process of its own, with fixed settings and a stopwatch.

Started with a :class:`Plan` as JSON. Prints its addresses, then answers questions: one JSON object
a line on standard input, one on standard output; the end of the input ends it.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from typing import Any

import trio

from alphabot.clocks import SystemClock
from alphabot.simulator import DEFAULT_TOKENS, ExchangeSettings, SimulatedExchange
from alphabot.simulator.addresses import addresses_of
from benchmarks.doors import Doors, Stopwatch
from benchmarks.machine import cpu_ns
from benchmarks.settings import TOKENS
from benchmarks.turns import HoldingHub

__all__ = ["SEED", "Plan"]

HOST = "127.0.0.1"
SEED = 1


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What the exchange is for: how soon orders fill, and whose rounds it holds back."""

    fill_delay_ms: int = 1
    users_of: dict[str, list[int]] = field(default_factory=dict)

    def settings(self) -> ExchangeSettings:
        """Return settings that leave nothing to chance: a flat, deep market, answered at once."""
        return ExchangeSettings(
            seed=SEED,
            tokens=tuple(replace(DEFAULT_TOKENS[0], alpha_id=name, symbol=name) for name in TOKENS),
            volatility_percent=0,
            half_spread_bp=(1, 1),
            level_usdt=(1_000_000, 1_000_000),
            fill_delay_ms=(self.fill_delay_ms, self.fill_delay_ms),
            split_fill_percent=0,
            push_delay_ms=(0, 0),
            push_before_reply_percent=0,
            funding_usdt=Decimal(1_000_000_000),
        )


class Answers:
    """What the benchmarks may ask, one method a question."""

    def __init__(self, watch: Stopwatch, hub: HoldingHub) -> None:
        self._watch = watch
        self._hub = hub

    async def forget(self) -> dict[str, Any]:
        """Forget who has placed an order."""
        await trio.lowlevel.checkpoint()
        self._watch.users.clear()
        return {}

    async def users_placed(self, count: int) -> dict[str, Any]:
        """Answer once so many users have placed an order."""
        await trio.lowlevel.checkpoint()
        while len(self._watch.users) < count:
            self._watch.changed = trio.Event()
            await self._watch.changed.wait()
        return {}

    async def placings(self, since_ns: int) -> dict[str, Any]:
        """Answer how many placings arrived since then, and when the last one did."""
        await trio.lowlevel.checkpoint()
        since = [stamp for stamp in self._watch.placed_ns if stamp >= since_ns]
        return {"count": len(since), "last_ns": max(since, default=0)}

    async def take_turns(
        self, pids: dict[str, int], warm: int, bursts: int, seconds: float
    ) -> dict[str, Any]:
        """Answer with the reactions of each burst and its CPU time, by program.

        Fewer bursts are measured where they take longer than so many seconds, but at least one.
        """
        await trio.lowlevel.checkpoint()
        reactions: dict[str, list[list[float]]] = {name: [] for name in pids}
        cpu_ms: dict[str, list[float]] = {name: [] for name in pids}
        for name in pids:
            await self._hub.idle(name)
        ends_at = trio.current_time() + seconds
        for turn in range(warm + bursts):
            for name, pid in pids.items():
                self._watch.reactions_us = []
                before_ns = cpu_ns(pid)
                self._hub.release(name)
                await self._hub.idle(name)
                if turn >= warm:
                    reactions[name].append(self._watch.reactions_us)
                    cpu_ms[name].append((cpu_ns(pid) - before_ns) / 1e6)
            if turn >= warm and trio.current_time() > ends_at:
                break
        return {"reactions_us": reactions, "cpu_ms": cpu_ms}


class Lines:
    """What comes in on a descriptor, line by line; nothing at its end."""

    def __init__(self, descriptor: int) -> None:
        self._stream = trio.lowlevel.FdStream(descriptor)
        self._read = b""

    async def next(self) -> bytes:
        """Return the next line, or nothing."""
        await trio.lowlevel.checkpoint()
        while b"\n" not in self._read:
            data = await self._stream.receive_some(65_536)
            if not data:
                return b""
            self._read += data
        line, _, self._read = self._read.partition(b"\n")
        return line


async def serve(plan: Plan) -> None:
    """Run the exchange until standard input ends."""
    exchange = SimulatedExchange(plan.settings(), SystemClock())
    hub = HoldingHub(exchange.model, plan.users_of)
    exchange.hub = hub
    watch = Stopwatch(exchange)
    doors = Doors(exchange, watch)
    rest, frames = [(await trio.open_tcp_listeners(0, host=HOST, backlog=1024))[0] for _ in "12"]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.serve_listeners, doors.rest, [rest])
        nursery.start_soon(trio.serve_listeners, doors.frames, [frames])
        nursery.start_soon(exchange.drive)
        ports = rest.socket.getsockname()[1], frames.socket.getsockname()[1]
        _say(asdict(addresses_of(HOST, *ports)))
        answers, questions = Answers(watch, hub), Lines(sys.stdin.fileno())
        while line := await questions.next():
            question = json.loads(line)
            _say(await getattr(answers, question.pop("ask"))(**question))
        nursery.cancel_scope.cancel()


def _say(answer: dict[str, Any]) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    trio.run(serve, Plan(**json.loads(sys.argv[1])))
