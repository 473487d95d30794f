"""What a pause of the trade loop waits for: a time, a person's word, or the brake."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import trio

from alphabot.log import redact
from alphabot.runtime.after import After
from alphabot.runtime.board import Row, State
from alphabot.runtime.brake import Brake
from alphabot.runtime.stop import Stop

__all__ = ["wait_out"]


LOOK_AGAIN_SECONDS = 60.0
"""A clock may be set, and sleeps while the machine does: a wait of hours is measured anew.
And a day that turns while it lasts is seen."""


async def wait_out(after: After, row: Row, stop: Stop, brake: Brake) -> None:
    """Return once the pause after a step is over; the row shows why it is made."""
    row.waits_for = redact(after.reason)
    match after.state:
        case State.PAUSED:
            await stop.wait_resumed()
        case State.HALTED:
            await brake.wait_released()
        case State.WAITING_DAY:
            await _wait_for_the_day(after.pause_seconds, stop, brake)
        case _:
            await trio.sleep(after.pause_seconds)


async def _wait_for_the_day(seconds: float, stop: Stop, brake: Brake) -> None:
    """Return when the time has come, is to be looked at again, or a person holds the strategy."""
    with trio.move_on_after(min(seconds, LOOK_AGAIN_SECONDS)):
        async with trio.open_nursery() as nursery:

            async def end_when(held: Callable[[], Awaitable[None]]) -> None:
                await held()
                nursery.cancel_scope.cancel()

            nursery.start_soon(end_when, stop.wait_paused)
            nursery.start_soon(end_when, brake.wait_held)
