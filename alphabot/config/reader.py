"""From a document to settings: each table by its keys, then the whole by its rules."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from alphabot.config.complaints import KeyPath, nearest
from alphabot.config.document import Document, parse, read
from alphabot.config.keys import LIVE_EXCHANGE, REQUIRED, SECTIONS, SHARED, TOP, Key, Section
from alphabot.config.kinds import Misfit
from alphabot.config.notice_tables import read_notices
from alphabot.config.rules import check
from alphabot.config.settings import (
    ExchangeSettings,
    LogSettings,
    PluginSettings,
    Settings,
    StrategySettings,
    in_points,
)
from alphabot.config.user_keys import USER_LIMITS
from alphabot.config.user_tables import read_users, refuse_two_targets
from alphabot.core.limit_values import Limits
from alphabot.errors import ConfigError

__all__ = ["load", "loads"]

_NAMES_LISTED_MAX = 8


def load(path: Path) -> Settings:
    """Return the settings of a file; raises ConfigError with file, line and key."""
    return loads(read(path), path)


def loads(text: str, path: Path = Path("strategies.toml")) -> Settings:
    """Return the settings of a text; ``path`` is what complaints and relative paths refer to."""
    document = parse(text, path)
    top = _read_top(document)
    shared = _complete(document, ("global_settings",))
    settings = Settings(
        source=document,
        language=top["language"],
        exchange=ExchangeSettings(**_read_exchange(document)),
        limits=Limits(**_complete(document, ("limits",))),
        strategies=tuple(
            StrategySettings(**_read_strategy(document, ("strategies", index), shared))
            for index in range(_count_strategies(document))
        ),
        users=read_users(document, partial(_given, document)),
        plugins=_read_plugins(document),
        notices=read_notices(
            document, partial(_given, document), partial(_read_complete, document)
        ),
        log=_read_log(document),
        grace_seconds=shared["grace_seconds"],
        settle_seconds=shared["settle_seconds"],
        stream_required=shared["stream_required"],
        on_volume_mismatch=shared["on_volume_mismatch"],
        journal_on_network_disk=shared["journal_on_network_disk"],
        dry_run_balance_usdt=_complete(document, ("dry_run",))["balance_usdt"],
    )
    check(settings)
    return settings


# --- tables -----------------------------------------------------------------------------------


def _read_top(document: Document) -> dict[str, Any]:
    own = {name: value for name, value in document.data.items() if name not in SECTIONS}
    return _with_defaults(document, (), TOP, _given(document, (), TOP, own))


def _read_exchange(document: Document) -> dict[str, Any]:
    at, section = ("exchange",), SECTIONS["exchange"]
    table = _table(document, at, section)
    if table.get("mode") in ("live", "dry-run"):
        section = LIVE_EXCHANGE
    return _with_defaults(document, at, section, _given(document, at, section, table))


def _read_strategy(document: Document, at: KeyPath, shared: Mapping[str, Any]) -> dict[str, Any]:
    section = SECTIONS["strategies"]
    given = _given(document, at, section, _table(document, at, section))
    inherited = {key.name: shared[key.shared or key.name] for key in SHARED}
    values = _with_defaults(document, at, section, inherited | given)
    if values["target_volume"] is None and values["target_points"] is None:
        expected = "target_volume or target_points was expected, was missing"
        raise document.complaint((*at, "target_volume"), expected)
    refuse_two_targets(document, at, given)
    if values["target_points"] is None:
        return values
    return values | in_points(values["target_points"])


def _count_strategies(document: Document) -> int:
    listed = document.data.get("strategies", [])
    if not isinstance(listed, list):
        raise document.complaint(("strategies",), "[[strategies]] was expected, in double brackets")
    if not listed:
        raise document.complaint(("strategies",), "at least one [[strategies]] was expected")
    return len(listed)


def _read_plugins(document: Document) -> PluginSettings:
    at, section = ("plugins",), SECTIONS["plugins"]
    table = _table(document, at, section)
    tables = {name: value for name, value in table.items() if isinstance(value, dict)}
    own = {name: value for name, value in table.items() if name not in tables}
    values = _with_defaults(document, at, section, _given(document, at, section, own))
    folder = document.path.absolute().parent
    return PluginSettings(
        paths=tuple(folder / path for path in values["paths"]),
        enabled=values["enabled"],
        bench_after=values["bench_after"],
        tables=_frozen(tables),
    )


def _read_log(document: Document) -> LogSettings:
    values = _complete(document, ("log",))
    folder = document.path.absolute().parent
    return LogSettings(**{**values, "file": values["file"] and folder / values["file"]})


def _read_complete(
    document: Document, at: KeyPath, section: Section, table: Mapping[str, object]
) -> dict[str, Any]:
    """Return every built key of a section for a table that was found, read or by default."""
    return _with_defaults(document, at, section, _given(document, at, section, table))


def _complete(document: Document, at: tuple[str]) -> dict[str, Any]:
    """Return every built key of a table, read or by default."""
    section = SECTIONS[at[0]]
    given = _given(document, at, section, _table(document, at, section))
    return _with_defaults(document, at, section, given)


def _table(document: Document, at: KeyPath, section: Section) -> Mapping[str, object]:
    value: Any = document.data
    for step in at:
        value = value.get(step, {}) if isinstance(value, Mapping) else value[step]
    if not isinstance(value, Mapping):
        raise document.complaint(at, f"a table was expected, written {section.header}")
    return value


# --- keys -------------------------------------------------------------------------------------


def _given(
    document: Document, at: KeyPath, section: Section, table: Mapping[str, object]
) -> dict[str, Any]:
    """Return what the file says, in its order; raises for the first key that cannot be used."""
    values = {}
    for name, value in table.items():
        key = section.key(name)
        if key is None:
            raise _unknown(document, (*at, name), name, section)
        if key.unbuilt is not None:
            raise document.complaint((*at, name), f"not built yet: {key.unbuilt}")
        try:
            values[name] = key.kind.read(value)
        except Misfit as misfit:
            place = (*at, name, *misfit.within)
            raise document.complaint(place, misfit.problem, misfit.hint) from None
    return values


def _with_defaults(
    document: Document, at: KeyPath, section: Section, given: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a value for every built key of a section; raises if one is missing."""
    return {
        key.name: given[key.name] if key.name in given else _default(document, at, key)
        for key in section.keys
        if key.unbuilt is None
    }


