"""The service and its journal: who owns the database, and whether what it says can be trusted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import trio

from alphabot.config import Settings
from alphabot.errors import AlphabotError, ControlError
from alphabot.runtime.status import Status
from alphabot.store.ownership import owner_of
from alphabot.wiring.at_rest import last_known
from alphabot.wiring.doctor.findings import Finding, fail, ok
from alphabot.wiring.looking import journal_file, look
from alphabot.wiring.venues import identity_of

__all__ = ["AskService", "Service", "judge_service", "see_journal", "see_service"]

AskService = Callable[[], Status | None]
"""Returns what the running service says of itself, None where none runs; raises ControlError."""
Add = Callable[[Iterable[Finding]], None]


@dataclass(frozen=True, slots=True)
class Service:
    """What is known of a running service."""

    status: Status | None = None
    silent: str = ""
    """Why one that is there does not answer."""
    owner: str | None = None
    """Who has the database, by its own word."""

    @property
    def busy(self) -> bool:
        """Whether there is anybody who should not be disturbed."""
        return self.status is not None or self.silent != "" or self.owner is not None


async def see_service(settings: Settings, ask: AskService) -> Service:
    """Return whether a service runs, what it says, and who owns the database."""
    await trio.lowlevel.checkpoint()
    owner = owner_of(journal_file(settings).with_suffix(".lock"))
    try:
        status = await trio.to_thread.run_sync(ask, abandon_on_cancel=True)
    except ControlError as error:
        return Service(silent=str(error), owner=owner)
    return Service(status=status, owner=owner)


def judge_service(seen: Service) -> Iterator[Finding]:
    """Yield what it means for another start."""
    if seen.status is not None:
        yield ok("service.running", pid=seen.status.pid or 0, venue=seen.status.venue)
    elif seen.silent:
        yield fail("service.silent", reason=seen.silent)
    elif seen.owner is not None:
        yield fail("service.owned", owner=seen.owner)
    else:
        yield ok("service.none")


async def see_journal(settings: Settings, add: Add) -> Status | None:
    """Return what the journal of a service that does not run says; what is wrong is added.

    A run of the embedded exchange begins a new one, so there is nothing to look at.
    """
    if identity_of(settings).embedded:
        await trio.lowlevel.checkpoint()
        add([ok("database.embedded")])
        return None
    file = journal_file(settings)
    if not file.exists():
        add([ok("database.new", path=file)])
        return await last_known(settings)
    add(await trio.to_thread.run_sync(_looked, settings, abandon_on_cancel=True))
    try:
        return await last_known(settings)
    except AlphabotError:  # which is what was just added
        return None


def _looked(settings: Settings) -> list[Finding]:
    try:
        with look(settings) as view:
            damaged = [
                fail("database.damaged", str(user.user_id), reason=str(user.damage))
                for user in view.damaged
            ]
            path = journal_file(settings)
            return damaged or [ok("database.ok", path=path, records=view.records, runs=view.runs)]
    except AlphabotError as error:
        return [fail("database.unusable", reason=str(error))]
