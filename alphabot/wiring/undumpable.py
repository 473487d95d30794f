"""No core file, and no other program's look into the memory in which real sessions are."""

from __future__ import annotations

import contextlib
import ctypes
import resource
import sys
from typing import Final

__all__ = ["forbid_dumps"]

_PR_SET_DUMPABLE: Final = 4


def forbid_dumps() -> None:
    """Keep this process's memory out of core files and, on Linux, from other programs."""
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
