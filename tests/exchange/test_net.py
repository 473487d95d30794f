"""Streams from sockets: certificates are looked at, keys stay here, closed is noticed."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import certifi
import pytest
import trio

from alphabot.errors import ConfigError, NotSent, OutcomeUnknown
from alphabot.exchange import net
from alphabot.exchange.http import open_http
from alphabot.exchange.lane import Lane
from alphabot.exchange.net import Address, SocketNet, connect, is_readable
from alphabot.exchange.session import Session
from tests.exchange.scripted import OK, Server


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[str, str]:
    """Return the files of a certificate for ``localhost`` that nobody but us trusts."""
    chain, key = tmp_path / "chain", tmp_path / "key"
    make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    try:
        subprocess.run(
            [*make.split(), "-keyout", key, "-out", chain, *names], check=True, capture_output=True
        )
    except (OSError, subprocess.CalledProcessError) as missing:
        pytest.skip(f"no certificate can be made here: {missing}")
    return str(chain), str(key)


@pytest.fixture(autouse=True)
def fresh_context() -> Iterator[None]:
    """Forget the process's TLS context before and after."""
    net._tls_context.cache_clear()
    yield
    net._tls_context.cache_clear()


async def echo(stream: trio.abc.Stream) -> None:
    with suppress(trio.BrokenResourceError):
        while data := await stream.receive_some():
            await stream.send_all(data)


@asynccontextmanager
async def listening(
    certificate: tuple[str, str] | None = None,
    handler: Callable[[trio.abc.Stream], Awaitable[None]] = echo,
) -> AsyncIterator[int]:
    """Serve on a loopback port, over TLS if there is a certificate."""

    async def serve(stream: trio.abc.Stream) -> None:
        if certificate is not None:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(*certificate)
            stream = trio.SSLStream(stream, context, server_side=True)
        await handler(stream)

    async with trio.open_nursery() as nursery:
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        await nursery.start(trio.serve_listeners, serve, [listener])
        yield listener.socket.getsockname()[1]
        nursery.cancel_scope.cancel()


async def test_a_plain_stream() -> None:
    async with listening() as port, await SocketNet().open("127.0.0.1", port, tls=False) as stream:
        await stream.send_all(b"x")
        assert await stream.receive_some() == b"x"


async def test_a_trusted_certificate(
    certificate: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certifi, "where", lambda: certificate[0])
    async with listening(certificate) as port:
        stream = await SocketNet().open("localhost", port, tls=True)
        assert not is_readable(stream)
        await stream.send_all(b"x")
        assert await stream.receive_some() == b"x"
        await trio.aclose_forcefully(stream)


async def test_reads_and_orders_over_tls(
    certificate: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certifi, "where", lambda: certificate[0])
    async with trio.open_nursery() as nursery:
        server = Server(nursery)
        async with listening(certificate, server.serve) as port:
            address = Address("localhost", port, tls=True)
            lane = Lane(SocketNet(), address, Session("localhost"))
            async with open_http(SocketNet(), f"https://localhost:{port}") as http:
                for _ in range(2):
                    assert (await http.get("/read")).body == OK
                    assert (await lane.post("/order", b"{}")).body == OK
                # A cancelled request still gets an answer that comes in time ...
                server.answer_after_seconds = 0.1
                with trio.move_on_after(0.05):
                    assert (await lane.post("/order", b"{}")).body == OK
                # ... and is unknown if it does not.
                server.answer_after_seconds = 60
                with trio.move_on_after(0.05):
                    with pytest.raises(OutcomeUnknown):
                        await lane.post("/order", b"{}")
                assert [body for _, body in server.requests] == [
                    b"",
                    b"{}",
                    b"",
                    b"{}",
                    *[b"{}"] * 2,
                ]
            await lane.aclose()
            nursery.cancel_scope.cancel()


async def test_a_certificate_for_another_name(
    certificate: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certifi, "where", lambda: certificate[0])
    async with listening(certificate) as port:
        with pytest.raises(NotSent, match="certificate"):
            await connect(SocketNet(), Address("127.0.0.1", port, tls=True))


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
async def test_a_certificate_that_only_the_environment_trusts(
    certificate: tuple[str, str], monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, certificate[0])
    async with listening(certificate) as port:
        with pytest.raises(NotSent, match="certificate"):
            await connect(SocketNet(), Address("localhost", port, tls=True))


async def test_tls_to_a_server_that_has_none() -> None:
    async with listening() as port:
        with pytest.raises(NotSent):
            await connect(SocketNet(), Address("127.0.0.1", port, tls=True))


async def test_nobody_listens() -> None:
    async with listening() as port:
        pass
    with pytest.raises(NotSent, match=f"127.0.0.1:{port}"):
        await connect(SocketNet(), Address("127.0.0.1", port, tls=False))


async def test_keys_are_not_written_to_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    async with listening() as port:
        with pytest.raises(ConfigError, match="SSLKEYLOGFILE"):
            await SocketNet().open("localhost", port, tls=True)
        await trio.aclose_forcefully(await SocketNet().open("127.0.0.1", port, tls=False))


async def test_what_is_readable() -> None:
    async with listening() as port:
        stream = await SocketNet().open("127.0.0.1", port, tls=False)
        assert not is_readable(stream)
        await stream.send_all(b"x")
        assert isinstance(stream, trio.SocketStream)
        await trio.lowlevel.wait_readable(stream.socket)
        assert is_readable(stream)
        await stream.receive_some()
        await stream.send_eof()
        await trio.lowlevel.wait_readable(stream.socket)
        assert is_readable(stream)
        await stream.aclose()
        assert is_readable(stream)


@pytest.mark.parametrize(
    ("url", "address", "authority"),
    [
        ("https://www.x.test", Address("www.x.test", 443, tls=True), "www.x.test"),
        ("https://www.x.test:443/", Address("www.x.test", 443, tls=True), "www.x.test"),
        ("http://127.0.0.1:8000", Address("127.0.0.1", 8000, tls=False), "127.0.0.1:8000"),
        ("http://[::1]:8000", Address("::1", 8000, tls=False), "[::1]:8000"),
        ("HTTP://X.test", Address("x.test", 80, tls=False), "x.test"),
    ],
)
def test_addresses(url: str, address: Address, authority: str) -> None:
    assert Address.parse(url) == address
    assert address.authority == authority
