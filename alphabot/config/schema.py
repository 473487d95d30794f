"""The table of keys as a JSON Schema: an editor completes, explains and complains as one types.

It says of each key by itself what :mod:`alphabot.config.keys` says. What a schema cannot say, the
reader still refuses: keys that contradict each other, an id given twice, text with control
characters, and a whole number written with a point (``5.0`` is an integer to JSON Schema).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from alphabot.config.addresses import LiveUrl, LoopbackUrl
from alphabot.config.keys import LIVE_EXCHANGE, REQUIRED, SECTIONS, TOP, Key, Section
from alphabot.config.kinds import Choice, Flag, Kind, ListOf, Number, Text, Whole
from alphabot.config.notice_keys import ACCOUNTS, CHAT, OF_USER
from alphabot.config.user_keys import USER_LIMITS

__all__ = ["DIALECT", "as_text", "schema"]

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_WORD = "0-9A-Za-z_\u0080-\U0010ffff"
"""What Python means by ``\\w``, nearly: in other regular expressions it is ASCII, or something
else again. A few marks beyond ASCII pass here that the reader refuses."""


def schema(plugins: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the schema of a whole file; ``plugins`` are those of the tables of plugins."""
    tables = {name: _table(section) for name, section in SECTIONS.items() if name != "strategies"}
    strategies = SECTIONS["strategies"]
    # Which of the two holds, another key says.
    tables["exchange"]["properties"] |= {
        key.name: _in_live_mode(key, SECTIONS["exchange"]) for key in LIVE_EXCHANGE.keys[1:]
    }
    # What is not a key of [plugins] itself is the table of a plugin.
    tables["plugins"]["additionalProperties"] = {"type": "object"}
    tables["plugins"]["properties"] |= plugins or {}
    # Tables that are named by a number.
    tables["notices"]["properties"] |= {"users": _numbered(_table(OF_USER)), "chat": _chat()}
    tables["users"]["properties"] |= {"limits": _table(USER_LIMITS)}
    tables["users"] = _numbered(tables["users"], "^[1-9][0-9]{0,8}$")
    top = _table(TOP)
    return {
        "$schema": DIALECT,
        "title": "strategies.toml of alphabot",
        "type": "object",
        "properties": {
            **top["properties"],
            **tables,
            "strategies": {
                "description": strategies.meaning,
                "type": "array",
                "minItems": 1,
                "items": _table(strategies),
            },
        },
        "required": ["strategies"],
        "additionalProperties": False,
    }


def as_text(plugins: Mapping[str, Any] | None = None) -> str:
    """Return the schema as JSON text, the same every time."""
    return json.dumps(schema(plugins), indent=2) + "\n"


def _numbered(item: dict[str, Any], pattern: str = "^[1-9][0-9]{0,15}$") -> dict[str, Any]:
    """Return the schema of a table whose keys are numbers."""
    return {
        "type": "object",
        "propertyNames": {"pattern": pattern},
        "additionalProperties": item,
    }


def _chat() -> dict[str, Any]:
    chat = _table(CHAT)
    chat["properties"]["users"] = _numbered(_kind(ACCOUNTS)) | {
        "description": "by sender, the users that person may ask about"
    }
    return chat


def _table(section: Section) -> dict[str, Any]:
    """Return the schema of one table; a key that is not built yet is as unknown as any other."""
    built = [key for key in section.keys if key.unbuilt is None]
    table: dict[str, Any] = {
        "description": section.meaning,
        "type": "object",
        "properties": {key.name: _key(key) for key in built},
        "additionalProperties": False,
    }
    required = [key.name for key in built if key.default is REQUIRED]
    return table | {"required": required} if required else table


def _in_live_mode(key: Key, simulated: Section) -> dict[str, Any]:
    """Return what holds for a key of live mode, which allows all that the simulated one does."""
    said = _key(key)
    other = simulated.key(key.name)
    if other is not None:
        said["description"] = (
            f"{other.meaning} ({other.kind.expected}); in live mode and in a dry run"
            f" {said['description']}"
        )
    del said["default"]
    return said


def _key(key: Key) -> dict[str, Any]:
    said: dict[str, Any] = {"description": f"{key.meaning} ({key.kind.expected})"}
    if key.default is None and key.shared is not None:
        said["description"] += f"; without it, {key.shared} of [global_settings]"
    said |= _kind(key.kind)
    if key.default is not REQUIRED and key.default is not None:
        said["default"] = _json(key.default)
    return said


def _kind(kind: Kind) -> dict[str, Any]:
    match kind:
        case Flag():
            allowed = [value for value in (True, False) if value not in kind.unbuilt]
            return {"type": "boolean"} if len(allowed) == 2 else {"const": allowed[0]}
        case Number():
            return {
                "type": "integer" if isinstance(kind, Whole) else "number",
                "minimum": _json(kind.least),
                "maximum": _json(kind.most),
            }
        case Text():
            return {"type": "string", "pattern": f"^(?:{_portable(kind.pattern)})$"}
        case Choice():
            return {"type": "string", "enum": list(kind.words)}
        case ListOf():
            return {
                "type": "array",
                "items": _kind(kind.kind),
                "minItems": kind.least,
                "uniqueItems": True,
            }
        case LoopbackUrl() | LiveUrl():
            return {"type": "string", "pattern": f"^(?:{kind.pattern})$"}
        case _:
            raise TypeError(f"{type(kind).__name__} has no form in a schema")


def _portable(pattern: str) -> str:
    """Return the pattern so that every dialect of regular expressions reads it alike."""
    in_brackets = re.sub(
        r"\[([^]]*)\]", lambda found: "[" + found[1].replace(r"\w", _WORD) + "]", pattern
    )
    return in_brackets.replace(r"\w", f"[{_WORD}]")


def _json(value: Any) -> Any:
    """Return a value of the table as JSON has it."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value
