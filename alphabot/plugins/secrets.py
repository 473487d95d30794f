"""Where the secrets of plugins stand: in the environment or in a file, never in strategies.toml."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from alphabot.core.secret import Secret
from alphabot.log import register_secret

__all__ = ["looked_up"]

SECRET_BYTES_MAX: Final = 64 * 1024
_WHERE_SECRETS_ARE = '{ env = "NAME" } or { file = "PATH" } was expected'


def looked_up(given: object, folder: Path) -> Secret:
    """Return the secret that stands elsewhere, masked from now on in all that is logged.

    Paths are relative to ``folder``. Raises ValueError, which never repeats what stands here: it
    may be the secret itself.
    """
    match given:
        case {"env": str(name), **others} if not others:
            text = os.environ.get(name, "")
            if not text:
                raise ValueError(f"the environment variable {name} is not set")
        case {"file": str(name), **others} if not others:
            text = _read_secret(folder / name)
        case str():
            raise ValueError(f"{_WHERE_SECRETS_ARE}: a secret does not stand in this file")
        case _:
            raise ValueError(_WHERE_SECRETS_ARE)
    if not text.isprintable():
        raise ValueError(f"{name} holds more than one line of plain text")
    register_secret(text)
    return Secret(text)


def _read_secret(path: Path) -> str:
    try:
        if not path.is_file():  # before opening: opening a pipe would wait for whoever writes
            raise ValueError(f"there is no file {path}")
        with path.open("rb") as file:
            text = file.read(SECRET_BYTES_MAX + 1).decode("utf-8").strip()
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8 text") from None
    except OSError as cause:
        raise ValueError(f"{path} cannot be read: {cause.strerror}") from None
    if not text:
        raise ValueError(f"{path} is empty")
    return text
