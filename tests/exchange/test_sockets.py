"""One WebSocket against hostile bytes: a message, FeedLost or UnexpectedReply, and in good time."""

from __future__ import annotations

import base64
import hashlib
import struct
from collections.abc import Awaitable, Callable

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from alphabot.errors import ConfigError, FeedLost, NotAuthorised, RateLimited, UnexpectedReply
from alphabot.exchange.net import Address
from alphabot.exchange.sockets import (
    HANDSHAKE_BYTES_MAX,
    SILENT_BYTES_MAX,
    StreamAddress,
    open_socket,
)
from tests.exchange.peers import Lines, RawScript, ScriptedNet, scripted_bytes

ADDRESS = StreamAddress.parse("ws://peer.test:81/w3w/stream")
TEXT, BINARY, CLOSE, PING = 1, 2, 8, 9
WINDOW_BYTES = 65_536
"""What a peer may have under way on a link."""
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def frame(opcode: int, payload: bytes = b"", *, final: bool = True, reserved: int = 0) -> bytes:
    """Return a server's frame, which is not masked."""
    first = (0x80 if final else 0) | reserved | opcode
    if len(payload) < 126:
        return struct.pack("!BB", first, len(payload)) + payload
    if len(payload) < 1 << 16:
        return struct.pack("!BBH", first, 126, len(payload)) + payload
    return struct.pack("!BBQ", first, 127, len(payload)) + payload


async def accepted(stream: trio.abc.Stream) -> bytes:
    """Read a client's handshake and return the answer that accepts it."""
    request = bytearray()
    while not request.endswith(b"\r\n\r\n"):
        request += await stream.receive_some()
    key = next(
        line.split(b":")[1].strip()
        for line in bytes(request).split(b"\r\n")
        if line.lower().startswith(b"sec-websocket-key:")
    )
    accept = base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest())
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )


def sending(*parts: bytes, then_end: bool = False) -> RawScript:
    """Return a script that accepts, sends these bytes, and goes on reading unless it ends."""

    async def script(stream: trio.abc.Stream) -> None:
        await stream.send_all(await accepted(stream))
        for part in parts:
            await stream.send_all(part)
        while not then_end:
            if not await stream.receive_some():
                return

    return script


async def first_message(net: ScriptedNet | Lines) -> str:
    """Return what the peer says first."""
    async with open_socket(net, ADDRESS) as socket:
        return await socket.receive()


async def outcome(script: RawScript) -> str | Exception:
    """Return the first message, or the error in its place; anything but our errors is raised."""
    async with scripted_bytes(script) as net:
        try:
            return await first_message(net)
        except (FeedLost, RateLimited, UnexpectedReply) as error:
            return error
    raise AssertionError


def test_addresses() -> None:
    parse = StreamAddress.parse
    assert parse("wss://a.b/c/d?e=f") == StreamAddress(Address("a.b", 443, True), "/c/d?e=f")
    assert parse("ws://127.0.0.1:5000") == StreamAddress(Address("127.0.0.1", 5000, False), "/")
    with pytest.raises(ConfigError):
        parse("ws://a:99999/")


async def test_a_message(autojump_clock: MockClock) -> None:
    assert await outcome(sending(frame(TEXT, b"hello"))) == "hello"


async def test_a_message_in_fragments(autojump_clock: MockClock) -> None:
    parts = frame(TEXT, b"hel", final=False), frame(0, b"", final=False), frame(0, b"lo")
    assert await outcome(sending(*parts)) == "hello"


async def test_a_handshake_cut_anywhere_ends_at_once(autojump_clock: MockClock) -> None:
    for missing in range(1, 130):

        async def cut(stream: trio.abc.Stream, missing: int = missing) -> None:
            await stream.send_all((await accepted(stream))[:-missing])

        with trio.fail_after(1):
            assert isinstance(await outcome(cut), FeedLost)


async def test_a_handshake_never_answered_ends_in_ten_seconds(autojump_clock: MockClock) -> None:
    async def deaf(stream: trio.abc.Stream) -> None:
        await accepted(stream)
        await trio.sleep_forever()

    began_at = trio.current_time()
    assert "handshake" in str(await outcome(deaf))
    assert trio.current_time() - began_at == 10


