"""A service in virtual time that is asked things while it runs, as its socket's clients ask."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import msgspec
import trio
from trio.testing import memory_stream_pair

from alphabot.config import Settings
from alphabot.core.values import StrategyId, UserId
from alphabot.runtime.brake import Brake, Pulse
from alphabot.runtime.control import Control, Reply, Request
from alphabot.runtime.status import Status, StrategyStatus, UserStatus
from alphabot.wiring import Steering, Venue
from tests.runtime.world import World, seen

__all__ = ["Asked", "steered", "strategy_of", "user_of"]


@dataclass
class Asked:
    """The control of a running service, as one client after another reaches it."""

    control: Control

    async def ask(self, request: Request) -> Reply:
        """Return the answer to a question."""
        answer = await self.say(msgspec.json.encode(request) + b"\n")
        return msgspec.json.decode(answer, type=Reply)

    async def status(self) -> Status:
        """Return the status."""
        status = (await self.ask(Request(command="status"))).status
        assert status is not None
        return status

    async def say(self, words: bytes) -> bytes:
        """Return whatever is answered to these bytes, until the control hangs up."""
        ours, theirs = memory_stream_pair()
        answer = bytearray()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.control.attend, theirs)
            await ours.send_all(words)
            while chunk := await ours.receive_some():
                answer += chunk
        return bytes(answer)


@asynccontextmanager
async def steered(
    world: World,
    settings: Settings,
    *,
    halt: Callable[[], str] = str,
    pulse: Pulse | None = None,
    venue: Venue | None = None,
) -> AsyncIterator[Asked]:
    """Run a service beside the block; it ends by itself or, if the block raises, is cancelled."""
    reached: list[Control] = []

    async def door(control: Control) -> None:
        reached.append(control)
        await trio.sleep_forever()

    steering = Steering(Brake(halt, pulse), (door,))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(world.run, settings, venue, None, steering)
        await seen(lambda: bool(reached))
        yield Asked(reached[0])


def user_of(status: Status, user_id: int) -> UserStatus:
    """Return a user's part of a status."""
    (user,) = (user for user in status.users if user.user_id == UserId(user_id))
    return user


def strategy_of(status: Status, user_id: int, strategy_id: str) -> StrategyStatus:
    """Return a strategy's part of a status."""
    strategies = user_of(status, user_id).strategies
    (found,) = (s for s in strategies if s.strategy_id == StrategyId(strategy_id))
    return found
