"""The client for reads: one host, one jar, bounded, and no exception that is not ours."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from alphabot.core.secret import Secret
from alphabot.errors import ConfigError, NotSent, UnexpectedReply
from alphabot.exchange.http import CONNECTIONS_MAX, IDLE_SECONDS, HttpClient, open_http
from alphabot.exchange.secret import Credentials
from alphabot.exchange.session import Session
from alphabot.exchange.wire.envelope import BODY_BYTES_MAX
from tests.exchange.scripted import OK, Break, Fault, Server, Wire, answer
from tests.exchange.work import LongestWork, own_garbage_alone

URL = "http://x.test"


@asynccontextmanager
async def client(
    server_answer: bytes = answer(), session: Session | None = None
) -> AsyncIterator[tuple[HttpClient, Server]]:
    async with trio.open_nursery() as nursery:
        server = Server(nursery, script=lambda _number: server_answer)
        async with open_http(server, URL, session) as http:
            yield http, server
        nursery.cancel_scope.cancel()


def headers_of(server: Server, number: int = -1) -> dict[str, str]:
    request, _ = server.requests[number]
    return {name.decode(): value.decode() for name, value in request.headers}


async def test_a_read_says_no_more_than_it_must(autojump_clock: MockClock) -> None:
    async with client(answer(OK, ("X-Some", "1"), ("X-Some", "2"))) as (http, server):
        reply = await http.get("/path", {"a": "1,2", "b": ""})
        assert (reply.status, reply.body) == (200, OK)
        assert reply.headers["x-some"] == "1, 2"
        request, body = server.requests[0]
        assert (request.method, request.target, body) == (b"GET", b"/path?a=1%2C2&b=", b"")
        assert headers_of(server) == {
            "host": "x.test",
            "user-agent": "alphabot",
            "accept-encoding": "identity",
        }


@pytest.mark.parametrize("value", ["https://[::bad/", "http://x.test:99999999/", "é", "\x7f", ""])
async def test_headers_are_only_text(autojump_clock: MockClock, value: str) -> None:
    headers = [(name, value) for name in ("location", "content-type", "x-some")]
    async with client(answer(OK, *headers, status=302)) as (http, _):
        reply = await http.get("/")
        assert [reply.headers[name] for name, _ in headers] == [value] * 3


async def test_a_post_has_a_body_and_a_type(autojump_clock: MockClock) -> None:
    async with client() as (http, server):
        await http.post("/key", b"{}")
        assert server.requests[0][1] == b"{}"
        assert headers_of(server)["content-type"] == "application/json"
        assert headers_of(server)["content-length"] == "2"


@pytest.mark.parametrize("status", [204, 301, 302, 304, 404, 429, 503])
async def test_every_status_is_an_answer(autojump_clock: MockClock, status: int) -> None:
    raw = answer(b"", ("location", "https://elsewhere.test/"), ("upgrade", "x"), status=status)
    async with client(raw) as (http, server):
        assert (await http.get("/")).status == status
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"junk\r\n\r\n",
        answer(OK, ("content-encoding", "gzip")),
        answer(OK, ("content-encoding", "br")),
        answer(b"x" * (BODY_BYTES_MAX + 1)),
        answer(b"", ("upgrade", "x"), status=101),
        b"HTTP/1.1 100 X\r\n\r\n" * 100_000,
        b"HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n1000000\r\n" + b"x" * (2 << 20),
        b"HTTP/1.1 200 X\r\n" + b"x: y\r\n" * 100_000,
        b"HTTP/1.1 200 X\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n",
    ],
    ids=[
        "closed",
        "junk",
        "gzip",
        "br",
        "large",
        "101",
        "100",
        "chunked",
        "head",
        "lengths",
    ],
)
async def test_what_is_no_answer(autojump_clock: MockClock, raw: bytes) -> None:
    async with client(raw) as (http, server):
        with trio.fail_after(5):
            if not raw:
                server.prepare = lambda wire: wire.arm(None, Fault(Break.END, 0))
            with pytest.raises(UnexpectedReply):
                await http.get("/")
            # The client is as good as before.
            server.script = lambda _number: answer()
            server.prepare = lambda _wire: None
            assert (await http.get("/")).status == 200


@pytest.mark.parametrize(
    "raw",
    [
        answer(b"x" * (2 * BODY_BYTES_MAX)),
        answer(b"x" * (BODY_BYTES_MAX + 1)),
        b"HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 400_000,
        b"HTTP/1.1 200 X\r\n" + b"x: y\r\n" * 20_000 + b"content-length: 0\r\n\r\n",
        b"HTTP/1.1 100 X\r\n\r\n" * 20_000,
    ],
    ids=["body", "a byte", "chunks", "head", "100"],
)
async def test_an_answer_that_is_too_large_is_asked_for_once(
    autojump_clock: MockClock, raw: bytes
) -> None:
    async with client(raw) as (http, server):
        with pytest.raises(UnexpectedReply):
            await http.get("/")
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("raw", "share"),
    [
        (
            b"HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 30_000,
            1 / 10,
        ),
        (b"HTTP/1.1 200 X\r\n" + b"x: y\r\n" * 16_500 + b"content-length: 0\r\n\r\n", 1 / 3),
    ],
    ids=["chunks", "head"],
)
def test_no_framing_of_an_answer_holds_up_the_loop(raw: bytes, share: float) -> None:
    """The longest work is a small share of all that the answer takes, on any machine."""

    async def main() -> None:
        async with client(raw) as (http, _):
            with suppress(UnexpectedReply):
                await http.get("/")

    shares = []
    with own_garbage_alone():
        for _ in range(3):
            work = LongestWork()
            began = time.thread_time()
            trio.run(main, clock=MockClock(autojump_threshold=0), instruments=[work])
            shares.append(work.seconds / (time.thread_time() - began))
    assert min(shares) < share


async def test_a_caller_may_allow_a_larger_body(autojump_clock: MockClock) -> None:
    large = b"x" * (2 * BODY_BYTES_MAX)
    async with client(answer(large)) as (http, _):
        reply = await http.get("/", body_bytes_max=2 * BODY_BYTES_MAX)
        assert reply.body == large


@pytest.mark.parametrize("refusal", [ConnectionRefusedError("no"), trio.BrokenResourceError("no")])
async def test_no_connection_is_not_sent(autojump_clock: MockClock, refusal: Exception) -> None:
    async with client() as (http, server):
        server.refuse = refusal
        with pytest.raises(NotSent) as caught:
            await http.get("/")
        assert caught.value.__cause__ is not None
        server.refuse = None
        assert (await http.get("/")).status == 200


async def test_a_connection_that_never_comes_is_given_up(autojump_clock: MockClock) -> None:
    class Silence:
        async def open(self, host: str, port: int, *, tls: bool) -> trio.abc.Stream:
            await trio.sleep_forever()
            raise AssertionError

    async with open_http(Silence(), URL) as http:
        with pytest.raises(NotSent, match="within 10 s"):
            await http.get("/")
        assert trio.current_time() == pytest.approx(10)


async def test_every_byte_of_an_answer_cut(autojump_clock: MockClock) -> None:
    whole = answer()
    async with client(whole) as (http, server):
        for kind in (Break.CUT, Break.END):
            for position in range(len(whole)):
                fault = Fault(kind, position)
                server.prepare = partial(Wire.arm, coming=fault)
                with pytest.raises(UnexpectedReply):
                    await http.get("/")
        server.prepare = lambda _wire: None
        assert (await http.get("/")).status == 200


async def test_connections_are_kept_and_expire_by_trio_s_clock(autojump_clock: MockClock) -> None:
    async with client() as (http, server):
        for pause, connections in ((0.0, 1), (IDLE_SECONDS - 0.1, 1), (IDLE_SECONDS + 0.1, 2)):
            await trio.sleep(pause)
            await http.get("/")
            assert len(server.wires) == connections


@pytest.mark.parametrize(("open_seconds", "answer_seconds"), [(2, 0), (0, 5)])
async def test_the_client_outlives_a_storm_of_cancellations(
    autojump_clock: MockClock, open_seconds: float, answer_seconds: float
) -> None:
    """httpcore's pool does not, if more requests are let in than it has connections."""
    async with client() as (http, server):
        server.open_after_seconds = open_seconds
        server.answer_after_seconds = answer_seconds

        async def read() -> None:
            with trio.move_on_after(1):
                await http.get("/")

        for _ in range(3):
            async with trio.open_nursery() as nursery:
                for _ in range(5 * CONNECTIONS_MAX):
                    nursery.start_soon(read)
        server.open_after_seconds = server.answer_after_seconds = 0
        for _ in range(CONNECTIONS_MAX + 1):
            with trio.fail_after(1):
                await http.get("/")


