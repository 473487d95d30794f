"""What the exchange itself can do wrong, as values; and which call or message it does it to.

The network's faults lie below HTTP and WebSocket (:mod:`alphabot.simulator.faults`); these lie
above: the exchange hears a request and answers it oddly, with or without doing what was asked, or
tells its streams something else than what happened. A *plan* is asked about every call, push and
bulletin. The plan of every exchange is to behave (:class:`Behaving`) unless it is given another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from alphabot.simulator.bulletins import Bulletin
from alphabot.simulator.reports import Push

__all__ = ["Behaving", "Misbehaviour", "Oddity", "Said", "Visit"]


@dataclass(frozen=True, slots=True)
class Visit:
    """A request as the exchange hears it, before anything was done about it."""

    method: str
    path: str

    @property
    def is_private(self) -> bool:
        """Whether it is a user's and not the public's."""
        return "/public/" not in self.path

    @property
    def is_placing(self) -> bool:
        """Whether it asks for an order."""
        return self.path.endswith("order/place")

    @property
    def is_cancelling(self) -> bool:
        """Whether it asks for the end of an order."""
        return self.path.endswith("/cancel")


@dataclass(frozen=True, slots=True)
class Said:
    """An answer: status, headers besides those of its framing, body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Oddity:
    """One thing that is odd about one answer.

    Where ``acts`` is false nothing is done about the request, and ``answer`` is given an empty
    answer. ``seconds`` is how long the answer takes, over and above what it would.
    """

    name: str
    answer: Callable[[Said], Said]
    acts: bool = True
    seconds: float = 0.0


class Misbehaviour(Protocol):
    """Who meets which oddity; asked by the exchange's REST side and its streams."""

    def at_visit(self, visit: Visit) -> Oddity | None:
        """Return what will be odd about the answer to a request, None if nothing."""
        ...

    def pushes(self, push: Push) -> Sequence[Push]:
        """Return what a user's order stream is told instead of this: none, one or many."""
        ...

    def bulletin(self, bulletin: Bulletin) -> Bulletin | None:
        """Return what a market stream is told instead of this, None for nothing at all."""
        ...


class Behaving:
    """The plan of an exchange that does nothing wrong."""

    def at_visit(self, visit: Visit) -> Oddity | None:
        """Return None."""
        return None

    def pushes(self, push: Push) -> Sequence[Push]:
        """Return the push as it is."""
        return (push,)

    def bulletin(self, bulletin: Bulletin) -> Bulletin | None:
        """Return the bulletin as it is."""
        return bulletin
