"""One plugin, loaded for a test as the service would load it."""

from __future__ import annotations

from pathlib import Path

from alphabot.config import document
from alphabot.plugins import PluginHost, load_plugins

__all__ = ["load_plugin", "name_of"]


def name_of(file: Path) -> str:
    """Return the name by which strategies.toml would enable a plugin's file."""
    return file.parent.name if file.name == "__init__.py" else file.stem


def load_plugin(file: Path | str, settings: str = "") -> PluginHost:
    """Return a host with the plugin of a file, and nothing else.

    ``settings`` is what would stand in ``[plugins.NAME]``, as TOML; files that it names are looked
    for beside the plugin. Raises PluginError, as one line, for whatever would have it refused.
    """
    file = Path(file).absolute()
    name = name_of(file)
    folder = file.parent.parent if file.name == "__init__.py" else file.parent
    text = f"[plugins.{name}]\n{settings}\n"
    host = load_plugins((), [folder], [name], document.parse(text, folder / "strategies.toml"))
    for refusal in host.refused.values():
        raise refusal
    return host
