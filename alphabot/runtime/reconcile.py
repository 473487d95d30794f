"""Reconcile: one user's journal beside what the exchange says, whenever the two may differ.

At a start, after every reconnect and after a request of unknown outcome the same thing is done:
read the account completely, and let :mod:`alphabot.core.reconcile` and
:mod:`alphabot.core.wallet` say what that proves. The gate opens only when it succeeded (safety:
I-14), and every round begins with a look at whether the wallet holds what the ledger says (I-21).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NoReturn

import trio

from alphabot.core.progress import OpenIntent
from alphabot.core.readings import Reading
from alphabot.core.reconcile import SKEW_MS, Finding, Search, judge_intent
from alphabot.core.records import NotSentRecord, PlacedRecord, UnknownRecord
from alphabot.core.values import AlphaId, OrderId, OrderReport, Side
from alphabot.core.wallet import weigh
from alphabot.errors import ExchangeError, NotAuthorised, NotSent, Unresolved
from alphabot.log import say
from alphabot.ports import Exchange
from alphabot.runtime.backoff import Backoff
from alphabot.runtime.recorder import Recorder
from alphabot.runtime.router import Router

__all__ = ["Reconciler", "read_orders"]

READ_AGAIN_SECONDS = 8.0
"""How soon the account is read again while there is no stream, which may be done without."""
TOLD_ORDERS_MAX = 1024
"""Orders of others that the stream told of since the last reading; beyond that the oldest go."""
FRESH_SECONDS = 30.0
"""How long a comparison of wallet and ledger holds while nothing of ours has happened since."""


async def read_orders(
    exchange: Exchange, since_ms: Mapping[AlphaId, int], *, balances: bool = False
) -> Reading:
    """Return one complete reading of the orders, the history of each token since its time.

    Raises ExchangeError, and then nothing was learnt: part of a reading is no evidence. Open
    orders come first, for the reason given in :class:`Reading`.
    """
    open_orders = await exchange.open_orders()
    history: list[OrderReport] = []
    for alpha_id, at_ms in since_ms.items():
        history += await exchange.order_history(alpha_id, at_ms - SKEW_MS)
    wallet = await exchange.balances() if balances else None
    return Reading(open_orders, tuple(history), wallet)


class Reconciler:
    """What was last read of one account, and the searches for what became of requests."""

    def __init__(
        self,
        exchange: Exchange,
        recorder: Recorder,
        router: Router,
        settle_seconds: float,
        *,
        stream_required: bool = True,
    ) -> None:
        self.stream_required = stream_required
        self.settle_seconds = settle_seconds
        self.last = Reading((), ())
        self._exchange = exchange
        self._recorder = recorder
        self._router = router
        self._weighed: dict[AlphaId, tuple[int, float]] = {}
        self._told: dict[OrderId, OrderReport] = {}

    @property
    def foreign(self) -> Sequence[OrderReport]:
        """The open orders that are none of ours, by the last reading and by the stream since.

        What lies on a symbol where a request of ours is under way may be that request's.
        """
        state = self._recorder.state
        ours = {e.intended.symbol for e in state.open_intents.values() if e.placed is None}
        told = [r for r in self._told.values() if r.order_id not in state.claimed]
        seen = {r.order_id: r for r in (*self.last.foreign(state.claimed), *told)}
        return [r for r in seen.values() if r.symbol not in ours and not r.status.terminal]

    def hear(self, report: OrderReport) -> None:
        """Take in what the stream tells of an order that nobody has claimed."""
        self._told[report.order_id] = report
        while len(self._told) > TOLD_ORDERS_MAX:
            self._told.pop(next(iter(self._told)))

    @property
    def free_usdt(self) -> Decimal | None:
        """What the wallet that pays held free when it was last read."""
        return self.last.balances.funding_free_usdt if self.last.balances else None

    async def keep_gate(self) -> NoReturn:
        """Open the gate after each connection of the stream, once the account was read.

        Before the first time requests are looked for whose outcome an earlier run never learned.
        Raises Unresolved and NotAuthorised.
        """
        connection = 0
        if not self.stream_required:
            await self._resolve_all()
            while True:
                connection = await self._keep_gate_without_stream(connection)
        connection = await self._router.next_connection(0)
        await self._resolve_all()
        while True:
            await self.read()
            self._router.reconciled(connection)
            connection = await self._router.next_connection(connection)

    async def _keep_gate_without_stream(self, connection: int) -> int:
        """Open the gate by one reading, with the stream or, while there is none, without it.

        Returns the connection that was reconciled last.
        """
        later: int | None = None
        with trio.move_on_after(READ_AGAIN_SECONDS):
            later = await self._router.next_connection(connection)
        losses = self._router.losses
        if later is not None:
            await self.read()
            self._router.reconciled(later)
            return later
        if not self._router.heard:
            await self.read()
            self._router.read_without_stream(losses)
        return connection

    async def read(self) -> Reading:
        """Return a complete reading with the wallet, asking again until there is one.

        Raises NotAuthorised.
        """
        backoff = Backoff(first_seconds=1, most_seconds=30)
        while True:
            since_ms: dict[AlphaId, int] = {}
            for entry in self._recorder.state.open_intents.values():
                since_ms.setdefault(entry.intended.alpha_id, entry.intended.at_ms)
            told_before = dict(self._told)
            try:
                self.last = await read_orders(self._exchange, since_ms, balances=True)
            except NotAuthorised:
                raise
            except ExchangeError as error:
                say("request.read_failed", reason=str(error), user_id=self._recorder.user_id)
                await backoff.wait()
            else:
                # A reading that began after a push says all that the push did, and more.
                for order_id, report in told_before.items():
                    if self._told.get(order_id) is report:
                        del self._told[order_id]
                return self.last

    async def weigh(self, alpha_id: AlphaId) -> None:
        """Compare the wallet with the ledger of a token, and wait while they may yet agree.

        Raises Unresolved when they still differ after the settle window, NotAuthorised.
        """
        await trio.lowlevel.checkpoint()
        recorder, state = self._recorder, self._recorder.state
        writes, at = self._weighed.get(alpha_id, (-1, 0.0))
        began = trio.current_time()
        if writes == recorder.writes and began < at + FRESH_SECONDS:
            return
        backoff = Backoff(first_seconds=0.5, most_seconds=max(0.5, self.settle_seconds / 4))
        while True:
            writes = recorder.writes
            reading = await self.read()
            quiet = writes == recorder.writes  # else the parts of the reading do not fit together
            found = weigh(state, alpha_id, reading, recorder.now_ms(), quiet=quiet)
            for record in found.records:
                await recorder.write(record)
            if found.usdt is not None:
                say("wallet.usdt_changed", reason=str(found.usdt), user_id=recorder.user_id)
            if not found.mismatch:
                self._weighed[alpha_id] = (recorder.writes, trio.current_time())
                return
            say("wallet.mismatch", reason=found.mismatch, user_id=recorder.user_id)
            if trio.current_time() - began >= self.settle_seconds:
                raise Unresolved(found.mismatch)
            await backoff.wait()

    async def resolve(self, entry: OpenIntent) -> None:
        """Look for an unknown intent until it is found (then it is placed) or proven absent.

        Raises NotSent when it is proven absent, Unresolved when a human must say, NotAuthorised.
        """
        intended, recorder = entry.intended, self._recorder
        say("reconcile.started", intent_id=intended.intent_id, user_id=recorder.user_id)
        # By our own clock, and from now: the wall clock may have been set since the request left.
        began = trio.current_time()
        backoff = Backoff(first_seconds=0.5, most_seconds=max(0.5, self.settle_seconds / 4))
        reads, glimpsed = 0, False
        while True:
            reading = await self.read()
            reads += 1
            seconds = trio.current_time() - began
            search = Search(reads, seconds, self.settle_seconds, glimpsed)
            verdict = judge_intent(recorder.state, intended, reading, search)
            glimpsed = verdict.glimpsed
            match verdict.finding:
                case Finding.FOUND:
                    await self._adopt(entry, verdict.legs)
                    return
                case Finding.ABSENT:
                    await self._strike_off(entry, verdict.reason)
                    raise NotSent(verdict.reason)
                case Finding.AMBIGUOUS:
                    reason = f"{verdict.reason}: see to it there, once cleared it is yours"
                    raise Unresolved(reason, intents=(intended.intent_id,))
                case Finding.OPEN:
                    await backoff.wait()

    async def _resolve_all(self) -> None:
        """Settle what became of requests an earlier run never learned the outcome of."""
        await trio.lowlevel.checkpoint()
        recorder = self._recorder
        for entry in tuple(recorder.state.open_intents.values()):
            if entry.placed is not None:
                continue
            if entry.unknown is None:
                reason = "the process ended before the outcome was recorded"
                await recorder.write(
                    UnknownRecord(
                        at_ms=recorder.now_ms(), intent_id=entry.intended.intent_id, reason=reason
                    )
                )
            try:
                await self.resolve(entry)
            except NotSent:
                continue

    async def _adopt(self, entry: OpenIntent, legs: Mapping[Side, OrderReport]) -> None:
        recorder, intended = self._recorder, entry.intended
        await recorder.write(
            PlacedRecord(
                at_ms=recorder.now_ms(),
                intent_id=intended.intent_id,
                working_order_id=legs[Side.BUY].order_id if intended.is_pair else None,
                sell_order_id=legs[Side.SELL].order_id if Side.SELL in legs else None,
                how="matched",
            )
        )
        say("reconcile.matched", intent_id=intended.intent_id, user_id=recorder.user_id)

    async def _strike_off(self, entry: OpenIntent, reason: str) -> None:
        recorder, intent_id = self._recorder, entry.intended.intent_id
        await recorder.write(
            NotSentRecord(at_ms=recorder.now_ms(), intent_id=intent_id, reason=reason)
        )
        say("reconcile.absent", intent_id=intent_id, user_id=recorder.user_id)