async def test_a_handshake_that_drips_ends_in_ten_seconds(autojump_clock: MockClock) -> None:
    async def drip(stream: trio.abc.Stream) -> None:
        answer = await accepted(stream)
        for index in range(len(answer)):
            await stream.send_all(answer[index : index + 1])
            await trio.sleep(1)

    began_at = trio.current_time()
    assert isinstance(await outcome(drip), FeedLost)
    assert trio.current_time() - began_at == 10


@pytest.mark.parametrize("head", [b"content-length: 16777216", b"transfer-encoding: chunked"])
async def test_a_refusal_with_a_huge_body_is_not_swallowed(
    autojump_clock: MockClock, head: bytes
) -> None:
    sent = 0

    async def refuse(stream: trio.abc.Stream) -> None:
        nonlocal sent
        await accepted(stream)
        await stream.send_all(b"HTTP/1.1 503 No\r\n" + head + b"\r\n\r\n")
        while True:
            await stream.send_all(b"400\r\n" + b"x" * 1024 + b"\r\n")
            sent += 1024

    assert isinstance(await outcome(refuse), FeedLost)
    assert sent <= 2 * HANDSHAKE_BYTES_MAX + WINDOW_BYTES


async def test_a_refusal_names_its_status(autojump_clock: MockClock) -> None:
    async def refuse(stream: trio.abc.Stream) -> None:
        await accepted(stream)
        await stream.send_all(b"HTTP/1.1 500 No\r\ncontent-length: 2\r\n\r\nno")

    assert "HTTP 500" in str(await outcome(refuse))


@pytest.mark.parametrize(
    ("head", "seconds"),
    [(b"403 No", 300), (b"418 No", 300), (b"429 No\r\nretry-after: 77", 77)],
    ids=repr,
)
async def test_a_block_of_our_address_is_a_pause(
    autojump_clock: MockClock, head: bytes, seconds: float
) -> None:
    async def refuse(stream: trio.abc.Stream) -> None:
        await accepted(stream)
        await stream.send_all(b"HTTP/1.1 " + head + b"\r\ncontent-length: 0\r\n\r\n")

    async with scripted_bytes(refuse) as net:
        with pytest.raises(RateLimited) as limited:
            await first_message(net)
    assert limited.value.retry_after_seconds == seconds


@pytest.mark.parametrize(
    ("parts", "word"),
    [
        ([frame(BINARY, b"\x00")], "binary"),
        ([frame(TEXT, b"\xff\xfe")], "1007"),
        ([frame(TEXT, b"x" * 300_000)], "1009"),
        (
            [frame(TEXT, b"x" * 90_000, final=False)] + [frame(0, b"x" * 90_000, final=False)] * 2,
            "1009",
        ),
        ([frame(TEXT, b"hello", reserved=0x40)], "1002"),
        ([frame(CLOSE, struct.pack("!H", 1001) + b"going away")], "1001 'going away'"),
        ([frame(CLOSE)], "closed"),
        ([frame(PING, b"x" * 126)], "1002"),
        ([frame(11)], "1002"),
        ([b"\x81\xff" + b"\xff" * 8], "closed"),
        ([b"\x81\x85abcdhello"], "closed"),
    ],
    ids=lambda value: None if isinstance(value, list) else value,
)
async def test_what_is_no_text_message_ends_the_connection(
    autojump_clock: MockClock, parts: list[bytes], word: str
) -> None:
    with trio.fail_after(1):
        assert word in str(await outcome(sending(*parts)))


@pytest.mark.parametrize(
    "part", [frame(0, b"", final=False), frame(PING, b"x" * 100)], ids=["fragments", "pings"]
)
async def test_a_flood_without_a_message_ends(autojump_clock: MockClock, part: bytes) -> None:
    sent = 0

    async def flood(stream: trio.abc.Stream) -> None:
        nonlocal sent
        await stream.send_all(await accepted(stream))
        await stream.send_all(frame(TEXT, b"", final=False))
        while True:
            await stream.send_all(part * 1000)
            sent += len(part) * 1000

    assert isinstance(await outcome(flood), FeedLost)
    assert sent <= 2 * SILENT_BYTES_MAX + WINDOW_BYTES


async def test_messages_of_any_number_are_no_flood(autojump_clock: MockClock) -> None:
    count = 2 * SILENT_BYTES_MAX // 1000
    script = sending(*[frame(TEXT, b"x" * 1000)] * count)
    async with scripted_bytes(script) as net, open_socket(net, ADDRESS) as socket:
        for _ in range(count):
            assert len(await socket.receive()) == 1000


