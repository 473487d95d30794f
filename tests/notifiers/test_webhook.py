"""Posting to a service that misbehaves: one error, in time, with no word of the address."""

from __future__ import annotations

import gc
import traceback

import pytest
import trio
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from alphabot.errors import NotDelivered
from alphabot.webhook import ANSWER_BYTES_MAX, host_of, open_poster
from tests.notifiers.raw import HANG, open_raw
from tests.notifiers.samples import TOKEN

OK = b"HTTP/1.1 200 OK\r\n"
CHUNK = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
MISBEHAVIOUR = {
    "nothing": [b""],
    "silence": [HANG],
    "half a head": [OK, b"Content-Le"],
    "half a head, then silence": [OK, HANG],
    "half a body": [OK, b"Content-Length: 10\r\n\r\n", b"12345"],
    "half a body, then silence": [OK, b"Content-Length: 10\r\n\r\n", b"12345", HANG],
    "no HTTP": [b"SSH-2.0-OpenSSH_9.2\r\n"],
    "a huge head": [OK, *[b"X: " + b"x" * 60_000 + b"\r\n"] * 4],
    "a huge body": [OK, b"Transfer-Encoding: chunked\r\n\r\n", *[CHUNK] * 40],
    "a broken chunk": [OK, b"Transfer-Encoding: chunked\r\n\r\n", b"zz\r\n"],
}


def everything_said(error: BaseException) -> str:
    """Return all that could ever be printed of an error, and of whatever hangs on it."""
    said = "".join(traceback.format_exception(error))
    seen: BaseException | None = error
    while seen is not None:
        said += repr(seen) + repr(vars(seen)) + repr(getattr(seen, "request", ""))
        seen = seen.__cause__ or seen.__context__
    return said


@pytest.mark.parametrize("parts", MISBEHAVIOUR.values(), ids=MISBEHAVIOUR)
async def test_what_is_no_answer_is_one_error(parts: list[bytes]) -> None:
    with trio.fail_after(5):
        async with open_raw(*parts) as url, open_poster(0.5) as poster:
            for _ in range(3):  # nothing of it is left behind for the next
                with pytest.raises(NotDelivered) as raised:
                    await poster.post(f"{url}/bot{TOKEN}/sendMessage", {"text": "x"})
                assert TOKEN not in everything_said(raised.value)
                assert str(raised.value).startswith("127.0.0.1: ")
                assert not raised.value.pointless
                assert raised.value.__context__ is None
    gc.collect()  # a generator left half run would complain


async def test_nobody_there_is_the_same_error() -> None:
    async with open_poster(2) as poster:
        with pytest.raises(NotDelivered, match=r"127\.0\.0\.1: ConnectError") as raised:
            await poster.post(f"http://127.0.0.1:1/bot{TOKEN}/sendMessage", {})
    assert TOKEN not in everything_said(raised.value)


async def test_a_service_without_tls_is_the_same_error() -> None:
    async with open_raw(b"HTTP/1.1 200 OK\r\n\r\n") as url, open_poster(2) as poster:
        with pytest.raises(NotDelivered, match="ConnectError") as raised:
            await poster.post(f"{url.replace('http:', 'https:')}/{TOKEN}", {})
    assert TOKEN not in everything_said(raised.value)


async def test_it_works_again_once_the_service_does(httpserver: HTTPServer) -> None:
    async with open_poster(0.3) as poster:
        async with open_raw(HANG) as hanging:
            for _ in range(5):
                with trio.move_on_after(0.02):
                    await poster.post(f"{hanging}/x", {})
        httpserver.expect_request("/x").respond_with_data("ok")
        assert (await poster.post(httpserver.url_for("/x"), {})).body == b"ok"


async def test_what_is_sent_is_json_and_nothing_of_the_environment(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    seen: list[Request] = []

    def handle(request: Request) -> Response:
        seen.append(request)
        return Response("ok", headers={"Set-Cookie": "a=b", "Content-Encoding": "gzip"})

    httpserver.expect_request("/x").respond_with_handler(handle)
    async with open_poster() as poster:
        answer = await poster.post(httpserver.url_for("/x"), {"text": "é😀"})
    assert answer.body == b"ok"  # as it came, whatever it is said to be
    assert seen[0].get_json() == {"text": "é😀"}
    assert seen[0].headers["Accept-Encoding"] == "identity"
    assert seen[0].headers["User-Agent"] == "alphabot"


async def test_nobody_is_followed(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/x").respond_with_data(
        "", 307, {"Location": httpserver.url_for("/elsewhere")}
    )
    async with open_poster() as poster:
        assert (await poster.post(httpserver.url_for("/x"), {})).status == 307
    assert [request.path for request, _ in httpserver.log] == ["/x"]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30),
        ("0", 0),
        ("", None),
        ("-1", None),
        ("1e9", None),
        ("nan", None),
        ("99999999999", None),
        ("٣", None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
    ],
)
async def test_a_wait_is_read_in_seconds(header: str, seconds: float | None) -> None:
    head = f"HTTP/1.1 429 Slow down\r\nContent-Length: 0\r\nRetry-After: {header}\r\n\r\n"
    async with open_raw(head.encode("utf-8")) as url, open_poster(2) as poster:
        assert (await poster.post(f"{url}/x", {})).retry_after_seconds == seconds


async def test_a_body_of_the_greatest_size_is_read(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/x").respond_with_data("x" * ANSWER_BYTES_MAX)
    async with open_poster(5) as poster:
        assert len((await poster.post(httpserver.url_for("/x"), {})).body) == ANSWER_BYTES_MAX


@pytest.mark.parametrize(
    "url",
    [
        "http://api.telegram.org/x",
        "http://169.254.169.254/latest",
        "http://127.0.0.1.evil.com/x",
        "https://user:pass@hooks.slack.com/x",
        "https://hooks.slack.com@evil.com/x",
        "file:///etc/passwd",
        "https:///x",
        "https://[::1/x",
        "https://hooks.slack.com:99999999/x",
        "https://hooks.slack.com/\n",
        "hooks.slack.com/x",
        "https://höoks.slack.com/x",
        "",
    ],
)
def test_a_secret_goes_nowhere_else(url: str) -> None:
    with pytest.raises(ValueError, match="address") as refused:
        host_of(url)
    assert not url or url not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://api.telegram.org/botX/y", "api.telegram.org"),
        ("https://HOOKS.slack.com/services/X", "hooks.slack.com"),
        ("http://127.0.0.1:8081/x", "127.0.0.1"),
        ("http://localhost/x", "localhost"),
        ("http://[::1]:9/x", "::1"),
    ],
)
def test_an_address_names_its_host(url: str, host: str) -> None:
    assert host_of(url) == host
