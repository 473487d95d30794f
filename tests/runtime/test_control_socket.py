"""The control's socket: who may come, what was there before, and a flood of clients."""

from __future__ import annotations

import os
import socket
import stat
import sys
from pathlib import Path

import pytest
import trio

from alphabot.runtime.control import CLIENTS_MAX, Control
from alphabot.runtime.control_socket import (
    NAME_BYTES_MAX,
    ControlSocketError,
    connected,
    open_listener,
)
from alphabot.runtime.roster import Roster
from alphabot.runtime.status import Status
from alphabot.runtime.stop import Stop

ROOT = Path(__file__).parent.parent.parent
NOBODY = 65534


def a_dead_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.fspath(path))


async def describe() -> Status:
    await trio.lowlevel.checkpoint()
    return Status(running=True, venue="nowhere", now_ms=0)


def control() -> Control:
    """Return the control of a service that has nobody in it."""
    return Control(Roster([], Stop(0)), describe)


def question(path: Path) -> bytes:
    """Ask for the status as a client does, and return the answer."""
    with connected(path, 20) as client:
        client.sendall(b'{"command":"status"}\n')
        return client.recv(4096)


async def test_a_socket_is_ours_alone_and_goes_with_us(tmp_path: Path) -> None:
    path = tmp_path / "x.sock"
    with open_listener(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.is_socket()
    assert not path.exists()


async def test_what_a_dead_process_left_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "x.sock"
    a_dead_socket(path)
    with open_listener(path) as listener:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(control().serve, listener)
            answer = await trio.to_thread.run_sync(question, path)
            assert b'"running":true' in answer
            nursery.cancel_scope.cancel()


async def test_a_living_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "x.sock"
    with open_listener(path):
        with pytest.raises(ControlSocketError, match="listens"), open_listener(path):
            pass
        assert path.is_socket()


async def test_a_socket_that_another_has_put_there_stays(tmp_path: Path) -> None:
    path = tmp_path / "x.sock"
    with open_listener(path):
        path.unlink()
        a_dead_socket(path)
    assert path.is_socket()


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
async def test_what_is_no_socket_is_left_alone(tmp_path: Path, kind: str) -> None:
    path, target = tmp_path / "x.sock", tmp_path / "target"
    match kind:
        case "file":
            path.write_text("mine")
        case "folder":
            path.mkdir()
        case "link":
            a_dead_socket(target)
            path.symlink_to(target)
    with pytest.raises(ControlSocketError, match="in the way"), open_listener(path):
        pass
    assert path.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="a folder has another name on Linux alone")
async def test_a_path_that_is_too_long_for_a_socket(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 120) / "余额"
    folder.mkdir(parents=True)
    path = folder / "simulated.sock"
    assert len(os.fsencode(path)) > NAME_BYTES_MAX
    with open_listener(path) as listener:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        async with trio.open_nursery() as nursery:
            nursery.start_soon(control().serve, listener)
            assert await trio.to_thread.run_sync(question, path)
            nursery.cancel_scope.cancel()
    assert not path.exists()


@pytest.mark.skipif(os.getuid() != 0, reason="only root may pass for another user")
async def test_another_user_is_turned_away(tmp_path: Path) -> None:
    """The file's mode keeps others out; this is for those whom it does not."""
    script = f"""
import os, socket
client = socket.socket(socket.AF_UNIX)
os.setuid({NOBODY})
client.connect("x.sock")
client.sendall(b'{{"command":"status"}}\\n')
print(client.recv(100))
"""
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.getuid() and folder != Path("/"):
            folder.chmod(0o755)
    with open_listener(tmp_path / "x.sock") as listener:
        (tmp_path / "x.sock").chmod(0o666)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(control().serve, listener)
            told = await trio.run_process(
                [sys.executable, "-c", script],
                cwd=tmp_path,
                capture_stdout=True,
                capture_stderr=True,
                check=False,
            )
            assert b"running" not in told.stdout
            nursery.cancel_scope.cancel()


async def test_thousands_of_clients_take_little_and_keep_nobody_out(tmp_path: Path) -> None:
    """While they come, a task beside the control is never held up for long."""
    path = tmp_path / "x.sock"
    longest = 0.0

    async def trade() -> None:
        nonlocal longest
        while True:
            began = trio.current_time()
            await trio.sleep(0.005)
            longest = max(longest, trio.current_time() - began)

    script = """
import socket, time
for number in range(3000):
    time.sleep(0.0005)
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(0.002)
    try:
        client.connect("x.sock")
        client.sendall(b'{"command":' if number % 3 else b'{"command":"status"}\\n')
    except OSError:
        pass
    if number % 2:
        client.close()
    else:
        kept = client
"""
    with open_listener(path) as listener:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(control().serve, listener)
            nursery.start_soon(trade)
            await trio.run_process([sys.executable, "-c", script], cwd=tmp_path)
            assert b'"running":true' in await trio.to_thread.run_sync(question, path)
            nursery.cancel_scope.cancel()
    assert longest < 0.5  # five workers may share two cores
    assert CLIENTS_MAX < 100
