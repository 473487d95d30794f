"""Trying one plugin's file: would it be loaded, and would it last in a round?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from alphabot.builtin import PLUGINS
from alphabot.config import document
from alphabot.errors import ConfigError, PluginError
from alphabot.plugins import Thing, load_plugins
from alphabot.testing import check_multiplier, check_pricing_rule
from alphabot.testing.plugins import name_of

__all__ = ["checked"]

_CHECKS: dict[str, tuple[Callable[..., int], str]] = {
    "pricing rule": (check_pricing_rule, "answered {} requests, and each the same way again"),
    "multiplier": (check_multiplier, "credited {} volumes, and each the same way again"),
}


def checked(file: Path, config: Path | None) -> tuple[list[str], bool]:
    """Return one line for each thing tried, and whether all of them hold.

    Raises ConfigError if there is no such file, or ``config`` cannot be read.
    """
    file = file.absolute()
    if not file.is_file():
        raise ConfigError("no such file", path=file)
    name = name_of(file)
    folder = file.parent.parent if file.name == "__init__.py" else file.parent
    source = None if config is None else document.parse(document.read(config), config)
    host = load_plugins(PLUGINS, [folder], [name], source)
    if name in host.refused:
        error: PluginError = host.refused[name]
        return [f"FAIL  {error.hook}: {error.problem}"], False
    loaded = host.loaded[name]
    lines = [f"ok    {name} keeps the contract: {', '.join(loaded.hooks)}"]
    if not loaded.things:
        return [*lines, f"FAIL  {name} registers nothing"], False
    fit = True
    for thing in loaded.things:
        line, holds = _tried(thing)
        lines.append(line)
        fit = fit and holds
    return lines, fit


def _tried(thing: Thing) -> tuple[str, bool]:
    what = f"{thing.kind.name} {thing.name}"
    if thing.kind.name not in _CHECKS:
        return f"ok    {what} can be opened; that it delivers is for its own test", True
    check, sentence = _CHECKS[thing.kind.name]
    try:
        return f"ok    {what} {sentence.format(check(thing.call))}", True
    except AssertionError as error:
        return f"FAIL  {what} ({thing.place}): {error}", False
