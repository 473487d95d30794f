"""The files: whose they are, who else may touch them, and whether a halt lies among them."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from alphabot.config import Settings
from alphabot.runtime.halt import HaltFile
from alphabot.wiring.doctor.findings import Finding, fail, ok, warn
from alphabot.wiring.venues import folder_of

__all__ = ["Files", "Seen", "judge_files", "see_files"]

FOLDER_MODE: Final = 0o700
FILE_MODE: Final = 0o600
_NAMED_MAX: Final = 5
"""How many files are named one by one; of a hundred that are alike the first say enough."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A file or folder: its permissions, and whether it belongs to whoever asks."""

    path: Path
    mode: int
    mine: bool = True


@dataclass(frozen=True, slots=True)
class Files:
    """What lies beside the configuration."""

    folder: Path
    seen: Seen | None
    """The folder, if it is there."""
    inside: Sequence[Seen] = ()
    config: Sequence[Seen] = ()
    """The configuration and its folder, as far as they say what is traded."""
    logs: Sequence[Seen] = ()
    """The log file, if one is kept, and the older ones that were rotated away."""
    halted: str = ""


def see_files(settings: Settings) -> Files:
    """Return the files of a configuration; raises OSError where they cannot be looked at."""
    folder = folder_of(settings).absolute()
    config = settings.path.absolute()
    there = folder.is_dir()
    return Files(
        folder=folder,
        seen=_seen(folder) if there else None,
        inside=tuple(_seen(path) for path in sorted(folder.iterdir())) if there else (),
        config=(_seen(config.parent), _seen(config)),
        logs=tuple(map(_seen, _logs(settings.log.file))),
        halted=HaltFile(folder).reason() if there else "",
    )


def judge_files(files: Files) -> Iterator[Finding]:
    """Yield what the permissions mean, and the halt."""
    if files.halted:
        yield fail("halt.on", reason=files.halted)
    for seen in files.config:
        if not stat.S_ISLNK(seen.mode) and seen.mode & 0o022 and not seen.mode & stat.S_ISVTX:
            yield warn("files.config", path=seen.path, mode=_shown(seen), wanted="go-w")
    for seen in files.logs:
        yield from _wrong(seen, FILE_MODE)
    if files.seen is None:
        yield ok("files.none", path=files.folder)
        return
    wrong = list(_wrong(files.seen, FOLDER_MODE))
    for seen in files.inside:
        wrong += _wrong(seen, FOLDER_MODE if stat.S_ISDIR(seen.mode) else FILE_MODE)
    yield from wrong[:_NAMED_MAX]
    if not wrong:
        yield ok("files.ok", path=files.folder, count=len(files.inside))
    elif len(wrong) > _NAMED_MAX:
        yield warn("files.more", path=files.folder, count=len(wrong) - _NAMED_MAX)


def _wrong(seen: Seen, wanted: int) -> Iterator[Finding]:
    if not seen.mine:
        yield fail("files.foreign", path=seen.path)
    elif stat.S_ISLNK(seen.mode):
        yield fail("files.link", path=seen.path)
    elif seen.mode & 0o777 & ~wanted:
        yield warn("files.open", path=seen.path, mode=_shown(seen), wanted=f"{wanted:04o}")


def _logs(path: Path | None) -> list[Path]:
    """Return the files of a log that are there; what is no file, a terminal say, is no log."""
    if path is None:
        return []
    older = sorted(path.parent.glob(f"{glob.escape(path.name)}.*"))
    return [each for each in (path, *older) if each.is_file() and _is_of(path, each)]


def _is_of(path: Path, each: Path) -> bool:
    return each == path or each.name.removeprefix(f"{path.name}.").isdecimal()


def _shown(seen: Seen) -> str:
    return f"{seen.mode & 0o777:04o}"


def _seen(path: Path) -> Seen:
    found = path.lstat()
    return Seen(path, found.st_mode, found.st_uid == os.geteuid())
