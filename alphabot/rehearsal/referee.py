"""The judge on the exchange's side: what a client may never do, whatever happens to it.

It sees the exchange's own model and ledger, and the client's bytes above every fault of the
network: what was asked and what was answered whole. It never asks the client's opinion.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import trio

from alphabot.core.records import Intended
from alphabot.rehearsal.stakes import Rules, Stakes
from alphabot.rehearsal.verdicts import Verdict, is_acceptance, is_whole_reading, verdict_of
from alphabot.rehearsal.wiretap import Errand
from alphabot.simulator import SimulatedExchange
from alphabot.simulator.ledger import (
    Booking,
    Entry,
    PrivateCall,
    Request,
    RequestKind,
    SelfCross,
    Subscription,
)
from alphabot.simulator.orders import Order

__all__ = ["Referee", "Violation"]

_PLACING = (RequestKind.PLACE, RequestKind.PLACE_PAIR)
_MINUTE = 59.0
"""Less than a minute by so much as an order's first byte may leave after its intent."""
_UNHEARD_SECONDS = 45.0
"""How long a client may take for connected what the exchange knows to be gone."""
_READING_SECONDS = 60.0
"""How old the last reading of open orders may be where a user trades without a stream: what it
opens the gate for, and how long an order that the gate let pass may take to arrive."""
_DEAF_ROUNDS = 4
"""Rounds that may begin on a stream that carries nothing: two strategies, and one more for each
whose first readings failed."""
_STOP_SECONDS = 150.0
"""How long a process that was told to stop may go on after its grace: the stalls of a world."""
_LEARNT_SECONDS = 900.0
"""How long the end of an order may stay unknown once the faults have ended: an exchange's pause, a
person who looks, a start, and the reading. A stream that carries nothing is kept for longer."""
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that must never happen, and did."""

    at_seconds: float
    invariant: str
    what: str

    def __str__(self) -> str:
        return f"{self.at_seconds:.3f} s {self.invariant}: {self.what}"


@dataclass(slots=True, eq=False)
class _Doubt:
    """An order request whose outcome the client cannot know, and what it has read since."""

    errand: Errand
    sent_at: float
    order_ids: tuple[int, ...] = ()
    last_open: float = -1.0
    last_history: float = -1.0
    readings: int = 0
    seen: bool = False


@dataclass(slots=True)
class _User:
    """What is known of one user's client."""

    silenced_at: float | None = None
    placings: deque[float] = field(default_factory=deque)
    doubts: list[_Doubt] = field(default_factory=list)
    in_flight: list[_Doubt] = field(default_factory=list)
    must_read: bool = False
    heard_at: float = 0.0
    read_at: float = -math.inf
    """When the open orders were last read wholly."""
    deaf: bool = False
    """Whether something happened that reached no connection, while one stayed open."""
    deaf_rounds: int = 0
    """Rounds begun since."""
    intents_used: int = 0


