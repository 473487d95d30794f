"""The host: loads the plugins that are named, keeps what they register, and refuses one by one.

One that cannot be used is refused alone, with its reason; the others are there as if it were
not. What two of them register under one name belongs to neither: load order decides no money.
Implementations are called one by one, each behind its own guard: in pluggy one exception ends
the call for all.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from alphabot.config import Document, nearest
from alphabot.errors import ConfigError, PluginError
from alphabot.plugins.finding import Found, find, our_own
from alphabot.plugins.importing import imported
from alphabot.plugins.settings import check_declared, read_settings
from alphabot.plugins.shapes import KINDS, Kind, check_api, check_thing, hooks_of, place_of
from alphabot.ports import Multiplier, NotifierFactory, PricingRule

__all__ = ["Loaded", "PluginHost", "Thing", "load_plugins"]

PRICING, MULTIPLIER, NOTIFIER = KINDS


@dataclass(frozen=True, slots=True)
class Thing:
    """Something registered: its kind, its name, what is called, and where that was written."""

    kind: Kind
    name: str
    call: Callable[..., Any]
    plugin: str
    place: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """A plugin that keeps the contract."""

    found: Found
    version: str
    hooks: tuple[str, ...]
    declared: type[msgspec.Struct] | None
    settings: Any = field(repr=False)
    things: tuple[Thing, ...]


class PluginHost:
    """Loaded plugins with what they registered, and those that were refused."""

    def __init__(self, loaded: Iterable[Loaded], refused: Mapping[str, PluginError]) -> None:
        self.loaded: Mapping[str, Loaded] = {each.found.name: each for each in loaded}
        self.refused: Mapping[str, PluginError] = dict(refused)
        """Plugins that the configuration names and that are not there, with the reason."""
        self._things = {
            (thing.kind, thing.name): thing
            for each in self.loaded.values()
            for thing in each.things
        }

    def __repr__(self) -> str:
        return f"<PluginHost: {', '.join(self.loaded)}; refused {', '.join(self.refused) or '-'}>"

    def pricing_rule(self, name: str) -> PricingRule:
        """Return a pricing rule by name; raises KeyError with the nearest right name."""
        return self.thing(PRICING, name).call

    def multiplier(self, name: str) -> Multiplier:
        """Return a multiplier rule by name; raises KeyError with the nearest right name."""
        return self.thing(MULTIPLIER, name).call

    def notifier(self, name: str) -> NotifierFactory:
        """Return what opens a notifier, by name; raises KeyError with the nearest right name."""
        return self.thing(NOTIFIER, name).call

    def plugin_of(self, kind: str, name: str) -> str:
        """Return the plugin that registered a thing of this kind; the name itself if none did."""
        found = (t.plugin for t in self._things.values() if (t.kind.name, t.name) == (kind, name))
        return next(found, name)

    def thing(self, kind: Kind, name: str) -> Thing:
        """Return what was registered under a name; raises KeyError, which says why it is not."""
        thing = self._things.get((kind, name))
        if thing is not None:
            return thing
        known = sorted(other for of, other in self._things if of == kind)
        near = nearest(name, known)
        hint = f"did you mean {near}?" if near else f"there are {', '.join(known) or 'none'}"
        if self.refused:
            hint = f"refused: plugin {', '.join(self.refused)}; {hint}"
        raise KeyError(f"there is no {kind.name} {name!r}; {hint}")


def load_plugins(
    builtin: Sequence[ModuleType],
    paths: Sequence[Path] = (),
    enabled: Sequence[str] = (),
    document: Document | None = None,
    *,
    off: bool = False,
) -> PluginHost:
    """Return a host with our own plugins and the enabled ones of these folders and packages.

    ``document`` holds their settings. What cannot be used is in ``refused``; ``off`` refuses all
    that are enabled, without a look at them.
    """
    document = document or Document(Path("strategies.toml"), {}, {(): 1})
    ours = [our_own(module) for module in builtin]
    loaded = [_load(found, document) for found in ours]
    taken = {(thing.kind, thing.name): thing for each in loaded for thing in each.things}
    refused: dict[str, PluginError] = {}
    others = []
    for name in enabled:
        try:
            if off:
                raise PluginError(name, "load", "plugins are off (--no-plugins)")
            others.append(_load(find(name, paths, ours), document))
        except PluginError as error:
            refused[name] = error
    # Each against ours and all others, so that the order in which they are named is no matter.
    for each in others:
        clash = next(_clashes(each, taken, others), None)
        if clash is None:
            loaded.append(each)
        else:
            refused[each.found.name] = clash
    return PluginHost(loaded, refused)


def _clashes(
    loaded: Loaded, taken: Mapping[tuple[Kind, str], Thing], others: Sequence[Loaded]
) -> Iterator[PluginError]:
    for thing in loaded.things:
        rivals = [t for o in others if o is not loaded for t in o.things]
        rivals = [t for t in rivals if (t.kind, t.name) == (thing.kind, thing.name)]
        ours = taken.get((thing.kind, thing.name))
        for rival in rivals if ours is None else [ours]:
            problem = (
                f"{thing.place}: {thing.kind.name} {thing.name!r} is already"
                f" {rival.plugin}'s, at {rival.place}"
            )
            yield PluginError(loaded.found.name, thing.kind.hook, problem)


def _load(found: Found, document: Document) -> Loaded:
    """Import one plugin and ask it what it brings; raises PluginError."""
    name, plugin = found.name, imported(found)
    try:
        check_api(name, plugin)
        hooks = hooks_of(name, plugin)
        declared, settings = _settings(name, hooks, document)
        things: list[Thing] = []
        for kind in KINDS:
            if kind.hook in hooks:
                function, wanted = hooks[kind.hook]
                given = {"register": _register(name, kind, things), "settings": settings}
                outcome = _called(name, kind.hook, function, {a: given[a] for a in wanted})
                if outcome is not None:
                    was = type(outcome).__name__
                    problem = f"nothing was expected to be returned, was {was}"
                    raise PluginError(name, kind.hook, problem)
    except PluginError:
        raise
    except (Exception, SystemExit) as cause:  # an attribute that raises, and the like
        raise PluginError(name, "load", f"{type(cause).__name__}: {cause}") from cause
    version = found.version or str(getattr(plugin, "__version__", "") or "")
    return Loaded(found, version, tuple(hooks), declared, settings, tuple(things))


def _register(plugin: str, kind: Kind, things: list[Thing]) -> Callable[[object, object], None]:
    """Return the ``register`` function that is handed to one plugin."""

    # What a plugin hands over is taken for nothing but an object until it was looked at.
    def register(name: object, thing: object) -> None:
        check_thing(plugin, kind, name, thing)
        for other in things:
            if (other.kind, other.name) == (kind, name):
                problem = f"{kind.name} {name!r} is already {plugin}'s, at {other.place}"
                raise PluginError(plugin, kind.hook, f"{place_of(thing)}: {problem}")
        things.append(Thing(kind, str(name), thing, plugin, place_of(thing)))  # type: ignore[arg-type] # checked above

    return register


def _settings(
    name: str,
    hooks: Mapping[str, tuple[Callable[..., Any], tuple[str, ...]]],
    document: Document,
) -> tuple[type[msgspec.Struct] | None, Any]:
    if "settings" not in hooks:
        if document.data.get("plugins", {}).get(name):
            at = document.complaint(("plugins", name), "this plugin takes no settings")
            raise PluginError(name, "settings", str(at))
        return None, None
    function, _ = hooks["settings"]
    declared = check_declared(name, place_of(function), _called(name, "settings", function, {}))
    try:
        return declared, read_settings(declared, document, name)
    except ConfigError as cause:
        raise PluginError(name, "settings", str(cause)) from cause


def _called(
    name: str, hook: str, function: Callable[..., object], arguments: Mapping[str, object]
) -> object:
    try:
        outcome = function(**arguments)
    except PluginError:
        raise
    except (Exception, SystemExit) as cause:
        raise PluginError(name, hook, f"{type(cause).__name__}: {cause}") from cause
    if inspect.iscoroutine(outcome):
        outcome.close()
        raise PluginError(name, hook, f"{place_of(function)}: must be a plain function, was async")
    return outcome
