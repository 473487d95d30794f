"""A line of the log as one JSON object, for programs that collect logs.

Money is text, so that nobody's parser makes a float of it. Secrets are masked in each text before
it is encoded: masked afterwards, a cookie would take the rest of the object with it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from alphabot.log.redaction import redact

__all__ = ["json_line"]

_VALUE_CHARS_MAX = 400
_LINE_BYTES_MAX = 4000
"""Less than PIPE_BUF: a pipe the kernel calls writable takes it at once."""


def json_line(
    time: datetime,
    level: str,
    key: str,
    message: str,
    fields: Mapping[str, object],
    exception: Sequence[str] = (),
) -> str:
    """Return a line in plain ASCII; of an exception the end, where it says what it was.

    Times are UTC to the millisecond. Numbers that are not money stay numbers.
    """
    moment = time.astimezone(UTC).isoformat(timespec="milliseconds")
    entry: dict[str, Any] = {
        "time": moment.replace("+00:00", "Z"),
        "level": level,
        "key": key,
        "message": _text(message),
        "fields": {_text(name): _value(name, value) for name, value in fields.items()},
    }
    if exception:
        entry["exception"] = [_text(line) for line in redact("\n".join(exception)).split("\n")]
    return _fitting(entry)


def _value(name: str, value: object) -> object:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float) and value - value == 0:  # neither infinite nor no number
        return round(value, 3)
    try:
        text = str(value)
    except Exception:  # noqa: BLE001 - a value of anyone's making
        return f"<{type(value).__name__}>"
    # With its name before it, by which a secret may be known.
    head = f"{name}="
    return _cut(redact(head + text).removeprefix(head))


def _text(text: str) -> str:
    return _cut(redact(text))


def _cut(text: str) -> str:
    return text if len(text) <= _VALUE_CHARS_MAX else text[:_VALUE_CHARS_MAX] + "…"


def _fitting(entry: dict[str, Any]) -> str:
    """Return the object, without what is too much: first of the exception, then of the fields."""
    line = json.dumps(entry)
    while len(line) > _LINE_BYTES_MAX and len(entry.get("exception", ())) > 1:
        lines = entry["exception"]
        entry["exception"] = lines[max(1, len(lines) // 4) :]
        line = json.dumps(entry)
    while len(line) > _LINE_BYTES_MAX and entry["fields"]:
        entry["fields"].popitem()
        entry["cut"] = True
        line = json.dumps(entry)
    return line
