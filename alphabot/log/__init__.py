"""What the service says: one line per event, in the reader's language, safe to keep and to show.

Four promises:

1. A line never ends what it reports on: :func:`say` does not raise, and writing does not wait for
   whoever reads.
2. Fields are data. A token named ``{user.__class__}`` or full of escape codes is shown, not
   obeyed: nothing of it is a format, and control characters come out as text.
3. Secrets are masked where the finished text leaves, exceptions included: an exception of a
   library may quote what no caller of ours would ever log.
4. One catalogue (:mod:`alphabot.messages`) holds every text, so that a line is found by its key.

loguru's own traps are off: ``diagnose`` prints local variables, ``backtrace`` frames that are not
ours, ``enqueue`` blocks the loop once its pipe is full, ``catch`` dumps the raw record.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import select
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, TextIO

from loguru import logger

from alphabot.core.exact import plain
from alphabot.log.as_json import json_line
from alphabot.log.redaction import harmless, redact, register_secret
from alphabot.messages import CATALOGUE, UNITS, Language, Level

if TYPE_CHECKING:
    import loguru

__all__ = ["LineWriter", "Listener", "Sink", "configure", "dropped_line", "harmless", "keep"]
__all__ += ["let_go", "listen", "redact", "register_secret", "say", "say_exception", "writable"]

Sink = Callable[[str], None]
"""Where finished lines go, one call a line, without the line's end."""
Listener = Callable[[str, dict[str, object]], bool]
"""Hears each key with its fields, and says whether the line is to be written at all."""

_FORMAT = "{time:YYYY-MM-DD HH:mm:ss.SSS} | {level: <7} | {message}"
_COLOURS = {"DEBUG": "2", "INFO": "32", "WARNING": "33", "ERROR": "1;31"}
_VALUE_CHARS_MAX = 400
# At most 4,000 bytes, less than PIPE_BUF: a pipe the kernel calls writable takes it at once.
_LINE_CHARS_MAX = 1000
_LINES_MAX = 200
# How long a write may wait for a reader. After that lines are counted instead until it is back: a
# pager left open must not stop the trading it shows.
_PATIENCE_MS = 50
# Longer numbers are shown as they come: plain text of 1E+9999999 would be ten megabytes.
_PLAIN_EXPONENT_MAX = 60
_UNMISTAKABLE, _NEEDS_QUOTES = re.compile(r"[\w.:/+-]+"), re.compile(r"""[,="]|^ | $""")
_DROPPED = "log.lines_dropped"
_QUIET = ("httpx", "httpcore", "hypercorn.error", "hypercorn.access", "trio-websocket", "h11")


class LineWriter:
    """Writes lines to a stream without waiting long for whoever reads it, and without raising.

    Lines that a blocked reader would have delayed are counted, and the count is written once the
    reader is back. When the reader is gone the stream is pointed at the null device.
    """

    def __init__(self, stream: Callable[[], TextIO]) -> None:
        self._stream = stream
        self._dropped = 0

    def __call__(self, line: str) -> None:
        """Write ``line`` and its end."""
        stream = self._stream()
        try:
            if not writable(stream, 0 if self._dropped else _PATIENCE_MS):
                self._dropped += 1
                return
            if self._dropped:
                line = f"{dropped_line(self._dropped)}\n{line}"
                self._dropped = 0
            encoding = stream.encoding or "utf-8"
            stream.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")
            stream.flush()
        except (OSError, ValueError):  # nobody reads, the disk is full, or the stream is closed
            let_go(stream)


def let_go(stream: TextIO) -> None:
    """Point a stream at the null device: what is buffered would raise again at the very end."""
    with contextlib.suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)


def writable(stream: TextIO, patience_ms: int) -> bool:
    """Return whether the stream takes a line now, or within ``patience_ms``."""
    try:
        number = stream.fileno()
    except (OSError, ValueError):
        return True  # not a file: in memory, or closed, which the write will tell
    poll = select.poll()
    poll.register(number, select.POLLOUT)
    return bool(poll.poll(patience_ms))


@dataclass
class _State:
    language: Language = "zh"
    sink: Sink = field(default_factory=lambda: LineWriter(lambda: sys.stdout))
    colour: bool = False
    listener: Listener = lambda key, fields: True
    kept: Sink | None = None
    """Where each line goes as well; it never raises and never waits."""
    json: bool = False
    after: Callable[[], None] = lambda: None


_state = _State()


def say(key: str, /, **fields: object) -> None:
    """Write the catalogue's line for ``key`` with these fields; never raises."""
    _say(key, fields, None)


def say_exception(key: str, error: BaseException, /, **fields: object) -> None:
    """Write the line for ``key`` as an error, with the traceback of ``error``; never raises."""
    _say(key, fields, error)


def configure(language: Language, *, sink: Sink | None = None, colour: bool = False) -> None:
    """Choose the language and where lines go; ``colour`` is for a terminal."""
    _state.language = language
    _state.sink = sink or LineWriter(lambda: sys.stdout)
    _state.colour = colour
    logger.remove()
    logger.add(_deliver, format=_FORMAT, level="INFO", diagnose=False, backtrace=False, catch=False)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    # What other libraries warn of comes out here too, masked, and not on a bare stderr.
    if _forward not in logging.getLogger().handlers:
        logging.getLogger().addHandler(_forward)


