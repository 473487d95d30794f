"""The protocols between the rooms: what each may ask of another, and nothing more.

``runtime/`` is written against these; ``exchange/``, ``store/``, ``simulator/`` and plugins
provide them; ``wiring.py`` alone knows who is who. No method takes a timeout: callers open
cancel scopes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol, runtime_checkable

import trio

from alphabot.core.chat import ChatAnswer, ChatQuestion
from alphabot.core.notices import Notice
from alphabot.core.records import Intended, Record
from alphabot.core.values import (
    AlphaId,
    Balances,
    Fill,
    Instrument,
    OrderId,
    OrderReport,
    PlacedPair,
    PricingRequest,
    Proposal,
    Quote,
    Symbol,
    Token,
    UserId,
)

__all__ = [
    "ChatDoor",
    "ChatListener",
    "CommittedIntent",
    "Exchange",
    "FeedGap",
    "FeedItem",
    "FeedLive",
    "Journal",
    "Market",
    "Multiplier",
    "Net",
    "Notifier",
    "NotifierFactory",
    "OrderFeed",
    "Outbox",
    "PricingRule",
    "WallClock",
]


class WallClock(Protocol):
    """Wall time; durations come from trio's own clock."""

    def now_ms(self) -> int:
        """Return the time in milliseconds since 1970-01-01 UTC."""
        ...


class Net(Protocol):
    """How a byte stream to a host is had: over sockets, or in memory."""

    async def open(self, host: str, port: int, *, tls: bool) -> trio.abc.Stream:
        """Return a connected stream; raises OSError when nothing could be connected."""
        ...


@dataclass(frozen=True, slots=True)
class CommittedIntent:
    """Proof that an intent is durable; the only thing an order can be placed with.

    Made by a :class:`Journal` alone.
    """

    intended: Intended
    sequence: int


class Exchange(Protocol):
    """One user's private side of the exchange.

    Every method raises the tree of :class:`alphabot.errors.ExchangeError`; those that move money
    tell NotSent, Refused and OutcomeUnknown apart by fact (safety: outcome of an order request).
    """

    async def place_pair(self, intent: CommittedIntent) -> PlacedPair:
        """Place the intent's OTO pair and return the ids of its legs."""
        ...

    async def place_sale(self, intent: CommittedIntent) -> OrderId:
        """Place the intent's plain limit SELL and return its id."""
        ...

    async def cancel(self, order_id: OrderId, symbol: Symbol) -> None:
        """Ask for an order's cancellation; how the order ended must be asked for afterwards."""
        ...

    async def open_orders(self) -> tuple[OrderReport, ...]:
        """Return every open order of the account; raises unless the answer is complete."""
        ...

    async def order_history(self, alpha_id: AlphaId, since_ms: int) -> tuple[OrderReport, ...]:
        """Return every ended or partly filled order of a token since then, all pages."""
        ...

    async def fills(self, order_id: OrderId, symbol: Symbol) -> tuple[Fill, ...]:
        """Return every fill of an order."""
        ...

    async def balances(self) -> Balances:
        """Return what the account holds in USDT and tokens."""
        ...

    async def shown_volume(self) -> Mapping[str, Decimal]:
        """Return the volume the exchange shows for today by display symbol; it lags by minutes."""
        ...


@dataclass(frozen=True, slots=True)
class FeedGap:
    """Updates may be missing from here on: no order may leave until :class:`FeedLive`."""

    reason: str


@dataclass(frozen=True, slots=True)
class FeedLive:
    """A new subscription is confirmed; what was missed is not replayed and must be asked for."""


FeedItem = OrderReport | FeedGap | FeedLive


class OrderFeed(Protocol):
    """One user's order stream: listen key, WebSocket, keep-alive, reconnect."""

    async def run(
        self,
        updates: trio.MemorySendChannel[FeedItem],
        *,
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Forward updates until cancelled; started once the first subscription is confirmed.

        Raises FeedLost if the first connection cannot be had, NotAuthorised whenever the account
        is no longer welcome. Later losses are FeedGap items followed by FeedLive.
        """
        ...

    def distrust(self, reason: str) -> None:
        """Give the present connection up for another; a gap like any other loss."""
        ...


class Market(Protocol):
    """Public market facts, one feed per token for all users."""

    @property
    def clock_skew_seconds(self) -> float | None:
        """How far our clock is ahead of the exchange's; None while nobody has told its time."""
        ...

    async def tokens(self) -> Sequence[Token]:
        """Return the token list."""
        ...

    async def instrument(self, alpha_id: AlphaId) -> Instrument:
        """Return the token's present facts: multiplier, filters, fees, status."""
        ...

    async def quote(self, alpha_id: AlphaId, *, depth: bool = False) -> Quote:
        """Return the present price with its age, asking by REST when the stream is quiet.

        With ``depth`` the levels of the book are as fresh as the rest; without, there may be none.
        """
        ...


class Journal(Protocol):
    """The only truth about the past. Every method raises JournalError when it cannot be kept."""

    async def append(self, user_id: UserId, record: Record) -> None:
        """Make a record durable."""
        ...

    async def commit_intent(self, user_id: UserId, intended: Intended) -> CommittedIntent:
        """Make an intent durable and return the proof an order can be placed with."""
        ...

    async def records(self, user_id: UserId) -> Sequence[Record]:
        """Return all records of a user, oldest first; a checkpoint may stand for those before."""
        ...


class Outbox(Protocol):
    """What must be heard, until it was. Every method raises JournalError, and no order minds."""

    def put(self, notice: Notice, notifiers: Sequence[str]) -> None:
        """Make it durable that these notifiers are to tell it; once for each cause."""
        ...

    def mark(self, notice: Notice, notifier: str, now_ms: int) -> None:
        """Make it durable that a notifier has told it."""
        ...

    def pending(self, notifier: str) -> Sequence[Notice]:
        """Return what a notifier has still to tell, oldest first."""
        ...

    def heard(self, cause: str) -> bool:
        """Return whether any notifier has told what is of this cause."""
        ...


PricingRule = Callable[[PricingRequest], Proposal]
"""A plain function that proposes the two limits of a pair."""

Multiplier = Callable[[Decimal, int], Decimal]
"""A plain function ``(volume_usdt, mul_point) -> credited volume``."""


class Notifier(Protocol):
    """A way to reach people; a task of its own calls it, one notice at a time."""

    async def deliver(self, notice: Notice) -> None:
        """Hand the notice over to the service that shows it.

        Raises NotDelivered, which says whether and when to try again; anything else that it
        raises counts as the same. Callers open cancel scopes.
        """
        ...


class ChatDoor(Protocol):
    """The host's ear for chats: role, age and confirmation are decided behind it."""

    async def ask(self, question: ChatQuestion) -> ChatAnswer | None:
        """Return the answer, or None when nothing is to be answered (a stranger, too old)."""
        ...


@runtime_checkable
class ChatListener(Protocol):
    """A notifier that also listens."""

    async def listen(self, door: ChatDoor) -> None:
        """Relay what people ask until cancelled; it heals itself when the service is away."""
        ...


NotifierFactory = Callable[[], AbstractAsyncContextManager[Notifier]]
"""Opens a notifier with whatever it needs (a client of its own), and closes it with the block."""
