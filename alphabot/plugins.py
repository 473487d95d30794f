"""The plugin host: find, load, validate, and resolve by name.

Only plugins that the configuration names are loaded, from the folders it names; our own come
first. Implementations are called one by one, each behind its own guard: in pluggy one exception
ends the call for all, and a misspelt hook passes until ``check_pending()`` is asked.
"""

from __future__ import annotations

import difflib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy

from alphabot.errors import PluginError
from alphabot.hookspecs import PROJECT, AlphabotHooks
from alphabot.ports import Multiplier, NotifierFactory, PricingRule

__all__ = ["PluginHost", "load_plugins"]


@dataclass(slots=True)
class _Registry:
    """Named things of one kind, and which plugin each came from."""

    kind: str
    things: dict[str, Callable[..., Any]] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)

    def register_for(self, plugin: str, hook: str) -> Callable[[object, object], None]:
        """Return the ``register`` function that is handed to one plugin."""

        # What a plugin hands over is taken for nothing but an object until it was looked at.
        def register(name: object, thing: object) -> None:
            if not isinstance(name, str) or not name.isidentifier():
                raise PluginError(plugin, hook, f"a name like my_rule was expected, was {name!r}")
            if name in self.things:
                other = self.sources[name]
                raise PluginError(plugin, hook, f"{self.kind} {name!r} is already {other}'s")
            if not callable(thing) or inspect.iscoroutinefunction(thing):
                raise PluginError(plugin, hook, f"{name}: a plain function was expected")
            self.things[name] = thing
            self.sources[name] = plugin

        return register

    def resolve(self, name: str) -> Callable[..., Any]:
        """Return the thing of that name; raises KeyError with the nearest right one."""
        if name not in self.things:
            near = difflib.get_close_matches(name, self.things, n=1)
            known = ", ".join(sorted(self.things))
            hint = f"did you mean {near[0]}?" if near else f"there are {known}"
            raise KeyError(f"there is no {self.kind} {name!r}; {hint}")
        return self.things[name]


class PluginHost:
    """Loaded plugins and what they registered."""

    def __init__(self) -> None:
        self._manager = pluggy.PluginManager(PROJECT)
        self._manager.add_hookspecs(AlphabotHooks)
        self._pricing = _Registry("pricing rule")
        self._multipliers = _Registry("multiplier")
        self._notifiers = _Registry("notifier")

    def add(self, name: str, plugin: ModuleType | object) -> None:
        """Take in one plugin; raises PluginError when it does not keep the contract."""
        try:
            self._manager.register(plugin, name=name)
            self._manager.check_pending()
        except (pluggy.PluginValidationError, ValueError) as cause:
            raise PluginError(name, "load", str(cause)) from cause
        self._call(name, plugin, "register_pricing_rules", self._pricing)
        self._call(name, plugin, "register_multipliers", self._multipliers)
        self._call(name, plugin, "register_notifiers", self._notifiers)

    def pricing_rule(self, name: str) -> PricingRule:
        """Return a pricing rule by name; raises KeyError with the nearest right name."""
        return self._pricing.resolve(name)

    def multiplier(self, name: str) -> Multiplier:
        """Return a multiplier rule by name; raises KeyError with the nearest right name."""
        return self._multipliers.resolve(name)

    def notifier(self, name: str) -> NotifierFactory:
        """Return what opens a notifier, by name; raises KeyError with the nearest right name."""
        return self._notifiers.resolve(name)

    def _call(self, name: str, plugin: object, hook: str, registry: _Registry) -> None:
        callers = getattr(self._manager.hook, hook).get_hookimpls()
        implementation = next((impl for impl in callers if impl.plugin is plugin), None)
        if implementation is None:
            return
        try:
            outcome = implementation.function(register=registry.register_for(name, hook))
        except PluginError:
            raise
        except (Exception, SystemExit) as cause:
            raise PluginError(name, hook, f"{type(cause).__name__}: {cause}") from cause
        if inspect.iscoroutine(outcome):
            outcome.close()
            raise PluginError(name, hook, "must be a plain function, was async")
        if outcome is not None:  # a generator, for one, has not run at all
            problem = f"nothing was expected to be returned, was {type(outcome).__name__}"
            raise PluginError(name, hook, problem)


def load_plugins(
    builtin: Sequence[ModuleType], paths: Sequence[Path] = (), enabled: Sequence[str] = ()
) -> PluginHost:
    """Return a host with our own plugins and the enabled drop-ins of these folders.

    Raises PluginError for the first plugin that cannot be found, imported or used.
    """
    host = PluginHost()
    for module in builtin:
        host.add(module.__name__.rpartition(".")[2], module)
    for name in enabled:
        host.add(name, _import_drop_in(name, paths))
    return host


def _import_drop_in(name: str, paths: Sequence[Path]) -> ModuleType:
    for folder in paths:
        for file in (folder / f"{name}.py", folder / name / "__init__.py"):
            if file.is_file():
                return _import_file(name, file)
    folders = ", ".join(str(folder) for folder in paths) or "no folder"
    raise PluginError(name, "load", f"no {name}.py or {name}/__init__.py in {folders}")


def _import_file(name: str, file: Path) -> ModuleType:
    # A name of its own, so that a drop-in called json can never stand in for the real one.
    module_name = f"alphabot_drop_in.{name}"
    spec = importlib.util.spec_from_file_location(module_name, file)
    if spec is None or spec.loader is None:
        raise PluginError(name, "load", f"{file} is not a Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as cause:
        del sys.modules[module_name]
        raise PluginError(name, "load", f"{file}: {type(cause).__name__}: {cause}") from cause
    return module
