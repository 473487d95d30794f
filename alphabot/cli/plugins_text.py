"""The list of plugins, in words of both languages and as JSON.

Names and reasons come from outside: they are shown as text, never as markup.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

from alphabot.cli import cells
from alphabot.cli.words import Words, word
from alphabot.messages import Language
from alphabot.wiring import PluginRow, PluginState

__all__ = ["as_json", "as_text"]

_STATES: Mapping[PluginState, Words] = {
    PluginState.LOADED: ("已加载", "loaded"),
    PluginState.REFUSED: ("被拒绝", "refused"),
    PluginState.UNNAMED: ("未启用，未导入", "not enabled, not imported"),
}
_KINDS: Mapping[str, Words] = {
    "pricing rule": ("定价规则", "pricing rule"),
    "multiplier": ("倍数规则", "multiplier"),
    "notifier": ("通知", "notifier"),
}
_LABELS: Mapping[str, Words] = {
    "where": ("位置", "from"),
    "hooks": ("钩子", "hooks"),
    "used": ("，用于 {users}", ", used by {users}"),
    "none": ("没有插件。", "There are no plugins."),
}


def as_text(rows: Sequence[PluginRow], language: Language) -> str:
    """Return a few lines for each plugin."""
    if not rows:
        return word(_LABELS["none"], language)
    return "\n".join(line for row in rows for line in _lines(row, language))


def as_json(rows: Sequence[PluginRow]) -> str:
    """Return the plugins as one JSON object on one line, in plain ASCII."""
    return json.dumps({"plugins": [asdict(row) for row in rows]})


def _lines(row: PluginRow, language: Language) -> Iterator[str]:
    state = word(_STATES[row.state], language)
    head = [row.name, row.version, row.source, state]
    yield "  ".join(cells.name(part) for part in head if part)
    if row.reason:
        yield f"    {cells.name(row.reason)}"
    yield f"    {word(_LABELS['where'], language)} {cells.name(row.where)}"
    if row.hooks:
        yield f"    {word(_LABELS['hooks'], language)} {cells.name(', '.join(row.hooks))}"
    for offer in row.offers:
        users = ", ".join(offer.used_by)
        used = word(_LABELS["used"], language).format(users=users) if users else ""
        yield f"    {word(_KINDS[offer.kind], language)} {cells.name(offer.name + used)}"
