"""The machine: Python, libraries, SQLite, room on the disk; facts first, then what they mean."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Final

import apsw

from alphabot.store.disks import MOUNTS, network_disk
from alphabot.wiring.doctor.findings import Finding, fail, ok, warn

__all__ = ["Disk", "Machine", "judge_disk", "judge_machine", "see_disk", "see_machine"]

PYTHON_LEAST: Final = (3, 11)
RESET_BUG_FIRST: Final = (3, 7, 0)
RESET_BUG_LAST: Final = (3, 51, 2)
"""SQLite that can lose a write-ahead log when two connections write or checkpoint at once."""
FREE_BYTES_LEAST: Final = 32 * 1024 * 1024
"""A write-ahead log, its checkpoint and the records of a day."""
FREE_BYTES_LOW: Final = 512 * 1024 * 1024
"""Weeks of records; below that somebody should make room before it is a matter of hours."""

_REQUIREMENT: Final = re.compile(
    r"([A-Za-z0-9][\w.-]*)\s*(?:\[[^]]*\])?\s*\(?([^;()]*)\)?\s*(;.*)?"
)
_BOUND: Final = re.compile(r"(>=|<)\s*([\d.]+)")


@dataclass(frozen=True, slots=True)
class Machine:
    """Versions of what we stand on."""

    python: str
    sqlite: str
    """The one we use."""
    python_sqlite: str
    """The one that comes with Python, which nothing of ours uses."""
    libraries: Mapping[str, tuple[str | None, str]]
    """By name: the version that is installed, or None, and what is asked for."""


@dataclass(frozen=True, slots=True)
class Disk:
    """The disk of the databases."""

    path: Path
    free_bytes: int
    network: str | None = None
    """What kind of network disk it is, if it is one."""
    network_permitted: bool = False


def see_machine() -> Machine:
    """Return what is installed here."""
    return Machine(
        python=platform.python_version(),
        sqlite=apsw.sqlite_lib_version(),
        python_sqlite=sqlite3.sqlite_version,
        libraries=dict(_libraries(requires("alphabot") or ())),
    )


def see_disk(folder: Path, *, network_permitted: bool) -> Disk:
    """Return what is known of the disk on which a folder is, or would be; raises OSError."""
    real = Path(os.path.realpath(folder))
    place = next(path for path in (real, *real.parents) if path.exists())
    found = os.statvfs(place)
    try:
        network = network_disk(real, MOUNTS.read_text("utf-8", errors="surrogateescape"))
    except OSError:  # no Linux, or nothing that tells
        network = None
    return Disk(place, found.f_bavail * found.f_frsize, network, network_permitted)


def judge_machine(machine: Machine) -> Iterator[Finding]:
    """Yield what the versions mean."""
    least = ".".join(map(str, PYTHON_LEAST))
    said = ok if _numbers(machine.python) >= PYTHON_LEAST else fail
    yield said(f"python.{said.__name__}", version=machine.python, least=least)
    misfits = {
        name: (found, wanted)
        for name, (found, wanted) in machine.libraries.items()
        if found is None or not _fits(found, wanted)
    }
    for name, (found, wanted) in misfits.items():
        yield fail("library.misfit", name, version=found or "-", wanted=wanted)
    if not misfits:
        shown = ", ".join(f"{name} {found}" for name, (found, _) in machine.libraries.items())
        yield ok("library.ok", count=len(machine.libraries), libraries=shown)
    if RESET_BUG_FIRST <= _numbers(machine.sqlite) <= RESET_BUG_LAST:
        yield warn("sqlite.reset_bug", version=machine.sqlite)
    else:
        yield ok("sqlite.ok", version=machine.sqlite, python=machine.python_sqlite)


def judge_disk(disk: Disk) -> Iterator[Finding]:
    """Yield what the room on the disk means, and that others could write to it."""
    fields = {"path": disk.path, "free": _size(disk.free_bytes)}
    if disk.free_bytes < FREE_BYTES_LEAST:
        yield fail("disk.full", **fields, least=_size(FREE_BYTES_LEAST))
    elif disk.free_bytes < FREE_BYTES_LOW:
        yield warn("disk.low", **fields, least=_size(FREE_BYTES_LOW))
    else:
        yield ok("disk.ok", **fields)
    if disk.network is not None:
        said = warn if disk.network_permitted else fail
        yield said("disk.network", path=disk.path, kind=disk.network)


def _libraries(lines: Iterable[str]) -> Iterator[tuple[str, tuple[str | None, str]]]:
    for line in lines:
        found = _REQUIREMENT.fullmatch(line)
        if found is None or "extra" in (found[3] or ""):
            continue
        try:
            installed: str | None = version(found[1])
        except PackageNotFoundError:
            installed = None
        yield found[1], (installed, found[2].strip())


def _fits(found: str, wanted: str) -> bool:
    numbers = _numbers(found)
    return all(
        numbers >= _numbers(bound) if sign == ">=" else numbers < _numbers(bound)
        for sign, bound in _BOUND.findall(wanted)
    )


def _numbers(text: str) -> tuple[int, ...]:
    """Return a version as numbers, without what comes after the release."""
    release = re.match(r"\d+(?:\.\d+)*", text)
    return tuple(map(int, release[0].split("."))) if release else ()


def _size(count: int) -> str:
    mebibytes = count / 1024**2
    return f"{mebibytes:,.0f} MiB" if mebibytes < 10_000 else f"{mebibytes / 1024:,.0f} GiB"
