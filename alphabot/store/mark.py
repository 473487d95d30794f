"""The high-water mark: a line beside the database that says how far the journal had come.

A hash chain shows what was altered or taken out, but not that its end is missing: a write-ahead
log that was deleted or damaged, or an older copy put in place, leaves a shorter journal that is
perfectly in order. The mark shows that. It is written after each commit and not synced: it
outlives the process, and after a power loss it may be behind the journal but never ahead of it.
"""

from __future__ import annotations

import os
import zlib
from dataclasses import dataclass
from pathlib import Path

from alphabot.errors import JournalError

__all__ = ["HighWaterMark", "Mark", "read_mark"]

# Fixed width, so that each mark covers the one before it in one write within one disk sector.
_LINE = "epoch {epoch:019d} position {position:019d} hash {hash}"
_LENGTH = 134


@dataclass(frozen=True, slots=True)
class Mark:
    """The owner's epoch, and the position and hash of the last record of all users."""

    epoch: int
    position: int
    hash: bytes


class HighWaterMark:
    """The file that holds the mark; to be used under the owner's lock alone."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            self._file = os.open(path, flags, 0o600)
            os.fchmod(self._file, 0o600)
        except OSError as cause:
            raise JournalError(f"{path} could not be opened: {cause.strerror}") from cause

    def read(self) -> Mark | None:
        """Return the mark, or None where none was written yet; raises JournalError."""
        try:
            return _decode(os.pread(self._file, _LENGTH + 1, 0), self._path)
        except OSError as cause:
            raise JournalError(f"{self._path} could not be read: {cause.strerror}") from cause

    def write(self, mark: Mark) -> None:
        """Put the mark in place of the one before it; raises JournalError."""
        try:
            os.pwrite(self._file, _encode(mark), 0)
        except OSError as cause:
            raise JournalError(f"{self._path} could not be written: {cause.strerror}") from cause

    def sync(self) -> None:
        """Make durable what was written; raises JournalError."""
        try:
            os.fsync(self._file)
        except OSError as cause:
            raise JournalError(f"{self._path} could not be written: {cause.strerror}") from cause

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def read_mark(path: Path) -> Mark | None:
    """Return the mark that somebody else keeps, or None if there is none; raises JournalError."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as cause:
        raise JournalError(f"{path} could not be opened: {cause.strerror}") from cause
    try:
        return _decode(os.pread(file, _LENGTH + 1, 0), path)
    except OSError as cause:
        raise JournalError(f"{path} could not be read: {cause.strerror}") from cause
    finally:
        os.close(file)


def _decode(raw: bytes, path: Path) -> Mark | None:
    if not raw:
        return None
    words = raw.decode("ascii", "replace").split()
    try:
        mark = Mark(int(words[1]), int(words[3]), bytes.fromhex(words[5]))
    except (ValueError, IndexError):
        mark = None
    if mark is None or _encode(mark) != raw:
        raise JournalError(
            f"{path} is damaged, so nothing tells whether the journal is complete:"
            " compare it with the exchange's order history, then remove that file"
        )
    return mark


def _encode(mark: Mark) -> bytes:
    line = _LINE.format(epoch=mark.epoch, position=mark.position, hash=mark.hash.hex()).encode()
    return b"%s %08x\n" % (line, zlib.crc32(line))
