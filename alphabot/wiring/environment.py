"""What the environment says: paths, never a secret, and never a setting of what is traded."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

__all__ = ["KEY_FILE_VARIABLE", "is_granted", "key_file", "tls_keys_are_logged"]

KEY_FILE_VARIABLE: Final = "ALPHABOT_KEY_FILE"
_CREDENTIALS: Final = "CREDENTIALS_DIRECTORY"
CREDENTIAL: Final = "alphabot-key"
"""What systemd calls the key where a unit loads it (LoadCredential)."""


def key_file() -> Path:
    """Return where the key of the sealed credentials is, or would be."""
    named = os.environ.get(KEY_FILE_VARIABLE)
    if named:
        return Path(named)
    given = os.environ.get(_CREDENTIALS)
    if given and (credential := Path(given) / CREDENTIAL).exists():
        return credential
    configuration = os.environ.get("XDG_CONFIG_HOME")
    return Path(configuration or Path.home() / ".config") / "alphabot" / "key"


def is_granted(path: Path) -> bool:
    """Say whether a file is a credential that systemd laid out for this service."""
    given = os.environ.get(_CREDENTIALS)
    return bool(given) and path.parent == Path(given or "")


def tls_keys_are_logged() -> bool:
    """Say whether the keys of every TLS session would be written to a file."""
    return bool(os.environ.get("SSLKEYLOGFILE"))
