"""What people hear in a world: every notice that was really delivered, by which notifier."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field

from alphabot.core.notices import Notice

__all__ = ["HEARING", "Hearing"]


@dataclass(slots=True)
class Hearing:
    """The people of one world. What a dead process says nobody hears.

    ``is_faulty`` says whether notifiers misbehave now, ``on_fault`` counts that one did.
    """

    is_dead: Callable[[], bool]
    is_faulty: Callable[[], bool]
    on_fault: Callable[[str], None]
    on_notice: Callable[[str, Notice], None] = lambda notifier, notice: None
    heard: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often each notifier has told of a cause."""

    def hear(self, notifier: str, notice: Notice) -> None:
        """Take in a notice."""
        if not self.is_dead():
            self.heard[notifier, notice.cause] += 1
            self.on_notice(notifier, notice)

    def strikes(self, notifier: str) -> bool:
        """Return whether a notifier is to misbehave now, and count it if so."""
        if not self.is_faulty() or self.is_dead():
            return False
        self.on_fault(notifier.replace("_", " "))
        return True


HEARING: ContextVar[Hearing] = ContextVar("hearing")
"""Whom the notifiers of the running world reach; each task of its service inherits it."""
