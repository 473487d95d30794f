"""Brings each order update to the trade loop that waits for it.

Why this file is harder than it looks:

* An update can arrive before the reply that tells us the order's id (protocol section 6). So an
  update nobody has claimed is *parked*, bounded, and handed over when its claim comes.
* The reader behind us must never wait for a trader. So nothing here awaits while delivering: a
  claim's channel is bounded, and when it is full the update is dropped and the claim is told
  that it *missed* something; it then asks by REST, which is the truth anyway.
* After a gap in the stream nothing is replayed. So when the stream is live again every claim is
  told that it missed something, in the same way, and no order may leave before the account was
  read anew (:mod:`alphabot.runtime.reconcile`).

Where the stream is not required, a complete reading of the account stands in for it while there is
none: it opens the gate for READING_SECONDS, unless the stream was lost after it began.

There is one word for "ask the exchange": :data:`MISSED`.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from enum import Enum

import trio

from alphabot.core.values import OrderId, OrderReport
from alphabot.ports import FeedGap, FeedItem, FeedLive

__all__ = ["MISSED", "Claim", "Missed", "Router"]

CLAIM_REPORTS_MAX = 256
"""Updates a claim may have waiting; beyond that they are dropped and the claim asks by REST."""
PARKED_REPORTS_MAX = 1024
"""Updates kept for orders nobody claimed yet; beyond that the oldest go, and claims that follow
within FORGOTTEN_SECONDS ask."""
FORGOTTEN_SECONDS = 60.0
"""Longer than it can take from an order's first update to its claim."""

READING_SECONDS = 20.0
"""How long a complete reading of the account keeps the gate open while there is no stream."""


class Missed(Enum):
    """The type of :data:`MISSED`."""

    MISSED = "missed"


MISSED = Missed.MISSED
"""What a claim hears when updates may be missing: ask the exchange for the orders' state."""


class Claim:
    """The updates of a set of orders, in the order they came."""

    def __init__(self, order_ids: tuple[OrderId, ...]) -> None:
        self.order_ids = order_ids
        self._send, self._receive = trio.open_memory_channel[OrderReport](CLAIM_REPORTS_MAX)
        self._missed = False
        self._wake = trio.Event()
        self.heard = False
        """Whether the stream has told anything of these orders."""

    def __repr__(self) -> str:
        waiting = self._receive.statistics().current_buffer_used
        return f"<Claim {', '.join(self.order_ids)}: {waiting} waiting>"

    def deliver(self, report: OrderReport) -> None:
        """Hand over an update, or note that one was missed; never waits."""
        self.heard = True
        try:
            self._send.send_nowait(report)
        except trio.WouldBlock:
            self._missed = True
        self._wake.set()

    def miss(self) -> None:
        """Note that updates may be missing."""
        self._missed = True
        self._wake.set()

    async def next(self) -> OrderReport | Missed:
        """Return the next update, or MISSED once all that did arrive was returned.

        What is there is returned at once, without a checkpoint: a burst is drained in one go.
        """
        while True:
            try:
                return self._receive.receive_nowait()  # noqa: ASYNC910 - see above
            except trio.WouldBlock:
                pass
            if self._missed:
                self._missed = False
                return MISSED  # noqa: ASYNC910 - see above
            self._wake = trio.Event()
            await self._wake.wait()


