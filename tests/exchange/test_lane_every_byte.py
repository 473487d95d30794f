"""The order lane against the whole exchange: every byte of a placing request and of its answer.

Each case is one OTO pair placed by the real account at the real simulated exchange, in memory and
under virtual time, with one fault at one byte, on a first or on a later request of a connection.
Then the client's verdict is held against the exchange's ledger, which knows what happened:

* *not sent* while an order exists would double it: the client would place it again;
* *answered* with anything but what the ledger has would trade in the dark;
* *unknown* is always safe and costs minutes, so it is allowed only where nobody at this end of
  the wire could know better: :func:`expected` says where.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum

import pytest
import trio
from trio.testing import MockClock

from alphabot.core.values import OrderId, Symbol
from alphabot.errors import NotSent, OutcomeUnknown
from alphabot.exchange.account import Account, open_account
from alphabot.exchange.lane import IDLE_SECONDS, LAST_BYTE_SECONDS
from alphabot.exchange.pace import Pause
from alphabot.simulator import ExchangeSettings, MemoryNet, SimulatedExchange
from alphabot.simulator.faults import Direction, Fault, FaultKind, ScriptedFaults
from alphabot.simulator.faulty_net import FaultyNet, open_faulty_net
from alphabot.simulator.ledger import RequestKind
from tests.exchange.simulated import FAST, USER, VirtualClock, credentials, pair_intent

SYMBOL = Symbol("ALPHA_22USDT")
PLACING = b"oto-order/place"
# Far below the market: it rests until the test clears it away.
PAIR = pair_intent(SYMBOL, "0.00001", "0.00001", "1000000", "10")
# Where nothing moves, thousands of cases cost seconds.
STILL = ExchangeSettings(step_ms=86_400_000)

SHORT, LONG = 2.0, 20.0
"""Seconds: an order request outlasts the first (``order_seconds`` is 10), not the second."""
OUT = [
    (FaultKind.CUT, math.inf),
    (FaultKind.RESET, math.inf),
    (FaultKind.ENDED, math.inf),
    (FaultKind.HELD, math.inf),
    (FaultKind.HELD, LONG),
    (FaultKind.HELD, SHORT),
    (FaultKind.STALLED, math.inf),
    (FaultKind.STALLED, SHORT),
]
# An answer that is stalled is one that is held: only its sender could tell them apart.
IN = [(kind, seconds) for kind, seconds in OUT if kind is not FaultKind.STALLED]


class Verdict(Enum):
    """What the client makes of a request."""

    NOT_SENT = "not sent"
    UNKNOWN = "unknown"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class Case:
    """One request with one fault."""

    fault: Fault
    reused: bool

    def __str__(self) -> str:
        return f"{self.fault}, on a {'reused' if self.reused else 'fresh'} connection"


def expected(fault: Fault, size: int) -> tuple[Verdict, int]:
    """Return the verdict on a request of this size, and how many pairs it makes.

    Unknown with no pair is right only where the last byte may have left: it was handed over, and
    what the stream did with it cannot be seen from here.
    """
    endless, at, last = fault.seconds == math.inf, fault.at_byte, size - 1
    if fault.direction is Direction.IN:
        return (Verdict.ANSWERED if fault.seconds == SHORT else Verdict.UNKNOWN), 1
    match fault.kind:
        case FaultKind.CUT:
            return (Verdict.NOT_SENT if at < last else Verdict.UNKNOWN), 0
        case FaultKind.RESET:
            # All but the last byte may have arrived when it fails, or all.
            return (Verdict.NOT_SENT, 0) if at <= last else (Verdict.UNKNOWN, 1)
        case FaultKind.ENDED:
            # An exchange that finds the end within a request does nothing, and says nothing.
            return (Verdict.UNKNOWN, 0) if at <= last else (Verdict.ANSWERED, 1)
        case FaultKind.HELD if endless:
            return Verdict.UNKNOWN, 0
        case FaultKind.HELD:
            return (Verdict.ANSWERED if fault.seconds == SHORT else Verdict.UNKNOWN), 1
        case _ if at == last:
            # That byte has one second, less than any of these stalls.
            assert fault.seconds > LAST_BYTE_SECONDS
            return Verdict.UNKNOWN, 0
        case _:
            return (Verdict.NOT_SENT, 0) if endless else (Verdict.ANSWERED, 1)


def cases(request: int, answer: int, reused: bool) -> Iterator[Case]:
    """Yield every fault at every byte of a request and an answer of these sizes.

    What comes right after a byte has one place more: after the last.
    """
    for direction, kinds, size in ((Direction.OUT, OUT, request), (Direction.IN, IN, answer)):
        for kind, seconds in kinds:
            after = kind is FaultKind.RESET or (kind, direction) == (FaultKind.ENDED, Direction.OUT)
            for at_byte in range(size + after):
                yield Case(Fault(kind, direction, at_byte, seconds), reused)


@dataclass
class Walk:
    """An exchange that many cases share, one after the other."""

    exchange: SimulatedExchange
    account: Account
    net: FaultyNet
    script: ScriptedFaults

    async def size(self, direction: Direction) -> int:
        """Return how many bytes go this way: the first at which a fault no longer strikes."""
        low, high = 0, 4096
        while low < high:
            middle = (low + high) // 2
            before = len(self.net.incidents)
            await self.verdict(Case(Fault(FaultKind.CUT, direction, middle), reused=False))
            await self.truth()
            struck = len(self.net.incidents) > before
            low, high = (middle + 1, high) if struck else (low, middle)
        return low

    async def verdict(self, case: Case) -> tuple[Verdict, tuple[int, ...]]:
        """Place a pair, and return what the client says and which order ids it was told."""
        if case.reused:
            await self._converse()
        else:
            await trio.sleep(IDLE_SECONDS + 1)
        opened = self.net.opened
        self.script.on_request(PLACING, case.fault)
        verdict, told = await self._place()
        assert self.net.opened - opened == (0 if case.reused else 1)
        return verdict, told

    async def truth(self) -> tuple[tuple[int, ...], ...]:
        """Return the ids of every pair that exists once all is over, and clear them away."""
        await trio.sleep(LONG + 1)
        ledger = self.exchange.ledger
        pairs = tuple(
            request.order_ids
            for request in ledger.requests
            if request.kind is RequestKind.PLACE_PAIR and request.accepted
        )
        ledger.requests.clear()
        ledger.calls.clear()
        self.exchange.model.cancel_all(USER)
        self.exchange.catch_up()
        return pairs

    async def _place(self) -> tuple[Verdict, tuple[int, ...]]:
        try:
            placed = await self.account.place_pair(PAIR)
        except NotSent:
            return Verdict.NOT_SENT, ()
        except OutcomeUnknown:
            return Verdict.UNKNOWN, ()
        return Verdict.ANSWERED, (int(placed.working_order_id), int(placed.pending_order_id))

    async def _converse(self) -> None:
        """Leave the lane with a connection that has carried a request.

        The code for an order that is not there is on no list, so this outcome is none.
        """
        with pytest.raises(OutcomeUnknown):
            await self.account.cancel(OrderId("1"), SYMBOL)


@asynccontextmanager
async def open_walk() -> AsyncIterator[Walk]:
    """Open an exchange, a network with faults around it and an account on that."""
    clock = VirtualClock()
    exchange = SimulatedExchange(STILL, clock)
    door = MemoryNet(exchange)
    script = ScriptedFaults()
    async with trio.open_nursery() as nursery:
        await nursery.start(door.serve)
        async with (
            open_faulty_net(door, script) as net,
            open_account(
                net,
                door.addresses.rest_url,
                credentials(),
                pause=Pause(),
                clock=clock,
                settings=FAST,
            ) as account,
        ):
            yield Walk(exchange, account, net, script)
        nursery.cancel_scope.cancel()


async def walk_all(walk: Walk, chosen: Iterator[Case], size: int) -> Counter[tuple[Verdict, int]]:
    """Try cases and return how often each verdict met how many pairs."""
    seen: Counter[tuple[Verdict, int]] = Counter()
    for case in chosen:
        struck = len(walk.net.incidents)
        verdict, told = await walk.verdict(case)
        pairs = await walk.truth()
        assert (verdict, len(pairs)) == expected(case.fault, size), str(case)
        assert pairs == ((told,) if told else pairs), f"{case}: told {told}, true is {pairs}"
        assert len(walk.net.incidents) == struck + 1, f"{case}: did not strike"
        seen[verdict, len(pairs)] += 1
    return seen


@pytest.mark.ceiling(240)
async def test_every_byte_is_judged_right(autojump_clock: MockClock) -> None:
    """Every fault at every byte, on a fresh and on a reused connection in turn."""
    async with open_walk() as walk:
        request, answer = await walk.size(Direction.OUT), await walk.size(Direction.IN)
        pairs = zip(cases(request, answer, False), cases(request, answer, True), strict=True)
        chosen = [pair[number % 2] for number, pair in enumerate(pairs)]
        seen = await walk_all(walk, iter(chosen), request)
        assert len(chosen) == len(OUT) * request + len(IN) * answer + 3
        assert seen.total() == len(chosen) > 5000
        assert {verdict for verdict, _ in seen} == set(Verdict)


@pytest.mark.walk
@pytest.mark.ceiling(600)
@pytest.mark.parametrize("reused", [False, True], ids=["fresh", "reused"])
async def test_every_byte_of_every_connection(autojump_clock: MockClock, reused: bool) -> None:
    """The whole walk, of which the test above takes every other step."""
    async with open_walk() as walk:
        request, answer = await walk.size(Direction.OUT), await walk.size(Direction.IN)
        seen = await walk_all(walk, cases(request, answer, reused), request)
        assert seen.total() == len(OUT) * request + len(IN) * answer + 3
