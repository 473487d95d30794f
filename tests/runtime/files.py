"""A whole service on a journal in files, which a person can copy, spoil and put back."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from pathlib import Path

from alphabot.config import Settings
from alphabot.core.records import Cleared
from alphabot.core.values import UserId
from alphabot.store import SqliteJournal, VenueIdentity, VenueMode, open_journal
from tests.runtime.world import World, open_world

__all__ = ["ELSEWHERE", "Files", "open_files"]

ELSEWHERE = VenueIdentity(VenueMode.SIMULATED, ("exchange",))


class Files:
    """A journal in files, which a person can copy and put back while nothing runs."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.folder = folder

    def open(self) -> AbstractContextManager[SqliteJournal]:
        """Own it."""
        return open_journal(self.folder, ELSEWHERE, fresh=False, clock=self.world.clock)

    async def run(self, settings: Settings) -> None:
        """Run a service on it to the end."""
        with self.open() as journal:
            self.world.journal = journal
            await self.world.run(settings)

    async def clear(self, user_id: int) -> None:
        """Let a user trade again, as the command does."""
        with self.open() as journal:
            now_ms = self.world.clock.now_ms()
            await journal.append(UserId(user_id), Cleared(at_ms=now_ms, by="alphabot clear"))

    def copy(self, name: str) -> None:
        """Copy the whole folder."""
        shutil.copytree(self.folder, self.folder.with_name(name))

    def put_back(self, name: str) -> None:
        """Put a copy of the whole folder in its place."""
        shutil.rmtree(self.folder)
        shutil.copytree(self.folder.with_name(name), self.folder)


@asynccontextmanager
async def open_files(folder: Path) -> AsyncIterator[Files]:
    """Open a world whose journal is in files."""
    async with open_world() as world:
        yield Files(world, folder / "state")
