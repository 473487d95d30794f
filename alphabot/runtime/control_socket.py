"""The door of the control: a Unix socket beside the database, for processes of the same user.

The name of a socket may be no longer than some hundred bytes. Where the path is longer, Linux lets
us name its folder by an open file instead; elsewhere there is then no control socket, and whoever
tries is told so.
"""

from __future__ import annotations

import os
import socket
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import trio

__all__ = ["ControlSocketError", "connected", "is_ours", "open_listener"]

NAME_BYTES_MAX = 107 if sys.platform == "linux" else 103
"""What fits into ``sun_path`` beside the zero at its end."""
QUEUE_MAX = 64
_SOL_LOCAL, _LOCAL_PEERCRED = 0, 1
_PROBE_SECONDS = 1.0


class ControlSocketError(Exception):
    """The socket cannot be had; trading goes on without it."""


@contextmanager
def connected(path: Path, seconds: float) -> Iterator[socket.socket]:
    """Lend a blocking connection to whoever listens at ``path``; raises OSError.

    No step of it waits longer than ``seconds``, being let in after others included.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        # Not settimeout: with it, Linux refuses at once where there is a queue.
        limit = struct.pack("ll", int(seconds), int(seconds % 1 * 1e6))
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
        with _name(path) as name:
            connection.connect(name)
        yield connection


@contextmanager
def _name(path: Path) -> Iterator[str]:
    """Lend a name of the socket that is short enough; raises OSError where there is none."""
    whole = os.fspath(path.absolute())
    if len(os.fsencode(whole)) <= NAME_BYTES_MAX:
        yield whole
        return
    if not os.path.isdir("/proc/self/fd"):
        raise OSError(f"{whole} is too long for the name of a socket, {NAME_BYTES_MAX} bytes fit")
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


@contextmanager
def open_listener(path: Path) -> Iterator[trio.SocketListener]:
    """Listen at ``path`` for the length of the block, with mode 0600.

    What a dead process left there is replaced; raises ControlSocketError where a living one
    listens, where something else lies, and where no socket can be made.
    """
    try:
        _remove_dead(path)
        with _name(path) as name:
            listening = _listening(name)
    except OSError as cause:
        raise ControlSocketError(str(cause)) from cause
    listener = trio.SocketListener(trio.socket.from_stdlib_socket(listening))
    ours = os.lstat(path).st_ino
    try:
        yield listener
    finally:
        listener.socket.close()
        with suppress(OSError):
            if os.lstat(path).st_ino == ours:
                path.unlink()


def is_ours(peer: trio.socket.SocketType) -> bool:
    """Return whether the process at the other end belongs to our own user."""
    try:
        if sys.platform == "linux":
            credentials = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
            _, user_id, _ = struct.unpack("iII", credentials)
        else:
            credentials = peer.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, 76)
            _, user_id = struct.unpack_from("II", credentials)
    except (OSError, struct.error):
        return False
    return bool(user_id == os.geteuid())


def _listening(name: str) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listening.bind(name)
        os.chmod(name, 0o600)
        listening.listen(QUEUE_MAX)
    except BaseException:
        listening.close()
        raise
    return listening


def _remove_dead(path: Path) -> None:
    """Remove a socket that nobody listens at; raises OSError for anything else that lies there."""
    if not os.path.lexists(path):
        return
    if not path.is_socket() or path.is_symlink():
        raise OSError(f"{path} is in the way, and is no socket")
    try:
        with connected(path, _PROBE_SECONDS):
            raise OSError(f"another process listens at {path}")
    except (ConnectionRefusedError, FileNotFoundError):
        path.unlink(missing_ok=True)
