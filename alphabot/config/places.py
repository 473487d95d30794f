"""On which line of a TOML text each key stands.

The parser gives values without places, and a complaint without a line is half a complaint. So
this file walks over the text a second time and notes, for every table, key and list item, where
it begins. It reads only what tells where a value ends (strings, brackets, commas) and leaves
their meaning, and every error, to the parser, which has accepted the text before.
"""

from __future__ import annotations

import re
from bisect import bisect_left

import tomli

from alphabot.config.complaints import KeyPath

__all__ = ["DEPTH_MAX", "TooDeep", "lines_of"]

DEPTH_MAX = 16
"""How many keys and list positions may lead to a value; ours need four."""

_BLANK = re.compile(r"(?:[ \t\n]+|\#[^\n]*)*")
_KEY_PART = re.compile(r"""[ \t]*([A-Za-z0-9_-]+|"(?:\\.|[^"\\])*"|'[^']*')[ \t]*""")
_STRING_OR_SCALAR = re.compile(
    r'''
      """ (?: \\. | [^\\] )*? "{3,5}    # up to two quotes may stand before the closing three
    | \'\'\' .*? '{3,5}
    | " (?: \\. | [^"\\] )* "
    | ' [^']* '
    | [^,\]}\#\n]+                      # not at blanks: a date may have one before its time
    ''',
    re.VERBOSE | re.DOTALL,
)


class TooDeep(ValueError):
    """The text nests deeper than :data:`DEPTH_MAX`; ``line`` is where."""

    def __init__(self, line: int) -> None:
        super().__init__(f"nested more than {DEPTH_MAX} deep on line {line}")
        self.line = line


def lines_of(text: str) -> dict[KeyPath, int]:
    """Return the line, from 1, of every table, key and list item; the whole text is at ``()``.

    ``text`` is valid TOML with newlines as ``\\n``. Raises TooDeep, and plain ValueError for a
    text that no parser would have accepted.
    """
    return _Walk(text).lines


class _Walk:
    """One walk over one text; ``at`` is the next character to look at.

    Each step moves ``at`` on or raises, so a walk over anything ends.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[KeyPath, int] = {(): 1}
        self._newlines = [found.start() for found in re.finditer("\n", text)]
        self._tables_in: dict[KeyPath, int] = {}
        self._walk()

    def _walk(self) -> None:
        table: KeyPath = ()
        while self._skip_blank():
            if self._take("[["):
                table = self._header(appends=True)
            elif self._take("["):
                table = self._header(appends=False)
            else:
                self._pair(table)

    def _header(self, *, appends: bool) -> KeyPath:
        """Read the rest of ``[a.b]`` or ``[[a.b]]`` and return the path of the table it opens."""
        line = self._line()
        path: KeyPath = ()
        parts = self._key()
        for part in parts[:-1]:
            path = (*path, part)
            # A header that names an array of tables means the table that was added last.
            if path in self._tables_in:
                path = (*path, self._tables_in[path] - 1)
        path = (*path, parts[-1])
        if appends:
            self._note(path, line)
            self._tables_in[path] = count = self._tables_in.get(path, 0) + 1
            path = (*path, count - 1)
        self._note(path, line)
        # The header of a table, rather than its first mention as part of another key.
        self.lines[path] = line
        self._take("]]" if appends else "]")
        return path

    def _pair(self, table: KeyPath) -> None:
        line = self._line()
        path = table + tuple(self._key())
        self._note(path, line)
        self._take("=")
        self._value(path)

    def _value(self, path: KeyPath) -> None:
        self._skip_blank()
        if self._take("["):
            index = 0
            while self._skip_blank() and not self._take("]"):
                item = (*path, index)
                self._note(item, self._line())
                self._value(item)
                index += 1
                self._skip_comma()
        elif self._take("{"):
            while self._skip_blank() and not self._take("}"):
                self._pair(path)
                self._skip_comma()
        else:
            self.at = self._found(_STRING_OR_SCALAR).end()

    def _key(self) -> list[str]:
        """Read a dotted key."""
        parts: list[str] = []
        while not parts or self._take("."):
            part = self._found(_KEY_PART)
            self.at = part.end()
            parts.append(_name(part[1]))
            # Here as well as in _note: 64 KiB of dots would take long to add up.
            if len(parts) > DEPTH_MAX:
                raise TooDeep(self._line())
        return parts

    def _note(self, path: KeyPath, line: int) -> None:
        if len(path) > DEPTH_MAX:
            raise TooDeep(line)
        for length in range(1, len(path) + 1):
            self.lines.setdefault(path[:length], line)

    def _skip_blank(self) -> bool:
        """Skip blanks, newlines and comments; return whether anything is left."""
        self.at = self._found(_BLANK).end()
        return self.at < len(self.text)

    def _skip_comma(self) -> None:
        self._skip_blank()
        self._take(",")

    def _found(self, pattern: re.Pattern[str]) -> re.Match[str]:
        found = pattern.match(self.text, self.at)
        if found is None:
            raise ValueError(f"not TOML on line {self._line()}")
        return found

    def _take(self, mark: str) -> bool:
        if not self.text.startswith(mark, self.at):
            return False
        self.at += len(mark)
        return True

    def _line(self) -> int:
        return bisect_left(self._newlines, self.at) + 1


def _name(part: str) -> str:
    """Return what a key part names, quotes and escapes resolved as the parser does it."""
    if part[0] in "\"'":
        (name,) = tomli.loads(f"{part} = 0")
        return name
    return part
