"""One turn per token: two users of one service do not place orders there at the same time.

A user keeps the turn of a token from placing to settlement, and gives it back early when a SELL
stays open for long. What stays open without the turn (such a SELL, or whatever a stopped or
latched user left) the gate keeps the others away from: it looks at every user's open intents and
lets no limit pass that could meet one of them (rule ``self_trade_guard``).
"""

from __future__ import annotations

from collections import defaultdict

import trio

from alphabot.core.values import AlphaId

__all__ = ["Turn", "Turnstile"]


class Turn:
    """The right to place orders on a token; given back when its block ends, or earlier."""

    def __init__(self, semaphore: trio.Semaphore | None) -> None:
        self._semaphore = semaphore

    def __enter__(self) -> Turn:
        return self

    def __exit__(self, *_: object) -> None:
        self.give_back()

    def give_back(self) -> None:
        """Let the next user in; doing it twice is harmless."""
        semaphore, self._semaphore = self._semaphore, None
        if semaphore is not None:
            semaphore.release()


class Turnstile:
    """The turns of all tokens of a service; with ``guard`` off everyone may pass."""

    def __init__(self, *, guard: bool) -> None:
        self._guard = guard
        self._turns: defaultdict[AlphaId, trio.Semaphore] = defaultdict(
            lambda: trio.Semaphore(1, max_value=1)
        )

    async def take(self, alpha_id: AlphaId) -> Turn:
        """Wait for the token's turn, first come first served."""
        if not self._guard:
            await trio.lowlevel.checkpoint()
            return Turn(None)
        semaphore = self._turns[alpha_id]
        await semaphore.acquire()
        return Turn(semaphore)
