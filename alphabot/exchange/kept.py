"""A user's credentials as one text, for a vault that seals it, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from alphabot.core.secret import Secret
from alphabot.core.values import UserId
from alphabot.errors import ConfigError
from alphabot.exchange.secret import Credentials

__all__ = ["find_one_session_twice", "from_text", "is_same_session", "to_text"]

_LOGIN: Final = "p20t"
"""The cookie that is the login itself; the others may come and go (protocol section 1)."""


class _Kept(msgspec.Struct, forbid_unknown_fields=True):
    cookie: str
    csrftoken: str
    headers: dict[str, str]

    def __repr__(self) -> str:
        return "***"


def to_text(credentials: Credentials) -> bytes:
    """Return the credentials as a text that is a secret itself."""
    return msgspec.json.encode(
        _Kept(
            cookie=credentials.cookie.reveal(),
            csrftoken=credentials.csrftoken.reveal(),
            headers={name: value.reveal() for name, value in credentials.headers.items()},
        )
    )


def from_text(text: bytes) -> Credentials:
    """Return the credentials of :func:`to_text`; raises ConfigError, which shows nothing of it."""
    try:
        kept = msgspec.json.decode(text, type=_Kept)
    except (msgspec.DecodeError, UnicodeDecodeError):
        # Neither the cause nor its context: both may quote what they could not read.
        raise ConfigError("the kept credentials are none of this version") from None
    return Credentials(
        cookie=Secret(kept.cookie),
        csrftoken=Secret(kept.csrftoken),
        headers={name: Secret(value) for name, value in kept.headers.items()},
    )


def is_same_session(one: Credentials, other: Credentials) -> bool:
    """Say whether two users' credentials are one login, so that they would be one account."""
    if one.cookie == other.cookie:
        return True
    login, theirs = _login(one), _login(other)
    return bool(login) and login == theirs


def find_one_session_twice(sessions: Mapping[UserId, Credentials]) -> tuple[UserId, UserId] | None:
    """Return two users with one session, if there are any."""
    seen: dict[tuple[str, Secret], UserId] = {}
    for user_id, credentials in sessions.items():
        for known_by in (("cookie", credentials.cookie), ("login", _login(credentials))):
            first = seen.setdefault(known_by, user_id) if known_by[1] else user_id
            if first != user_id:
                return first, user_id
    return None


def _login(credentials: Credentials) -> Secret:
    for part in credentials.cookie.reveal().split(";"):
        name, _, value = part.partition("=")
        if name.strip() == _LOGIN:
            return Secret(value.strip())
    return Secret("")
