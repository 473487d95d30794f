"""The configuration as a command reads it, with what its options say about plugins."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

if TYPE_CHECKING:
    from alphabot.config import Settings

__all__ = ["NoPlugins", "load"]

# Spelled out, since a flag called no_plugins would else take it for the opposite of --plugins.
NoPlugins = Annotated[bool, Parameter(name="--no-plugins", negative=())]


def load(config: Path, *, no_plugins: bool) -> Settings:
    """Return the settings of a file; raises ConfigError with file, line and key."""
    from alphabot import config as reader

    settings = reader.load(config)
    return settings.without_plugins() if no_plugins else settings
