"""How notices and answers look in Telegram.

A notice is HTML, of which two tags are used and the rest is escaped; values stand in ``<code>``,
where Telegram makes no links. An answer is plain text, so that a command in it can be tapped.
Telegram takes 4096 UTF-16 units a message, its tags not counted, and refuses what is longer.
"""

from __future__ import annotations

import html
from typing import Final

from alphabot import ChatAnswer, Notice
from alphabot.core.wording import bar, byline, headline, pages, shortened, tidy, units, unlinked

__all__ = ["BUTTON_BYTES_MAX", "TEXT_UNITS_MAX", "answer_texts", "button", "escaped", "page"]

TEXT_UNITS_MAX: Final = 4096
BUTTON_BYTES_MAX: Final = 64
MESSAGES_MAX: Final = 5
"""Of one answer: whoever asks for more than 20,000 characters wants another screen."""

_TITLE_UNITS_MAX, _NAME_UNITS_MAX, _VALUE_UNITS_MAX = 300, 100, 400


def page(notice: Notice) -> str:
    """Return the notice as one message of HTML; figures that do not fit are left out."""
    lines = [f"<b>{escaped(headline(notice), _TITLE_UNITS_MAX)}</b>"]
    if about := byline(notice):
        lines.append(escaped(about, _TITLE_UNITS_MAX))
    if notice.progress is not None:
        lines.append(bar(notice.progress))
    room = TEXT_UNITS_MAX - units("\n".join([*lines, "…"]))
    for name, value in notice.figures:
        value_html = (
            f"<code>{html.escape(shortened(tidy(value), _VALUE_UNITS_MAX), quote=False)}</code>"
        )
        line = f"{escaped(name, _NAME_UNITS_MAX)}: {value_html}"
        # Tags and escapes count in full here, which is more than Telegram counts.
        room -= units(line) + 1
        if room < 0:
            lines.append("…")
            break
        lines.append(line)
    return "\n".join(lines)


def escaped(text: str, units_max: int) -> str:
    """Return the text on one line, cut, so that Telegram's HTML shows it and links nothing."""
    return html.escape(unlinked(shortened(tidy(text), units_max)), quote=False)


def answer_texts(answer: ChatAnswer) -> list[str]:
    """Return the answer as messages of plain text; there is always one."""
    lines = (unlinked(tidy(line)) for line in answer.text.strip().split("\n"))
    return list(pages(lines, TEXT_UNITS_MAX))[:MESSAGES_MAX] or ["…"]


def button(token: str) -> dict[str, object]:
    """Return a keyboard whose one button brings the token back."""
    if not 1 <= len(token.encode()) <= BUTTON_BYTES_MAX:
        raise ValueError(f"a token of 1 to {BUTTON_BYTES_MAX} bytes was expected")
    return {"inline_keyboard": [[{"text": "✅ 确认 / Confirm", "callback_data": token}]]}
