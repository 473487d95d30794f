"""Faults strike at their byte, in memory and over sockets, and a plan is the same every time."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
import trio
from trio.testing import MockClock, check_two_way_stream, wait_all_tasks_blocked

from alphabot.exchange.net import SocketNet, is_readable
from alphabot.simulator.faults import (
    ANSWER_LOST,
    CUT_OFF,
    NEVER_LEFT,
    REFUSED,
    Connection,
    Direction,
    DrawnFaults,
    Fault,
    FaultKind,
    FaultPlan,
    ScriptedFaults,
)
from alphabot.simulator.faulty_net import FaultyNet, open_faulty_net
from alphabot.simulator.faulty_stream import FaultyStream
from alphabot.simulator.links import open_link

IN, OUT = Direction.IN, Direction.OUT
HOST = "127.0.0.1"


class MemoryPeer:
    """A Net in memory whose far ends a test holds."""

    port = 80

    def __init__(self) -> None:
        self.accepted, self._waiting = trio.open_memory_channel[trio.abc.Stream](math.inf)

    async def open(self, host: str, port: int, *, tls: bool) -> trio.abc.Stream:
        ours, theirs = open_link(0)
        await self.accepted.send(ours)
        return theirs

    async def accept(self) -> trio.abc.Stream:
        return await self._waiting.receive()


class SocketPeer(SocketNet):
    """The Net over sockets, to a listener whose connections a test holds."""

    def __init__(self, listener: trio.SocketListener) -> None:
        self.port: int = listener.socket.getsockname()[1]
        self._listener = listener

    async def accept(self) -> trio.abc.Stream:
        return await self._listener.accept()


@dataclass
class Wire:
    """A connection with faults: our end, and the far one."""

    net: FaultyNet
    near: trio.abc.Stream
    far: trio.abc.Stream

    async def read(self, size: int) -> bytes:
        """Return that many bytes of what comes to the near end, fewer at its end."""
        return await read(self.near, size)


async def read(stream: trio.abc.Stream, size: int) -> bytes:
    data = b""
    while len(data) < size and (part := await stream.receive_some(size - len(data))):
        data += part
    return data


@asynccontextmanager
async def wired(plan: FaultPlan | None = None, *, door: str = "memory") -> AsyncIterator[Wire]:
    """Open a connection with faults through a door."""
    peer: MemoryPeer | SocketPeer = MemoryPeer()
    async with trio.open_nursery() as nursery:
        if door == "sockets":
            (listener,) = await trio.open_tcp_listeners(0, host=HOST)
            peer = SocketPeer(listener)
        async with open_faulty_net(peer, plan or ScriptedFaults()) as net:
            near = await net.open(HOST, peer.port, tls=False)
            async with near, await peer.accept() as far:
                yield Wire(net, near, far)
        if isinstance(peer, SocketPeer):
            await listener.aclose()
        nursery.cancel_scope.cancel()


def on_open(*faults: Fault) -> ScriptedFaults:
    script = ScriptedFaults()
    for fault in faults:
        script.on_open(fault)
    return script


doors = pytest.mark.parametrize("door", ["memory", "sockets"])


async def test_without_faults_it_keeps_trio_s_own_rules(autojump_clock: MockClock) -> None:
    async with open_faulty_net(peer := MemoryPeer(), ScriptedFaults()) as net:

        async def make() -> tuple[trio.abc.Stream, trio.abc.Stream]:
            return await net.open(HOST, peer.port, tls=False), await peer.accept()

        await check_two_way_stream(make, None)


@doors
@pytest.mark.parametrize("at_byte", [0, 1, 4])
async def test_a_cut_going_out_is_an_error_instead_of_the_byte(door: str, at_byte: int) -> None:
    async with wired(on_open(Fault(FaultKind.CUT, OUT, at_byte)), door=door) as wire:
        await wire.near.send_all(b"hello"[:at_byte])
        with pytest.raises(trio.BrokenResourceError):
            await wire.near.send_all(b"hello"[at_byte:])
        with pytest.raises(trio.BrokenResourceError):
            await wire.near.receive_some()
        assert await read(wire.far, 9) == b"hello"[:at_byte]


@doors
async def test_a_reset_going_out_comes_after_its_last_byte(door: str) -> None:
    async with wired(on_open(Fault(FaultKind.RESET, OUT, 5)), door=door) as wire:
        with pytest.raises(trio.BrokenResourceError):
            await wire.near.send_all(b"hello")
        if door == "memory":
            assert await read(wire.far, 9) == b"hello"
        else:
            # A reset may overtake what its receiver has not read.
            with pytest.raises(trio.BrokenResourceError):
                await read(wire.far, 9)


@doors
async def test_an_end_going_out_is_found_there_and_not_noticed_here(door: str) -> None:
    async with wired(on_open(Fault(FaultKind.ENDED, OUT, 2)), door=door) as wire:
        await wire.near.send_all(b"hello")
        await wire.near.send_all(b"again")
        assert await read(wire.far, 9) == b"he"
        await wire.far.send_all(b"answer")
        assert await wire.read(6) == b"answer"


@doors
@pytest.mark.parametrize("kind", [FaultKind.CUT, FaultKind.RESET, FaultKind.ENDED])
async def test_half_an_answer(door: str, kind: FaultKind) -> None:
    async with wired(on_open(Fault(kind, IN, 3)), door=door) as wire:
        await wire.far.send_all(b"answer")
        if kind is FaultKind.RESET:
            # What nobody had read is gone as well.
            with pytest.raises(trio.BrokenResourceError):
                await wire.near.receive_some()
            return
        assert await read(wire.near, 3) == b"ans"
        if kind is FaultKind.ENDED:
            assert await wire.near.receive_some() == b""
            assert await wire.near.receive_some() == b""
        else:
            with pytest.raises(trio.BrokenResourceError):
                await wire.near.receive_some()


async def test_held_bytes_arrive_after_their_sender_has_gone(autojump_clock: MockClock) -> None:
    async with wired(on_open(Fault(FaultKind.HELD, OUT, 2, seconds=10))) as wire:
        await wire.near.send_all(b"hel")
        await wire.near.send_all(b"lo")
        await wire.near.aclose()
        assert await wire.far.receive_some() == b"he"
        assert trio.current_time() == 0
        assert await read(wire.far, 9) == b"llo"
        assert trio.current_time() == 10


async def test_bytes_that_are_held_for_ever_are_lost(autojump_clock: MockClock) -> None:
    async with wired(on_open(Fault(FaultKind.HELD, OUT, 2))) as wire:
        await wire.near.send_all(b"hello")
        assert await wire.far.receive_some() == b"he"
        with trio.move_on_after(3600) as waited:
            await wire.far.receive_some()
        assert waited.cancelled_caught


async def test_a_stall_going_out_holds_up_the_sender(autojump_clock: MockClock) -> None:
    async with wired(on_open(Fault(FaultKind.STALLED, OUT, 2, seconds=10))) as wire:
        await wire.near.send_all(b"hello")
        assert trio.current_time() == 10
        assert await read(wire.far, 5) == b"hello"


async def test_a_sender_who_gives_up_a_stall_has_sent_no_more(autojump_clock: MockClock) -> None:
    async with wired(on_open(Fault(FaultKind.STALLED, OUT, 2))) as wire:
        with trio.move_on_after(5):
            await wire.near.send_all(b"hello")
        await wire.near.aclose()
        assert await read(wire.far, 9) == b"he"


@pytest.mark.parametrize("kind", [FaultKind.STALLED, FaultKind.HELD])
async def test_an_answer_can_be_late(autojump_clock: MockClock, kind: FaultKind) -> None:
    async with wired(on_open(Fault(kind, IN, 2, seconds=10))) as wire:
        await wire.far.send_all(b"answer")
        assert await wire.near.receive_some() == b"an"
        assert not is_readable(wire.near)
        assert await read(wire.near, 4) == b"swer"
        assert trio.current_time() == 10


async def test_faults_come_one_after_the_other(autojump_clock: MockClock) -> None:
    late, lost = Fault(FaultKind.HELD, IN, 2, seconds=10), Fault(FaultKind.ENDED, IN, 4)
    async with wired(on_open(lost, late)) as wire:
        await wire.far.send_all(b"answer")
        assert await read(wire.near, 9) == b"answ"
        assert [str(incident) for incident in wire.net.incidents] == [
            "0.000 connection 1 to port 80: held for 10 s, in at byte 2",
            "10.000 connection 1 to port 80: ended, in at byte 4",
        ]


async def test_a_refused_and_a_slow_connection(autojump_clock: MockClock) -> None:
    script = on_open(REFUSED)
    script.on_open(Fault(FaultKind.SLOW_START, seconds=7), port=8080)
    async with open_faulty_net(MemoryPeer(), script) as net:
        with pytest.raises(ConnectionRefusedError):
            await net.open(HOST, 80, tls=False)
        await net.open(HOST, 80, tls=False)
        assert trio.current_time() == 0
        await net.open(HOST, 8080, tls=False)
        assert trio.current_time() == 7
        assert net.opened == 3


@doors
@pytest.mark.parametrize("fault", [CUT_OFF, NEVER_LEFT, ANSWER_LOST, Fault(FaultKind.ENDED, IN)])
async def test_a_strike_is_felt_by_whoever_waits(door: str, fault: Fault) -> None:
    async with wired(door=door) as wire:
        seen: list[bytes | None] = []

        async def wait() -> None:
            try:
                seen.append(bytes(await wire.near.receive_some()))
            except trio.BrokenResourceError:
                seen.append(None)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait)
            await wait_all_tasks_blocked()
            assert not is_readable(wire.near)
            wire.net.strike(fault, port=1)
            assert not is_readable(wire.near)
            wire.net.strike(fault)
            assert is_readable(wire.near)
        assert seen == [b"" if fault.kind is FaultKind.ENDED else None]


@doors
async def test_it_is_readable_when_something_is_there(door: str) -> None:
    async with wired(door=door) as wire:
        assert not is_readable(wire.near)
        await wire.far.send_all(b"ab")
        while not is_readable(wire.near):
            await trio.sleep(0.001)
        assert await wire.near.receive_some(1) == b"a"
        assert is_readable(wire.near)
        assert await wire.near.receive_some(1) == b"b"
        assert not is_readable(wire.near)
        await wire.far.aclose()
        while not is_readable(wire.near):
            await trio.sleep(0.001)
        assert await wire.near.receive_some() == b""


@doors
async def test_it_closes_without_waiting(door: str) -> None:
    async with wired(on_open(Fault(FaultKind.STALLED, OUT)), door=door) as wire:
        near = wire.near
        assert isinstance(near, FaultyStream)
        async with trio.open_nursery() as nursery:
            for act in (near.receive_some, lambda: near.send_all(b"x")):
                nursery.start_soon(closed, act)
            await wait_all_tasks_blocked()
            near.close()
        assert await wire.far.receive_some() == b""


async def closed(act: object) -> None:
    with pytest.raises(trio.ClosedResourceError):
        await act()  # type: ignore[operator]  # either of two calls


async def test_a_script_plays_its_lines_as_often_as_they_say(autojump_clock: MockClock) -> None:
    script = ScriptedFaults()
    script.on_request(b"place", ANSWER_LOST, times=2)
    async with open_faulty_net(peer := MemoryPeer(), script) as net:
        lost = []
        for path in (b"read", b"place", b"place", b"place"):
            near = await net.open(HOST, 80, tls=False)
            far = await peer.accept()
            await near.send_all(path)
            assert await read(far, len(path)) == path
            await far.send_all(b"ok")
            try:
                lost.append(await near.receive_some() != b"ok")
            except trio.BrokenResourceError:
                lost.append(True)
            await near.aclose()
        assert lost == [False, True, True, False]
    with pytest.raises(ValueError, match="no request"):
        script.on_request(b"place", REFUSED)


def fates(seed: int, **changes: object) -> list[list[Fault]]:
    plan = DrawnFaults(seed, dict.fromkeys(FaultKind, 10.0), **changes)  # type: ignore[arg-type]  # one of its knobs
    return [list(plan.opening(Connection(80, number))) for number in range(300)]


def test_a_seed_draws_the_same_faults_each_time() -> None:
    assert fates(1) == fates(1) != fates(2)
    drawn = [fault for fate in fates(1) for fault in fate]
    assert 150 < len(drawn) < 270
    assert {fault.kind for fault in drawn} == set(FaultKind)
    assert {fault.direction for fault in drawn} == set(Direction)
    assert all(0 <= fault.at_byte < 100_000 for fault in drawn)
    assert {fault.seconds == math.inf for fault in drawn if fault.kind is FaultKind.HELD} == {
        True,
        False,
    }


def test_a_fate_does_not_depend_on_who_asked_before() -> None:
    plan = DrawnFaults(1, {FaultKind.CUT: 100})
    again = DrawnFaults(1, {FaultKind.CUT: 100})
    forwards = [list(plan.opening(Connection(80, number))) for number in range(9)]
    backwards = [list(again.opening(Connection(80, number))) for number in reversed(range(9))]
    assert forwards == backwards[::-1]


def test_rates_and_ports() -> None:
    assert not any(fates(1, ports=frozenset({8080})))
    for percent in ({FaultKind.CUT: 101.0}, {FaultKind.CUT: -1.0}, dict.fromkeys(FaultKind, 20.0)):
        with pytest.raises(ValueError, match="percent"):
            DrawnFaults(1, percent)
