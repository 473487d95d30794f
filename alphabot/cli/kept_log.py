"""The log of a run, kept in a file where the configuration names one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from alphabot.log import dropped_line, keep, say
from alphabot.log.file import RotatedFile

if TYPE_CHECKING:
    from alphabot.config import LogSettings

__all__ = ["kept_log"]


@contextmanager
def kept_log(settings: LogSettings, *, json: bool = False) -> Iterator[None]:
    """Keep what is said in the block, as ``[log]`` has it; ``json`` is for this run alone.

    A file that cannot be written is said once, and ends nothing.
    """
    json = json or settings.json
    path = settings.file
    if path is None:
        keep(json=json)
        try:
            yield
        finally:
            keep()
        return
    file = RotatedFile(
        path,
        rotate_bytes=settings.rotate_bytes,
        keep_files=settings.keep_files,
        on_trouble=lambda reason: say("log.file_failed", path=path, reason=reason),
        dropped_line=dropped_line,
    )
    keep(file, json=json, after=file.tell_trouble)
    try:
        yield
    finally:
        keep(json=json)
        file.close()
        keep()
