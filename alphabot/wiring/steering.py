"""What a running service listens to besides its exchange: halts, standstills, and people."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from alphabot.clocks import seconds_with_sleep
from alphabot.config import Settings
from alphabot.log import say
from alphabot.runtime.brake import Brake, Pulse
from alphabot.runtime.control import Control
from alphabot.runtime.control_socket import ControlSocketError, open_listener
from alphabot.runtime.describing import Describer
from alphabot.runtime.halt import HaltFile
from alphabot.runtime.roster import Roster
from alphabot.runtime.watchdog import watched
from alphabot.wiring.assembly import Shared
from alphabot.wiring.venues import folder_of, identity_of

__all__ = ["Door", "Steering", "in_memory", "on_this_machine", "socket_path"]

Door = Callable[[Control], Awaitable[None]]
"""Brings a control's clients to it, until cancelled."""


@dataclass(frozen=True, slots=True)
class Steering:
    """The brake of a service, and the doors through which its control is reached."""

    brake: Brake
    doors: tuple[Door, ...] = ()

    def control(self, roster: Roster, shared: Shared) -> Control:
        """Return what a service is asked through, whichever door a question comes by."""
        describe = Describer(
            roster=roster,
            venue=str(shared.venue.identity),
            limits=shared.settings.limits,
            limits_of=shared.settings.limits_of,
            brake=self.brake,
            clock=shared.clock,
            started_ms=shared.clock.now_ms(),
            exchange_pause_seconds=lambda: shared.pause.remaining_seconds,
            notices=shared.notices.status,
        )
        return Control(roster, describe, shared.venue.keep_session)

    def beside(self, roster: Roster, control: Control) -> list[Callable[[], Awaitable[None]]]:
        """Return what is to run beside the users."""
        return [
            self.brake.watch_halt,
            partial(self.brake.keep_pulse, roster.distrust),
            *(partial(door, control) for door in self.doors),
        ]


def in_memory(*doors: Door, halt: Callable[[], str] = str) -> Steering:
    """Return what a service in virtual time has: no thread, no file, no socket of ours."""
    return Steering(Brake(halt), doors)


@contextmanager
def on_this_machine(settings: Settings) -> Iterator[Steering]:
    """Open the halt file, the watchdog and the control socket, once the journal is ours."""
    pulse = Pulse(seconds_with_sleep)
    brake = Brake(HaltFile(folder_of(settings)).reason, pulse)
    with ExitStack() as stack:
        stack.enter_context(watched(pulse))
        try:
            listener = stack.enter_context(open_listener(socket_path(settings)))
        except ControlSocketError as error:
            say("control.unavailable", reason=str(error))
            yield Steering(brake)
        else:
            yield Steering(brake, (lambda control: control.serve(listener),))


def socket_path(settings: Settings) -> Path:
    """Return where a service of these settings is asked; the database's name, and its folder."""
    return folder_of(settings) / f"{identity_of(settings).file_stem}.sock"
