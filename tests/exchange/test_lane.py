"""The order lane: whatever the wire does, it knows whether its request can have had an effect.

The walks try every byte of a request and of its answer, on a first and on a later request of a
connection; the server's count of whole requests is the truth that the lane's word is held against.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
import trio
from trio.testing import MockClock

from alphabot.core.secret import Secret
from alphabot.errors import NotAuthorised, NotSent, OutcomeUnknown
from alphabot.exchange.lane import AFTER_CANCEL_SECONDS, IDLE_SECONDS, Lane, Sent
from alphabot.exchange.net import Address
from alphabot.exchange.secret import Credentials
from alphabot.exchange.session import Session
from alphabot.exchange.wire.envelope import BODY_BYTES_MAX, Reply
from tests.exchange.scripted import OK, Break, Fault, Server, Wire, answer

PATH, BODY = "/place", b'{"price":"0.002"}'
ADDRESS = Address("x.test", 80, tls=False)
DEADLINE_SECONDS = 5.0

Outcome = Reply | type[NotSent] | type[OutcomeUnknown] | None


def new_lane(server: Server, session: Session | None = None) -> Lane:
    return Lane(server, ADDRESS, session or Session(ADDRESS.host))


async def outcome_of(lane: Lane) -> Outcome:
    try:
        return await lane.post(PATH, BODY)
    except NotSent:
        return NotSent
    except OutcomeUnknown:
        return OutcomeUnknown


async def attempt(lane: Lane) -> Outcome:
    """Return what became of a request; None if it was cancelled at the deadline."""
    with trio.move_on_after(DEADLINE_SECONDS):
        return await outcome_of(lane)
    return None


async def lengths(server: Server) -> tuple[int, int]:
    """Return the bytes of a request and of its answer."""
    assert isinstance(await attempt(new_lane(server)), Reply)
    return server.wires[0].went, len(answer())


def cases(request: int, reply: int) -> Iterator[tuple[Fault | None, Fault | None]]:
    for kind, position in itertools.product((Break.CUT, Break.LOST, Break.STALLED), range(request)):
        yield Fault(kind, position), None
    for position in range(1, request + 1):
        yield Fault(Break.LATE, position), None
    for kind, position in itertools.product((Break.CUT, Break.END, Break.STALLED), range(reply)):
        yield None, Fault(kind, position)


def judge(outcome: Outcome, effects: int, request: int, going: Fault | None) -> None:
    if outcome is NotSent or outcome is None:
        assert effects == 0
    if isinstance(outcome, Reply):
        assert effects == 1
    if going is None:
        # The request went; what broke is the answer.
        assert outcome is OutcomeUnknown
    elif going.kind is Break.LOST:
        # Bytes that vanish under way look as if they had arrived.
        assert outcome is OutcomeUnknown
    elif going.kind is Break.LATE:
        assert outcome is (NotSent if going.position < request else OutcomeUnknown)
    elif going.position < request - 1:
        assert outcome is (NotSent if going.kind is Break.CUT else None)
    else:
        assert outcome is OutcomeUnknown


@pytest.mark.ceiling(240)
@pytest.mark.parametrize("reused", [False, True])
async def test_every_byte_cut_lost_and_stalled(autojump_clock: MockClock, reused: bool) -> None:
    async with trio.open_nursery() as nursery:
        request, reply = await lengths(Server(nursery))
        tried = 0
        for going, coming in cases(request, reply):
            server = Server(nursery)

            def arm(wire: Wire, going: Fault | None = going, coming: Fault | None = coming) -> None:
                wire.arm(going, coming)

            lane = new_lane(server)
            if reused:
                assert isinstance(await attempt(lane), Reply)
                arm(server.wires[0])
                server.effects = 0
            else:
                server.prepare = arm
            outcome = await attempt(lane)
            await trio.sleep(1)  # for the server to act on whatever it has
            judge(outcome, server.effects, request, going)
            assert len(server.wires) == 1
            # After a failure the next request has a connection of its own, and works.
            server.prepare = lambda _wire: None
            assert isinstance(await attempt(lane), Reply)
            assert len(server.wires) == 2
            await lane.aclose()
            tried += 1
        assert tried == 4 * request + 3 * reply
        nursery.cancel_scope.cancel()


@pytest.mark.ceiling(240)
@pytest.mark.parametrize("seconds_per_byte", [0.001, 0.02])
async def test_every_moment_of_a_cancellation(
    autojump_clock: MockClock, seconds_per_byte: float
) -> None:
    seen: set[str] = set()
    async with trio.open_nursery() as nursery:
        request, reply = await lengths(Server(nursery))
        early = [(0, step) for step in range(0, request, 20)]
        near_the_end = [(request - 5, step) for step in range(reply + 8)]
        for slow_after, step in (*early, *near_the_end):
            server = Server(nursery)
            lane = new_lane(server)

            def pace(wire: Wire, slow_after: int = slow_after) -> None:
                wire.seconds_per_byte = seconds_per_byte
                wire.slow_after = slow_after

            server.prepare = pace
            outcome: Outcome = None
            with trio.move_on_after((step + 0.5) * seconds_per_byte) as scope:
                outcome = await outcome_of(lane)
            await trio.sleep(1)
            assert server.effects == (0 if outcome is None else 1)
            if slow_after + step < request - 1:
                assert outcome is None
                assert scope.cancelled_caught
                assert lane.sent in (Sent.NOTHING, Sent.PART)
            elif outcome is OutcomeUnknown:
                assert lane.sent is Sent.WHOLE
            else:
                assert isinstance(outcome, Reply)
            seen.add(getattr(outcome, "__name__", type(outcome).__name__))
            await lane.aclose()
        nursery.cancel_scope.cancel()
    # A fast answer still comes in the time a cancelled request has left; a slow one does not.
    expected = {"NoneType", "Reply"} | ({"OutcomeUnknown"} if seconds_per_byte > 0.01 else set())
    assert seen == expected


async def test_a_cancelled_wait_ends_in_time(autojump_clock: MockClock) -> None:
    async with trio.open_nursery() as nursery:
        server = Server(nursery, answer_after_seconds=60)
        with trio.move_on_after(2):
            with pytest.raises(OutcomeUnknown):
                await new_lane(server).post(PATH, BODY)
        assert trio.current_time() == pytest.approx(2 + AFTER_CANCEL_SECONDS, abs=0.01)
        assert server.effects == 1
        nursery.cancel_scope.cancel()


async def test_a_connection_is_kept_while_it_is_young(autojump_clock: MockClock) -> None:
    async with trio.open_nursery() as nursery:
        server = Server(nursery)
        lane = new_lane(server)
        for pause, connections in ((0.0, 1), (IDLE_SECONDS - 0.1, 1), (IDLE_SECONDS + 0.1, 2)):
            await trio.sleep(pause)
            assert isinstance(await attempt(lane), Reply)
            assert len(server.wires) == connections
        nursery.cancel_scope.cancel()


async def test_a_connection_closed_under_the_request(autojump_clock: MockClock) -> None:
    """The keep-alive race: the server goes just before we write, and nothing tells us."""
    async with trio.open_nursery() as nursery:
        server = Server(nursery, close_after_seconds=1)
        lane = new_lane(server)
        assert isinstance(await attempt(lane), Reply)
        await trio.sleep(2)
        assert await attempt(lane) in (NotSent, OutcomeUnknown)
        assert server.effects == 1
        assert isinstance(await attempt(lane), Reply)
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        (answer(), True),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\n\r\n" + answer(), True),
        (answer(close=True), False),
        (answer() + b"HTTP/1.1 200 X\r\ncontent-length: 0\r\n\r\n", False),
        (answer() + b"x", False),
        (b"HTTP/1.0 200 X\r\ncontent-length: 2\r\n\r\n{}", False),
        (answer(b"<html>blocked</html>", status=403), True),
        (answer(b"", status=502, close=True), False),
    ],
)
async def test_what_an_answer_leaves_of_the_connection(
    autojump_clock: MockClock, raw: bytes, kept: bool
) -> None:
    async with trio.open_nursery() as nursery:
        server = Server(nursery, script=lambda _number: raw)
        lane = new_lane(server)
        assert isinstance(await attempt(lane), Reply)
        assert isinstance(await attempt(lane), Reply)
        assert len(server.wires) == (1 if kept else 2)
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    "raw",
    [
        b"\x00\x01junk\r\n\r\n",
        b"HTTP/1.1 200 X\r\ncontent-length: nine\r\n\r\n",
        b"HTTP/1.1 101 X\r\nupgrade: x\r\n\r\n",
        answer(OK, ("content-encoding", "gzip")),
        answer(b"x" * (BODY_BYTES_MAX + 1)),
        b"HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n" + b"1000000\r\n" + b"x" * (2 << 20),
        b"HTTP/1.1 200 X\r\nx: " + b"x" * (1 << 17),
        b"HTTP/1.1 100 X\r\n\r\n" * 1000,
    ],
    ids=["junk", "length", "upgrade", "gzip", "large", "endless", "head", "informational"],
)
async def test_an_answer_that_is_none_is_unknown(autojump_clock: MockClock, raw: bytes) -> None:
    async with trio.open_nursery() as nursery:
        server = Server(nursery, script=lambda _number: raw)
        lane = new_lane(server)
        assert await attempt(lane) is OutcomeUnknown
        assert trio.current_time() < DEADLINE_SECONDS
        server.script = lambda _number: answer()
        assert isinstance(await attempt(lane), Reply)
        nursery.cancel_scope.cancel()


async def test_no_connection_is_not_sent(autojump_clock: MockClock) -> None:
    async with trio.open_nursery() as nursery:
        lane = new_lane(Server(nursery, refuse=ConnectionRefusedError("nobody")))
        assert await attempt(lane) is NotSent
        assert lane.sent is Sent.NOTHING


async def test_the_permit_has_the_last_word(autojump_clock: MockClock) -> None:
    async with trio.open_nursery() as nursery:
        server = Server(nursery)
        lane = new_lane(server)

        def deny() -> None:
            raise NotAuthorised("no")

        with pytest.raises(NotAuthorised):
            await lane.post(PATH, BODY, permit=deny)
        assert lane.sent is Sent.NOTHING
        assert server.wires[0].went == 0
        assert isinstance(await attempt(lane), Reply)
        nursery.cancel_scope.cancel()


async def test_a_renewed_cookie_survives_a_lost_body(autojump_clock: MockClock) -> None:
    renewed = answer(OK, ("set-cookie", "s=new; Path=/"))
    session = Session(ADDRESS.host, Credentials(cookie=Secret("s=old; t=1")))
    async with trio.open_nursery() as nursery:
        server = Server(nursery, script=lambda _number: renewed)
        server.prepare = lambda wire: wire.arm(None, Fault(Break.CUT, len(renewed) - 1))
        lane = new_lane(server, session)
        assert await attempt(lane) is OutcomeUnknown
        assert session.cookie.reveal() == "t=1; s=new"
        await attempt(lane)
        sent = [dict(request.headers)[b"cookie"] for request, _ in server.requests]
        assert sent == [b"s=old; t=1", b"t=1; s=new"]
        nursery.cancel_scope.cancel()


async def test_one_request_at_a_time(autojump_clock: MockClock) -> None:
    async with trio.open_nursery() as nursery:
        server = Server(nursery, answer_after_seconds=1)
        lane = new_lane(server)
        async with trio.open_nursery() as clients:
            for _ in range(3):
                clients.start_soon(attempt, lane)
        assert (server.effects, len(server.wires)) == (3, 1)
        assert trio.current_time() == pytest.approx(3, abs=0.01)
        nursery.cancel_scope.cancel()


async def test_what_cannot_be_spelt_is_not_sent(autojump_clock: MockClock) -> None:
    async with trio.open_nursery() as nursery:
        server = Server(nursery)
        with pytest.raises(NotSent):
            await new_lane(server).post("/a b", BODY)
        with pytest.raises(ValueError, match="body"):
            await new_lane(server).post(PATH, b"")
        assert server.effects == 0
        nursery.cancel_scope.cancel()
