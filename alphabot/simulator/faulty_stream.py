"""One connection with faults at exact bytes. Three things need care here:

* **A fault coming in strikes when its byte has come.** So bytes are read from the wrapped stream
  first, and handed on up to the next fault.
* **What strikes, strikes at once.** A task that waits on the other direction must learn of it:
  every wait stands in a scope that a strike cancels, and whoever waited looks again.
* **What is under way outlives its sender.** Held bytes are carried on by a task of the net, and
  the wrapped stream is closed only after them; otherwise no request could ever arrive after its
  sender has given up.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Awaitable, Callable
from functools import partial

import trio

from alphabot.simulator.faults import Connection, Direction, Fault, FaultKind, FaultPlan
from alphabot.simulator.tenants import close_now, is_readable

__all__ = ["FaultyStream"]

_RECEIVE_BYTES = 65_536
_AFTER_A_BYTE = {FaultKind.RESET, FaultKind.ENDED}
"""Going out, these come right after the byte before; the others take the place of one."""


class _Course:
    """One direction of a connection: what has passed, and what is yet to happen."""

    def __init__(self) -> None:
        self.ended = False
        self.quiet_until = -math.inf
        self._passed = 0
        self._laid: list[tuple[int, Fault]] = []
        self._waiting = trio.CancelScope()

    def lay(self, fault: Fault) -> None:
        """Have a fault strike that many bytes from here."""
        self._laid.append((self._passed + fault.at_byte, fault))
        self._laid.sort(key=lambda entry: entry[0])

    def due(self, ahead: int = 0) -> Fault | None:
        """Return the fault that is due once that many more bytes have passed."""
        if self._laid and self._laid[0][0] <= self._passed + ahead:
            return self._laid[0][1]
        return None

    def struck(self) -> None:
        """Forget the fault that was due first."""
        del self._laid[0]

    def room(self, size: int) -> int:
        """Return how many of so many bytes pass before the next fault."""
        return min(size, self._laid[0][0] - self._passed) if self._laid else size

    def passed(self, size: int) -> None:
        """Count bytes that have passed."""
        self._passed += size

    async def wait(self, act: Callable[[], Awaitable[object]]) -> bool:
        """Return True once something is done, False if a strike came before."""
        with trio.CancelScope() as self._waiting:
            await act()
            return True
        return False

    async def wait_quiet(self) -> None:
        """Wait until the line is no longer quiet, or a strike changes that."""
        await self.wait(partial(trio.sleep_until, self.quiet_until))

    def wake(self) -> None:
        """Have whoever waits look again."""
        self._waiting.cancel()


class FaultyStream(trio.abc.Stream):
    """The client's end of a connection, with whatever the plan lays on it."""

    def __init__(
        self,
        inner: trio.abc.Stream,
        connection: Connection,
        plan: FaultPlan,
        note: Callable[[Connection, Fault], None],
        nursery: trio.Nursery,
    ) -> None:
        self.connection = connection
        self.is_closed = False
        self._inner = inner
        self._plan = plan
        self._note = note
        self._nursery = nursery
        self._out, self._in = _Course(), _Course()
        self._arrived = b""
        self._held: bytearray | None = None
        self._delivering = False
        self._broken = False

    def __repr__(self) -> str:
        state = "broken" if self._broken else "closed" if self.is_closed else "open"
        return f"<FaultyStream, {self.connection}, {state}>"

    def lay(self, fault: Fault) -> None:
        """Have a fault strike when its byte comes."""
        self._course(fault).lay(fault)

    def strike(self, fault: Fault) -> None:
        """Have a fault strike now if it is for byte 0, else when its byte comes."""
        if self.is_closed or self._broken:
            return
        if fault.at_byte:
            self.lay(fault)
        else:
            self._strike(fault)

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send as the wrapped stream does, up to the next fault and as it lets one.

        Raises BrokenResourceError where the connection breaks.
        """
        await trio.lowlevel.checkpoint()
        rest = bytes(data)
        for fault in self._plan.sending(self.connection, rest):
            self.lay(fault)
        while True:  # noqa: ASYNC913 - a checkpoint after the last byte would deny that it went
            self._check()
            due = self._out.due()
            if due is not None and (rest or due.kind in _AFTER_A_BYTE):
                self._out.struck()
                self._strike(due)
            elif not rest:
                return
            elif trio.current_time() < self._out.quiet_until:
                await self._out.wait_quiet()
            else:
                part = rest[: self._out.room(len(rest))]
                rest = rest[len(part) :]
                await self._carry(part)

    async def wait_send_all_might_not_block(self) -> None:
        """Return once a send may succeed."""
        self._check()
        while trio.current_time() < self._out.quiet_until:
            await self._out.wait_quiet()
            self._check()
        await self._inner.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Receive as the wrapped stream does, up to the next fault and as it lets one.

        Raises BrokenResourceError where the connection breaks.
        """
        most = _RECEIVE_BYTES if max_bytes is None else operator.index(max_bytes)
        if most < 1:
            raise ValueError("max_bytes must be at least 1")
        await trio.lowlevel.checkpoint()
        while True:  # noqa: ASYNC913 - what was taken must not be lost to a cancellation
            self._check()
            if self._in.ended:
                return b""
            if trio.current_time() < self._in.quiet_until:
                await self._in.wait_quiet()
            elif not self._arrived:
                await self._in.wait(self._arrive)
            elif (fault := self._due_in()) is not None:
                self._in.struck()
                self._strike(fault)
            else:
                size = self._in.room(min(len(self._arrived), most))
                part, self._arrived = self._arrived[:size], self._arrived[size:]
                self._in.passed(size)
                return part

    def is_readable(self) -> bool:
        """Return whether a read would return at once, as a client asks before it reuses this."""
        if self.is_closed or self._broken or self._in.ended:
            return True
        due = self._in.due()
        if due is not None and due.kind in (FaultKind.HELD, FaultKind.STALLED):
            return False
        if trio.current_time() < self._in.quiet_until:
            return False
        return bool(self._arrived) or is_readable(self._inner)

    async def aclose(self) -> None:
        """Close at once; also while cancelled."""
        self.close()
        await trio.lowlevel.checkpoint()

    def close(self) -> None:
        """Close without waiting; bytes that are held for a time still arrive."""
        if not self.is_closed:
            self.is_closed = True
            self._out.wake()
            self._in.wake()
            if not self._delivering:
                close_now(self._inner)

    def _course(self, fault: Fault) -> _Course:
        return self._out if fault.direction is Direction.OUT else self._in

    def _check(self) -> None:
        if self.is_closed:
            raise trio.ClosedResourceError
        if self._broken:
            raise trio.BrokenResourceError("the connection was cut")

    def _due_in(self) -> Fault | None:
        """Return the fault that what has arrived brings about.

        A reset takes along what nobody has read yet, so it must strike before that is handed on.
        """
        fault = self._in.due(len(self._arrived))
        if fault is not None and fault.kind is not FaultKind.RESET:
            return self._in.due()
        return fault

    def _strike(self, fault: Fault) -> None:
        self._note(self.connection, fault)
        course = self._course(fault)
        match fault.kind:
            case FaultKind.CUT | FaultKind.RESET:
                self._broken = True
                self._out.wake()
                close_now(self._inner, reset=fault.kind is FaultKind.RESET)
            case FaultKind.ENDED:
                course.ended = True
                if course is self._out:
                    self._nursery.start_soon(self._end_sending)
            case FaultKind.HELD if course is self._out:
                self._hold(fault.seconds)
            case FaultKind.HELD | FaultKind.STALLED:
                course.quiet_until = trio.current_time() + fault.seconds
        # Only a break wakes a sender: a send that is cancelled halfway would lose the other half.
        self._in.wake()

    async def _arrive(self) -> None:
        """Take what has come in from the wrapped stream."""
        try:
            self._arrived = bytes(await self._inner.receive_some(_RECEIVE_BYTES))
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            self._check()
            raise
        self._in.ended = not self._arrived

    async def _carry(self, part: bytes) -> None:  # noqa: ASYNC910 - send_all has had its checkpoint
        """Bring bytes to where they belong: across, among the held ones, or nowhere."""
        if self._held is not None:
            self._held += part
        elif not self._out.ended:
            try:
                await self._out.wait(partial(self._inner.send_all, part))
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                self._check()
                raise
        self._out.passed(len(part))

    def _hold(self, seconds: float) -> None:
        """Hold what is sent from now on, for ever or until a task of the net carries it on."""
        if self._held is None:
            self._held = bytearray()
            if seconds < math.inf:
                self._delivering = True
                self._nursery.start_soon(self._deliver, seconds)

    async def _deliver(self, seconds: float) -> None:
        """Carry on what was held, and do the closing that had to wait for it."""
        try:
            await trio.sleep(seconds)
            while self._held:
                part, self._held = bytes(self._held), bytearray()
                await self._inner.send_all(part)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            await trio.lowlevel.checkpoint()
        finally:
            self._held = None
            self._delivering = False
            if self.is_closed:
                close_now(self._inner)

    async def _end_sending(self) -> None:
        """Let the peer find the end; where that cannot be said alone (TLS), it hears nothing."""
        await trio.lowlevel.checkpoint()
        if isinstance(self._inner, trio.abc.HalfCloseableStream):
            try:
                await self._inner.send_eof()
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                return
