"""How a notice reads: what every notifier says alike, whatever its service calls bold.

Names of tokens and strategies come from outside. :func:`tidy` takes from a text what could steer
the screen it is shown on, :func:`unlinked` what a chat would make a link or a mention of; markup is
each service's own, and so is its escaping.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from alphabot.core.notices import Notice, NoticeKind

__all__ = ["bar", "byline", "headline", "pages", "shortened", "tidy", "units", "unlinked"]

_SIGNS: Final[Mapping[NoticeKind, str]] = {
    NoticeKind.STARTED: "▶",
    NoticeKind.PROGRESS: "📈",
    NoticeKind.BEHIND: "🐢",
    NoticeKind.VOLUME_DISAGREES: "🔎",
    NoticeKind.ROUND_FAILED: "⚠",
    NoticeKind.LATCHED: "⛔",
    NoticeKind.LEFTOVER: "📦",
    NoticeKind.STREAM_LOST: "🔌",
    NoticeKind.STREAM_BACK: "✅",
    NoticeKind.PLUGIN_BENCHED: "🧩",
    NoticeKind.TARGET_REACHED: "🎯",
    NoticeKind.STOPPED: "⏹",
    NoticeKind.DAILY_SUMMARY: "🗓",
}
_NEEDS_HUMAN: Final = "❗"
_BAR_CELLS: Final = 12
_JOINER: Final = "\N{WORD JOINER}"
# Where a chat sees a mention (@name), a link (https://) or a host (name.com); not in 27.28.
_LINKS: Final = re.compile(r"(?<=@)(?=\w)|(?<=:)(?=//)|(?<=\w\.)(?=[^\W\d_])")


def headline(notice: Notice) -> str:
    """Return the notice's title behind a sign of its kind, and of its urgency."""
    sign = _SIGNS[notice.kind]
    return f"{_NEEDS_HUMAN if notice.needs_human else ''}{sign} {tidy(notice.title)}"


def byline(notice: Notice) -> str:
    """Return whom the notice is about, without a word of any language; empty for everyone."""
    user = None if notice.user_id is None else f"👤 {notice.user_id}"
    return " · ".join(tidy(name) for name in (user, notice.strategy_id) if name is not None)


def bar(progress: float) -> str:
    """Return a bar of twelve cells and the percentage; full only when all is credited."""
    share = min(max(progress, 0.0), 1.0) if progress == progress else 0.0
    full = int(share * _BAR_CELLS)
    return f"{'▰' * full}{'▱' * (_BAR_CELLS - full)} {int(share * 1000) / 10:g} %"


def tidy(text: str) -> str:
    """Return the text on one line, without control, direction and half characters."""
    return text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)


def unlinked(text: str) -> str:
    """Return the text with an invisible joint wherever a chat would make a link or a mention."""
    return _LINKS.sub(_JOINER, text)


def units(text: str) -> int:
    """Return the text's length in UTF-16 code units, which is how chats count."""
    return len(text) + sum(c > "\uffff" for c in text)


def shortened(text: str, units_max: int) -> str:
    """Return the text, cut so that it has at most that many UTF-16 units, the ellipsis included."""
    if units(text) <= units_max:
        return text
    kept = 0
    for end, char in enumerate(text):
        kept += units(char)
        if kept > units_max - 1:
            return text[:end] + "…"
    return text


def pages(lines: Iterable[str], units_max: int) -> Iterator[str]:
    """Yield the lines in texts of at most that many UTF-16 units; a longer line is cut."""
    page = ""
    for line in (shortened(line, units_max) for line in lines):
        longer = f"{page}\n{line}" if page else line
        if units(longer) > units_max:
            yield page
            longer = line
        page = longer
    if page:
        yield page
