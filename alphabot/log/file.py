"""A log file that is rotated, that its user alone can read, and that nobody ever waits for.

Lines are handed to a thread through a bounded queue: a disk that is slow, full or gone holds up
this thread and no order. What does not fit is counted, and the count is written once there is
room again.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

__all__ = ["RotatedFile"]

LINES_WAITING_MAX: Final = 10_000
"""A few megabytes; when the queue is full, new lines are counted and lost."""
CLOSE_SECONDS: Final = 2.0
"""How long the end of a program waits for its last lines."""


class RotatedFile:
    """Writes lines to ``path``, and moves it to ``path.1`` and so on when it has grown.

    ``keep_files`` old ones are kept. ``on_trouble`` hears once, from :meth:`tell_trouble`, that
    the file cannot be written; ``dropped_line`` is the line that says how many lines
    are missing.
    """

    def __init__(
        self,
        path: Path,
        *,
        rotate_bytes: int,
        keep_files: int,
        on_trouble: Callable[[str], None],
        dropped_line: Callable[[int], str],
    ) -> None:
        self._path = path
        self._rotate_bytes = rotate_bytes
        self._keep_files = keep_files
        self._on_trouble = on_trouble
        self._dropped_line = dropped_line
        self._lines: queue.Queue[str | None] = queue.Queue(LINES_WAITING_MAX)
        # Each is raised by one thread alone: whoever hands lines over, and the one that writes.
        self._lost = self._failed = self._confessed = 0
        self._trouble = ""
        self._told = False
        self._file: int | None = None
        self._size = 0
        self._torn = False
        self._thread = threading.Thread(target=self._work, name="log file", daemon=True)
        self._thread.start()

    def __call__(self, line: str) -> None:
        """Have ``line`` written; neither raises nor waits."""
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            self._lost += 1

    def tell_trouble(self) -> None:
        """Tell once that the file cannot be written; never while a line is being written."""
        if self._trouble and not self._told:
            self._told = True
            self._on_trouble(self._trouble)

    def close(self) -> None:
        """Write what is left, if that does not take long."""
        with suppress(queue.Full):
            self._lines.put_nowait(None)
            self._thread.join(CLOSE_SECONDS)
        self.tell_trouble()

    def _work(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                if missing := self._lost + self._failed - self._confessed:
                    self._write(self._dropped_line(missing))
                    self._confessed += missing
                self._write(line)
            except OSError as cause:
                self._failed += 1
                self._trouble = self._trouble or cause.strerror or str(cause)
                self._let_go()
        self._let_go()

    def _write(self, line: str) -> None:
        raw = line.encode("utf-8", "backslashreplace") + b"\n"
        if self._torn:
            raw = b"\n" + raw
        file = self._with_room_for(len(raw))
        while raw:
            self._torn = True  # until the end of the line has left as well
            written = os.write(file, raw)
            self._size += written
            raw = raw[written:]
        self._torn = False

    def _with_room_for(self, count: int) -> int:
        """Return the open file, a new one where the present one would grow too large."""
        file = self._open() if self._file is None else self._file
        if not self._size or self._size + count <= self._rotate_bytes:
            return file
        self._let_go()
        self._rotate()
        return self._open()

    def _open(self) -> int:
        """Open the file for its user alone; a folder that is missing is made so too."""
        folder = self._path.parent
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)  # mkdir's mode is cut by the umask
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        # A FIFO would wait for a reader, and be none the better for it.
        self._file = file = os.open(self._path, flags | os.O_NONBLOCK, 0o600)
        os.fchmod(file, 0o600)
        self._size = os.fstat(file).st_size
        return file

    def _rotate(self) -> None:
        for number in range(self._keep_files, 0, -1):
            older = self._numbered(number)
            with suppress(FileNotFoundError):
                os.replace(self._numbered(number - 1), older)
        if self._keep_files == 0:
            self._path.unlink(missing_ok=True)

    def _numbered(self, number: int) -> Path:
        return self._path if number == 0 else self._path.with_name(f"{self._path.name}.{number}")

    def _let_go(self) -> None:
        if self._file is not None:
            file, self._file = self._file, None
            with suppress(OSError):
                os.close(file)
