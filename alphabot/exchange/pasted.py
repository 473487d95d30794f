"""Credentials out of what a person copied from their own browser.

Three forms are read: a request "as cURL", a block of header lines, and JSON. What is wrong is said
by the names of headers and cookies alone, never by a value.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from alphabot.core.secret import Secret
from alphabot.errors import ConfigError
from alphabot.exchange.secret import Credentials
from alphabot.exchange.session import Session
from alphabot.exchange.shell_words import split_words

__all__ = ["CHARACTERS_MAX", "credentials_of"]

CHARACTERS_MAX: Final = 100_000
"""More is no request; a session's headers have a few thousand."""

Headers = list[tuple[str, str]]

_HINT: Final = 'copy a request of the logged-in page "as cURL (bash)"'
_NAME: Final = re.compile(r":?[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_CURL_HEADERS: Final = {
    "-A": "user-agent",
    "--user-agent": "user-agent",
    "-e": "referer",
    "--referer": "referer",
    "-b": "cookie",
    "--cookie": "cookie",
}
_CURL_WITH_VALUE: Final = re.compile(
    r"-[XdomFw]|--(request|data(-raw|-binary|-ascii|-urlencode)?|json|output|max-time"
    r"|connect-timeout|form|write-out)"
)
_CURL_REFUSED: Final = re.compile(r"-[xuKk]|--(proxy|user|config|insecure)")


@dataclass(frozen=True, slots=True)
class _Request:
    """What any of the forms comes down to; ``host`` is empty where the form does not say it."""

    host: str
    headers: Headers


def credentials_of(text: str, host: str) -> Credentials:
    """Return the credentials in a pasted request to ``host``.

    Raises ConfigError, which shows nothing secret: for text that is no request, one to another
    host, missing cookie or csrftoken, a cookie that is cut off or there twice.
    """
    if len(text) > CHARACTERS_MAX:
        raise ConfigError(f"at most {CHARACTERS_MAX} characters were expected", hint=_HINT)
    text = text.removeprefix("\ufeff").strip()
    if not text:
        raise ConfigError("nothing was pasted", hint=_HINT)
    request = _read(text)
    if request.host and request.host.lower() != host.lower():
        raise ConfigError(f"a request to {host} was expected, was one to {request.host}")
    headers: dict[str, str] = {}
    for name, value in ((name.lower(), value) for name, value in request.headers):
        if headers.setdefault(name, value) != value:
            raise ConfigError(f"the header {name} is there twice, with two values")
    missing = [name for name in ("cookie", "csrftoken") if not headers.get(name)]
    if missing:
        raise ConfigError(
            f"missing: {' and '.join(missing)}", hint="is it a request of a logged-in page?"
        )
    _check_cookies(headers["cookie"])
    credentials = Credentials(
        cookie=Secret(headers.pop("cookie")),
        csrftoken=Secret(headers.pop("csrftoken")),
        headers={n: Secret(v) for n, v in headers.items() if not n.startswith(":")},
    )
    Session(host, credentials)  # says whether all of it can be sent
    return credentials


def _read(text: str) -> _Request:
    if re.match(r"curl(\.exe)?\s", text):
        return _read_curl(text)
    if text.startswith("{"):
        return _read_json(text)
    return _read_lines(text)


def _read_curl(text: str) -> _Request:
    if '^"' in text or " ^\n" in text or " ^\r\n" in text:
        raise ConfigError("this was copied for the Windows command prompt", hint=_HINT)
    try:
        words = iter(split_words(text)[1:])
    except ValueError as cause:
        raise ConfigError(f"the command is cut off: {cause}", hint=_HINT) from None
    hosts: list[str] = []
    headers: Headers = []
    for word in words:
        option, joined, value = word.partition("=") if word.startswith("--") else (word, "", "")
        if _CURL_REFUSED.fullmatch(option):
            raise ConfigError(f"{option} has no place in a request to log in with", hint=_HINT)
        if option in ("-H", "--header"):
            headers.append(_header(value if joined else next(words, "")))
        elif option in _CURL_HEADERS:
            value = value if joined else next(words, "")
            if option in ("-b", "--cookie") and "=" not in value:
                raise ConfigError("curl was told to read its cookies from a file", hint=_HINT)
            headers.append((_CURL_HEADERS[option], value))
        elif option == "--url":
            hosts.append(_host(value if joined else next(words, "")))
        elif _CURL_WITH_VALUE.fullmatch(option):
            if not joined:
                next(words, "")
        elif not option.startswith("-"):
            hosts.append(_host(word))
    if len(hosts) != 1:
        raise ConfigError(f"one address was expected, were {len(hosts)}", hint=_HINT)
    return _Request(hosts[0], headers)


def _host(address: str) -> str:
    try:
        parts = urlsplit(address if "//" in address else f"https://{address}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ConfigError("the address of the request cannot be read", hint=_HINT) from None
    if not host or "@" in parts.netloc:
        raise ConfigError("the address of the request cannot be read", hint=_HINT)
    return host if port in (None, 443, 80) else f"{host}:{port}"


def _read_json(text: str) -> _Request:
    try:
        pasted = json.loads(text, object_pairs_hook=_Pairs)
    except (ValueError, RecursionError):
        raise ConfigError("the JSON cannot be read: is it whole?", hint=_HINT) from None
    inner = next((value for name, value in pasted if name == "headers"), pasted)
    members = inner if isinstance(inner, _Pairs) else _Pairs()
    headers = [(_checked(name), value) for name, value in members if isinstance(value, str)]
    if not headers or len(headers) != len(members):
        raise ConfigError("an object of header names and texts was expected", hint=_HINT)
    return _Request(_said_host(headers), headers)


class _Pairs(list[tuple[str, object]]):
    """A JSON object with every member, also one that is there twice."""


def _read_lines(text: str) -> _Request:
    lines = text.splitlines()
    if re.match(r"(GET|POST|PUT|DELETE) \S+ HTTP/", lines[0]):
        lines = lines[1:]
    headers = [_header(line) for line in _until_body(lines)]
    return _Request(_said_host(headers), headers)


def _until_body(lines: list[str]) -> Iterator[str]:
    for line in lines:
        if not line.strip():
            return
        yield line


def _header(line: str) -> tuple[str, str]:
    # An HTTP/2 name may begin with a colon of its own.
    name, colon, value = line[1:].partition(":") if line.startswith(":") else line.partition(":")
    name = f":{name}" if line.startswith(":") else name
    if not colon:
        raise ConfigError("this is no request: a line has no header", hint=_HINT)
    return _checked(name), value.strip()


def _checked(name: str) -> str:
    name = name.strip()
    if not _NAME.fullmatch(name) or len(name) > 64:
        raise ConfigError("this is no request: a header's name cannot be read", hint=_HINT)
    return name


def _said_host(headers: Headers) -> str:
    by_name: Mapping[str, str] = {name.lower(): value for name, value in headers}
    return by_name.get(":authority", "") or by_name.get("host", "")


def _check_cookies(text: str) -> None:
    parts = [part.strip() for part in text.split(";")]
    pairs = [part.partition("=") for part in parts if part]
    if any(not separator or not name for name, separator, _ in pairs) or _looks_cut(text):
        raise ConfigError("the cookie is cut off: copy the whole request", hint=_HINT)
    twice = [name for name, times in Counter(name for name, _, _ in pairs).items() if times > 1]
    if twice:
        raise ConfigError(f"the cookie {twice[0]} is there twice", hint=_HINT)


def _looks_cut(text: str) -> bool:
    return text.rstrip().endswith(("…", "..."))
