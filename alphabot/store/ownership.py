"""One owner per database: a lock that the kernel holds for a process, and says for whom.

The kernel drops the lock when its process ends, however it ends, and keeps it while the process is
merely stopped or asleep, which no lease can do.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from alphabot.errors import JournalError
from alphabot.ports import WallClock

__all__ = ["owner_lock", "owner_of"]


@contextmanager
def owner_lock(path: Path, clock: WallClock) -> Iterator[None]:
    """Hold the lock file for the length of the block.

    Raises JournalError, saying which process has it since when, if somebody else does.
    """
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as cause:
        raise JournalError(f"{path} could not be opened: {cause.strerror}") from cause
    try:
        _lock(file, path)
        _sign(file, path, clock.now_ms())
        try:
            yield
        finally:
            _unsign(file)
    finally:
        # The file stays: whoever removed it would let a third process lock another of that name.
        os.close(file)


def owner_of(path: Path) -> str | None:
    """Return who signed a lock file and still runs, or None; the lock itself is not touched.

    Nobody is held up by the question, so the answer is a moment old.
    """
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return _signatory(file)
    finally:
        os.close(file)


def _lock(file: int, path: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as cause:
        raise JournalError(f"{path.with_suffix('.db')} is in use by {_holder(file)}") from cause
    except OSError as cause:
        raise JournalError(f"{path} could not be locked: {cause.strerror}") from cause


def _sign(file: int, path: Path, now_ms: int) -> None:
    signature = json.dumps({"pid": os.getpid(), "since_ms": now_ms}).encode()
    try:
        os.fchmod(file, 0o600)
        os.pwrite(file, signature, 0)
        os.ftruncate(file, len(signature))
    except OSError as cause:
        raise JournalError(f"{path} could not be written: {cause.strerror}") from cause


def _unsign(file: int) -> None:
    """Take the name off before the lock goes, so that the next owner is not called by it."""
    with suppress(OSError):
        os.ftruncate(file, 0)


def _holder(file: int) -> str:
    """Return who signed the file, if he is still there.

    Between locking and signing the owner has no name yet, and the one before him, had he been
    killed, would have left his own.
    """
    return _signatory(file) or "another process"


def _signatory(file: int) -> str | None:
    try:
        signature = json.loads(os.pread(file, 200, 0))
        since = datetime.fromtimestamp(signature["since_ms"] / 1000, UTC)
        holder = f"process {signature['pid']} since {since:%Y-%m-%d %H:%M:%S} UTC"
        return holder if _runs(signature["pid"]) else None
    except (ValueError, KeyError, TypeError, OverflowError, OSError):
        return None


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's process is a process
        return True
    return True
