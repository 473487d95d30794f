"""Many lines of bytes, to standard output or into a new file."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from alphabot.errors import ConfigError
from alphabot.log import let_go

__all__ = ["write_lines"]


def write_lines(lines: Iterable[bytes], path: Path | None) -> None:
    """Write lines without their ends; to a file that is new, and whole or not there.

    Whoever stops reading standard output misses the rest. Raises ConfigError when the file exists
    already or cannot be written.
    """
    if path is None:
        _to_standard_output(lines)
        return
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        file = open(os.open(path, flags, 0o600), "wb")  # noqa: SIM115 - closed below, or removed
    except FileExistsError as cause:
        raise ConfigError(
            "is there already and is left as it is", path=path, hint="name a new file"
        ) from cause
    except OSError as cause:
        raise ConfigError(f"cannot be written: {cause.strerror}", path=path) from cause
    try:
        with file:
            for line in lines:
                file.write(line + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as cause:
        path.unlink(missing_ok=True)
        raise ConfigError(f"cannot be written: {cause.strerror}", path=path) from cause
    except BaseException:
        with suppress(OSError):
            path.unlink()
        raise


def _to_standard_output(lines: Iterable[bytes]) -> None:
    try:
        for line in lines:
            sys.stdout.buffer.write(line + b"\n")
        sys.stdout.flush()
    except OSError:
        let_go(sys.stdout)
