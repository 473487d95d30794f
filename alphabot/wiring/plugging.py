"""What there is of plugins, for whoever asks: loaded, refused, or lying there unnamed.

The named ones are loaded as a run would load them; of the others only the names are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import entry_points
from pathlib import Path

from alphabot import __version__
from alphabot.builtin import PLUGINS
from alphabot.config import Settings
from alphabot.errors import PluginError
from alphabot.plugins import Loaded, PluginHost, Source, load_plugins
from alphabot.plugins.finding import ENTRY_POINTS, drop_ins, find, our_own, shipped_folder
from alphabot.plugins.settings import settings_schema

__all__ = ["Offer", "PluginRow", "PluginState", "plugin_rows", "plugin_schemas"]


class PluginState(StrEnum):
    """What has become of a plugin."""

    LOADED = "loaded"
    REFUSED = "refused"
    UNNAMED = "unnamed"
    """It is there, and the configuration does not name it: it was not imported."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that a plugin registers, and the strategies that use it."""

    kind: str
    name: str
    used_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PluginRow:
    """One plugin, as far as it may be looked at."""

    name: str
    source: str
    where: str
    state: PluginState
    reason: str = ""
    version: str = ""
    hooks: tuple[str, ...] = ()
    offers: tuple[Offer, ...] = ()


def plugin_rows(settings: Settings) -> tuple[PluginRow, ...]:
    """Return every plugin there is: ours, those that are enabled, and those that could be."""
    host = _host(settings)
    rows = [_loaded(settings, each) for each in host.loaded.values()]
    rows += [_refused(settings, name, error) for name, error in host.refused.items()]
    known = {row.name for row in rows}
    return (*rows, *(row for row in _unnamed(settings) if row.name not in known))


def plugin_schemas(settings: Settings) -> dict[str, dict[str, object]]:
    """Return the JSON Schema of the table of each enabled plugin that takes settings."""
    return {
        name: settings_schema(loaded.declared, name)
        for name, loaded in _host(settings).loaded.items()
        if loaded.declared is not None
    }


def _host(settings: Settings) -> PluginHost:
    named = settings.plugins
    return load_plugins(PLUGINS, named.paths, named.enabled, settings.source, off=named.off)


def _loaded(settings: Settings, loaded: Loaded) -> PluginRow:
    found = loaded.found
    return PluginRow(
        name=found.name,
        source=found.source,
        where=found.where,
        state=PluginState.LOADED,
        version=__version__ if found.source is Source.BUILTIN else loaded.version,
        hooks=loaded.hooks,
        offers=tuple(
            Offer(thing.kind.name, thing.name, _users_of(settings, thing.kind.name, thing.name))
            for thing in loaded.things
        ),
    )


def _users_of(settings: Settings, kind: str, name: str) -> tuple[str, ...]:
    """Return the strategies that choose this by name."""
    key = {"pricing rule": "pricing", "multiplier": "multiplier"}.get(kind)
    if key is None:
        return ()
    return tuple(s.strategy_id for s in settings.strategies if getattr(s, key) == name)


def _refused(settings: Settings, name: str, error: PluginError) -> PluginRow:
    source, where, version = "", "", ""
    try:
        found = find(name, settings.plugins.paths, [our_own(module) for module in PLUGINS])
        source, where, version = found.source, found.where, found.version
    except PluginError:
        where = "-"
    reason = f"{error.hook}: {error.problem}"
    return PluginRow(name, source, where, PluginState.REFUSED, reason, version)


def _unnamed(settings: Settings) -> Iterator[PluginRow]:
    """Yield what lies in the folders and packages without being named; nothing is imported."""
    seen: set[str] = set()
    folders: Sequence[tuple[Path, Source]] = [
        *((folder, Source.DROP_IN) for folder in settings.plugins.paths),
        (shipped_folder(), Source.SHIPPED),
    ]
    for folder, source in folders:
        try:
            files = list(drop_ins(folder))
        except OSError:
            continue
        for name, file in files:
            if name not in seen:
                seen.add(name)
                yield PluginRow(name, source, str(file), PluginState.UNNAMED)
    for point in entry_points(group=ENTRY_POINTS):
        if point.name not in seen:
            seen.add(point.name)
            version = "" if point.dist is None else point.dist.version
            where = point.value
            yield PluginRow(point.name, Source.PACKAGE, where, PluginState.UNNAMED, version=version)
