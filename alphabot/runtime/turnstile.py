"""One turn per token: two users of one service never have orders that could meet.

A user keeps the turn of a token from placing to settlement. A SELL that stays open for long
gives the turn back and is remembered here as *resting*: the gate then keeps the BUY limits of
all other users below it.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from decimal import Decimal

import trio

from alphabot.core.values import AlphaId, OrderId, UserId

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
        self._reserved: dict[tuple[AlphaId, UserId], Turn] = {}
        self._resting: defaultdict[AlphaId, dict[OrderId, tuple[UserId, Decimal]]] = defaultdict(
            dict
        )

    def reserve(self, alpha_id: AlphaId, user_id: UserId) -> None:
        """Keep the turn for a user whose open BUY an earlier run left behind; never waits.

        Where an earlier run left several users' BUYs behind, the first keeps it and the others
        wait for theirs.
        """
        if self._guard:
            semaphore = self._turns[alpha_id]
            with suppress(trio.WouldBlock):
                semaphore.acquire_nowait()
                self._reserved[alpha_id, user_id] = Turn(semaphore)

    async def take(self, alpha_id: AlphaId, user_id: UserId) -> Turn:
        """Wait for the token's turn, first come first served."""
        if not self._guard:
            await trio.lowlevel.checkpoint()
            return Turn(None)
        if (alpha_id, user_id) in self._reserved:
            await trio.lowlevel.checkpoint()  # here a cancel does not lose the turn
            reserved = self._reserved.pop((alpha_id, user_id), None)
            if reserved is not None:
                return reserved
        semaphore = self._turns[alpha_id]
        await semaphore.acquire()
        return Turn(semaphore)

    def rest(self, alpha_id: AlphaId, user_id: UserId, order_id: OrderId, price: Decimal) -> None:
        """Remember a user's open SELL that does not keep the turn."""
        self._resting[alpha_id][order_id] = (user_id, price)

    def gone(self, alpha_id: AlphaId, order_id: OrderId) -> None:
        """Forget a resting SELL that has ended."""
        self._resting[alpha_id].pop(order_id, None)

    def foreign_sell_floor(self, alpha_id: AlphaId, user_id: UserId) -> Decimal | None:
        """Return the lowest resting SELL limit of any other user, if there is one."""
        resting = self._resting[alpha_id].values()
        return min((price for owner, price in resting if owner != user_id), default=None)
