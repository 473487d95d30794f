"""What Telegram accepts as HTML, and what it makes of it: written from its documentation.

A stricter reader than Telegram is, where the documentation leaves a choice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

TAGS: Final = ("b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "code", "pre")
ENTITIES: Final = {"&lt;": "<", "&gt;": ">", "&amp;": "&", "&quot;": '"'}
_PARTS: Final = re.compile(r"<[^>]*>?|&\w*;?|[^<&]+")


@dataclass(frozen=True)
class Marked:
    """A part of the text that looks different; in UTF-16 units."""

    tag: str
    offset: int
    length: int


def parse(markup: str) -> tuple[str, list[Marked]]:
    """Return the text and its marks; raises ValueError where Telegram would refuse the message."""
    text, marks, open_tags = "", [], list[tuple[str, int]]()
    for part in _PARTS.findall(markup):
        if part.startswith("</"):
            if not open_tags or part != f"</{open_tags[-1][0]}>":
                raise ValueError(f"unexpected end tag {part}")
            tag, offset = open_tags.pop()
            marks.append(Marked(tag, offset, length(text) - offset))
        elif part.startswith("<"):
            if part[1:-1] not in TAGS or not part.endswith(">"):
                raise ValueError(f"unsupported start tag {part}")
            open_tags.append((part[1:-1], length(text)))
        elif part.startswith("&"):
            if part not in ENTITIES:
                raise ValueError(f"not escaped: {part}")
            text += ENTITIES[part]
        elif ">" in part:
            raise ValueError("not escaped: >")
        else:
            text += part
    if open_tags:
        raise ValueError(f"no end tag for {open_tags[-1][0]}")
    if not text.strip():
        raise ValueError("message text is empty")
    if length(text) > 4096:
        raise ValueError("message is too long")
    return text, marks


def length(text: str) -> int:
    """Return the number of UTF-16 units; raises ValueError for half a character."""
    return len(text.encode("utf-16-le")) // 2
