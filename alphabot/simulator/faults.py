"""What a network can do to a connection, as values; and which connection it does it to.

A fault is a plain value: what happens, to which direction, at which byte, for how long. A *plan*
says which connection meets which fault: drawn from a seed (:class:`DrawnFaults`), or written down
by a test (:class:`ScriptedFaults`). :mod:`alphabot.simulator.faulty_net` is what carries them out.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from alphabot.simulator.seeded import generator

__all__ = [
    "ANSWER_LOST",
    "CUT_OFF",
    "NEVER_LEFT",
    "REFUSED",
    "Connection",
    "Direction",
    "DrawnFaults",
    "Fault",
    "FaultKind",
    "FaultPlan",
    "Incident",
    "ScriptedFaults",
]


class Direction(StrEnum):
    """Which way bytes go, as the client sees it."""

    OUT = "out"
    IN = "in"


class FaultKind(StrEnum):
    """What happens at a byte; the bytes before it pass unharmed."""

    REFUSED = "refused"
    """Nobody accepts the connection; direction and byte mean nothing."""
    SLOW_START = "slow start"
    """The connection takes that long to begin, or never does; direction and byte mean nothing."""
    CUT = "cut"
    """Instead of this byte there is an error, and the other end finds the end of the bytes."""
    RESET = "reset"
    """The connection breaks as soon as the bytes before have passed: a send fails although all
    it was given has gone, and what had come in and was not read yet is lost."""
    ENDED = "ended"
    """The receiver finds the end of the bytes; what is sent later goes nowhere, unannounced."""
    HELD = "held"
    """Bytes are under way that long, or for ever, and the sender does not notice: a late answer,
    a request that arrives after its sender gave up, a line that is dead without saying so."""
    STALLED = "stalled"
    """The sender gets rid of nothing for that long, or for ever. Coming in, the same as held."""


_LASTING = {FaultKind.SLOW_START, FaultKind.HELD, FaultKind.STALLED}
_OPENING = {FaultKind.REFUSED, FaultKind.SLOW_START}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that happens to one connection.

    ``at_byte`` counts, in this direction alone, from the moment the fault was laid: 0 is the next
    byte. ``seconds`` is for kinds that last; the others are for good.
    """

    kind: FaultKind
    direction: Direction = Direction.OUT
    at_byte: int = 0
    seconds: float = math.inf

    @property
    def meets_opening(self) -> bool:
        """Whether it happens before there is a connection."""
        return self.kind in _OPENING

    def __str__(self) -> str:
        what = str(self.kind)
        if self.kind in _LASTING:
            what += " for ever" if self.seconds == math.inf else f" for {self.seconds:g} s"
        return what if self.meets_opening else f"{what}, {self.direction} at byte {self.at_byte}"


REFUSED = Fault(FaultKind.REFUSED)
"""The connection is refused."""
CUT_OFF = Fault(FaultKind.RESET)
"""The connection is gone, at once and for both ends."""
NEVER_LEFT = Fault(FaultKind.CUT)
"""Not a byte of the request leaves."""
ANSWER_LOST = Fault(FaultKind.CUT, Direction.IN)
"""The request arrives whole, and nothing of its answer does."""


@dataclass(frozen=True, slots=True)
class Connection:
    """Which connection: the how many-th to this port, counted from 1, refused ones included."""

    port: int
    number: int

    def __str__(self) -> str:
        return f"connection {self.number} to port {self.port}"


@dataclass(frozen=True, slots=True)
class Incident:
    """A fault that has struck, and when by trio's clock."""

    at_seconds: float
    connection: Connection
    fault: Fault

    def __str__(self) -> str:
        return f"{self.at_seconds:.3f} {self.connection}: {self.fault}"


class FaultPlan(Protocol):
    """Who meets which fault; asked by :class:`alphabot.simulator.faulty_net.FaultyNet`."""

    def opening(self, connection: Connection) -> Iterable[Fault]:
        """Return what will happen to a connection that is asked for; bytes count from its first."""
        ...

    def sending(self, connection: Connection, data: bytes) -> Iterable[Fault]:
        """Return what will happen from here on, before a client's send of this much leaves.

        Bytes going out count from the first of ``data``, bytes coming in from the next to come.
        """
        ...


