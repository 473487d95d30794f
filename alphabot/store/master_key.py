"""The key outside the database: what data keys are wrapped with.

It comes from a file that only its owner can read, or from a passphrase through Argon2id (RFC
9106). Without it nothing that is sealed can be read, so it lies elsewhere than the database and
its copies.
"""

from __future__ import annotations

import base64
import os
import secrets
import stat
from pathlib import Path
from typing import Final, NoReturn

from alphabot.errors import ConfigError

__all__ = [
    "MasterKey",
    "fresh",
    "key_from_passphrase",
    "make_key_file",
    "new_salt",
    "read_key_file",
]

PASSPHRASE_CHARACTERS_MIN: Final = 12

_KEY_BYTES: Final = 32
_SALT_BYTES: Final = 16
_LABEL: Final = "alphabot-key-1"
_FILE_BYTES_MAX: Final = 200
# RFC 9106's second recommendation, for machines where 2 GiB are too much to ask.
_PASSES: Final = 3
_LANES: Final = 4
_MEMORY_KIB: Final = 65_536


class MasterKey:
    """32 bytes that do not show; :attr:`raw` gives them away."""

    __slots__ = ("raw",)

    def __init__(self, raw: bytes) -> None:
        if len(raw) != _KEY_BYTES:
            raise ValueError(f"a key has {_KEY_BYTES} bytes")
        self.raw = raw

    def __repr__(self) -> str:
        return "***"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key is not written down")


def fresh(count: int) -> bytes:
    """Return so many bytes that nobody can guess; every key, nonce and salt is made here."""
    return secrets.token_bytes(count)


def new_salt() -> bytes:
    """Return a salt for a new passphrase."""
    return fresh(_SALT_BYTES)


def make_key_file(path: Path) -> MasterKey:
    """Make a new key and write it to a new file that its owner alone can read.

    Raises ConfigError if there is a file already, or none can be written.
    """
    key = MasterKey(fresh(_KEY_BYTES))
    text = f"{_LABEL} {base64.urlsafe_b64encode(key.raw).decode()}\n"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(path, flags, 0o600), "w", encoding="ascii") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        problem = "there is a file already, and a key is never overwritten"
        raise ConfigError(problem, path=path) from None
    except OSError as cause:
        raise ConfigError(f"the key could not be written: {cause.strerror}", path=path) from cause
    return key


def read_key_file(path: Path, *, granted: bool = False) -> MasterKey:
    """Return the key of a file; raises ConfigError unless it is sound and its owner's alone.

    ``granted``: systemd has laid it out as a credential of this service. That is root's file there,
    and an access list lets the service's user read it, whose mask shows as bits of the group.
    """
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        hint = "alphabot users init makes one"
        raise ConfigError("there is no key file", path=path, hint=hint) from None
    except OSError as cause:
        raise ConfigError(f"the key cannot be read: {cause.strerror}", path=path) from cause
    try:
        _check_owner(os.fstat(file), path, granted=granted)
        text = os.read(file, _FILE_BYTES_MAX)
    except OSError as cause:
        raise ConfigError(f"the key cannot be read: {cause.strerror}", path=path) from cause
    finally:
        os.close(file)
    try:
        label, encoded = text.decode("ascii").split()
        if label != _LABEL:
            raise ValueError
        return MasterKey(base64.b64decode(encoded, altchars=b"-_", validate=True))
    except ValueError:
        raise ConfigError("this is no key of alphabot, or not the whole of it", path=path) from None


def _check_owner(found: os.stat_result, path: Path, *, granted: bool) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise ConfigError("a file was expected", path=path)
    of_root = granted and found.st_uid == 0
    if found.st_uid != os.geteuid() and not of_root:
        raise ConfigError("the key belongs to another user of this machine", path=path)
    if found.st_mode & (0o007 if of_root else 0o077):
        problem = f"others on this machine may read the key (mode {found.st_mode & 0o777:04o})"
        raise ConfigError(problem, path=path, hint=f"chmod 600 {path}; was it read? rotate it")


def key_from_passphrase(passphrase: str, salt: bytes) -> MasterKey:
    """Return the key that a passphrase stands for with this salt; takes about a tenth of a second.

    Raises ConfigError for one that is too short to withstand guessing.
    """
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    if len(passphrase) < PASSPHRASE_CHARACTERS_MIN:
        raise ConfigError(
            f"a passphrase of at least {PASSPHRASE_CHARACTERS_MIN} characters is needed"
        )
    derivation = Argon2id(
        salt=salt, length=_KEY_BYTES, iterations=_PASSES, lanes=_LANES, memory_cost=_MEMORY_KIB
    )
    return MasterKey(derivation.derive(passphrase.encode()))
