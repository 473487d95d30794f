"""One life of the service, from its start to its end or its killing.

A process that is killed does nothing any more: what it has sent is sent, what it has committed is
committed, and whatever its ``finally`` blocks would still do has no effect. So from the moment of
a kill every effect of this life is frozen: sends go nowhere, nothing is received, and the journal
takes nothing. Its connections close, as the kernel closes those of a process that is gone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import trio

__all__ = ["Kill", "KillPoint", "Life"]


class KillPoint(StrEnum):
    """Where a process can die (safety: kill points), in the order of a round."""

    K0 = "K0 before the intent"
    K1 = "K1 intent inserted, not committed"
    K2 = "K2 intent committed"
    K3 = "K3 connection opened"
    K4 = "K4 half of the request sent"
    K5 = "K5 request sent"
    K6 = "K6 accepted, answer under way"
    K7 = "K7 answer read, not recorded"
    K8 = "K8 ids recorded, not committed"
    K9 = "K9 ids committed"
    K10 = "K10 push read before the ids were recorded"
    K11 = "K11 fill recorded, not committed"
    K12 = "K12 volume committed"
    K13 = "K13 outbox row written, or marked as delivered, not committed"
    K16 = "K16 within a migration"
    K17 = "K17 while shutting down"
    K18 = "K18 while reconciling"


@dataclass(frozen=True, slots=True)
class Kill:
    """Dying at a point, the ``nth`` time that it is passed in a life."""

    point: KillPoint
    nth: int

    def __str__(self) -> str:
        return f"{self.point.name} the {self.nth}. time"


class Life:
    """Whether this process still lives, and where it is to die."""

    def __init__(self, kill: Kill | None, on_kill: Callable[[KillPoint], None]) -> None:
        self.frozen = False
        self.killed = trio.Event()
        self.passed: Counter[KillPoint] = Counter()
        self._kill = kill
        self._on_kill = on_kill

    def __repr__(self) -> str:
        return f"<Life, {'frozen' if self.frozen else 'alive'}, to die at {self._kill}>"

    def passes(self, point: KillPoint) -> bool:
        """Note that a point is passed; return whether the process has died there, or before."""
        if self.frozen:
            return True
        self.passed[point] += 1
        if self._kill == Kill(point, self.passed[point]):
            self._on_kill(point)
            self.end()
        return self.frozen

    def end(self) -> None:
        """Freeze every effect from now on."""
        self.frozen = True
        self.killed.set()
