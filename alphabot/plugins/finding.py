"""Where the plugins of a configuration are: in drop-in folders, in installed packages, in our own.

Finding reads names only; nothing is imported here. A plugin is a program with all our rights, so
a drop-in must be a file that nobody but us could have written (safety: S12).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType

from alphabot.errors import PluginError

__all__ = ["ENTRY_POINTS", "Found", "Source", "drop_ins", "find", "our_own", "shipped_folder"]

ENTRY_POINTS = "alphabot"
"""The group of entry points in which installed packages offer plugins."""
_PACKAGE = Path(__file__).parents[1]
_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


class Source(StrEnum):
    """Where a plugin came from."""

    BUILTIN = "builtin"
    DROP_IN = "drop-in"
    PACKAGE = "package"
    SHIPPED = "shipped"


@dataclass(frozen=True, slots=True)
class Found:
    """A plugin that is there, and not yet imported."""

    name: str
    source: Source
    where: str
    """A file, or the entry point of a package."""
    version: str = ""
    file: Path | None = None
    entry_point: EntryPoint | None = field(default=None, repr=False)
    module: ModuleType | None = field(default=None, repr=False)


def our_own(module: ModuleType) -> Found:
    """Return one of our own plugins, which are imported with us."""
    name = module.__name__.rpartition(".")[2]
    return Found(name, Source.BUILTIN, str(module.__file__), module=module)


def find(name: str, paths: Sequence[Path], taken: Sequence[Found] = ()) -> Found:
    """Return the one plugin of this name; raises PluginError if there is none, or more than one.

    A plugin that is shipped with us gives way to any other of its name. ``taken`` are those that
    are loaded whatever the configuration says.
    """
    if name.startswith("_"):
        raise PluginError(name, "load", "files that begin with _ are no plugins")
    candidates = [found for found in taken if found.name == name]
    candidates += _in_folders(name, paths)
    candidates += _in_packages(name)
    if not candidates:
        candidates += [
            Found(name, Source.SHIPPED, str(file), file=file)
            for file in _files_of(name, shipped_folder())
            if file.is_file()
        ]
    if not candidates:
        raise PluginError(name, "load", f"no {name}.py or {name}/__init__.py in {_told(paths)}")
    if len(candidates) > 1:
        places = " and ".join(f"{found.where} ({found.source})" for found in candidates)
        raise PluginError(name, "load", f"there are {len(candidates)} of this name: {places}")
    return candidates[0]


def drop_ins(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield name and file of everything in a folder that could be named; raises OSError."""
    for entry in sorted(folder.iterdir()):
        name = entry.name.removesuffix(".py")
        if name.startswith(("_", ".", "test_")):
            continue
        if entry.suffix == ".py":
            yield name, entry
        elif (entry / "__init__.py").is_file():
            yield name, entry / "__init__.py"


def shipped_folder() -> Path:
    """Return the folder of plugins that come with us: in the wheel, or beside the clone's code."""
    in_wheel = _PACKAGE / "_plugins"
    return in_wheel if in_wheel.is_dir() else _PACKAGE.parent / "plugins"


# --- drop-in folders --------------------------------------------------------------------------


def _in_folders(name: str, paths: Sequence[Path]) -> list[Found]:
    """Return what the folders have of this name; one file by two ways is one."""
    found: dict[Path, Found] = {}
    for folder in paths:
        for file in _files_of(name, folder):
            if os.path.lexists(file):
                real = _refuse_strangers(name, folder, file)
                found.setdefault(real, Found(name, Source.DROP_IN, str(file), file=file))
    return list(found.values())


def _files_of(name: str, folder: Path) -> tuple[Path, Path]:
    return folder / f"{name}.py", folder / name / "__init__.py"


def _refuse_strangers(name: str, folder: Path, file: Path) -> Path:
    """Return the file behind all links; raises PluginError if others could have written it."""
    try:
        home = folder.resolve(strict=True)
        if folder.is_symlink() and not home.is_relative_to(folder.parent.resolve()):
            problem = f"{folder} is a link that leads outside, to {home}; name that folder itself"
            raise PluginError(name, "load", problem)
        real = file.resolve(strict=True)
        if not real.is_relative_to(home):
            raise PluginError(name, "load", f"{file} is a link that leads outside, to {real}")
        if not real.is_file():
            raise PluginError(name, "load", f"{file} is not a file")
        # Who could write into our own package needs no plugin.
        if not real.is_relative_to(_PACKAGE.resolve()):
            for path in dict.fromkeys((home, real.parent, real)):
                _refuse_writable(name, path)
    except OSError as cause:
        raise PluginError(name, "load", f"{file}: {cause.strerror or cause}") from cause
    return real


def _refuse_writable(name: str, path: Path) -> None:
    status = path.stat()
    if status.st_uid not in (0, os.getuid()):
        raise PluginError(name, "load", f"{path} belongs to another user, who could change it")
    if status.st_mode & _WRITABLE_BY_OTHERS:
        problem = f"{path} can be written by others (chmod go-w {path})"
        raise PluginError(name, "load", problem)


def _told(paths: Sequence[Path]) -> str:
    if not paths:
        return "no folder (paths in [plugins] names none)"
    return ", ".join(
        str(path) if path.is_dir() else f"{path} (which is not a folder)" for path in paths
    )


# --- installed packages -----------------------------------------------------------------------


def _in_packages(name: str) -> list[Found]:
    """Return what installed packages offer under this name; a package twice on the path is one."""
    offered: dict[tuple[str, str], Found] = {}
    for point in entry_points(group=ENTRY_POINTS, name=name):
        package = "" if point.dist is None else point.dist.name
        version = "" if point.dist is None else point.dist.version
        where = f"{point.value} of {package or 'an unnamed package'}"
        found = Found(name, Source.PACKAGE, where, version, entry_point=point)
        offered.setdefault((package, point.value), found)
    return list(offered.values())
