"""The list of numbered cases, and how a case says what is wrong.

A case's number is its section of the protocol times a hundred, and then some: 301 is about
orders. Numbers are for good: a case that goes leaves a gap. A case whose state no request can bring
about, such as an expired session, says that it was not tried.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alphabot.testing.bench import Bench

__all__ = ["CASES", "Case", "Untried", "Violation", "case", "demand", "shaped"]


class Violation(Exception):
    """The venue does something else than the protocol says."""


class Untried(Exception):
    """The venue could not be brought into the state that a case is about."""


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that must hold; ``run`` raises Violation if not, Untried if it cannot tell."""

    number: int
    says: str
    run: Callable[[Bench], Awaitable[None]]

    @property
    def section(self) -> int:
        """The section of the protocol that it is about."""
        return self.number // 100


CASES: dict[int, Case] = {}
"""Every case by its number; the modules that hold them fill it."""

_Run = Callable[["Bench"], Awaitable[None]]


def case(number: int, says: str) -> Callable[[_Run], _Run]:
    """Enter a function into the list; ``says`` is what must hold, as a sentence."""

    def enter(run: _Run) -> _Run:
        if number in CASES:
            raise ValueError(f"there are two cases {number}")
        CASES[number] = Case(number, says, run)
        return run

    return enter


def demand(holds: bool, problem: str) -> None:
    """Raise Violation with the problem unless something holds."""
    if not holds:
        raise Violation(problem)


def shaped(value: Any, keys: Mapping[str, type | tuple[type, ...]], what: str) -> dict[str, Any]:
    """Return an object that has at least these keys with values of these types.

    A type of JSON, that is: ``str``, ``int``, ``bool``, ``list``, ``dict``, ``NoneType``; a bool
    is no int. Raises Violation naming ``what`` and the key.
    """
    demand(isinstance(value, dict), f"{what}: an object was expected, was {value!r:.80}")
    for key, types in keys.items():
        demand(key in value, f"{what}: no {key!r}")
        wanted = types if isinstance(types, tuple) else (types,)
        found = value[key]
        matches = type(found) in wanted
        names = " or ".join(kind.__name__ for kind in wanted)
        demand(matches, f"{what}: {key!r} was {found!r:.60}, {names} was expected")
    return dict(value)
