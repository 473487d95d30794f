"""Ctrl+C, SIGTERM, a closed terminal: the first asks for a stop, the second demands it."""

from __future__ import annotations

import signal
from dataclasses import dataclass

import trio

from alphabot.log import say
from alphabot.runtime.stop import Stop

__all__ = ["Signals", "watch_signals"]


@dataclass(slots=True)
class Signals:
    """Which signals have come."""

    interrupted: bool = False
    """Whether one of them was Ctrl+C, which the exit code tells."""


async def watch_signals(
    stop: Stop, *, task_status: trio.TaskStatus[Signals] = trio.TASK_STATUS_IGNORED
) -> None:
    """Turn signals into stops; started once no signal can be missed."""
    seen = Signals()
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM, signal.SIGHUP) as received:
        task_status.started(seen)
        async for number in received:
            seen.interrupted |= number == signal.SIGINT
            name = signal.Signals(number).name
            if stop.urgent:
                say("stop.now", signal=name)
                stop.now()
                # From here on signals do again what they do by default: whatever is open is in
                # the journal, and a person who asks a third time must not be kept waiting.
                return
            say("stop.requested", signal=name)
            stop.request()
