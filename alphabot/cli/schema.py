"""``alphabot schema``: what may stand in strategies.toml, for editors."""

from __future__ import annotations

__all__ = ["schema"]


def schema() -> int:
    """Print the JSON Schema of strategies.toml.

    An editor with a TOML language server reads the schema that the first line of the file names,
    as in "#:schema ./strategies.schema.json".
    """
    from alphabot.cli.session import emit
    from alphabot.config.schema import as_text

    emit(as_text().rstrip("\n"))
    return 0
