"""Sealing: a data key per user seals the user's secrets, and the master key wraps the data key.

AES-256-GCM (NIST SP 800-38D) with random 96-bit nonces. What a sealed text is (whose, what for, the
how-manieth) is authenticated with it, so a row that was moved, or put back from an older copy,
does not open.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from alphabot.core.values import UserId
from alphabot.store.master_key import MasterKey, fresh

__all__ = ["DoesNotOpen", "Envelope", "check_value", "is_key_of", "open_envelope", "rewrap", "seal"]

_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_CHECKED: Final = b"alphabot/1/check"


class DoesNotOpen(Exception):
    """A sealed text was changed or moved, or it was sealed with another key.

    Handler: :mod:`alphabot.store.vault`, which knows whose it is.
    """


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is stored of a user's secrets: nothing of it can be read without the master key."""

    user_id: UserId
    purpose: str
    version: int
    wrapped_key: bytes
    sealed: bytes


def seal(key: MasterKey, user_id: UserId, purpose: str, version: int, text: bytes) -> Envelope:
    """Return the text sealed under a new data key of its own."""
    data_key = fresh(_KEY_BYTES)
    return Envelope(
        user_id=user_id,
        purpose=purpose,
        version=version,
        wrapped_key=_encrypt(key.raw, data_key, _about(user_id, purpose, version, "key")),
        sealed=_encrypt(data_key, text, _about(user_id, purpose, version, "text")),
    )


def open_envelope(key: MasterKey, envelope: Envelope) -> bytes:
    """Return the sealed text; raises DoesNotOpen."""
    user_id, purpose, version = envelope.user_id, envelope.purpose, envelope.version
    return _decrypt(
        _data_key(key, envelope), envelope.sealed, _about(user_id, purpose, version, "text")
    )


def rewrap(old: MasterKey, new: MasterKey, envelope: Envelope) -> Envelope:
    """Return the same sealed text for another master key; raises DoesNotOpen."""
    about = _about(envelope.user_id, envelope.purpose, envelope.version, "key")
    return Envelope(
        user_id=envelope.user_id,
        purpose=envelope.purpose,
        version=envelope.version,
        wrapped_key=_encrypt(new.raw, _data_key(old, envelope), about),
        sealed=envelope.sealed,
    )


def check_value(key: MasterKey) -> bytes:
    """Return what lets a database say later whether a key is the one it was sealed with."""
    return _encrypt(key.raw, b"", _CHECKED)


def is_key_of(key: MasterKey, value: bytes) -> bool:
    """Say whether :func:`check_value` was made with this key."""
    try:
        _decrypt(key.raw, value, _CHECKED)
    except DoesNotOpen:
        return False
    return True


def _data_key(key: MasterKey, envelope: Envelope) -> bytes:
    about = _about(envelope.user_id, envelope.purpose, envelope.version, "key")
    return _decrypt(key.raw, envelope.wrapped_key, about)


def _about(user_id: UserId, purpose: str, version: int, part: str) -> bytes:
    return f"alphabot/1/{user_id}/{purpose}/{version}/{part}".encode()


def _encrypt(key: bytes, text: bytes, about: bytes) -> bytes:
    nonce = fresh(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, text, about)


def _decrypt(key: bytes, sealed: bytes, about: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], about)
    except (InvalidTag, ValueError):  # ValueError: too short to have been sealed at all
        raise DoesNotOpen from None
