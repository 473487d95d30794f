"""What the value of a key may be, and how it is read from TOML.

A kind says in words what it expects, for complaints and documentation, and keeps the same as
data, from which a schema for editors can be made.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from alphabot.config.complaints import KeyPath, nearest, shown
from alphabot.core.exact import plain

__all__ = [
    "Choice",
    "Flag",
    "Kind",
    "ListOf",
    "Misfit",
    "Number",
    "Text",
    "Timing",
    "Whole",
    "misfit",
]


class Misfit(ValueError):
    """A value is not what its key expects; ``within`` is the place inside the value."""

    def __init__(self, problem: str, hint: str | None = None, within: KeyPath = ()) -> None:
        super().__init__(problem)
        self.problem = problem
        self.hint = hint
        self.within = within


class Kind(Protocol):
    """Something a value may be."""

    @property
    def expected(self) -> str:
        """What to write, as in ``a whole number from 1 to 10``."""
        ...

    def read(self, value: object) -> Any:
        """Return the setting that a TOML value stands for; raises Misfit."""
        ...


def misfit(kind: Kind, value: object, hint: str | None = None) -> Misfit:
    """Return the complaint that a value is not what its kind expects."""
    return Misfit(f"{kind.expected} was expected, was {shown(value)}", hint)


def _unbuilt(value: object, reason: str) -> Misfit:
    return Misfit(f"{shown(value)} is not built yet: {reason}")


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false; ``unbuilt`` says what is missing for one of them."""

    unbuilt: Mapping[bool, str] = field(default_factory=dict)

    @property
    def expected(self) -> str:
        """What to write."""
        return "true or false"

    def read(self, value: object) -> bool:
        """Return the flag."""
        if not isinstance(value, bool):
            raise misfit(self, value, "without quotes" if value in ("true", "false") else None)
        if value in self.unbuilt:
            raise _unbuilt(value, self.unbuilt[value])
        return value


@dataclass(frozen=True, slots=True)
class Number:
    """An exact number; both bounds are allowed."""

    least: Decimal | int
    most: Decimal | int

    @property
    def expected(self) -> str:
        """What to write."""
        return f"a number from {self._bounds}"

    @property
    def _bounds(self) -> str:
        return f"{plain(Decimal(self.least))} to {plain(Decimal(self.most))}"

    def read(self, value: object) -> Any:
        """Return the number as a Decimal with every digit as written."""
        # A bool is an int to Python, but not to a person.
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise misfit(self, value, "without quotes" if _looks_like_number(value) else None)
        if not self.least <= value <= self.most:
            raise misfit(self, value)
        return Decimal(value)


@dataclass(frozen=True, slots=True)
class Timing(Number):
    """Seconds, or what seconds are multiplied with: the only numbers that become floats."""

    def read(self, value: object) -> float:
        """Return the number as a float."""
        return float(Number.read(self, value))


@dataclass(frozen=True, slots=True)
class Whole(Number):
    """A whole number."""

    @property
    def expected(self) -> str:
        """What to write."""
        return f"a whole number from {self._bounds}"

    def read(self, value: object) -> int:
        """Return the number as an int."""
        number = Number.read(self, value)
        # 5.0 is refused like 5.5: who writes a point means something else than a count.
        if not isinstance(value, int):
            raise misfit(self, value)
        return int(number)


@dataclass(frozen=True, slots=True)
class Text:
    """Text of one line that matches a pattern."""

    pattern: str
    expected: str

    def read(self, value: object) -> str:
        """Return the text."""
        if not isinstance(value, str):
            raise misfit(self, value, "in quotes" if isinstance(value, int | Decimal) else None)
        if not value.isprintable() or not re.fullmatch(self.pattern, value):
            raise misfit(self, value)
        return value


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words; ``unbuilt`` are words to come, with what is missing."""

    words: tuple[str, ...]
    unbuilt: Mapping[str, str] = field(default_factory=dict)

    @property
    def expected(self) -> str:
        """What to write."""
        *others, last = map(shown, self.words)
        return f"{', '.join(others)} or {last}" if others else last

    def read(self, value: object) -> str:
        """Return the word."""
        if value in self.words:
            return str(value)
        if isinstance(value, str):
            if value in self.unbuilt:
                raise _unbuilt(value, self.unbuilt[value])
            near = nearest(value, self.words)
            raise misfit(self, value, f"did you mean {shown(near)}?" if near else None)
        raise misfit(self, value)


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list in which nothing stands twice; ``least`` items at least."""

    kind: Kind
    least: int = 0

    @property
    def expected(self) -> str:
        """What to write."""
        size = f" of at least {self.least}" if self.least else ""
        return f"a list{size} (each item {self.kind.expected})"

    def read(self, value: object) -> tuple[Any, ...]:
        """Return the items."""
        if not isinstance(value, list) or len(value) < self.least:
            raise misfit(self, value, "in [ ]" if isinstance(value, int | str) else None)
        items: dict[Any, int] = {}
        for index, inner in enumerate(value):
            try:
                item = self.kind.read(inner)
            except Misfit as inside:
                raise Misfit(inside.problem, inside.hint, (index, *inside.within)) from None
            if item in items:
                raise Misfit(f"{shown(item)} stands here twice", within=(index,))
            items[item] = index
        return tuple(items)


def _looks_like_number(value: object) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"[+-]?[0-9.]{1,40}", value))
