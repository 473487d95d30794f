"""What a plugin must look like, before any of it is called.

In pluggy a misspelt hook passes until somebody asks, and a wrong argument is found when the hook
is called; here both are refused with the line on which the mistake stands.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pluggy

from alphabot.config import nearest
from alphabot.errors import PluginError
from alphabot.hookspecs import API_VERSION, PROJECT, AlphabotHooks

__all__ = ["KINDS", "Kind", "check_api", "check_thing", "hooks_of", "place_of"]

_API = "ALPHABOT_API"
_RANGE = re.compile(r"(\d{1,4})(?:-(\d{1,4}))?")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of thing that plugins register."""

    name: str
    hook: str
    takes: tuple[str, ...]
    """What its function is called with, in words."""


KINDS = (
    Kind("pricing rule", "register_pricing_rules", ("a PricingRequest",)),
    Kind("multiplier", "register_multipliers", ("a volume in USDT", "a mulPoint")),
    Kind("notifier", "register_notifiers", ()),
)

_marks = pluggy.PluginManager(PROJECT)
"""Reads what ``@hookimpl`` has left on a function; nothing is registered with it."""
_ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    name: tuple(inspect.signature(getattr(AlphabotHooks(), name)).parameters)
    for name in vars(AlphabotHooks)
    if not name.startswith("_")
}
"""The hooks, and what each may be asked for."""


def hooks_of(name: str, plugin: object) -> dict[str, tuple[Callable[..., Any], tuple[str, ...]]]:
    """Return the hooks a plugin implements, each with the arguments it wants.

    Raises PluginError for a misspelt one, a wrong signature, a coroutine or a wrapper, and for a
    plugin that implements none.
    """
    found = {}
    unmarked = []
    for attribute in dir(plugin):
        options = _marks.parse_hookimpl_opts(plugin, attribute)
        if options is None:
            unmarked += [attribute] if attribute in _ARGUMENTS else []
            continue
        function = getattr(plugin, attribute)
        hook = options.get("specname") or attribute
        found[hook] = function, _arguments(name, hook, function)
        if options.get("wrapper") or options.get("hookwrapper"):
            raise PluginError(name, hook, f"{place_of(function)}: wrappers are not for plugins")
    # A module may call something else "settings"; a function that registers is meant as a hook.
    forgotten = [hook for hook in unmarked if hook.startswith("register_")]
    if forgotten:
        place = place_of(getattr(plugin, forgotten[0]))
        raise PluginError(name, forgotten[0], f"{place}: @hookimpl was expected above it")
    if not found:
        raise PluginError(name, "load", f"it implements none of the hooks {', '.join(_ARGUMENTS)}")
    return found


def check_api(name: str, plugin: object) -> None:
    """Raise PluginError if the plugin was written for other versions of the contract."""
    declared: object = getattr(plugin, _API, None)
    if declared is None:
        return
    versions = _RANGE.fullmatch(declared) if isinstance(declared, str) else None
    if versions is None:
        problem = f'a text such as "1" or "1-2" was expected, was {declared!r}'
        raise PluginError(name, _API, problem)
    first, last = int(versions[1]), int(versions[2] or versions[1])
    if not first <= API_VERSION <= last:
        problem = f"it was written for {declared}, this alphabot has {API_VERSION}"
        raise PluginError(name, _API, problem)


def check_thing(plugin: str, kind: Kind, name: object, thing: object) -> None:
    """Raise PluginError if what is registered can be none of this kind."""
    if not isinstance(name, str) or not name.isidentifier():
        problem = f"a name like my_rule was expected, was {name!r}"
        raise PluginError(plugin, kind.hook, problem)
    at = f"{place_of(thing)}: {name}: "
    if not callable(thing):
        problem = f"{at}a plain function was expected, was {type(thing).__name__}"
        raise PluginError(plugin, kind.hook, problem)
    if _is_async(thing):
        raise PluginError(plugin, kind.hook, f"{at}a plain function was expected, was async")
    try:
        signature = inspect.signature(thing)
    except ValueError:  # some functions written in C do not tell
        return
    try:
        signature.bind(*kind.takes)
    except TypeError:
        wanted = " and ".join(kind.takes) or "nothing"
        problem = f"{at}a function that takes {wanted} was expected, takes {signature}"
        raise PluginError(plugin, kind.hook, problem) from None


def place_of(thing: object) -> str:
    """Return file and line of a definition, or at least what it is."""
    inner: Any = thing
    while isinstance(inner, functools.partial):
        inner = inner.func
    inner = inspect.unwrap(inner) if callable(inner) else inner
    inner = getattr(inner, "__func__", inner)
    code = getattr(inner, "__code__", None)
    if code is None:
        code = getattr(_call_of(inner), "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code else type(thing).__name__


def _arguments(plugin: str, hook: str, function: Callable[..., Any]) -> tuple[str, ...]:
    place = place_of(function)
    if hook not in _ARGUMENTS:
        near = nearest(hook, _ARGUMENTS)
        hint = f"did you mean {near}?" if near else f"there are {', '.join(_ARGUMENTS)}"
        raise PluginError(plugin, hook, f"{place}: there is no such hook ({hint})")
    if _is_async(function):
        raise PluginError(plugin, hook, f"{place}: must be a plain function, was async")
    if inspect.isgeneratorfunction(function):
        raise PluginError(plugin, hook, f"{place}: must be a plain function, was a generator")
    known = _ARGUMENTS[hook]
    wanted = []
    for argument, parameter in inspect.signature(function).parameters.items():
        if argument in known:
            wanted.append(argument)
        elif parameter.default is parameter.empty:
            expected = ", ".join(known) or "nothing"
            problem = f"{place}: ({expected}) was expected, takes {argument}"
            raise PluginError(plugin, hook, problem)
    if "register" in known and "register" not in wanted:
        raise PluginError(plugin, hook, f"{place}: it must take register")
    return tuple(wanted)


def _is_async(thing: Any) -> bool:
    return any(
        inspect.iscoroutinefunction(each) or inspect.isasyncgenfunction(each)
        for each in (thing, _call_of(thing))
    )


def _call_of(thing: object) -> object:
    """Return what runs when an instance is called, if its class says so."""
    return inspect.getattr_static(type(thing), "__call__", None)
