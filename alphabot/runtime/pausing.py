"""What a pause of the trade loop waits for: a time, a person's word, or the brake."""

from __future__ import annotations

import trio

from alphabot.log import redact
from alphabot.runtime.after import After
from alphabot.runtime.board import Row, State
from alphabot.runtime.brake import Brake
from alphabot.runtime.stop import Stop

__all__ = ["wait_out"]


async def wait_out(after: After, row: Row, stop: Stop, brake: Brake) -> None:
    """Return once the pause after a step is over; the row shows why it is made."""
    row.waits_for = redact(after.reason)
    match after.state:
        case State.PAUSED:
            await stop.wait_resumed()
        case State.HALTED:
            await brake.wait_released()
        case _:
            await trio.sleep(after.pause_seconds)
