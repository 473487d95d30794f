"""Telegram: notices in chats, and questions from them, through a bot of one's own.

``[plugins.telegram]`` names the bot's token and the chats that are told. The token is part of every
address that is asked, so nothing that knows an address leaves ``alphabot.webhook``.

``bot.py`` calls the Bot API, ``text.py`` lays out, ``notifier.py`` tells, ``ear.py`` listens.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

import msgspec

from alphabot import Secret, hookimpl
from alphabot.ports import NotifierFactory
from alphabot.webhook import host_of, open_poster

from .bot import Bot
from .ear import Ear, open_ear
from .notifier import ListeningTelegram, Telegram

__all__ = ["Bot", "Ear", "ListeningTelegram", "Settings", "Telegram", "open_telegram"]


ALPHABOT_API: Final = "1"


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[plugins.telegram]``: by which bot, to whom, and whether it listens."""

    bot_token: Secret
    chat_ids: tuple[int, ...]
    listen: bool = True
    api_url: str = "https://api.telegram.org"

    def __post_init__(self) -> None:
        """Raise ValueError, which does not quote the token, for what cannot work."""
        if not re.fullmatch(r"\d{3,20}:[A-Za-z0-9_-]{20,100}", self.bot_token.reveal()):
            raise ValueError("bot_token: a token as @BotFather gives it was expected")
        if not self.chat_ids or len(set(self.chat_ids)) != len(self.chat_ids):
            raise ValueError("chat_ids: at least one chat was expected, and each once")
        try:
            host_of(self.api_url)
        except ValueError as cause:
            raise ValueError(f"api_url: {cause}") from None
        if not re.fullmatch(r"https?://[^/?#]+", self.api_url):
            raise ValueError("api_url: an address like https://api.telegram.org was expected")


@asynccontextmanager
async def open_telegram(settings: Settings) -> AsyncIterator[Telegram]:
    """Open a notifier with a client of its own; it opens another where it listens."""
    api_url, token = settings.api_url, settings.bot_token
    async with open_poster() as poster:
        bot = Bot(poster, api_url, token)
        if settings.listen:
            yield ListeningTelegram(
                bot, settings.chat_ids, lambda door: open_ear(api_url, token, door)
            )
        else:
            yield Telegram(bot, settings.chat_ids)


@hookimpl
def settings() -> type[Settings]:
    """Say what ``[plugins.telegram]`` may hold."""
    return Settings


@hookimpl
def register_notifiers(
    register: Callable[[str, NotifierFactory], None], settings: Settings
) -> None:
    """Register ``telegram``."""
    register("telegram", lambda: open_telegram(settings))