async def test_a_renewed_cookie_is_sent_from_then_on(autojump_clock: MockClock) -> None:
    renewed = answer(OK, ("set-cookie", "s=2; Path=/"), ("Set-Cookie", "n=3; HttpOnly"))
    session = Session("x.test", Credentials(cookie=Secret("s=1")))
    async with client(renewed, session) as (http, server):
        reply = await http.get("/")
        await http.get("/")
        assert [headers_of(server, number)["cookie"] for number in (0, 1)] == ["s=1", "s=2; n=3"]
        assert "set-cookie" not in reply.headers


async def test_a_renewed_cookie_survives_a_lost_body(autojump_clock: MockClock) -> None:
    renewed = answer(OK, ("set-cookie", "s=2"))
    session = Session("x.test", Credentials(cookie=Secret("s=1")))
    async with client(renewed, session) as (http, server):
        server.prepare = lambda wire: wire.arm(None, Fault(Break.CUT, len(renewed) - 1))
        with pytest.raises(UnexpectedReply):
            await http.get("/")
        assert session.cookie.reveal() == "s=2"


async def test_a_public_client_keeps_no_cookie(autojump_clock: MockClock) -> None:
    async with client(answer(OK, ("set-cookie", "s=1"))) as (http, server):
        await http.get("/")
        await http.get("/")
        assert "cookie" not in headers_of(server)


