"""A TOML file as plain values, each with its place; everything hostile is refused here.

Checked in this order: that it is a file, its size, its encoding, its syntax, its depth, its
numbers. What comes out holds no binary float, no NaN, no infinity and no number of absurd length.
"""

from __future__ import annotations

import codecs
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli

from alphabot.config.complaints import KeyPath, spelled
from alphabot.config.places import DEPTH_MAX, TooDeep, lines_of
from alphabot.core.exact import exact
from alphabot.errors import ConfigError

__all__ = ["FILE_BYTES_MAX", "Document", "parse", "read"]

FILE_BYTES_MAX = 64 * 1024

_INTEGER_MAX = 2**63 - 1
"""TOML's own range; a longer one is a slip, and a trap for whoever prints it."""
_DIGITS = re.compile(r"[0-9_]{4000,}")

_PLAIN_WORDS = {
    "Cannot overwrite a value": "this key or table is given twice",
    "Invalid value": "a value was expected; text needs quotes, true and false are lower case",
    "Invalid statement": "key = value or [table] was expected",
}
"""The parser's messages that a newcomer meets first, in a newcomer's words."""


@dataclass(frozen=True, slots=True, repr=False)
class Document:
    """What a file says, and on which line."""

    path: Path
    data: Mapping[str, Any]
    lines: Mapping[KeyPath, int]

    def line(self, key: KeyPath) -> int:
        """Return the key's line; for a key that is not there, that of what should hold it."""
        while key not in self.lines:
            key = key[:-1]
        return self.lines[key]

    def complaint(self, key: KeyPath, problem: str, hint: str | None = None) -> ConfigError:
        """Return the error that names file, line and key."""
        return ConfigError(
            problem, path=self.path, line=self.line(key), key=spelled(key) or None, hint=hint
        )


@dataclass(frozen=True, slots=True)
class _NotExact:
    """Stands for a number that no Decimal of sane size can hold, until its place is known."""

    text: str


def read(path: Path) -> str:
    """Return the text of a configuration file; raises ConfigError if it cannot be one."""
    try:
        # Before opening: opening a pipe would wait for whoever writes into it.
        if not stat.S_ISREG(path.stat().st_mode):
            raise ConfigError("a file was expected, was something else", path=path)
        with path.open("rb") as file:
            raw = file.read(FILE_BYTES_MAX + 1)
    except FileNotFoundError as cause:
        raise ConfigError("no such file", path=path) from cause
    except (OSError, ValueError) as cause:
        reason = getattr(cause, "strerror", None) or cause
        raise ConfigError(f"cannot be read: {reason}", path=path) from cause
    if len(raw) > FILE_BYTES_MAX:
        raise ConfigError(f"at most {FILE_BYTES_MAX // 1024} KiB were expected", path=path)
    raw = raw.removeprefix(codecs.BOM_UTF8)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as cause:
        line = raw.count(b"\n", 0, cause.start) + 1
        byte = raw[cause.start]
        raise ConfigError(
            f"UTF-8 text was expected, was byte 0x{byte:02x}", path=path, line=line
        ) from cause


def parse(text: str, path: Path) -> Document:
    """Return what the text says; raises ConfigError, which names ``path``, if it cannot be read."""
    text = text.replace("\r\n", "\n")
    try:
        data = tomli.loads(text, parse_float=_exact_or_not)
        lines = lines_of(text)
    except tomli.TOMLDecodeError as cause:
        problem = _PLAIN_WORDS.get(cause.msg, cause.msg)
        raise ConfigError(
            f"not TOML: {problem} (column {cause.colno})", path=path, line=cause.lineno
        ) from cause
    except (TooDeep, RecursionError) as cause:
        raise ConfigError(
            f"at most {DEPTH_MAX} levels of nesting were expected", path=path, line=_deep_line(text)
        ) from cause
    except ValueError as cause:
        # Python refuses to read an integer of thousands of digits, and does not say where.
        digits = _DIGITS.search(text)
        line = text.count("\n", 0, digits.start()) + 1 if digits else None
        raise ConfigError("a number of sane length was expected", path=path, line=line) from cause
    document = Document(path, data, lines)
    _check_numbers(document, data, ())
    return document


def _exact_or_not(text: str) -> object:
    """Return what a TOML float says, exactly; parsing goes on, so that the place is found."""
    try:
        return exact(text.replace("_", ""))
    except ValueError:
        return _NotExact(text)


def _check_numbers(document: Document, value: object, at: KeyPath) -> None:
    match value:
        case _NotExact(text):
            raise document.complaint(
                at, f"a finite number of at most 40 digits was expected, was {text[:40]}"
            )
        case int() if abs(value) > _INTEGER_MAX:
            raise document.complaint(at, "an integer of at most 64 bits was expected")
        case dict():
            for name, inner in value.items():
                _check_numbers(document, inner, (*at, name))
        case list():
            for index, inner in enumerate(value):
                _check_numbers(document, inner, (*at, index))
        case _:
            pass


def _deep_line(text: str) -> int | None:
    try:
        lines_of(text)
    except TooDeep as deep:
        return deep.line
    except ValueError:
        return None
    return None
