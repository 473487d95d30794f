"""What holds back every order of everyone, of either side: a halt, or a loop that stood still.

Asked by the gate and once more at an order's first and last byte, so it must be cheap, must not
wait, and must be right even if nothing else of this process has run since: it looks at the world
itself and relies on nobody having told it. What only asks the exchange, and a cancel, pass.
"""

from __future__ import annotations

from collections.abc import Callable

import trio

from alphabot.log import say

__all__ = ["Brake", "Pulse"]

STILL_SECONDS = 2.0
"""A loop that has not come round for so long has missed what happened meanwhile."""
BEAT_SECONDS = 0.5
LOOK_SECONDS = 1.0
"""How soon a halt that was lifted is noticed; one that was made is, by every order."""


class Pulse:
    """When the loop last came round, by a clock that goes on while the machine sleeps.

    ``clock`` returns such seconds. The pulse counts from :meth:`begin` on.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._beat_at: float | None = None
        self.beats = 0

    def begin(self) -> None:
        """Count from now on."""
        self._beat_at = self._clock()

    def beat(self) -> float:
        """Note that the loop comes round; return for how many seconds it had not."""
        still_seconds = self.still_seconds
        self._beat_at = self._clock()
        self.beats += 1
        return still_seconds

    @property
    def begun(self) -> bool:
        """Whether it counts yet."""
        return self._beat_at is not None

    @property
    def still_seconds(self) -> float:
        """For how long the loop has not come round."""
        return 0.0 if self._beat_at is None else self._clock() - self._beat_at


class Brake:
    """Whether orders may leave at all, and for what reason they may not.

    ``halt`` looks whether a person has halted everything, and returns the reason or nothing.
    """

    def __init__(self, halt: Callable[[], str] = str, pulse: Pulse | None = None) -> None:
        self._halt = halt
        self._pulse = pulse
        self._still = ""
        self._released = trio.Event()
        self._held = trio.Event()

    def reason(self) -> str:
        """Return why no order may leave at this moment, or nothing."""
        if self._pulse is not None and self._pulse.still_seconds > STILL_SECONDS:
            self._hold_after(self._pulse.still_seconds)
        return self._still or self._halt()

    async def wait_released(self) -> None:
        """Return once orders may leave again."""
        await trio.lowlevel.checkpoint()
        while self.reason():
            await self._released.wait()

    async def wait_held(self) -> None:
        """Return once a person holds all orders back; it is noticed as soon as that it is over."""
        await trio.lowlevel.checkpoint()
        while not self._halt():
            await self._held.wait()

    async def watch_halt(self) -> None:
        """Tell when a halt begins and ends, and release who waits for its end; never returns."""
        halted = ""
        while True:
            before, halted = halted, self._halt()
            if halted and not before:
                say("service.halted", reason=halted)
                held, self._held = self._held, trio.Event()
                held.set()
            elif before and not halted:
                say("service.halt_lifted")
            if not self.reason():
                self._release()
            await trio.sleep(LOOK_SECONDS)

    async def keep_pulse(self, distrust: Callable[[str], None]) -> None:
        """Beat, and after a standstill call ``distrust`` before any order may leave again.

        What it is called with says how long nothing was heard of the world; it must close the
        gate of every user until what was missed has been asked for. Never returns.
        """
        pulse = self._pulse
        if pulse is None:
            await trio.sleep_forever()
            return
        pulse.begin()
        while True:
            await trio.sleep(BEAT_SECONDS)
            still_seconds = pulse.still_seconds
            if still_seconds > STILL_SECONDS:
                self._hold_after(still_seconds)
            pulse.beat()
            if self._still:
                say("loop.came_round", seconds=round(still_seconds, 1))
                distrust(self._still)
                self._still = ""
                self._release()

    def _hold_after(self, still_seconds: float) -> None:
        self._still = f"this process stood still for {still_seconds:.1f} s"

    def _release(self) -> None:
        released, self._released = self._released, trio.Event()
        released.set()
