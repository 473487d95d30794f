"""A user's credentials in nothing that is written."""

from __future__ import annotations

from typing import Final

from alphabot.exchange.secret import Credentials
from alphabot.log import register_secret

__all__ = ["mask"]

_COMMON: Final = frozenset(
    {
        "accept",
        "accept-language",
        "cache-control",
        "clienttype",
        "content-type",
        "dnt",
        "lang",
        "origin",
        "pragma",
        "priority",
    }
)


def mask(credentials: Credentials) -> None:
    """Have nothing of these written in clear from now on.

    What every browser says alike is left out, or half the words of a log would be masked.
    """
    told = [value for name, value in credentials.headers.items() if not _is_common(name)]
    for secret in (credentials.cookie, credentials.csrftoken, *told):
        register_secret(secret.reveal())


def _is_common(header: str) -> bool:
    return header.lower() in _COMMON or header.lower().startswith("sec-")
