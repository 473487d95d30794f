"""A network that does to its connections what a plan says, whatever it is made of.

It wraps any Net, memory or sockets, and lays faults on the client's end of each connection: below
HTTP and WebSocket alike, and above TLS. Under a virtual clock the same plan gives the same trace.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

from alphabot.ports import Net
from alphabot.simulator.faults import Connection, Fault, FaultKind, FaultPlan, Incident
from alphabot.simulator.faulty_stream import FaultyStream

__all__ = ["FaultyNet", "open_faulty_net"]


class FaultyNet:
    """A Net with faults; made by :func:`open_faulty_net` alone.

    ``incidents`` are the faults that have struck, oldest first.
    """

    def __init__(self, net: Net, plan: FaultPlan, nursery: trio.Nursery) -> None:
        self.incidents: list[Incident] = []
        self._net = net
        self._plan = plan
        self._nursery = nursery
        self._numbers: Counter[int] = Counter()
        self._streams: list[FaultyStream] = []

    def __repr__(self) -> str:
        return f"<FaultyNet, {self.opened} connections, {len(self.incidents)} incidents>"

    @property
    def opened(self) -> int:
        """How many connections were asked for."""
        return self._numbers.total()

    async def open(self, host: str, port: int, *, tls: bool) -> trio.abc.Stream:
        """Connect as the wrapped net does, unless the plan has something against it."""
        self._numbers[port] += 1
        connection = Connection(port, self._numbers[port])
        faults = list(self._plan.opening(connection))
        for fault in faults:
            if fault.meets_opening:
                self._note(connection, fault)
            if fault.kind is FaultKind.REFUSED:
                await trio.lowlevel.checkpoint()
                raise ConnectionRefusedError(f"nobody listens on {host}:{port}")
            if fault.kind is FaultKind.SLOW_START:
                await trio.sleep(fault.seconds)
        inner = await self._net.open(host, port, tls=tls)
        stream = FaultyStream(inner, connection, self._plan, self._note, self._nursery)
        for fault in faults:
            if not fault.meets_opening:
                stream.lay(fault)
        self._streams = [stream for stream in self._streams if not stream.is_closed]
        self._streams.append(stream)
        return stream

    def strike(self, fault: Fault, *, port: int | None = None) -> None:
        """Lay a fault on every open connection, to this port or any; at byte 0 it strikes now."""
        for stream in self._streams:
            if port in (None, stream.connection.port):
                stream.strike(fault)

    def _note(self, connection: Connection, fault: Fault) -> None:
        self.incidents.append(Incident(trio.current_time(), connection, fault))


@asynccontextmanager
async def open_faulty_net(net: Net, plan: FaultPlan) -> AsyncIterator[FaultyNet]:
    """Open a net with faults around another; what is still under way at the end is lost."""
    async with trio.open_nursery() as nursery:
        yield FaultyNet(net, plan, nursery)
        nursery.cancel_scope.cancel()