async def test_two_users_share_nothing(autojump_clock: MockClock) -> None:
    async with trio.open_nursery() as nursery:
        server = Server(nursery, script=lambda number: answer(OK, ("set-cookie", f"n={number}")))
        one = Session("x.test", Credentials(cookie=Secret("user=1")))
        two = Session("x.test", Credentials(cookie=Secret("user=2")))
        async with open_http(server, URL, one) as first, open_http(server, URL, two) as second:
            for http in (first, second, first, second):
                await http.get("/")
        sent = [headers_of(server, number)["cookie"] for number in range(4)]
        assert sent == ["user=1", "user=2", "user=1; n=1", "user=2; n=2"]
        assert len(server.wires) == 2
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x.test",
        "ftp://x.test",
        "https://",
        "https://x.test/path",
        "https://x.test?a=1",
        "https://u:p@x.test",
        "https://x.test:0x50",
        "https://x.test:99999",
        "https://[::1",
    ],
)
async def test_an_address_that_is_none(url: str) -> None:
    async with trio.open_nursery() as nursery:
        with pytest.raises(ConfigError):
            async with open_http(Server(nursery), url):
                raise AssertionError


def test_the_environment_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    async def main() -> None:
        async with client() as (http, server):
            assert (await http.get("/")).status == 200
            assert server.wires

    trio.run(main)


@given(
    raw=st.binary(max_size=120)
    | st.binary(max_size=60).map(lambda end: b"HTTP/1.1 200 X\r\n" + end)
)
@settings(max_examples=60)
def test_any_bytes_are_an_answer_or_a_typed_error(raw: bytes) -> None:
    async def main() -> None:
        async with client(raw) as (http, server):
            server.prepare = lambda wire: wire.arm(None, Fault(Break.END, len(raw)))
            with suppress(UnexpectedReply):
                await http.get("/")

    trio.run(main)
