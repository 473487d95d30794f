"""What must never be seen of a user: a session's cookie and headers.

A session cookie is a bearer token for the whole account (safety: security checklist).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from alphabot.core.secret import Secret

__all__ = ["Credentials"]


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a user supplied from their own logged-in session (protocol section 1).

    ``headers`` are the others that the web page sends; they are passed on unchanged.
    """

    cookie: Secret = field(default_factory=lambda: Secret(""))
    csrftoken: Secret = field(default_factory=lambda: Secret(""))
    headers: Mapping[str, Secret] = field(default_factory=dict)
