"""``alphabot plugins``: what there is, whether a file is fit, and a new one to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from cyclopts import App

from alphabot.cli.settings import NoPlugins

__all__ = ["plugins"]

CONFIG = Path("strategies.toml")

plugins = App(name="plugins", help="Look at plugins, try one, or begin one.")


@plugins.default
def listed(*, config: Path = CONFIG, no_plugins: NoPlugins = False, json: bool = False) -> int:
    """Show every plugin: where it is from, what it brings, who uses it, and why it is not used.

    Those that the configuration names are imported; of the others in the same folders only the
    names are read. Exit code 1 if one that is named cannot be used.

    Parameters
    ----------
    config
        The file that names the plugins.
    no_plugins
        Leave out the plugins that the file enables.
    json
        Print the same as JSON.
    """
    from alphabot import wiring
    from alphabot.cli.plugins_text import as_json, as_text
    from alphabot.cli.session import emit
    from alphabot.cli.settings import load

    settings = load(config, no_plugins=no_plugins)
    rows = wiring.plugin_rows(settings)
    emit(as_json(rows) if json else as_text(rows, settings.language))
    return 1 if any(row.state is wiring.PluginState.REFUSED for row in rows) else 0


@plugins.command
def check(file: Path, *, config: Path | None = None) -> int:
    """Import one plugin's file and try what every plugin of its kind must keep.

    Nothing is traded. Exit code 1 if the plugin would be refused, or would fail in a round.

    Parameters
    ----------
    file
        The plugin: NAME.py, or NAME/__init__.py.
    config
        The file whose [plugins.NAME] holds its settings, where it needs any.
    """
    from alphabot.cli.plugin_check import checked
    from alphabot.cli.session import emit

    lines, fit = checked(file, config)
    emit("\n".join(lines))
    return 0 if fit else 1


@plugins.command
def new(
    kind: Literal["pricing", "multiplier", "notifier"], name: str, *, folder: Path = Path()
) -> int:
    """Write plugins/NAME.py and its test, which passes as it stands; nothing is overwritten.

    Parameters
    ----------
    kind
        What the plugin is to bring.
    name
        What the configuration will call it, such as my_rule.
    folder
        Where strategies.toml is.
    """
    from alphabot.cli.plugin_new import write_new
    from alphabot.cli.session import emit

    emit(write_new(kind, name, folder))
    return 0