class Router:
    """One user's router; ``live`` says whether the stream can be relied upon at this moment."""

    def __init__(self) -> None:
        self._claims: dict[OrderId, Claim] = {}
        self._parked: OrderedDict[OrderId, list[OrderReport]] = OrderedDict()
        self._parked_count = 0
        self._forgot_parked_at: float | None = None
        self._connections = 0
        self._connected = False
        self._changed = trio.Event()
        self._live = trio.Event()
        self._losses = 0
        self._read_at = -math.inf
        self.on_connection: Callable[[bool, str], None] = lambda live, reason: None
        """Told of each loss (with its reason) and each return of the stream, for people."""
        self.on_unclaimed: Callable[[OrderReport], None] = lambda report: None
        """Told of each update of an order that nobody has claimed, ours or not."""

    @property
    def live(self) -> bool:
        """Whether the account is known: by the stream and a reading since, or by a fresh one."""
        return self._live.is_set() or trio.current_time() < self._read_at + READING_SECONDS

    @property
    def heard(self) -> bool:
        """Whether the stream is connected, and the account was read since."""
        return self._live.is_set()

    @property
    def losses(self) -> int:
        """How often the stream was taken for lost, or came back."""
        return self._losses

    def read_without_stream(self, losses: int) -> None:
        """Open the gate for a while after a reading that began after so many losses."""
        if not self._connected and losses == self._losses:
            self._read_at = trio.current_time()
            self._changed.set()
            self._changed = trio.Event()

    @property
    def unclaimed(self) -> Iterator[OrderReport]:
        """The updates of orders that nobody has claimed, by the order seen first."""
        return (report for reports in self._parked.values() for report in reports)

    async def wait_live(self) -> None:
        """Return once the stream is connected and the account was read since."""
        await trio.lowlevel.checkpoint()
        while not self.live:
            changed, live = self._changed, self._live
            async with trio.open_nursery() as nursery:
                for event in (changed, live):
                    nursery.start_soon(_end_after, event, nursery.cancel_scope)

    async def next_connection(self, after: int) -> int:
        """Return the number of the present connection, once it is a later one than that."""
        await trio.lowlevel.checkpoint()
        while not self._connected or self._connections <= after:
            await self._changed.wait()
        return self._connections

    def reconciled(self, connection: int) -> None:
        """Open the gate, unless that connection is the present one no longer."""
        if self._connected and connection == self._connections:
            self._live.set()

    def close(self) -> None:
        """Take the stream for lost: whoever fed us has ended."""
        self._change(connected=False)

    def _change(self, *, connected: bool) -> None:
        self._connected = connected
        self._connections += connected
        self._losses += 1
        self._read_at = -math.inf
        if self._live.is_set():  # else somebody may be waiting for this very event
            self._live = trio.Event()
        self._changed.set()
        self._changed = trio.Event()

    async def run(self, items: trio.MemoryReceiveChannel[FeedItem]) -> None:
        """Deliver what the feed sends until it closes its end."""
        async for item in items:
            self.deliver(item)

    def deliver(self, item: FeedItem) -> None:
        """Take in one item of the feed; never waits."""
        match item:
            case OrderReport():
                claim = self._claims.get(item.order_id)
                if claim is None:
                    self._park(item)
                else:
                    claim.deliver(item)
            case FeedGap():
                self._change(connected=False)
                self.on_connection(False, item.reason)
            case FeedLive():
                self._change(connected=True)
                self.on_connection(True, "")
                for claim in {id(c): c for c in self._claims.values()}.values():
                    claim.miss()

    @contextmanager
    def claim(self, order_ids: Iterable[OrderId]) -> Iterator[Claim]:
        """Open the claim on these orders; what was parked for them comes first."""
        claim = Claim(tuple(order_ids))
        parked = [r for order_id in claim.order_ids for r in self._parked.pop(order_id, [])]
        self._parked_count -= len(parked)
        for report in sorted(parked, key=lambda r: r.event_id or 0):
            claim.deliver(report)
        if self._forgot_lately or not self.heard:
            claim.miss()
        self._claims.update(dict.fromkeys(claim.order_ids, claim))
        try:
            yield claim
        finally:
            for order_id in claim.order_ids:
                self._claims.pop(order_id, None)

    @property
    def _forgot_lately(self) -> bool:
        forgot_at = self._forgot_parked_at
        return forgot_at is not None and trio.current_time() < forgot_at + FORGOTTEN_SECONDS

    def _park(self, report: OrderReport) -> None:
        self.on_unclaimed(report)
        self._parked.setdefault(report.order_id, []).append(report)
        self._parked_count += 1
        while self._parked_count > PARKED_REPORTS_MAX:
            _, oldest = self._parked.popitem(last=False)
            self._parked_count -= len(oldest)
            self._forgot_parked_at = trio.current_time()


async def _end_after(event: trio.Event, scope: trio.CancelScope) -> None:
    await event.wait()
    scope.cancel()
