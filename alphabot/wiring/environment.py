"""What the environment says: paths, never a secret, and never a setting of what is traded."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

__all__ = ["KEY_FILE_VARIABLE", "key_file", "tls_keys_are_logged"]

KEY_FILE_VARIABLE: Final = "ALPHABOT_KEY_FILE"
CREDENTIAL: Final = "alphabot-key"
"""What systemd calls the key where a unit loads it (LoadCredential)."""


def key_file() -> Path:
    """Return where the key of the sealed credentials is, or would be."""
    named = os.environ.get(KEY_FILE_VARIABLE)
    if named:
        return Path(named)
    given = os.environ.get("CREDENTIALS_DIRECTORY")
    if given and (credential := Path(given) / CREDENTIAL).exists():
        return credential
    configuration = os.environ.get("XDG_CONFIG_HOME")
    return Path(configuration or Path.home() / ".config") / "alphabot" / "key"


def tls_keys_are_logged() -> bool:
    """Say whether the keys of every TLS session would be written to a file."""
    return bool(os.environ.get("SSLKEYLOGFILE"))
