"""A disk so small that it can be filled up."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

__all__ = ["fill_up", "small_disk"]


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """Put a disk of this size under a folder, or skip the test where that is not ours to do."""
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={size},mode=700", "alphabot", str(folder)]
    try:
        subprocess.run(["mount", *options], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("nothing may be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill_up(ballast: Path) -> None:
    """Write until there is no room for a page."""
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1 << 9):
            with suppress(OSError):
                while file.write(bytes(size)) == size:
                    pass
