"""What may be written: secrets masked, and nothing in it that a terminal would obey."""

from __future__ import annotations

import json
import re
import urllib.parse
from collections.abc import Iterator

__all__ = ["harmless", "redact", "register_secret"]

_SECRET_CHARS_MIN, _COOKIE_CHARS_MIN = 4, 16
# By their first characters: one look-up a position of the text, however many secrets.
_secrets: dict[str, set[str]] = {}

# Secrets that nobody registered, by what stands before them or by their shape.
_NAMES = (
    r"csrf[-_]?token|listen[-_]?key|authorization|api[-_]?key|bot[-_]?token|p20t|cr00"
    r"|password|passphrase"
)
_ASSIGNED = r"""(?:["']\s*[:=,]|\s*[:=])\s*+(?:b(?=["']))?+"""
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        # A cookie header is secret to the end of its quotes, or else of the line.
        rf"""(?i)(?P<keep>cookie{_ASSIGNED}(?P<quote>["']))(?:(?!(?P=quote))[^\\\r\n]|\\.)+""",
        rf"""(?i)(?P<keep>cookie{_ASSIGNED})(?!["'])[^\r\n]+""",
        rf"""(?i)(?<![a-z])(?P<keep>(?:{_NAMES}){_ASSIGNED}["']?(?:bearer\s+|basic\s+)?)"""
        r"""[^\s"',;&)}\]]+""",
        r"(?P<keep>alpha@)\w{16,}",  # a listen key as subscriptions name it
        r"(?P<keep>(?<!\d))\d{6,}:[\w-]{30,}",  # Telegram
        r"(?i)(?P<keep>hooks\.slack\.com/)\S+",
        r"(?P<keep>(?<!\w))xox[a-z]-[\w-]+",
        r"(?P<keep>(?<![\w-]))eyJ[\w-]{10,}\.[\w-]+\.[\w-]*",  # a JSON web token
        r"(?P<keep>://[^/\s:@]+:)[^/\s@]+(?=@)",  # user:password@host
    )
)


def register_secret(value: str) -> None:
    """Mask ``value`` in everything written from now on, also quoted, escaped or in a URL.

    Of a cookie header each long value is masked as well; texts under four characters never are.
    """
    parts = [part.partition("=")[2] for part in value.split(";")]
    for text in (value, *(part for part in parts if len(part) >= _COOKIE_CHARS_MIN)):
        in_url = {urllib.parse.quote(text, safe=safe) for safe in ("", "/")}
        # Twice over: the text of an error that quotes is quoted by the next one.
        once = {text, json.dumps(text)[1:-1], repr(text)[1:-1]}
        twice = {quoted for form in once for quoted in (json.dumps(form)[1:-1], repr(form)[1:-1])}
        for form in in_url | once | twice:
            if len(form) >= _SECRET_CHARS_MIN:
                _secrets.setdefault(form[:_SECRET_CHARS_MIN], set()).add(form)


def redact(text: str) -> str:
    """Return ``text`` with registered secrets, and what looks like one, replaced by ``***``."""
    text = "".join(_without_registered(text))
    for pattern in _PATTERNS:
        text = pattern.sub(r"\g<keep>***", text)
    return text


def harmless(text: str) -> str:
    """Return ``text`` with every character that could steer a terminal written as its code."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def _without_registered(text: str) -> Iterator[str]:
    secrets, size = _secrets, _SECRET_CHARS_MIN
    done = 0
    for here in [i for i in range(len(text)) if text[i : i + size] in secrets]:
        forms = (form for form in secrets[text[here : here + size]] if text.startswith(form, here))
        if found := max(forms, key=len, default=""):
            if here >= done:
                yield text[done:here] + "***"
            done = max(done, here + len(found))
    yield text[done:]
