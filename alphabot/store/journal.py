"""The journal: what is remembered about the past, in order, and never rewritten.

A record is durable when the call that wrote it returns. Records are written inline, not by a
thread: under a virtual clock time leaps while a thread works, and every timeout would fire.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import apsw
import msgspec
import trio

from alphabot.core.records import Checkpointed, Folded, Intended, Record, encode
from alphabot.core.values import Symbol, UserId
from alphabot.errors import HistoryDamaged, InvariantBroken, JournalError
from alphabot.ports import CommittedIntent
from alphabot.store import folding, intents
from alphabot.store.audit import Audit, Damage, audit
from alphabot.store.chain import Chain, genesis
from alphabot.store.database import Database, extended_code
from alphabot.store.mark import HighWaterMark, Mark
from alphabot.store.outbox import SqliteOutbox
from alphabot.store.users import Users

__all__ = ["SqliteJournal"]

_ONE_USERS_RECORDS = (
    "SELECT sequence, CAST(record AS BLOB), hash FROM records WHERE user_id = ? ORDER BY sequence"
)


class SqliteJournal:
    """All users' records in one SQLite database; an :class:`alphabot.ports.Journal`.

    Made by :func:`alphabot.store.open_journal`. Every method raises JournalError when the journal
    cannot be written or trusted, and from then on; those about a user whose own records do not
    fit together raise HistoryDamaged, and the other users are not concerned.
    """

    def __init__(
        self, database: Database, identity: str, users: Users, mark: HighWaterMark | None
    ) -> None:
        self.users = users
        self.database = database
        self.outbox = SqliteOutbox(database)
        self._genesis = genesis(identity)
        self._mark = mark
        self._chains: dict[UserId, Chain] = {}
        self._damages: dict[UserId, Damage] = {}
        self._bases: dict[UserId, folding.Base] = {}
        self._last = Mark(0, 0, self._genesis)

    def __repr__(self) -> str:
        return f"<SqliteJournal {self.database!r}: {self.position} records>"

    @property
    def epoch(self) -> int:
        """The number of this owner; each new owner of the database has a higher one."""
        return self._last.epoch

    @property
    def position(self) -> int:
        """How many records of all users are durable."""
        return self._last.position

    def may_be_open(self, user_id: UserId) -> frozenset[Symbol]:
        """Return where a user may have an order at the exchange, also if the records are damaged.

        Raises JournalError.
        """
        if user_id in self._damages:
            return self._damages[user_id].may_be_open
        query = "SELECT symbol FROM intents WHERE user_id = ? AND open_legs <> 0"
        return frozenset(Symbol(symbol) for (symbol,) in self.database.rows(query, (user_id,)))

    async def append(self, user_id: UserId, record: Record) -> None:
        """Make a record durable.

        Never cancelled: what came to be known is written down even while everything else stops.
        Raises InvariantBroken, leaving the journal as it was, for a user or an intent that the
        journal does not know, and TypeError for an intent, which is committed, not appended, and
        for what only :meth:`fold` writes.
        """
        if isinstance(record, Intended):
            raise TypeError("an intent is written by commit_intent alone")
        if isinstance(record, Folded | Checkpointed):
            raise TypeError("a checkpoint is written by fold alone")
        self._write(user_id, record)
        await trio.lowlevel.cancel_shielded_checkpoint()

    async def commit_intent(self, user_id: UserId, intended: Intended) -> CommittedIntent:
        """Make an intent durable under this owner's epoch and return the proof.

        When cancelled nothing was written; once written it returns. Raises InvariantBroken,
        leaving the journal as it was, while another intent of the user is open on the symbol.
        """
        await trio.lowlevel.checkpoint()
        stamped = msgspec.structs.replace(intended, owner_epoch=self.epoch)
        return CommittedIntent(stamped, self._write(user_id, stamped))

    async def records(self, user_id: UserId) -> Sequence[Record]:
        """Return all records of a user, oldest first, having followed their chain to its end.

        The first may be a checkpoint, which stands for those before the second.
        """
        await trio.lowlevel.checkpoint()
        self._refuse_damaged(user_id)
        known = self._chain(user_id)
        base = self._bases.get(user_id)
        chain = Chain(user_id, self._genesis) if base is None else base.chain
        with self.database.guarded() as connection:
            if folding.bases_in(connection).get(user_id) != base:
                raise JournalError(
                    "the journal was damaged while in use: the checkpoint of user"
                    f" {user_id} is another"
                )
            rows = connection.execute(_ONE_USERS_RECORDS, (user_id,))
            try:
                records = [chain.follow(*row) for row in rows]
            except HistoryDamaged as cause:  # since it was opened: then nothing is safe any more
                raise JournalError(f"the journal was damaged while in use: {cause.what}") from cause
            if chain != known:
                raise JournalError(
                    f"the journal is damaged: the last record of user {user_id} is number"
                    f" {chain.length}, not {known.length} as it was written"
                )
        return records if base is None else [base.checkpoint(), *records]

    async def fold(self, user_id: UserId, checkpoint: Checkpointed, now_ms: int) -> None:
        """Let a checkpoint stand for a user's oldest records, which go, all at once or not at all.

        To be called before trading. Raises JournalError, and where there is merely no room for it
        or the file is locked the journal stays of use; InvariantBroken for other records.
        """
        await trio.lowlevel.checkpoint()
        self._refuse_damaged(user_id)
        if self._mark is not None:
            # It is behind after a power loss, and must never name a record that has gone.
            self._write_mark()
            self._mark.sync()
        self._write(user_id, folding.note_of(checkpoint, now_ms), checkpoint)

    def kept(self, user_id: UserId) -> int:
        """Return how many records of a user are there, beside those that were folded away."""
        base = self._bases.get(user_id)
        return self._chain(user_id).length - (0 if base is None else base.sequence)

    def take_over(self, now_ms: int) -> None:
        """Check all that was written before, then become the owner and fence off earlier ones.

        Raises JournalError where something does not fit that is not one user's alone.
        """
        found = self._audited()
        epoch = self.database.take_ownership(now_ms)
        # Whoever was not fenced off until now may have written since.
        ((written,),) = self.database.rows("SELECT coalesce(max(position), 0) FROM records")
        if written != found.last.position:
            found = self._audited()
        for user_id, history in found.histories.items():
            self._chains[user_id] = history.chain
            if history.base is not None:
                self._bases[user_id] = history.base
            if history.damage is not None:
                self._damages[user_id] = history.damage
        self._last = replace(found.last, epoch=epoch)
        self._write_mark()

    def _audited(self) -> Audit:
        mark = None if self._mark is None else self._mark.read()
        with self.database.guarded() as connection:
            return audit(connection, self.database.name, self._genesis, mark)

    def _write_mark(self) -> None:
        if self._mark is not None:
            with self.database.guarded():
                self._mark.write(self._last)

    def _chain(self, user_id: UserId) -> Chain:
        return self._chains.setdefault(user_id, Chain(user_id, self._genesis))

    def _refuse_damaged(self, user_id: UserId) -> None:
        if user_id in self._damages:
            raise self._damages[user_id].error

    @trio.lowlevel.enable_ki_protection  # Ctrl+C between commit and the lines after it
    def _write(
        self, user_id: UserId, record: Record, checkpoint: Checkpointed | None = None
    ) -> int:
        self._refuse_damaged(user_id)
        raw = encode(record)
        chain = self._chain(user_id)
        position, sequence = self._last.position + 1, chain.length + 1
        digest = chain.next_hash(raw)
        row = (position, user_id, sequence, raw.decode(), digest)
        # No order hangs on a checkpoint: without room for it everything stays as it is.
        begin = self.database.transaction if checkpoint is None else self.database.attempt
        base: folding.Base | None = None
        with begin() as connection:
            try:
                connection.execute("INSERT INTO records VALUES (?, ?, ?, ?, ?)", row)
            except apsw.ConstraintError as cause:
                if extended_code(cause) != apsw.SQLITE_CONSTRAINT_FOREIGNKEY:
                    raise
                raise InvariantBroken(f"the journal knows no user {user_id}") from cause
            intents.keep(connection, user_id, record)
            if checkpoint is not None:
                base = folding.put(connection, user_id, checkpoint)
        chain.tip, chain.length = digest, sequence
        if base is not None:
            self._bases[user_id] = base
        self._last = Mark(self.epoch, position, digest)
        self._write_mark()
        return sequence
