"""A thread that watches the loop: names who stalls it, and ends a process that never comes back.

It holds nothing back itself: that is the brake's, which looks at the same pulse and needs no thread
to run in time. Nor does it write: a stalled loop may hold the log's lock, and the watchdog must
outlive it, so a report is a thread of its own, and the last words go straight to the terminal.

It counts its own wakings, not the clock: a process that was stopped, or a machine that slept, wakes
to a clock far ahead, and nobody was to blame.
"""

from __future__ import annotations

import faulthandler
import os
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from alphabot.log import say
from alphabot.runtime.brake import STILL_SECONDS, Pulse

__all__ = ["END_SECONDS", "watched"]

END_SECONDS = 30.0
"""A loop that has not come round for so long never will."""
_WAKING_SECONDS = 0.25
_FAILED = 1
_FRAMES_MAX = 30
_SHOW_CURSOR = "\x1b[?25h"


@contextmanager
def watched(pulse: Pulse, *, end_seconds: float = END_SECONDS) -> Iterator[None]:
    """Watch the loop of this thread for the length of the block; end the process if need be."""
    over = threading.Event()
    thread = threading.Thread(
        target=_watch,
        args=(pulse, threading.get_ident(), over, end_seconds),
        name="watchdog",
        daemon=True,
    )
    thread.start()
    try:
        yield
    finally:
        over.set()


def _watch(pulse: Pulse, watched_thread: int, over: threading.Event, end_seconds: float) -> None:
    beats, wakings = pulse.beats, 0
    while not over.wait(_WAKING_SECONDS):
        if pulse.beats != beats or not pulse.begun:
            beats, wakings = pulse.beats, 0
            continue
        wakings += 1
        if wakings == round(STILL_SECONDS / _WAKING_SECONDS):
            threading.Thread(target=_report, args=(watched_thread,), daemon=True).start()
        if wakings >= round(end_seconds / _WAKING_SECONDS):
            _end(end_seconds)


def _report(watched_thread: int) -> None:
    """Say where the loop is at this moment: the innermost frame that is no library's, and all."""
    frame = sys._current_frames().get(watched_thread)
    stack = traceback.extract_stack(frame, limit=-_FRAMES_MAX) if frame else []
    culprit = next((f for f in reversed(stack) if not _is_library(f.filename)), None)
    if culprit is None:
        return
    say(
        "loop.stalled",
        file=culprit.filename,
        line=culprit.lineno,
        function=culprit.name,
        stack=" < ".join(f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in reversed(stack)),
    )


def _is_library(file: str) -> bool:
    library = Path(threading.__file__).parent
    return Path(file).is_relative_to(library) or "site-packages" in file


def _end(end_seconds: float) -> None:
    """Write every thread's stack and end; what is open is in the journal, as after a kill."""
    with suppress(Exception):
        if sys.__stderr__ is not None:
            os.write(sys.__stderr__.fileno(), f"{_last_words(end_seconds)}\n".encode())
            faulthandler.dump_traceback(sys.__stderr__, all_threads=True)
    os._exit(_FAILED)


def _last_words(end_seconds: float) -> str:
    cursor = _SHOW_CURSOR if os.isatty(2) else ""
    return f"{cursor}alphabot: the loop did not come round for {end_seconds:g} s; ending"
