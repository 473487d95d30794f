"""The network's faults of a world: of connections, of order requests, and of the whole exchange."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping

from alphabot.simulator.faults import (
    ANSWER_LOST,
    NEVER_LEFT,
    REFUSED,
    Connection,
    Direction,
    DrawnFaults,
    Fault,
    FaultKind,
)

__all__ = ["WorldFaults"]

_ANSWER_HELD_SECONDS = 15.0
_REQUEST_NAMES = ("request never left", "answer lost", "answer held", "request held")


class WorldFaults:
    """A FaultPlan; ``counts`` says what was laid on requests. While ``paused`` it lays nothing.

    ``held_seconds_max`` bounds how late a request may arrive: a client that has waited out the
    settle window takes it for lost, and must be right.
    """

    def __init__(
        self,
        seed: int,
        *,
        percent: Mapping[FaultKind, float],
        permille: Mapping[str, float],
        rest_port: int,
        held_seconds_max: float,
    ) -> None:
        self.paused = False
        self.down = False
        self.counts: Counter[str] = Counter()
        self._random = random.Random(seed)
        self._drawn = DrawnFaults(
            seed, percent, at_bytes=(0, 20_000), seconds=(0.05, held_seconds_max)
        )
        self._permille = [(name, permille[name]) for name in _REQUEST_NAMES if name in permille]
        self._rest_port = rest_port
        self._held_seconds_max = held_seconds_max

    def opening(self, connection: Connection) -> Iterable[Fault]:
        """Return what will happen to a connection that is asked for."""
        if self.down:
            return (REFUSED,)
        return () if self.paused else self._drawn.opening(connection)

    def sending(self, connection: Connection, data: bytes) -> Iterable[Fault]:
        """Return what will happen from here on, before a client's send leaves."""
        if self.paused or connection.port != self._rest_port or not _moves_money(data):
            return ()
        for name, permille in self._permille:
            if self._random.random() * 1000 < permille:
                self.counts[name] += 1
                return (self._fault(name, len(data)),)
        return ()

    def _fault(self, name: str, size: int) -> Fault:
        match name:
            case "request never left":
                # Anywhere in the request, also between its last two bytes.
                return Fault(FaultKind.CUT, at_byte=self._random.choice((0, size // 2, size)))
            case "answer lost":
                return ANSWER_LOST
            case "answer held":
                return Fault(FaultKind.HELD, Direction.IN, seconds=_ANSWER_HELD_SECONDS)
            case "request held":
                seconds = self._random.uniform(0.1, self._held_seconds_max)
                return Fault(FaultKind.HELD, seconds=seconds)
        return NEVER_LEFT


def _moves_money(data: bytes) -> bool:
    head = data[:120]
    return b"order/place " in head or b"order/cancel " in head