@dataclass(frozen=True, slots=True)
class DrawnFaults:
    """A fault for some connections, drawn from a seed.

    ``percent`` is how many of a hundred connections meet a kind; together at most a hundred. Each
    connection's fate is drawn by its name, so it does not depend on what other connections do.
    ``ports`` limits it to these; none means all. Raises ValueError for rates that cannot be.
    """

    seed: int
    percent: Mapping[FaultKind, float]
    ports: frozenset[int] = frozenset()
    at_bytes: tuple[int, int] = (0, 100_000)
    """Positions are drawn from here to there, each order of magnitude as often as the next."""
    seconds: tuple[float, float] = (0.05, 60.0)
    """How long what lasts lasts, drawn likewise."""
    for_ever_percent: float = 25.0
    """How often what lasts does not end."""

    def __post_init__(self) -> None:
        rates = self.percent.values()
        if any(not 0 <= rate <= 100 for rate in rates) or sum(rates) > 100:
            raise ValueError("rates are percent, together at most a hundred")

    def opening(self, connection: Connection) -> Iterable[Fault]:
        """Return the connection's fate: one fault or none."""
        if self.ports and connection.port not in self.ports:
            return ()
        chance = generator(self.seed, "fault", connection.port, connection.number)
        drawn = chance.uniform(0, 100)
        for kind, rate in sorted(self.percent.items()):
            if drawn < rate:
                return (self._fault(kind, chance),)
            drawn -= rate
        return ()

    def sending(self, connection: Connection, data: bytes) -> Iterable[Fault]:
        """Return nothing: a fate is drawn once."""
        return ()

    def _fault(self, kind: FaultKind, chance: random.Random) -> Fault:
        direction = chance.choice((Direction.OUT, Direction.IN))
        low, high = self.at_bytes
        # One more, for a logarithm knows no byte 0.
        at_byte = int(_by_magnitude(chance, low + 1, high + 1)) - 1
        seconds = _by_magnitude(chance, *self.seconds)
        if kind not in _LASTING or chance.uniform(0, 100) < self.for_ever_percent:
            seconds = math.inf
        return Fault(kind, direction, at_byte, seconds)


def _by_magnitude(chance: random.Random, low: float, high: float) -> float:
    return math.exp(chance.uniform(math.log(low), math.log(high)))


@dataclass(slots=True)
class _Line:
    """One line of a script, and how often it is still to be played."""

    fault: Fault
    port: int | None
    marker: bytes | None
    times: float


@dataclass(slots=True)
class ScriptedFaults:
    """Faults that a test writes down; each line is played as often as it says, then forgotten."""

    _lines: list[_Line] = field(default_factory=list)

    def on_open(self, fault: Fault, *, port: int | None = None, times: float = 1) -> None:
        """Have a fault meet the next connections, to this port or any; ``math.inf`` is for good."""
        self._lines.append(_Line(fault, port, None, times))

    def on_request(
        self, marker: bytes, fault: Fault, *, port: int | None = None, times: float = 1
    ) -> None:
        """Have a fault meet the next sends that hold these bytes, counted from there.

        An HTTP request is found by its path; what a WebSocket sends is masked and cannot be.
        Raises ValueError for a fault that comes before there is a connection.
        """
        if fault.meets_opening:
            raise ValueError(f"{fault.kind} meets a connection that is asked for, no request")
        self._lines.append(_Line(fault, port, marker, times))

    def opening(self, connection: Connection) -> Iterable[Fault]:
        """Return what the script has for a new connection."""
        return self._play(connection, lambda line: line.marker is None)

    def sending(self, connection: Connection, data: bytes) -> Iterable[Fault]:
        """Return what the script has for a send."""
        return self._play(connection, lambda line: line.marker is not None and line.marker in data)

    def _play(self, connection: Connection, wanted: Callable[[_Line], bool]) -> list[Fault]:
        played = [
            line for line in self._lines if line.port in (None, connection.port) and wanted(line)
        ]
        for line in played:
            line.times -= 1
        self._lines = [line for line in self._lines if line.times > 0]
        return [line.fault for line in played]
