"""What a line of the log is made of: its level, and its words in both languages."""

from __future__ import annotations

from typing import Literal, NamedTuple

__all__ = ["Language", "Level", "Message"]

Language = Literal["zh", "en"]
Level = Literal["DEBUG", "INFO", "WARNING", "ERROR"]


class Message(NamedTuple):
    """One line of the log, without its fields."""

    level: Level
    zh: str
    en: str
    first: tuple[str, ...] = ()

    def text(self, language: Language) -> str:
        """Return the words in ``language``."""
        return self.zh if language == "zh" else self.en
