"""How fast we ask: a steady pace per user, and one pause for the whole process.

No rate limit of these endpoints is documented (protocol section 10), so the pace is slow by
default. A pause is what the exchange asks for with 429, 418 or a gateway block; it speaks to our
address, hence to all users.
"""

from __future__ import annotations

import math

import trio

__all__ = ["Pace", "Pause"]


class Pause:
    """One per process, shared by every client: while it lasts, no request leaves."""

    def __init__(self) -> None:
        self._until = -math.inf

    def __repr__(self) -> str:
        return f"<Pause, {self.remaining_seconds:g} s left>"

    @property
    def remaining_seconds(self) -> float:
        """How long it still lasts; zero when there is none."""
        return max(0.0, self._until - trio.current_time())

    def begin(self, seconds: float) -> None:
        """Pause for ``seconds`` from now; never shortens a pause under way."""
        self._until = max(self._until, trio.current_time() + seconds)

    async def over(self) -> None:
        """Wait until there is no pause."""
        while True:
            until = self._until
            await trio.sleep_until(until)
            if until == self._until:
                return
            # It was prolonged while we waited.


class Pace:
    """Turns at ``per_second``, first come first served; after a quiet time ``burst`` at once."""

    def __init__(self, per_second: float, burst: int) -> None:
        if not (per_second > 0 and burst >= 1):
            raise ValueError("a pace needs a rate above zero and a burst of at least one")
        self._interval = 1.0 / per_second
        self._slack = self._interval * (burst - 1)
        self._next = -math.inf

    async def turn(self, *, urgent: bool = False) -> None:
        """Wait for a turn; an urgent one is taken at once, at the cost of those that follow.

        A wait that is cancelled has used its turn.
        """
        now = trio.current_time()
        mine = max(self._next, now - self._slack)
        self._next = mine + self._interval
        if urgent:
            await trio.lowlevel.checkpoint()
        else:
            await trio.sleep_until(mine)
