"""What a person pastes or types that nobody else may see."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from alphabot.errors import ConfigError

__all__ = ["new_passphrase", "passphrase", "pasted"]

BYTES_MAX: Final = 400_000
"""More is no request in any encoding."""

_END: Final = b"\x04"
"""What a terminal sends for Ctrl+D."""


def pasted(path: Path | None, prompt: str) -> str:
    """Return the text of a file, or of standard input; raises ConfigError if it is none.

    A terminal shows nothing of it, and takes lines of any length: in its usual mode it cuts a
    line after 4,095 bytes, and cookies are longer.
    """
    try:
        if path is not None:
            with path.open("rb") as file:
                raw = file.read(BYTES_MAX + 1)
        elif sys.stdin.isatty():
            raw = _from_terminal(sys.stdin.fileno(), prompt)
        else:
            raw = sys.stdin.buffer.read(BYTES_MAX + 1)
    except OSError as cause:
        raise ConfigError(f"cannot be read: {cause.strerror}", path=path) from cause
    if len(raw) > BYTES_MAX:
        raise ConfigError(f"at most {BYTES_MAX} bytes were expected", path=path)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Without its context, which would quote what was pasted.
        raise ConfigError("text in UTF-8 was expected", path=path) from None


def passphrase(prompt: str) -> str:
    """Return what a person types on the terminal, unseen; raises ConfigError without a terminal.

    The terminal is asked also where standard input is a file: that may be the session.
    """
    import getpass

    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        raise ConfigError("there is no terminal to ask for the passphrase on") from None
    try:
        return getpass.getpass(prompt)
    except EOFError:
        raise ConfigError("no passphrase was given") from None


def new_passphrase(prompt: str, again: str) -> str:
    """Return a new passphrase that was typed twice alike; raises ConfigError."""
    first = passphrase(prompt)
    if passphrase(again) != first:
        raise ConfigError("the two were not alike")
    return first


def _from_terminal(file: int, prompt: str) -> bytes:
    raw = b""
    with _unseen(file):
        # Only now: what is pasted sooner would be shown.
        sys.stderr.write(prompt + "\n")
        sys.stderr.flush()
        while _END not in raw and len(raw) <= BYTES_MAX:
            chunk = os.read(file, 65_536)
            if not chunk:
                break
            raw += chunk
    return raw.partition(_END)[0]


@contextmanager
def _unseen(file: int) -> Iterator[None]:
    """Have a terminal show nothing and pass everything on at once; Ctrl+C still ends."""
    import termios

    before = termios.tcgetattr(file)
    quiet = termios.tcgetattr(file)
    quiet[3] &= ~(termios.ECHO | termios.ICANON)
    termios.tcsetattr(file, termios.TCSAFLUSH, quiet)
    try:
        yield
    finally:
        with suppress(OSError, termios.error):
            termios.tcsetattr(file, termios.TCSAFLUSH, before)