def keep(
    sink: Sink | None = None, *, json: bool = False, after: Callable[[], None] | None = None
) -> None:
    """Have each line go to ``sink`` as well, and write all of them as JSON, until said otherwise.

    ``sink`` must neither raise nor wait, and must say nothing itself: ``after`` is called once a
    line is written, and may. :func:`configure` leaves this as it is.
    """
    _state.kept, _state.json, _state.after = sink, json, after or (lambda: None)


def listen(listener: Listener | None = None) -> None:
    """Have every key heard as it is said; without a listener, by nobody any more."""
    _state.listener = listener or (lambda key, fields: True)


def _say(key: str, fields: dict[str, object], error: BaseException | None) -> None:
    try:
        if not _state.listener(key, fields):
            return
        level, text = _compose(key, fields)
        told = logger.bind(key=key, fields=fields).opt(exception=error)
        told.log("ERROR" if error else level, text)
        _state.after()
    except Exception:  # noqa: BLE001 - promise 1: trading does not end for want of a line
        with contextlib.suppress(Exception):
            logger.warning(_compose("log.unprintable", {"key": key})[1])


def _compose(key: str, fields: dict[str, object]) -> tuple[Level, str]:
    message = CATALOGUE.get(key)
    if message is None:
        message = CATALOGUE["log.unknown_key"]
        fields = {"key": key} | {("key_" if n == "key" else n): v for n, v in fields.items()}
    names = [name for name in message.first if name in fields]
    names += [name for name in fields if name not in message.first]
    parts = [message.text(_state.language)]
    parts += [f"{name}={_shown(key, name, fields[name])}{UNITS.get(name, '')}" for name in names]
    return message.level, ", ".join(parts)


def _shown(key: str, name: str, value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, Decimal) and value.is_finite():
        return plain(value) if abs(value.adjusted()) < _PLAIN_EXPONENT_MAX else str(value)
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    try:
        text = str(value)
    except Exception:  # noqa: BLE001 - a value of anyone's making
        if key != "log.unprintable":
            say("log.unprintable", key=key, field=name)
        return f"<{type(value).__name__}>"
    if not text:
        return "-"
    if len(text) <= _VALUE_CHARS_MAX and _UNMISTAKABLE.fullmatch(text):
        return text
    text = redact(text)  # before it is cut and escaped, or a half or a disguise might be left
    text = harmless(text if len(text) <= _VALUE_CHARS_MAX else text[:_VALUE_CHARS_MAX] + "…")
    # In quotes where it could pass for the next field.
    return f'"{text}"' if _NEEDS_QUOTES.search(text) else text


def _deliver(message: loguru.Message) -> None:
    lines = [_as_json(message)] if _state.json else _as_text(message)
    if _state.kept is not None:
        for line in lines:
            _state.kept(line)
    if _state.colour and not _state.json:
        level = message.record["level"].name
        coloured = f"\x1b[{_COLOURS.get(level, '0')}m{level}\x1b[0m"
        lines[0] = lines[0].replace(level, coloured, 1)
    for line in lines:
        _state.sink(line)


def _as_text(message: loguru.Message) -> list[str]:
    head, *more = redact(message.rstrip("\n")).split("\n")
    if len(more) > _LINES_MAX:
        more[_LINES_MAX // 2 : -_LINES_MAX // 2] = ["…"]
    # Indented, so that the text of an exception never passes for a line of its own.
    return [
        harmless(head)[:_LINE_CHARS_MAX],
        *(("    " + harmless(line))[:_LINE_CHARS_MAX] for line in more),
    ]


def _as_json(message: loguru.Message) -> str:
    record = message.record
    said_key = record["extra"].get("key", "")
    known = CATALOGUE.get(said_key)
    said = record["message"] if known is None else known.text(_state.language)
    # What follows the line itself is the exception.
    _, *exception = message.rstrip("\n").split("\n")
    fields = record["extra"].get("fields", {})
    return json_line(record["time"], record["level"].name, said_key, said, fields, exception)


def dropped_line(count: int) -> str:
    """Return the line that says how many are missing, as it is written now."""
    level, text = _compose(_DROPPED, {"lines": count})
    now = datetime.now().astimezone()
    if _state.json:
        said = CATALOGUE[_DROPPED].text(_state.language)
        return json_line(now, level, _DROPPED, said, {"lines": count})
    return f"{now.isoformat(' ', 'milliseconds')[:23]} | {level: <7} | {text}"


class _Forward(logging.Handler):
    """Hands what libraries log to our sink."""

    def emit(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(Exception):
            level = "ERROR" if record.levelno >= logging.ERROR else "WARNING"
            text = harmless(redact(f"{record.name}: {record.getMessage()}"))
            logger.opt(exception=record.exc_info).log(level, text)


_forward = _Forward(logging.WARNING)

# Until a configuration is read: anything but loguru's own handler, which prints local variables.
configure("zh")
