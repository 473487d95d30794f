"""What a stream goes through over its connections: the phase it is in, and the wait for the next.

Both streams (one user's orders, everybody's prices) connect, go live, are lost and connect again;
this is what they have in common, without the connecting.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import trio

from alphabot.errors import RateLimited

__all__ = ["Lifeline", "Phase", "StreamState"]

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0


class Phase(StrEnum):
    """What a stream is doing, as a person is shown it."""

    CONNECTING = "connecting"
    LIVE = "live"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class StreamState:
    """A stream's phase, since when (trio time; None before it runs), and why if it is lost."""

    phase: Phase
    since: float | None = None
    reason: str = ""


class Lifeline:
    """One stream's state; and the pauses between its connections, 1 s doubling to a minute.

    The pauses start over after a connection that was live for a minute. One that is accepted and
    cut at once does not reset them, or a peer that does so for an hour would be called upon every
    second for an hour.
    """

    def __init__(self) -> None:
        self.state = StreamState(Phase.CONNECTING)
        self._pause_seconds = FIRST_PAUSE_SECONDS

    def connecting(self) -> None:
        """Note that the stream has been started."""
        self.state = StreamState(Phase.CONNECTING, trio.current_time())

    def live(self) -> None:
        """Note that the stream delivers; once for each connection or more often."""
        if self.state.phase is not Phase.LIVE:
            self.state = StreamState(Phase.LIVE, trio.current_time())

    def lost(self, loss: Exception) -> float:
        """Note why a connection ended or could not be had; return the seconds until the next.

        Never less than the exchange asks for. Attempts that fail one after the other are one
        loss, told with its latest reason.
        """
        now, before = trio.current_time(), self.state
        since = before.since if before.phase is Phase.LOST else now
        self.state = StreamState(Phase.LOST, since, str(loss))
        if before.phase is Phase.LIVE and now - (before.since or now) >= LONGEST_PAUSE_SECONDS:
            self._pause_seconds = FIRST_PAUSE_SECONDS
        pause = self._pause_seconds
        self._pause_seconds = min(2 * pause, LONGEST_PAUSE_SECONDS)
        return max(pause, loss.retry_after_seconds) if isinstance(loss, RateLimited) else pause
