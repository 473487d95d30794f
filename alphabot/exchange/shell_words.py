"""The words of a command as a POSIX shell would split it, for a request copied "as cURL".

Browsers quote with ``'...'`` and, around characters that some shells act on, with ``$'...'``,
which :mod:`shlex` does not know. Nothing is expanded and nothing is run: a word is text.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["split_words"]

_WORD_PART: Final = re.compile(
    r"""
      '(?P<plain>[^']*)'
    | \$'(?P<escaped>(?:[^'\\]|\\.)*)'
    | "(?P<quoted>(?:[^"\\]|\\.)*)"
    | \\(?P<one>.)
    | (?P<bare>[^\s'"\\]+)
    """,
    re.VERBOSE | re.DOTALL,
)
_SPACE: Final = re.compile(r"(?:\s|\\\r?\n)+")
_ESCAPE: Final = re.compile(
    r"\\(?:u(?P<u4>[0-9a-fA-F]{1,4})|U(?P<u8>[0-9a-fA-F]{1,8})|x(?P<x>[0-9a-fA-F]{1,2})"
    r"|(?P<octal>[0-7]{1,3})|(?P<letter>.))",
    re.DOTALL,
)
_LETTERS: Final = {
    "a": "\a",
    "b": "\b",
    "e": "\x1b",
    "E": "\x1b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
}


def split_words(text: str) -> list[str]:
    """Return the words of a command; raises ValueError where a quotation does not end."""
    words: list[str] = []
    at = 0
    within = False
    while at < len(text):
        if space := _SPACE.match(text, at):
            at, within = space.end(), False
            continue
        part = _WORD_PART.match(text, at)
        if part is None:
            raise ValueError("a quotation does not end")
        if within:
            words[-1] += _meant(part)
        else:
            words.append(_meant(part))
        at, within = part.end(), True
    return words


def _meant(part: re.Match[str]) -> str:
    match part.lastgroup:
        case "escaped":
            return _ESCAPE.sub(_unescaped, part["escaped"])
        case "quoted":
            # Within double quotes a backslash stays, except before these.
            return re.sub(r'\\(?:\r?\n|([$`"\\]))', lambda m: m[1] or "", part["quoted"])
        case name:
            return part[name or 0]


def _unescaped(escape: re.Match[str]) -> str:
    if digits := escape["u4"] or escape["u8"] or escape["x"]:
        code = int(digits, 16)
    elif escape["octal"]:
        code = int(escape["octal"], 8) & 0xFF
    else:
        return _LETTERS.get(escape["letter"], escape["letter"])
    if code > 0x10FFFF:
        raise ValueError("an escape names no character")
    return chr(code)
