"""A user's credentials in nothing that is written."""

from __future__ import annotations

from alphabot.exchange.secret import Credentials
from alphabot.log import register_secret

__all__ = ["mask"]


def mask(credentials: Credentials) -> None:
    """Have nothing of these written in clear from now on."""
    for secret in (credentials.cookie, credentials.csrftoken, *credentials.headers.values()):
        register_secret(secret.reveal())
