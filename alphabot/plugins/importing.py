"""Importing one plugin: whatever its module does, the outcome is a plugin or a PluginError."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from alphabot.errors import PluginError
from alphabot.plugins.finding import Found

__all__ = ["imported"]

_PREFIX = "alphabot_drop_in"


def imported(found: Found) -> object:
    """Return the module or object that the plugin is; raises PluginError and leaves nothing."""
    if found.module is not None:
        return found.module
    if found.entry_point is not None:
        try:
            plugin: object = found.entry_point.load()
        except (Exception, SystemExit) as cause:
            raise _failed(found, cause) from cause
        return plugin
    return _from_file(found, Path(found.where if found.file is None else found.file))


def _from_file(found: Found, file: Path) -> object:
    # A name of its own, so that a drop-in called json can never stand in for the real one.
    name = f"{_PREFIX}.{found.name}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise PluginError(found.name, "load", f"{file} is not a Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as cause:
        for left in [m for m in sys.modules if m == name or m.startswith(f"{name}.")]:
            del sys.modules[left]
        raise _failed(found, cause) from cause
    return module


def _failed(found: Found, cause: BaseException) -> PluginError:
    text = " ".join(str(cause).split())
    return PluginError(found.name, "load", f"{found.where}: {type(cause).__name__}: {text}")
