"""Notifiers of a rehearsal: one that does what it should, and those that do what they may not.

They misbehave until the faults of their world end, and nobody may be the worse for it: no order may
leave another moment, and what must be heard is heard in the end.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import cast

import trio

import alphabot
from alphabot.core.notices import Notice
from alphabot.errors import JournalError, NotDelivered
from alphabot.ports import Notifier, NotifierFactory
from alphabot.rehearsal.hearing import HEARING

__all__ = ["register_notifiers"]

_TRIP_SECONDS = 0.2
_SLOW_SECONDS = 45.0
_FLOOD_SECONDS = 40.0
Misbehave = Callable[[Notice], Awaitable[None]]


class Unheard(BaseException):
    """An exception that no handler for exceptions catches."""


class _Messenger:
    """Tells the people of the world, unless it is to misbehave."""

    def __init__(self, name: str, misbehave: Misbehave | None) -> None:
        self._name = name
        self._misbehave = misbehave

    async def deliver(self, notice: Notice) -> None:
        """Hand the notice over."""
        await trio.sleep(_TRIP_SECONDS)
        if self._misbehave is not None and HEARING.get().strikes(self._name):
            return await self._misbehave(notice)
        HEARING.get().hear(self._name, notice)
        return None


async def _is_dead(_notice: Notice) -> None:
    await trio.lowlevel.checkpoint()
    raise NotDelivered("nobody answers")


async def _is_slow(_notice: Notice) -> None:
    await trio.sleep(_SLOW_SECONDS)


async def _raises(notice: Notice) -> None:
    await trio.lowlevel.checkpoint()
    if len(notice.cause) % 2:
        raise JournalError("a notifier's own")
    raise RuntimeError("a notifier with a bug")


async def _exits(notice: Notice) -> None:
    await trio.lowlevel.checkpoint()
    raise SystemExit(3) if len(notice.cause) % 2 else Unheard("whatever happens")


async def _floods(_notice: Notice) -> None:
    await trio.lowlevel.checkpoint()
    raise NotDelivered("too many", retry_after_seconds=_FLOOD_SECONDS)


async def _garbage(notice: Notice) -> None:
    await trio.lowlevel.checkpoint()
    return cast(None, _is_dead(notice))


_UNRULY: dict[str, Misbehave] = {
    "notifier_dead": _is_dead,
    "notifier_slow": _is_slow,
    "notifier_raises": _raises,
    "notifier_exits": _exits,
    "notifier_floods": _floods,
    "notifier_returns_garbage": _garbage,
}
_HANGS = "notifier_hangs_at_open"


@asynccontextmanager
async def _open(name: str, misbehave: Misbehave | None) -> AsyncIterator[Notifier]:
    await trio.lowlevel.checkpoint()
    yield _Messenger(name, misbehave)


@asynccontextmanager
async def _hang() -> AsyncIterator[Notifier]:
    if HEARING.get().strikes(_HANGS):
        await trio.sleep_forever()
    yield _Messenger(_HANGS, None)


def _opening(name: str, misbehave: Misbehave | None) -> NotifierFactory:
    def opened() -> AbstractAsyncContextManager[Notifier]:
        return _open(name, misbehave)

    return opened


@alphabot.hookimpl
def register_notifiers(register: Callable[[str, NotifierFactory], None]) -> None:
    """Register the good one and the others."""
    register("messenger", _opening("messenger", None))
    for name, misbehave in _UNRULY.items():
        register(name, _opening(name, misbehave))
    register(_HANGS, _hang)
