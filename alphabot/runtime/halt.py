"""The halt: a file beside the databases whose mere presence holds back every order.

It is written by another process, with the system's means alone, and looked at by each order. So it
works while the database cannot be written, the service does not answer, plugins and notifiers are
broken, and the configuration cannot be read. Whatever keeps us from looking counts as a halt.
"""

from __future__ import annotations

import errno
import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from alphabot.errors import HaltError

__all__ = ["Halt", "HaltFile", "folder_beside"]

FILE_NAME = "halted"
_READ_BYTES_MAX = 4096
_REASON_CHARS_MAX = 500


def folder_beside(config: Path) -> Path:
    """Return the folder of the databases, which is also that of the halt and of the sockets."""
    return config.parent / ".alphabot"


@dataclass(frozen=True, slots=True)
class Halt:
    """A halt in force: why, and since when (wall time in milliseconds) if the file says so."""

    reason: str
    at_ms: int | None = None

    def __str__(self) -> str:
        return f"{self.reason}; alphabot halt --lift ends it"


class HaltFile:
    """The halt of all services whose databases lie in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.path = folder.absolute() / FILE_NAME
        self._name = os.fspath(self.path)
        self._folder = os.fspath(self.path.parent)

    def reason(self) -> str:
        """Return why no order may leave, or nothing; microseconds while there is no halt."""
        try:
            os.lstat(self._name)
        except FileNotFoundError:
            # Nothing is there: but is it also where it should be?
            return "" if os.path.isdir(self._folder) else f"{self._folder} is gone"
        except OSError as cause:
            return f"{self._name} cannot be looked at: {cause.strerror}"
        return str(self.read() or "halted")

    def read(self) -> Halt | None:
        """Return what the file says, or None where there is none; an unreadable one is a halt."""
        try:
            file = os.open(self._name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        except OSError:
            return Halt("halted")
        with suppress(OSError, ValueError, TypeError, KeyError, RecursionError, OverflowError):
            try:
                said = json.loads(os.read(file, _READ_BYTES_MAX))
            finally:
                os.close(file)
            return Halt(_clean(str(said["reason"])) or "halted", int(said["at_ms"]))
        return Halt("halted")

    def write(self, reason: str, now_ms: int) -> None:
        """Put the halt in force before returning; a later one replaces it. Raises HaltError.

        Where there is no room for a reason, an empty file is a halt as well.
        """
        # Ours alone, so that two of these at once do not write into one file.
        draft = f"{self._name}.{os.getpid()}"
        text = json.dumps({"reason": _clean(reason), "at_ms": now_ms})
        try:
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
            try:
                _write(draft, text.encode())
                os.rename(draft, self._name)
            except OSError:
                with suppress(OSError):
                    os.unlink(draft)
                _write(self._name, b"")
        except OSError as cause:
            raise HaltError(f"{self._name} cannot be written: {cause.strerror}") from cause
        with suppress(OSError):  # in force already; this is for a power failure in this second
            _sync_folder(self._folder)

    def lift(self) -> None:
        """End the halt; without one nothing happens. Raises HaltError."""
        try:
            self.path.unlink(missing_ok=True)
        except OSError as cause:
            raise HaltError(f"{self._name} cannot be removed: {cause.strerror}") from cause


def _clean(reason: str) -> str:
    """Return a reason that can be written and sent: bytes that are no text come as surrogates."""
    return reason[:_REASON_CHARS_MAX].encode("utf-8", "replace").decode()


def _write(name: str, text: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    file = os.open(name, flags, 0o600)
    try:
        os.fchmod(file, 0o600)
        if text:
            if os.write(file, text) < len(text):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(file)
    finally:
        os.close(file)


def _sync_folder(name: str) -> None:
    file = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)