async def test_a_peer_that_does_not_read_is_noticed(autojump_clock: MockClock) -> None:
    async def deaf(stream: trio.abc.Stream) -> None:
        await stream.send_all(await accepted(stream))
        await trio.sleep_forever()

    async with scripted_bytes(deaf) as net:
        with trio.fail_after(6), pytest.raises(FeedLost, match="could be sent"):
            async with open_socket(net, ADDRESS) as socket:
                await socket.send("x" * 200_000)


async def test_the_end_of_the_bytes_is_a_loss_after_the_last_message(
    autojump_clock: MockClock,
) -> None:
    heard: list[str] = []

    async def hear(net: ScriptedNet) -> None:
        async with open_socket(net, ADDRESS) as socket:
            while True:
                heard.append(await socket.receive())

    async with scripted_bytes(sending(frame(TEXT, b"last"), then_end=True)) as net:
        with pytest.raises(FeedLost, match="1006"):
            await hear(net)
    assert heard == ["last"]


async def test_no_connection_is_a_loss(autojump_clock: MockClock) -> None:
    async with scripted_bytes(sending()) as net:
        lines = Lines(net)
        lines.refusing = True
        with pytest.raises(FeedLost, match="the line is down"):
            await first_message(lines)


async def test_what_the_block_raises_leaves_as_itself(autojump_clock: MockClock) -> None:
    async with scripted_bytes(sending()) as net:
        for error in (KeyError("a bug"), NotAuthorised("go away"), FeedLost("told so")):
            with pytest.raises(type(error)) as raised:
                async with open_socket(net, ADDRESS):
                    raise error
            assert raised.value is error


async def test_a_part_that_fails_ends_the_others(autojump_clock: MockClock) -> None:
    async def fail() -> None:
        await trio.lowlevel.checkpoint()
        raise NotAuthorised("go away")

    async def converse(net: ScriptedNet) -> None:
        async with open_socket(net, ADDRESS) as socket:
            socket.start_soon(fail)
            await socket.receive()

    async with scripted_bytes(sending()) as net:
        with pytest.raises(NotAuthorised):
            await converse(net)


async def test_cancelled_anywhere_it_leaves_at_once(autojump_clock: MockClock) -> None:
    for steps in range(40):
        async with scripted_bytes(sending(frame(TEXT, b"x"))) as net:
            with trio.CancelScope() as scope:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(_cancel_after, steps, scope)
                    async with open_socket(net, ADDRESS) as socket:
                        await socket.receive()
                        await socket.send("y")
                        await trio.sleep_forever()
            assert scope.cancelled_caught


async def _cancel_after(steps: int, scope: trio.CancelScope) -> None:
    for _ in range(steps):
        await trio.lowlevel.checkpoint()
    scope.cancel()


def run(async_fn: Callable[[], Awaitable[object]]) -> object:
    """Run under a virtual clock, with a horizon: nothing here may take longer."""

    async def bounded() -> object:
        with trio.fail_after(60):
            return await async_fn()

    return trio.run(bounded, clock=MockClock(autojump_threshold=0))


FRAMES = st.builds(
    frame,
    st.integers(0, 15),
    st.binary(max_size=140),
    final=st.booleans(),
    reserved=st.sampled_from([0, 0, 0, 0x40, 0x10]),
)


@settings(max_examples=150)
@given(st.lists(FRAMES | st.binary(max_size=20), max_size=6))
def test_any_frames_give_a_message_or_an_error_of_ours(parts: list[bytes]) -> None:
    run(lambda: outcome(sending(*parts, then_end=True)))


@settings(max_examples=150)
@given(
    st.binary(max_size=60)
    | st.binary(max_size=60).map(lambda junk: b"HTTP/1.1 101 x\r\n" + junk + b"\r\n\r\n")
    | st.binary(max_size=60).map(lambda junk: b"HTTP/1.1 200 x\r\n" + junk + b"\r\n\r\n")
)
def test_any_answer_to_the_handshake_gives_an_error_of_ours(answer: bytes) -> None:
    async def script(stream: trio.abc.Stream) -> None:
        await accepted(stream)
        await stream.send_all(answer)

    assert isinstance(run(lambda: outcome(script)), FeedLost | RateLimited)
