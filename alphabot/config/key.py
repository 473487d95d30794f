"""What a key and a table of keys are; the tables themselves are in :mod:`alphabot.config.keys`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from alphabot.config.kinds import Kind

__all__ = ["REQUIRED", "Key", "Section"]

REQUIRED: Final = object()
"""The default of a key that has none."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key. ``default`` is a value as TOML would give it, REQUIRED, or None: left out.

    ``shared`` is the key's name in ``[global_settings]``, whose value it takes when left out.
    """

    name: str
    kind: Kind
    meaning: str
    default: object = REQUIRED
    shared: str | None = None
    unbuilt: str | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """One table of the file: its header as it is written, what it is for, its keys."""

    header: str
    meaning: str
    keys: tuple[Key, ...]

    def key(self, name: str) -> Key | None:
        """Return the key of that name."""
        return next((key for key in self.keys if key.name == name), None)
