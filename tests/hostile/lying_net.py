"""A Net between the client and the exchange that puts other words into the exchange's mouth.

The exchange has read the request and acted on it, and its own answer has come back: only then is
it replaced. So whatever the client is told, the exchange's books say what happened.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable

import trio

from alphabot.exchange.wire.envelope import Reply
from alphabot.ports import Net

__all__ = ["FrameLie", "Lie", "LyingNet", "websocket_frame"]

Lie = Callable[[bytes], Reply | bytes]
"""Takes the body of the exchange's answer; bytes are sent as they are, and the connection ends."""
FrameLie = Callable[[bytes], bytes]
"""Takes a message of the exchange, returns the bytes to send in its place."""


class LyingNet:
    """Passes everything on, except what its scripts say.

    ``answers`` has, for the end of a path, the lies that are told one after the other; None lets
    one answer through. ``frames`` has the same for the messages of a stream, by a text that must
    be in them. ``told`` counts the lies by their key.
    """

    def __init__(self, inner: Net) -> None:
        self.answers: defaultdict[str, deque[Lie | None]] = defaultdict(deque)
        self.frames: defaultdict[bytes, deque[FrameLie]] = defaultdict(deque)
        self.swallowed: defaultdict[str, deque[Lie | None]] = defaultdict(deque)
        """As ``answers``, but the exchange never sees the request."""
        self.one_a_stream = False
        """After one lie in place of a message a WebSocket tells nothing but the truth."""
        self.silent: set[bytes] = set()
        """Messages with one of these in them never arrive."""
        self.on_request: Callable[[str], None] = lambda path: None
        """Told of each request before its first byte goes on."""
        self.told: Counter[str] = Counter()
        self.requests: Counter[str] = Counter()
        self._inner = inner

    @property
    def left(self) -> int:
        """How many lies have not been told."""
        replies = (*self.answers.values(), *self.swallowed.values())
        untold = sum(lie is not None for queue in replies for lie in queue)
        return untold + sum(map(len, self.frames.values()))

    def lie(self, path_end: str, lies: Iterable[Lie | None]) -> None:
        """Tell these instead of the next answers at a path."""
        self.answers[path_end].extend(lies)

    async def open(self, host: str, port: int, *, tls: bool) -> trio.abc.Stream:
        """Connect as the inner net does."""
        inner = await self._inner.open(host, port, tls=tls)
        return _HttpStream(inner, self) if port == 80 else _SocketStream(inner, self)

    def next_lie(self, path: str, *, swallow: bool) -> Lie | None:
        """Return what is said instead of the answer at this path."""
        for path_end, lies in (self.swallowed if swallow else self.answers).items():
            if path.endswith(path_end) and lies and (lie := lies.popleft()) is not None:
                self.told[path_end] += 1
                return lie
        return None

    def next_frame_lie(self, message: bytes) -> FrameLie | None:
        """Return what is said instead of this message."""
        if any(part in message for part in self.silent):
            return lambda _message: b""
        for part, lies in self.frames.items():
            if part in message and lies:
                self.told[part.decode()] += 1
                return lies.popleft()
        return None


class _Stream(trio.abc.Stream):
    """The client's end; ``_out`` is what it will be given before anything else."""

    def __init__(self, inner: trio.abc.Stream, net: LyingNet) -> None:
        self._inner = inner
        self._net = net
        self._out = b""
        self._ended = False

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await self._inner.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self._inner.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        await trio.lowlevel.checkpoint()
        while not self._out and not self._ended:
            await self._more()
        size = len(self._out) if max_bytes is None else max_bytes
        data, self._out = self._out[:size], self._out[size:]
        return data

    async def _more(self) -> None:
        """Put something to ``_out``, or note the end."""
        self._take(bytes(await self._inner.receive_some(65_536)))

    def _take(self, data: bytes) -> None:
        raise NotImplementedError

    def is_readable(self) -> bool:
        """Whether a read would return at once, as the client asks before it reuses a stream."""
        answer = getattr(self._inner, "is_readable", None)
        return bool(self._out) or self._ended or bool(answer and answer())

    async def aclose(self) -> None:
        await self._inner.aclose()


