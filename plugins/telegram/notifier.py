"""Telling: one notice, to every chat."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Final

import trio

from alphabot import NotDelivered, Notice, NoticeKind
from alphabot.ports import ChatDoor

from .bot import Bot
from .ear import Ear
from .text import page

__all__ = ["ListeningTelegram", "Telegram"]

_SILENT: Final = frozenset({NoticeKind.STARTED, NoticeKind.PROGRESS})


class Telegram:
    """Tells every chat, and remembers which of them have the latest notice."""

    def __init__(self, bot: Bot, chat_ids: tuple[int, ...]) -> None:
        self._bot = bot
        self._chat_ids = chat_ids
        self._latest: Notice | None = None
        self._told: set[int] = set()

    async def deliver(self, notice: Notice) -> None:
        """Send the notice to every chat that has not had it; raises NotDelivered if one is left.

        A chat that will never take it, since somebody blocked the bot, is waited for only if there
        is no other.
        """
        await trio.lowlevel.checkpoint()
        if notice != self._latest:
            self._latest, self._told = notice, set()
        text, silent = page(notice), notice.kind in _SILENT and not notice.needs_human
        refusals: list[NotDelivered] = []
        for chat_id in self._chat_ids:
            if chat_id in self._told:
                continue
            try:
                await self._bot.send(chat_id, text, parse_mode="HTML", disable_notification=silent)
            except NotDelivered as refused:
                refusals.append(refused)
            else:
                self._told.add(chat_id)
        passing = [refused for refused in refusals if not refused.pointless]
        if passing:
            raise max(passing, key=lambda refused: refused.retry_after_seconds or 0.0)
        if refusals and not self._told:
            raise refusals[0]


class ListeningTelegram(Telegram):
    """Tells, and listens."""

    def __init__(
        self,
        bot: Bot,
        chat_ids: tuple[int, ...],
        open_ear: Callable[[ChatDoor], AbstractAsyncContextManager[Ear]],
    ) -> None:
        super().__init__(bot, chat_ids)
        self._open_ear = open_ear

    async def listen(self, door: ChatDoor) -> None:
        """Relay until cancelled; raises NotDelivered where no patience would help."""
        async with self._open_ear(door) as ear:
            await ear.listen()
