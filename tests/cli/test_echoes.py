"""An exchange that says a session back in every way it can: nobody who reads along learns it."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import trio

from alphabot.simulator import Addresses
from tests.cli.sessions import config, pasted
from tests.cli.test_live import Folder, secrets_of

pytestmark = pytest.mark.outside

CANARY = "canary-0123456789abcdef"


def answer(status: str, body: bytes, *headers: bytes) -> bytes:
    lines = (f"HTTP/1.1 {status}".encode(), *headers, b"content-length: %d" % len(body), b"", body)
    return b"\r\n".join(lines)


def envelope(code: str, message: str) -> bytes:
    return json.dumps({"code": code, "message": message, "success": False}).encode()


Echo = Callable[[str], bytes]
ECHOES: dict[str, tuple[Echo, str]] = {
    "a page": (lambda said: answer("200 OK", said.encode()), "unclear"),
    "an error": (lambda said: answer("500 Oops", said.encode()), "unclear"),
    "a code": (lambda said: answer("200 OK", envelope("999", said)), "unclear"),
    "a refusal": (lambda said: answer("200 OK", envelope("481020", said)), "unclear"),
    "expired": (lambda said: answer("200 OK", envelope("100002001", said)), "expired"),
    "forbidden": (lambda said: answer("403 No", envelope("1", said)), "expired"),
    "log in": (lambda said: answer("200 OK", envelope("1", f"please log in {said}")), "expired"),
    "challenge": (
        lambda said: answer(
            "200 OK", envelope("1", said), b"risk_challenge_biz_no: " + said.encode()
        ),
        "challenge",
    ),
    "a redirect": (
        # The words of the session say "login", so it is taken for one to the login page.
        lambda said: answer("302 Go", b"", b"location: http://127.0.0.1/?" + said.encode()),
        "expired",
    ),
    "no HTTP": (lambda said: said.encode() + b"\r\n\r\n", "unclear"),
    "half an answer": (lambda said: answer("200 OK", said.encode())[:-5], "unclear"),
}


async def echo(how: Echo, stream: trio.SocketStream) -> None:
    raw = b""
    while b"\r\n\r\n" not in raw:
        chunk = await stream.receive_some()
        if not chunk:
            return
        raw += chunk
    said = " ".join(line for line in raw.decode().splitlines() if ":" in line)
    await stream.send_all(how(said))
    await stream.aclose()


@pytest.mark.parametrize("kind", ECHOES)
async def test_what_an_exchange_says_back_is_masked(tmp_path: Path, kind: str) -> None:
    how, standing = ECHOES[kind]
    await trio.Path(tmp_path, "work").mkdir()
    async with trio.open_nursery() as nursery:
        serve = partial(trio.serve_tcp, partial(echo, how), 0, host="127.0.0.1")
        (listener,) = await nursery.start(serve)
        port = listener.socket.getsockname()[1]
        at = Addresses(*(f"{way}://127.0.0.1:{port}" for way in ("http", "ws", "ws")))
        folder = Folder(tmp_path / "work", None, at)  # type: ignore[arg-type]  # not asked here
        await trio.Path(tmp_path, "work", "strategies.toml").write_text(config(at))
        text = pasted(1, at).replace(" \\\n  --compressed", f" -H 'fvideo-token: {CANARY}'")
        assert (await folder.command("users", "init")).returncode == 0
        added = await folder.command("users", "add", "anna", text=text)
        assert added.returncode == 0, added.stderr
        done = await folder.command("users", "check", "anna", "--json")
        assert json.loads(done.stdout)["standing"] == standing, done.stdout
        seen = done.stdout + done.stderr
        assert [secret for secret in (CANARY, *secrets_of(1)) if secret in seen] == []
        assert folder.secrets_seen([1], seen) == []
        nursery.cancel_scope.cancel()
