"""Takes turns between programs that trade side by side, so that each burst is of one of them.

The push that ends a round (the SELL is filled) is held back until every user of that program has
one. Then the program is idle, and waits until it is its turn; the pushes leave together, each user
places its next round, and at the end of that round the program is idle again. So all programs are
measured in one run, A B C A B C, and none works while another is measured.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import trio

from alphabot.simulator.bulletins import Bulletin
from alphabot.simulator.exchange import Exchange
from alphabot.simulator.hub import Hub
from alphabot.simulator.reports import Push

__all__ = ["HoldingHub"]


class HoldingHub(Hub):
    """A hub that holds back the ends of rounds, for the users of each named program."""

    def __init__(self, model: Exchange, users_of: Mapping[str, Collection[int]]) -> None:
        super().__init__(model)
        self._program_of = {user: name for name, users in users_of.items() for user in users}
        self._size = {name: len(users) for name, users in users_of.items()}
        self._held: dict[str, list[Push]] = {name: [] for name in users_of}
        self._changed = trio.Event()

    def deliver(self, message: Push | Bulletin) -> None:
        """Deliver everything but the end of a round."""
        if isinstance(message, Push) and _ends_round(message):
            name = self._program_of.get(message.user_id)
            if name is not None:
                self._held[name].append(message)
                self._changed.set()
                return
        super().deliver(message)

    async def idle(self, name: str) -> None:
        """Return once every user of a program has come to the end of a round."""
        await trio.lowlevel.checkpoint()
        while len(self._held[name]) < self._size[name]:
            self._changed = trio.Event()
            await self._changed.wait()

    def release(self, name: str) -> None:
        """Let every held push of a program go."""
        held, self._held[name] = self._held[name], []
        for push in held:
            super().deliver(push)


def _ends_round(push: Push) -> bool:
    return (push.data["S"], push.data["X"]) == ("SELL", "FILLED")
