"""A person's hand on the service: stopping it, pausing it, halting all orders."""

from __future__ import annotations

import trio

from alphabot.rehearsal.referee import Referee
from alphabot.runtime.stop import Stop

__all__ = ["Hand"]


class Hand:
    """What a person asks of the present life, and of those to come; the judge is told of it."""

    def __init__(self, referee: Referee) -> None:
        self.draining = trio.Event()
        """Set when the present life was asked to stop."""
        self._referee = referee
        self._stop: Stop | None = None
        self._halt = ""

    def lay_on(self, stop: Stop | None) -> None:
        """Take hold of a new life, or let go of one that is over; a pause ends with its life."""
        self._stop = stop

    def halt(self) -> str:
        """Return why no order may leave, or nothing; as a halt file, it outlives a process."""
        return self._halt

    @property
    def is_stopping(self) -> bool:
        """Whether the present life has been asked to stop."""
        return self._stop is not None and self._stop.requested.is_set()

    def stop_once(self) -> bool:
        """Ask the present life to stop; return whether there was one to ask."""
        if self._stop is None or self._stop.requested.is_set():
            return False
        self._stop.request()
        self._referee.stopped_at = trio.current_time()
        self.draining.set()
        return True

    def stop_now(self) -> None:
        """Ask it a second time."""
        if self._stop is not None:
            self._stop.now()

    def pause(self) -> bool:
        """Have the present life begin no further round; return whether there was one to ask."""
        if self._stop is None or self._stop.paused:
            return False
        self._stop.pause()
        self._referee.paused_at = trio.current_time()
        return True

    def resume(self) -> None:
        """Let it begin rounds again."""
        self._referee.paused_at = None
        if self._stop is not None:
            self._stop.resume()

    def halt_orders(self) -> bool:
        """Let no order leave, of this life or the next; return whether that is new."""
        if self._halt:
            return False
        self._halt = "halted by a person"
        self._referee.halted_at = trio.current_time()
        return True

    def lift_halt(self) -> None:
        """Let orders leave again."""
        self._halt = ""
        self._referee.halted_at = None
