"""Which intents are open: the small table that lets the database refuse a second one.

An intent is open from its commit until the exchange's evidence has ended it: refused, proven
without effect, or every one of its legs settled. The table beside the records is kept in the
record's own transaction, and compared with the records whenever a journal is opened.
"""

from __future__ import annotations

from collections.abc import Mapping

import apsw

from alphabot.core.records import (
    Credited,
    Intended,
    Leftover,
    Leg,
    NotSentRecord,
    PlacedRecord,
    Record,
    RefusedRecord,
    Settled,
    UnknownRecord,
    Updated,
)
from alphabot.core.values import Symbol, UserId
from alphabot.errors import InvariantBroken

__all__ = ["OpenLegs", "TableRow", "keep"]

TableRow = tuple[str, int]
"""An intent's symbol and the bits of the legs that have not ended."""

# One bit a leg, so that closing one is a single statement that cannot reopen another.
_BITS = {Leg.WORKING: 1, Leg.PENDING: 2, Leg.SALE: 4}
_ALL = 7

_ABOUT_AN_INTENT = (PlacedRecord, UnknownRecord, Updated, Credited, Leftover)


def keep(connection: apsw.Connection, user_id: UserId, record: Record) -> None:
    """Bring the table up to date with a record that is being written.

    Raises InvariantBroken for a second open intent of a user and symbol, for an intent id that was
    used before, and for a record about an intent that was never committed.
    """
    if isinstance(record, Intended):
        _open(connection, user_id, record)
        return
    left_open = _legs_left_open(record)
    if left_open is None:
        return
    intent_id, mask = left_open
    key = (user_id, intent_id)
    if mask == _ALL:
        found = connection.execute(
            "SELECT 1 FROM intents WHERE user_id = ? AND intent_id = ?", key
        ).get
    else:
        found = connection.execute(
            "UPDATE intents SET open_legs = open_legs & ? WHERE user_id = ? AND intent_id = ?"
            " RETURNING 1",
            (mask, *key),
        ).get
    if not found:
        kind = type(record).__name__
        raise InvariantBroken(f"{kind} for user {user_id}: no intent {intent_id} was committed")


class OpenLegs:
    """The same table for one user, computed from the records alone."""

    def __init__(self) -> None:
        self._rows: dict[str, TableRow] = {}

    def follow(self, record: Record) -> None:
        """Take the user's next record into account."""
        if isinstance(record, Intended):
            self._rows[record.intent_id] = (record.symbol, _legs_of(record))
        elif (left_open := _legs_left_open(record)) is not None:
            intent_id, mask = left_open
            symbol, legs = self._rows.get(intent_id, ("", 0))
            self._rows[intent_id] = (symbol, legs & mask)

    def disputed(self, table: Mapping[str, TableRow]) -> str | None:
        """Return an intent about which the table does not say what the records say."""
        for intent_id in sorted(table.keys() | self._rows.keys()):
            if table.get(intent_id) != self._rows.get(intent_id):
                return intent_id
        return None

    def may_be_open(self, table: Mapping[str, TableRow], suspects: int) -> frozenset[Symbol]:
        """Return where an order may be open of a user of whom some records cannot be trusted.

        The table is written in the same transaction as the records. It is believed that an intent
        has ended for as many intents as records are suspect, each of which may have ended one;
        where the records leave more open than that, none of them counts as ended.
        """
        still_open = {symbol for symbol, legs in table.values() if legs}
        unended = set()
        for intent_id, (symbol, legs) in self._rows.items():
            if intent_id not in table:
                still_open.add(symbol)
            elif legs and not table[intent_id][1]:
                unended.add((intent_id, symbol))
        if len(unended) > suspects:
            still_open |= {symbol for _, symbol in unended}
        return frozenset(Symbol(symbol) for symbol in still_open if symbol)


def _open(connection: apsw.Connection, user_id: UserId, intended: Intended) -> None:
    row = (user_id, intended.intent_id, intended.symbol, _legs_of(intended))
    try:
        connection.execute("INSERT INTO intents VALUES (?, ?, ?, ?)", row)
    except apsw.ConstraintError as cause:
        raise InvariantBroken(
            f"user {user_id} cannot intend {intended.intent_id} on {intended.symbol}:"
            " an intent on this symbol is still open, or the id was used before"
        ) from cause


def _legs_of(intended: Intended) -> int:
    return _BITS[Leg.WORKING] | _BITS[Leg.PENDING] if intended.is_pair else _BITS[Leg.SALE]


def _legs_left_open(record: Record) -> tuple[str, int] | None:
    """Return the intent a record is about and the legs it leaves as they are."""
    if isinstance(record, NotSentRecord | RefusedRecord):
        return record.intent_id, 0
    if isinstance(record, Settled):
        return record.intent_id, _ALL & ~_BITS[record.leg]
    if isinstance(record, PlacedRecord) and record.sell_order_id is None:
        return record.intent_id, _ALL & ~_BITS[Leg.PENDING]
    if isinstance(record, _ABOUT_AN_INTENT):
        return record.intent_id, _ALL
    return None
