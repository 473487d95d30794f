"""notice_file: every notice as one line of a file, for whoever reads logs rather than chats."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import msgspec
import trio

from alphabot import NotDelivered, Notice, hookimpl

__all__ = ["Settings", "register_notifiers", "settings"]

ALPHABOT_API = "1"


class Settings(msgspec.Struct, frozen=True):
    """What ``[plugins.notice_file]`` may hold; ``file`` is relative to where alphabot runs."""

    file: str = "notices.txt"


class NoticeFile:
    """Appends notices to a file, which may be moved away at any time."""

    def __init__(self, file: str) -> None:
        self._file = file

    async def deliver(self, notice: Notice) -> None:
        """Write the notice; raises NotDelivered when the file cannot be written."""
        try:
            async with await trio.open_file(self._file, "a", encoding="utf-8") as file:
                await file.write(line_of(notice) + "\n")
        except OSError as cause:
            raise NotDelivered(f"{self._file}: {cause.strerror}") from cause


def line_of(notice: Notice) -> str:
    """Return a notice on one line: when, what, the figures."""
    at = datetime.fromtimestamp(notice.at_ms / 1000, UTC).isoformat(" ", "seconds")
    figures = [f"{name} {value}" for name, value in notice.figures]
    return " ".join(" | ".join([at, notice.title, *figures]).split())


@hookimpl
def settings() -> type[Settings]:
    """Declare ``file``."""
    return Settings


@hookimpl
def register_notifiers(register: Callable[..., None], settings: Settings) -> None:
    """Register ``notice_file``."""

    @asynccontextmanager
    async def open_notice_file() -> AsyncIterator[NoticeFile]:
        await trio.lowlevel.checkpoint()
        yield NoticeFile(settings.file)

    register("notice_file", open_notice_file)
