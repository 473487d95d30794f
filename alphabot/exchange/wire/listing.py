"""Lists of the exchange, read row by row: one bad row must not hide the others.

Nor may it be traded on (safety: unknown input fails closed), so it is kept apart under its key,
with what is wrong with it, and whoever asks for it is told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from alphabot.errors import UnexpectedReply
from alphabot.exchange.wire.steps import Steps
from alphabot.exchange.wire.strict import shaped

__all__ = ["Listing", "read_rows"]

_ROWS_PER_STEP = 8
"""About a third of a millisecond, unless somebody made the rows long."""

Key = TypeVar("Key", bound=str)
Thing = TypeVar("Thing")
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Listing(Generic[Key, Thing]):
    """What a list said: the rows that could be read, and why others are refused, by their key."""

    readable: Mapping[Key, Thing]
    refused: Mapping[Key, str]

    def holds(self, key: Key) -> bool:
        """Whether there is a row of this key, and it can be used."""
        return key in self.readable

    def find(self, key: Key) -> Thing:
        """Return the row of a key; raises UnexpectedReply if it is refused or not there."""
        if key in self.refused:
            raise UnexpectedReply(f"{key}: {self.refused[key]}")
        if key not in self.readable:
            raise UnexpectedReply(f"{key}: the exchange does not list it")
        return self.readable[key]


def read_rows(
    rows: Sequence[Any], key_name: str, shape: type[Row], build: Callable[[Row], Thing]
) -> Steps[Listing[Any, Thing]]:
    """Return the rows of a list by the text under ``key_name``, each read for itself; in steps.

    A row whose key is no text cannot be asked for and is left out; of two rows with one key
    neither is believed.
    """
    readable: dict[str, Thing] = {}
    refused: dict[str, str] = {}
    for number, row in enumerate(rows):
        if number % _ROWS_PER_STEP == 0:
            yield
        key = row.get(key_name) if isinstance(row, dict) else None
        if not isinstance(key, str):
            continue
        try:
            thing = shaped(row, shape, build)
        except UnexpectedReply as problem:
            refused[key] = str(problem)
            continue
        if key in readable:
            refused[key] = "the exchange lists it twice"
        readable[key] = thing
    for key in refused:
        readable.pop(key, None)
    return Listing(readable, refused)