class Referee:
    """Judges one world; ``violations`` are what it saw, oldest first."""

    def __init__(self, exchange: SimulatedExchange, rules: Rules, user_ids: Sequence[int]) -> None:
        self.violations: list[Violation] = []
        self.stakes = Stakes(exchange, rules, user_ids, self.object_to)
        self.by_hand = False
        """Whether what is asked of the exchange at this moment is a person's doing."""
        self.stream_required = True
        """Whether nobody may trade unheard; else only who has read the account not long ago."""
        self.stopped_at: float | None = None
        self.paused_at: float | None = None
        """Since when the present life was told to stop, or to begin no round for the time being."""
        self.halted_at: float | None = None
        """Since when no order may leave, of this life or the next."""
        self.intents_of: Callable[[int], Sequence[Intended]] = lambda user_id: ()
        self._exchange = exchange
        self._users = {user_id: _User() for user_id in user_ids}
        exchange.ledger.onlookers.append(self._note)

    def object_to(self, invariant: str, what: str) -> None:
        """Keep a violation."""
        self.violations.append(Violation(trio.current_time(), invariant, what))

    # --- lives ---------------------------------------------------------------------------------

    def new_life(self, latched: Sequence[int]) -> None:
        """Begin to judge a new process, which knows of nothing but its journal.

        ``latched`` are the users whose journal says that they must stay silent.
        """
        self.stopped_at = self.paused_at = None
        for user_id, user in self._users.items():
            user.intents_used = 0
            user.doubts += [doubt for doubt in user.in_flight if doubt.errand.left_whole]
            user.in_flight.clear()
            if user_id not in latched:
                user.silenced_at = None

    def life_ends(self, grace_seconds: float) -> None:
        """Judge how long a process that was told to stop has gone on."""
        if self.stopped_at is None:
            return
        late = trio.current_time() - self.stopped_at - grace_seconds
        if late > _STOP_SECONDS:
            self.object_to("I-13", f"the service goes on {late:.0f} s after a stop and its grace")

    def learns(self, order: Order, settled_at: float, calm_at: float) -> None:
        """Judge how long it took to learn that an order had ended, whatever the stream told."""
        ended_at = trio.current_time() - (self._exchange.model.now_ms - order.state.at_ms) / 1000
        late = settled_at - max(ended_at, calm_at)
        if late > _LEARNT_SECONDS:
            self.object_to("I-25", f"the end of {order} was learnt after {late:.0f} s")

    def cleared(self, user_id: int) -> None:
        """Take note that a person has dealt with a user's latch."""
        self._users[user_id].silenced_at = None

    # --- what the client says and hears --------------------------------------------------------

    def begins(self, errand: Errand) -> None:
        """Judge a request whose first byte is about to leave."""
        user = self._users.get(errand.user_id or 0)
        if user is None:
            return
        now = trio.current_time()
        if user.silenced_at is not None and now > user.silenced_at:
            self.object_to("I-18", f"user {errand.user_id} was silenced and asks {errand.path}")
        if errand.is_placing:
            self._may_place(errand, user, now)
            user.in_flight.append(_Doubt(errand, now))

    def ends(self, errand: Errand) -> None:
        """Take note of an answer that has arrived whole, or of one that never will."""
        user = self._users.get(errand.user_id or 0)
        if user is None:
            return
        now = trio.current_time()
        verdict = verdict_of(errand)
        if verdict is Verdict.UNWELCOME and user.silenced_at is None:
            user.silenced_at = now
        if errand.is_placing:
            self._placed(errand, user, verdict)
        elif verdict is Verdict.DONE:
            self._has_read(errand, user, now)

    def _may_place(self, errand: Errand, user: _User, now: float) -> None:
        who = f"user {errand.user_id}"
        held = [(self.halted_at, "in a halt")]
        if "oto-order" in errand.path:
            held += [(self.stopped_at, "after the stop"), (self.paused_at, "in a pause")]
        for since, when in held:
            if since is not None and now > since:
                self.object_to("I-13", f"{who} sends an order {when}")
        if user.in_flight:
            self.object_to("I-1", f"{who} sends an order while another is under way")
        for doubt in user.doubts:
            self._judge_doubt(doubt, who, now)
        user.doubts.clear()
        # Without a stream the last reading opened the gate, and that one has come back the client
        # has yet to hear.
        excused = not self.stream_required and now - user.read_at <= _READING_SECONDS
        if user.must_read and not excused:
            self.object_to("I-14", f"{who} sends an order before it has read after a reconnect")
        while user.placings and user.placings[0] <= now - _MINUTE:
            user.placings.popleft()
        user.placings.append(now)
        if len(user.placings) > self.stakes.rules.max_orders_per_minute:
            self.object_to("I-17", f"{who} sent {len(user.placings)} orders within a minute")
        user.intents_used += 1
        if user.intents_used > len(self.intents_of(errand.user_id or 0)):
            self.object_to("I-2", f"{who} sends an order without a durable intent")

    def _judge_doubt(self, doubt: _Doubt, who: str, now: float) -> None:
        if doubt.order_ids:
            if not doubt.seen:
                self.object_to("I-1", f"{who} sends on top of orders {doubt.order_ids}, unread")
        elif doubt.readings < 3 or now - doubt.sent_at < self.stakes.rules.settle_seconds:
            self.object_to(
                "I-1",
                f"{who} took a request for absent {now - doubt.sent_at:.2f} s after it was sent,"
                f" having read {doubt.readings} times",
            )

    def _placed(self, errand: Errand, user: _User, verdict: Verdict) -> None:
        doubt = next(each for each in user.in_flight if each.errand is errand)
        user.in_flight.remove(doubt)
        known = verdict is Verdict.REFUSED or is_acceptance(errand)
        if errand.left_whole and not known:
            user.doubts.append(doubt)

    def _has_read(self, errand: Errand, user: _User, now: float) -> None:
        if errand.answer is None or not is_whole_reading(errand):
            return
        is_open = errand.path.endswith("get-open-order")
        user.must_read = False
        if is_open:
            user.read_at = now
        for doubt in user.doubts:
            doubt.seen |= any(str(i).encode() in errand.answer.body for i in doubt.order_ids)
            if is_open:
                doubt.last_open = now
            elif doubt.last_open > doubt.last_history:
                doubt.last_history = now
                doubt.readings += 1

    # --- what the exchange sees ----------------------------------------------------------------

    def _note(self, entry: Entry) -> None:
        match entry:
            case Booking():
                self.stakes.booked(entry.order_id, entry.at_ms)
                self._told(entry.user_id)
            case Request(accepted=True) if not self.by_hand:
                self._accepted(entry)
            case SelfCross():
                self.object_to("I-16", f"{entry.buyer_id} bought from {entry.seller_id}")
            case Subscription():
                self._subscribed(entry)
            case PrivateCall() | Request():
                pass

    def _subscribed(self, entry: Subscription) -> None:
        user = self._users.get(entry.user_id)
        if user is None:
            return
        user.deaf, user.deaf_rounds = False, 0
        if self.stakes.open_of(entry.user_id):
            user.must_read = True

    def _told(self, user_id: int) -> None:
        user = self._users.get(user_id)
        hub = self._exchange.hub
        if user is not None and hub.hears(user_id) and not hub.carries(user_id):
            user.deaf = True

    def _accepted(self, entry: Request) -> None:
        orders = [self._exchange.model.desk.orders[i] for i in entry.order_ids]
        if entry.kind is RequestKind.CANCEL_ALL:
            self.object_to("I-3", f"user {entry.user_id} cancels everything")
        if entry.kind not in _PLACING:
            if self.stakes.foreign.intersection(entry.order_ids):
                self.object_to("row 19", f"user {entry.user_id} cancels a person's order")
            return
        user = self._users[entry.user_id]
        for doubt in [*user.in_flight, *user.doubts][:1]:
            doubt.order_ids = entry.order_ids
        if not self._exchange.hub.hears(entry.user_id):
            since = trio.current_time() - user.heard_at
            if not self.stream_required:
                since = min(since, trio.current_time() - user.read_at)
            if since > (_UNHEARD_SECONDS if self.stream_required else _READING_SECONDS):
                self.object_to("I-14", f"user {entry.user_id} trades unheard for {since:.0f} s")
        user.deaf_rounds += user.deaf and entry.kind is RequestKind.PLACE_PAIR
        if user.deaf_rounds > _DEAF_ROUNDS:
            self.object_to("I-14", f"user {entry.user_id} begins rounds on a dead stream")
        self.stakes.accepted(orders, entry.at_ms)

    def listen(self) -> None:
        """Take note of who is heard on an order stream now."""
        for user_id, user in self._users.items():
            if self._exchange.hub.hears(user_id):
                user.heard_at = trio.current_time()
