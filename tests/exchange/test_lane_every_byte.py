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
from itertools import product

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
SHORT_SECONDS, LONG_SECONDS = 2.0, 20.0
"""A wait that an order request outlasts, and one that it does not (``order_seconds`` is 10)."""

# Far below the market: it rests until the test clears it away.
PAIR = pair_intent(SYMBOL, "0.00001", "0.00001", "1000000", "10")


# Where nothing moves, thousands of cases cost seconds.
STILL = ExchangeSettings(step_ms=86_400_000)


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


@dataclass
class Walk:
    """An exchange that many cases share, one after the other."""

    exchange: SimulatedExchange
    account: Account
    net: FaultyNet
    script: ScriptedFaults

    async def verdict(self, case: Case) -> tuple[Verdict, tuple[int, ...]]:
        """Place a pair, and return what the client says and which order ids it was told."""
        if case.reused:
            await self._converse()
        else:
            await trio.sleep(IDLE_SECONDS + 1)
        opened = self.net.opened
        self.script.on_request(PLACING, case.fault)
        try:
            placed = await self.account.place_pair(PAIR)
        except NotSent:
            answer = Verdict.NOT_SENT, ()
        except OutcomeUnknown:
            answer = Verdict.UNKNOWN, ()
        else:
            answer = Verdict.ANSWERED, (int(placed.working_order_id), int(placed.pending_order_id))
        assert self.net.opened - opened == (0 if case.reused else 1)
        return answer

    async def truth(self) -> tuple[tuple[int, ...], ...]:
        """Return the ids of every pair that exists once all is over, and clear them away."""
        await trio.sleep(LONG_SECONDS + 5)
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
