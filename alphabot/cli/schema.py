"""``alphabot schema``: what may stand in strategies.toml, for editors."""

from __future__ import annotations

from pathlib import Path

__all__ = ["schema"]


def schema(*, config: Path | None = None) -> int:
    """Print the JSON Schema of strategies.toml.

    An editor with a TOML language server reads the schema that the first line of the file names,
    as in "#:schema ./strategies.schema.json".

    Parameters
    ----------
    config
        A file whose enabled plugins are to be known to the schema, with their settings.
    """
    from alphabot.cli.session import emit
    from alphabot.config.schema import as_text

    if config is None:
        emit(as_text().rstrip("\n"))
    else:
        from alphabot import wiring
        from alphabot.config import load

        emit(as_text(wiring.plugin_schemas(load(config))).rstrip("\n"))
    return 0