def _default(document: Document, at: KeyPath, key: Key) -> Any:
    if key.default is REQUIRED:
        raise document.complaint((*at, key.name), f"{key.kind.expected} was expected, was missing")
    return None if key.default is None else key.kind.read(key.default)


def _unknown(document: Document, place: KeyPath, name: str, section: Section) -> ConfigError:
    names = [key.name for key in section.keys if key.unbuilt is None]
    if section is TOP:
        names += SECTIONS
    if place[0] == "users" and section is not USER_LIMITS and USER_LIMITS.key(name) is not None:
        hint: str | None = f"it belongs into [users.{place[1]}.limits]"
    else:
        hint = _hint(name, names)
    return document.complaint(place, "unknown key", hint)


def _hint(name: str, names: list[str]) -> str | None:
    near = nearest(name, names)
    # One is the other with or without "default_", or without its unit.
    if near is not None and (near in name or name in near):
        return f"did you mean {near}?"
    for section in (TOP, *SECTIONS.values()):
        key = section.key(name)
        if key is not None and key.unbuilt is None:
            return f"it belongs into {section.header or 'the top, before the first table'}"
    if near is not None:
        return f"did you mean {near}?"
    return f"known here: {', '.join(names)}" if len(names) <= _NAMES_LISTED_MAX else None


def _frozen(value: Any) -> Any:
    """Return the same without anything that could be changed."""
    if isinstance(value, dict):
        return MappingProxyType({name: _frozen(inner) for name, inner in value.items()})
    if isinstance(value, list):
        return tuple(_frozen(inner) for inner in value)
    return value
