"""One user's headers and cookies towards one host: the only cookie jar there is.

Reads and orders share it, so that a cookie the exchange renews in the answer to one is sent with
the next of the other. A jar of a library would compare lifetimes with the machine's clock and
keep cookies of hosts we do not speak to; this one keeps names and values of the configured host.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from alphabot.core.secret import Secret
from alphabot.errors import ConfigError
from alphabot.exchange.secret import Credentials

__all__ = ["Session"]

USER_AGENT: Final = "alphabot"
"""Sent when the user supplied none: we do not pretend to be a browser."""

COOKIES_MAX: Final = 200
COOKIE_CHARACTERS_MAX: Final = 8192
"""Bounds on what a host may make us send back; a Set-Cookie beyond them is ignored."""

# The connection's own business, or ours: what a user pasted along is left out.
_NOT_PASSED_ON = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "cookie",
        "csrftoken",
        "expect",
        "host",
        "http2-settings",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


class Session:
    """The headers of every request of one user, with the cookies as the host last set them.

    Raises ConfigError, without the value, for a header that cannot be sent.
    """

    def __init__(self, host: str, credentials: Credentials | None = None) -> None:
        self._host = host.lower()
        self._private = credentials is not None
        credentials = credentials or Credentials()
        self._cookies = _parse_cookies(_clean("cookie", credentials.cookie))
        self._csrftoken = _clean("csrftoken", credentials.csrftoken)
        self._follows_cr00 = bool(self._csrftoken) and self._csrftoken == self._digest_of_cr00()
        self._headers = {
            name.lower(): _clean(name, value)
            for name, value in credentials.headers.items()
            if name.lower() not in _NOT_PASSED_ON and not name.startswith(":")
        }
        self._ours = {"user-agent": USER_AGENT} | ({"clienttype": "web"} if self._private else {})

    def __repr__(self) -> str:
        return f"<Session with {self._host}, {len(self._cookies)} cookies>"

    @property
    def cookie(self) -> Secret:
        """The Cookie header as it would be sent now; what a caller may want to keep."""
        return Secret("; ".join(f"{name}={value}" for name, value in self._cookies))

    @property
    def credentials(self) -> Credentials:
        """What the user supplied, with the cookies as the host last set them."""
        return Credentials(
            cookie=self.cookie,
            csrftoken=Secret(self._csrftoken),
            headers={name: Secret(value) for name, value in self._headers.items()},
        )

    def headers(self, *, with_body: bool) -> list[tuple[str, str]]:
        """Return the headers of a request, those of its framing excepted."""
        headers = list((self._headers | self._missing()).items())
        headers.append(("accept-encoding", "identity"))
        if with_body:
            headers.append(("content-type", "application/json"))
        if self._csrftoken:
            headers.append(("csrftoken", self._csrftoken))
        if self._cookies:
            headers.append(("cookie", self.cookie.reveal()))
        return headers

    def _missing(self) -> dict[str, str]:
        """Return what we say where the user supplied nothing."""
        return {name: value for name, value in self._ours.items() if name not in self._headers}

    def absorb(self, set_cookies: Iterable[str], date: str = "") -> None:
        """Keep the cookies of an answer; to be called before its body is read.

        ``date`` is the answer's own Date header: what has expired is told by the host's clock.
        A public session keeps none.
        """
        if not self._private:
            return
        for line in set_cookies:
            self._absorb(line, date)
        if self._follows_cr00:
            self._csrftoken = self._digest_of_cr00() or self._csrftoken

    def _absorb(self, line: str, date: str) -> None:
        pair, *rest = line.split(";")
        name, separator, value = (part.strip() for part in pair.partition("="))
        attributes = {
            key.strip().lower(): text.strip()
            for key, _, text in (attribute.partition("=") for attribute in rest)
        }
        if not (separator and name and _is_cookie_text(name + value)):
            return
        if not self._is_ours(attributes.get("domain", "")):
            return
        kept = [cookie for cookie in self._cookies if cookie[0] != name]
        if _has_expired(attributes, date):
            self._cookies = kept
        elif len(kept) < COOKIES_MAX and len(name) + len(value) <= COOKIE_CHARACTERS_MAX:
            self._cookies = [*kept, (name, value)]

    def _is_ours(self, domain: str) -> bool:
        """Return whether a cookie's Domain is this host, or one it belongs to."""
        domain = domain.lower().removeprefix(".")
        return not domain or self._host == domain or self._host.endswith(f".{domain}")

    def _digest_of_cr00(self) -> str:
        """Return what the web client sends as csrftoken: the MD5 of cookie ``cr00``.

        Protocol section 1 has it from one author, so it is only followed for a user whose own
        pasted session obeys it.
        """
        for name, value in self._cookies:
            if name == "cr00":
                return hashlib.md5(value.encode(), usedforsecurity=False).hexdigest()
        return ""


def _clean(name: str, value: Secret) -> str:
    text = value.reveal().strip()
    sendable = text.isascii() and text.isprintable() if text else True
    if not sendable or not name.isascii() or not name.replace("-", "").replace("_", "").isalnum():
        raise ConfigError(f"the header {name!r} holds characters that cannot be sent")
    return text


def _parse_cookies(text: str) -> list[tuple[str, str]]:
    pairs = (part.partition("=") for part in text.split(";"))
    return [(name.strip(), value.strip()) for name, _, value in pairs if name.strip()]


def _is_cookie_text(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _has_expired(attributes: dict[str, str], date: str) -> bool:
    age = attributes.get("max-age", "")
    if age:
        return age.startswith("-") or not age.strip("0")
    expires = _moment(attributes.get("expires", ""))
    # Without a Date only the usual way to delete a cookie counts: a moment in 1970.
    now = _moment(date) or datetime(1971, 1, 1, tzinfo=UTC)
    return expires is not None and expires <= now


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
