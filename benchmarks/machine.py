"""What the kernel says of a process and of the machine."""

from __future__ import annotations

import os
import platform
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from statistics import median

__all__ = ["cpu_ns", "describe", "durable_write_ms", "rss_kb"]


def cpu_ns(pid: int) -> int:
    """Return the time for which all threads of a process have had a CPU, in nanoseconds."""
    total = 0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        # A helper thread may end at any moment; what it did was little.
        with suppress(FileNotFoundError, ProcessLookupError):
            total += int((thread / "schedstat").read_text().split()[0])
    return total


def rss_kb(pid: int) -> int:
    """Return the memory of a process that is in RAM, shared libraries included, in KiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise ValueError(f"process {pid} has ended")


def durable_write_ms(times: int = 50) -> float:
    """Return how long it takes until a few bytes are safe from a loss of power: the median."""
    took = []
    with tempfile.TemporaryFile(buffering=0) as file:
        for _ in range(times):
            began = time.monotonic()
            file.write(b"a record")
            os.fdatasync(file.fileno())
            took.append((time.monotonic() - began) * 1000)
    return median(took)


def describe() -> str:
    """Return what the figures depend on: Python, cores, and how busy the machine is."""
    busy = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    return (
        f"{platform.python_implementation()} {platform.python_version()}, "
        f"{platform.system()} on {platform.machine()}, {os.cpu_count()} cores, load {busy}"
    )
