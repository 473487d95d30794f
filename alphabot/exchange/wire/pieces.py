"""A long list, read piece by piece: as strict as :mod:`.strict`, and never long at a time.

Two answers of the exchange grow with every token, and reading one of them in one go would hold up
every user (safety: 31). So the containers around the list's rows are walked here, item by item,
and each row is one *piece*, read by the parser of :mod:`.strict` with all its doors shut. A
piece's length is bounded before the parser sees it: it is shown no more of the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from alphabot.exchange.wire.steps import Steps
from alphabot.exchange.wire.strict import (
    DEPTH_MAX,
    check_value,
    containers_in,
    decoder,
    endless_json,
    not_json,
    text_of,
    values_in,
)

__all__ = [
    "CONTAINERS_MAX",
    "ITEMS_MAX",
    "PIECE_CHARACTERS_MAX",
    "STEP_CHARACTERS",
    "Bounds",
    "long_json",
]

PIECE_CHARACTERS_MAX: Final = 1 << 17
"""Characters of one row, or of any other value around the rows; a row has about 3,000."""
STEP_CHARACTERS: Final = 1 << 15
"""After so many characters there is a pause: under a millisecond of an ordinary list."""
ITEMS_MAX: Final = 20_000
"""Items of the containers that are walked, the rows among them; the longest list has 700."""

CONTAINERS_MAX: Final = 60_000
"""Objects and arrays in the rows, each of which a collection of garbage has to look at; three
times the longest list has 25,000."""

_ITEM_CHARACTERS = 64
"""What an item costs besides its characters."""

_SLACK_CHARACTERS = PIECE_CHARACTERS_MAX // 4
"""A window on the text is moved along when so much of it has been read: each move is a copy."""

_BLANKS = re.compile(r"[ \t\n\r]*")


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long a list may be, and how many containers are around a row of it."""

    bytes_max: int
    values_max: int
    levels: int


def long_json(raw: bytes, bounds: Bounds) -> Steps[object]:
    """Return the tree that ``raw`` spells, pausing on the way; see :func:`.strict.strict_json`.

    Raises UnexpectedReply for what that function refuses, and for more than
    :data:`PIECE_CHARACTERS_MAX` in one piece, :data:`ITEMS_MAX` items or :data:`CONTAINERS_MAX`
    objects and arrays in them.
    """
    text = text_of(raw, bounds.bytes_max)
    yield
    try:
        return (yield from _Walk(text, bounds.values_max).whole(bounds.levels))
    except RecursionError:
        raise endless_json(raw) from None
    except ValueError as cause:
        raise not_json(cause, raw) from cause


class _Walk:
    """One way through a text, from its first character to its last."""

    def __init__(self, text: str, values_max: int) -> None:
        self._text = text
        self._at = 0
        self._decoder = decoder()
        self._values_max = values_max
        self._values = 0
        self._containers = 0
        self._window = ""
        self._move_window()
        self._items = 0
        self._characters = 0

    def whole(self, levels: int) -> Steps[object]:
        tree = yield from self._value(levels, depth=0)
        if self._peek():
            raise ValueError("nothing was expected behind the value")
        return tree

    def _value(self, levels: int, depth: int) -> Steps[object]:
        """Read a value with ``depth`` containers around it, to be walked for ``levels`` more."""
        if self._characters >= STEP_CHARACTERS:
            self._characters = 0
            yield
        self._count_item()
        first = self._peek()
        if levels and first == "{":
            return (yield from self._object(levels, depth))
        if levels and first == "[":
            return (yield from self._array(levels, depth))
        return self._piece(depth)

    def _object(self, levels: int, depth: int) -> Steps[object]:
        members: dict[str, object] = {}
        self._at += 1
        closed = self._closes("}")
        while not closed:
            if self._peek() != '"':
                raise ValueError("a key in quotes was expected")
            self._count_item()
            key = str(self._piece(depth))
            if key in members:
                raise ValueError("one key came twice in an object")
            if self._peek() != ":":
                raise ValueError("a colon was expected behind a key")
            self._at += 1
            members[key] = yield from self._value(levels - 1, depth + 1)
            closed = self._ends("}")
        return members

    def _array(self, levels: int, depth: int) -> Steps[object]:
        items: list[object] = []
        self._at += 1
        closed = self._closes("]")
        while not closed:
            items.append((yield from self._value(levels - 1, depth + 1)))
            closed = self._ends("]")
        return items

    def _count_item(self) -> None:
        self._items += 1
        if self._items > ITEMS_MAX:
            raise ValueError(f"at most {ITEMS_MAX} items were expected")
        self._characters += _ITEM_CHARACTERS

    def _count(self, values: int, containers: int) -> None:
        self._values += 1 + values
        self._containers += containers
        if self._values > self._values_max:
            raise ValueError(f"at most {self._values_max} values were expected")
        if self._containers > CONTAINERS_MAX:
            raise ValueError(f"at most {CONTAINERS_MAX} objects and arrays were expected")

    def _piece(self, depth: int) -> object:
        """Read a value in one go; raises ValueError."""
        if self._at - self._window_at > _SLACK_CHARACTERS:
            self._move_window()
        begin = self._at - self._window_at
        value, end = self._decoder.raw_decode(self._window, begin)
        if end - begin > PIECE_CHARACTERS_MAX:
            raise ValueError(f"a value of at most {PIECE_CHARACTERS_MAX} characters was expected")
        check_value(value, self._window, begin, end, depth_max=DEPTH_MAX - depth)
        self._count(values_in(self._window, begin, end), containers_in(self._window, begin, end))
        self._at += end - begin
        self._characters += end - begin
        return value

    def _move_window(self) -> None:
        self._window_at = self._at
        end = self._at + PIECE_CHARACTERS_MAX + _SLACK_CHARACTERS
        self._window = self._text[self._at : end]

    def _peek(self) -> str:
        """Return the next character that is not blank; nothing at the end."""
        blanks = _BLANKS.match(self._text, self._at)
        if blanks is not None:
            self._at = blanks.end()
        return self._text[self._at : self._at + 1]

    def _closes(self, bracket: str) -> bool:
        """Go behind a bracket if it comes next."""
        closes = self._peek() == bracket
        self._at += closes
        return closes

    def _ends(self, bracket: str) -> bool:
        """Go behind an item's comma or its container's bracket; return whether it was that."""
        if self._closes(bracket):
            return True
        if not self._closes(","):
            raise ValueError(f"a comma or {bracket} was expected")
        return False
