"""Starting our own program as a person does: in a pipe, or on a terminal."""

from __future__ import annotations

import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fcntl import ioctl
from pathlib import Path

__all__ = ["ENVIRONMENT", "ROOT", "Terminal", "alphabot", "on_terminal"]

ROOT = Path(__file__).parent.parent.parent
ENVIRONMENT: Mapping[str, str] = {
    **os.environ,
    "PYTHONPATH": str(ROOT),
    "PYTHONUTF8": "1",
}


def alphabot(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, under a mask that would let everyone read everything."""
    return subprocess.run(
        [sys.executable, "-m", "alphabot", *arguments],
        cwd=cwd,
        env=ENVIRONMENT,
        umask=0,
        capture_output=True,
        check=False,
        encoding="utf-8",
    )


@dataclass
class Terminal:
    """A process and our end of the terminal it runs on."""

    process: subprocess.Popen[bytes]
    end: int

    def read_until(self, text: str) -> str:
        """Return what was shown until ``text`` was, or everything if the process ended first."""
        shown = b""
        while text.encode() not in shown:
            with suppress(OSError):  # how a terminal says that nobody is left at the other end
                chunk = os.read(self.end, 65536)
                shown += chunk
                continue
            break
        return shown.decode()


@contextmanager
def on_terminal(*command: str, kind: str = "xterm-256color") -> Iterator[Terminal]:
    """Start ``python`` with these arguments on a terminal of 30 lines and 100 columns."""
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    environment = {**ENVIRONMENT, "TERM": kind}
    process = subprocess.Popen(
        [sys.executable, *command], cwd=ROOT, env=environment, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    try:
        yield Terminal(process, ours)
    finally:
        process.kill()
        process.wait()
        with suppress(OSError):
            os.close(ours)
