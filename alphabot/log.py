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
import json
import logging
import os
import re
import select
import sys
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, TextIO

from loguru import logger

from alphabot.core.exact import plain
from alphabot.messages import CATALOGUE, UNITS, Language, Level

if TYPE_CHECKING:
    import loguru

__all__ = ["LineWriter", "Listener", "Sink", "configure", "harmless", "let_go", "listen", "redact"]
__all__ += ["register_secret", "say", "say_exception", "writable"]

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
_SECRET_CHARS_MIN, _COOKIE_CHARS_MIN = 4, 16
_QUIET = ("httpx", "httpcore", "hypercorn.error", "hypercorn.access", "trio-websocket", "h11")

# Secrets that nobody registered, by what stands before them or by their shape.
_NAMES = (
    r"csrf[-_]?token|listen[-_]?key|authorization|api[-_]?key|bot[-_]?token|p20t|cr00"
    r"|password|passphrase"
)
_ASSIGNED = r"""(?:["']\s*[:=,]|\s*[:=])\s*+(?:b(?=["']))?+"""
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        # A cookie header is secret to the end of its quotes, or else of the line.
        rf"""(?i)(?P<keep>cookie{_ASSIGNED}(?P<quote>["']))(?:(?!(?P=quote))[^\\\r\n]|\\.)+""",
        rf"""(?i)(?P<keep>cookie{_ASSIGNED})(?!["'])[^\r\n]+""",
        rf"""(?i)(?<![a-z])(?P<keep>(?:{_NAMES}){_ASSIGNED}["']?(?:bearer\s+|basic\s+)?)"""
        r"""[^\s"',;&)}\]]+""",
        r"(?P<keep>alpha@)\w{16,}",  # a listen key as subscriptions name it
        r"(?P<keep>(?<!\d))\d{6,}:[\w-]{30,}",  # Telegram
        r"(?i)(?P<keep>hooks\.slack\.com/)\S+",
        r"(?P<keep>(?<!\w))xox[a-z]-[\w-]+",
        r"(?P<keep>(?<![\w-]))eyJ[\w-]{10,}\.[\w-]+\.[\w-]*",  # a JSON web token
        r"(?P<keep>://[^/\s:@]+:)[^/\s@]+(?=@)",  # user:password@host
    )
)


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
                line = f"{_dropped_line(self._dropped)}\n{line}"
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
    # By their first characters: one look-up a position of the text, however many secrets.
    secrets: dict[str, set[str]] = field(default_factory=dict)


_state = _State()


def say(key: str, /, **fields: object) -> None:
    """Write the catalogue's line for ``key`` with these fields; never raises."""
    _say(key, fields, None)


def say_exception(key: str, error: BaseException, /, **fields: object) -> None:
    """Write the line for ``key`` as an error, with the traceback of ``error``; never raises."""
    _say(key, fields, error)


def register_secret(value: str) -> None:
    """Mask ``value`` in everything written from now on, also quoted, escaped or in a URL.

    Of a cookie header each long value is masked as well; texts under four characters never are.
    """
    parts = [part.partition("=")[2] for part in value.split(";")]
    for text in (value, *(part for part in parts if len(part) >= _COOKIE_CHARS_MIN)):
        in_url = urllib.parse.quote(text, safe="")
        for form in (text, in_url, json.dumps(text)[1:-1], repr(text)[1:-1]):
            if len(form) >= _SECRET_CHARS_MIN:
                _state.secrets.setdefault(form[:_SECRET_CHARS_MIN], set()).add(form)


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


def listen(listener: Listener | None = None) -> None:
    """Have every key heard as it is said; without a listener, by nobody any more."""
    _state.listener = listener or (lambda key, fields: True)


def redact(text: str) -> str:
    """Return ``text`` with registered secrets, and what looks like one, replaced by ``***``."""
    text = "".join(_without_registered(text))
    for pattern in _PATTERNS:
        text = pattern.sub(r"\g<keep>***", text)
    return text


def harmless(text: str) -> str:
    """Return ``text`` with every character that could steer a terminal written as its code."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def _say(key: str, fields: dict[str, object], error: BaseException | None) -> None:
    try:
        if not _state.listener(key, fields):
            return
        level, text = _compose(key, fields)
        logger.opt(exception=error).log("ERROR" if error else level, text)
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
    # Masked before it is cut and escaped, or a half or a disguised secret might be left.
    text = redact(text)
    text = harmless(text if len(text) <= _VALUE_CHARS_MAX else text[:_VALUE_CHARS_MAX] + "…")
    # In quotes where it could pass for the next field.
    return f'"{text}"' if _NEEDS_QUOTES.search(text) else text


def _without_registered(text: str) -> Iterator[str]:
    secrets, size = _state.secrets, _SECRET_CHARS_MIN
    done = 0
    for here in [i for i in range(len(text)) if text[i : i + size] in secrets]:
        forms = (form for form in secrets[text[here : here + size]] if text.startswith(form, here))
        if found := max(forms, key=len, default=""):
            if here >= done:
                yield text[done:here] + "***"
            done = max(done, here + len(found))
    yield text[done:]


def _deliver(message: loguru.Message) -> None:
    head, *more = redact(message.rstrip("\n")).split("\n")
    if len(more) > _LINES_MAX:
        more[_LINES_MAX // 2 : -_LINES_MAX // 2] = ["…"]
    head = harmless(head)[:_LINE_CHARS_MAX]
    if _state.colour:
        level = message.record["level"].name
        head = head.replace(level, f"\x1b[{_COLOURS.get(level, '0')}m{level}\x1b[0m", 1)
    _state.sink(head)
    for line in more:
        # Indented, so that the text of an exception never passes for a line of its own.
        _state.sink(("    " + harmless(line))[:_LINE_CHARS_MAX])


def _dropped_line(count: int) -> str:
    level, text = _compose("log.lines_dropped", {"lines": count})
    now = datetime.now().astimezone().isoformat(" ", "milliseconds")[:23]
    return f"{now} | {level: <7} | {text}"


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