class _HttpStream(_Stream):
    """HTTP/1.1 as this client and this exchange speak it: one request, one whole answer."""

    def __init__(self, inner: trio.abc.Stream, net: LyingNet) -> None:
        super().__init__(inner, net)
        self._lie: Lie | None = None
        self._swallow = False
        self._answered = True
        self._came = b""

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        if self._answered:
            self._begin(bytes(data))
        if self._swallow:
            await trio.lowlevel.checkpoint()
        else:
            await self._inner.send_all(data)

    def _begin(self, first: bytes) -> None:
        path = first.split(b" ", 2)[1].partition(b"?")[0].decode()
        self._answered = False
        self._net.requests[path] += 1
        self._lie = self._net.next_lie(path, swallow=True)
        self._swallow = self._lie is not None
        self._net.on_request(path)
        if not self._swallow:
            self._lie = self._net.next_lie(path, swallow=False)

    async def _more(self) -> None:
        if self._swallow and self._lie is not None:
            await trio.sleep(0.01)
            self._say(self._lie(b"{}"))
            return
        await super()._more()

    def _take(self, data: bytes) -> None:
        self._came += data
        head, _, body = self._came.partition(b"\r\n\r\n")
        if not data:
            self._out, self._ended = self._came, True
        elif len(body) >= _length(head):
            self._came = b""
            if self._lie is None:
                self._say(head + b"\r\n\r\n" + body)
                self._ended = False
            else:
                self._say(self._lie(body))

    def _say(self, answer: Reply | bytes) -> None:
        self._answered = True
        lied, self._lie = self._lie is not None, None
        if isinstance(answer, Reply):
            self._out = _spelt(answer)
        else:
            self._out, self._ended = answer, lied


class _SocketStream(_Stream):
    """A WebSocket's bytes: the handshake passes, and each message of the exchange is looked at."""

    def __init__(self, inner: trio.abc.Stream, net: LyingNet) -> None:
        super().__init__(inner, net)
        self._came = b""
        self._open = False
        self._lied = False

    def _take(self, data: bytes) -> None:
        self._came += data
        self._ended = not data
        if not self._open:
            head, end, rest = self._came.partition(b"\r\n\r\n")
            if not end:
                return
            self._open, self._came = True, rest
            self._out += head + end
        while (size := _frame_size(self._came)) is not None:
            frame, self._came = self._came[:size], self._came[size:]
            lie = None
            if frame[0] == 0x81 and not (self._lied and self._net.one_a_stream):
                lie = self._net.next_frame_lie(frame)
                self._lied = self._lied or lie is not None
            self._out += frame if lie is None else lie(_payload(frame))


def websocket_frame(payload: bytes, first: int = 0x81) -> bytes:
    """Return a server's frame; 0x81 is a whole text message."""
    size = len(payload)
    if size < 126:
        return bytes([first, size]) + payload
    if size < 65_536:
        return bytes([first, 126]) + size.to_bytes(2, "big") + payload
    return bytes([first, 127]) + size.to_bytes(8, "big") + payload


def _frame_size(data: bytes) -> int | None:
    """Return how long the first frame is, None if it is not there yet."""
    if len(data) < 2:
        return None
    head, size = 2, data[1] & 127
    if size >= 126:
        head = 4 if size == 126 else 10
        size = int.from_bytes(data[2:head], "big")
    return head + size if len(data) >= head + size else None


def _payload(frame: bytes) -> bytes:
    return frame[{126: 4, 127: 10}.get(frame[1] & 127, 2) :]


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 1 << 30


def _spelt(reply: Reply) -> bytes:
    lines = [f"HTTP/1.1 {reply.status} X"]
    if reply.status not in (204, 304):
        lines.append(f"content-length: {len(reply.body)}")
    lines += [f"{name}: {value}" for name, value in reply.headers.items()]
    body = b"" if reply.status in (204, 304) else reply.body
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
