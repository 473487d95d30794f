"""Listening: long polling, and what is relayed of it.

Each poll confirms what the one before brought, so a question is relayed at most once: whoever gets
no answer asks again, and nothing is done twice. What came in before the start is dropped. Who may
ask what is decided behind the door; whoever gets no answer there gets none here, not even that a
button was pressed.

Telegram dates messages, but not the pressing of a button. It is dated by the poll before, so that
one that waited out an outage does not pass for a fresh one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Final

import msgspec
import trio

from alphabot import NotDelivered, Secret
from alphabot.clocks import SystemClock
from alphabot.ports import ChatDoor, WallClock
from alphabot.webhook import open_poster

from .bot import Bot, RefusedError
from .text import answer_texts, button
from .updates import Heard, Update, heard_in

__all__ = ["Ear", "open_ear"]

POLL_SECONDS: Final = 25
UPDATES_MAX: Final = 50
"""Of one poll; a message has at most 4096 characters, so the answer stays below its bound."""
FIRST_PAUSE_SECONDS: Final = 1.0
PAUSE_SECONDS_MAX: Final = 60.0
WAIT_SECONDS_MAX: Final = 600.0
"""Of what Telegram asks to wait."""
CONFLICTS_MAX: Final = 5
QUIET_POLLS: Final = 20
"""So many polls without a conflict, and the earlier ones are forgotten."""

_COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "status": ("What everyone is doing", "运行状态"),
    "volume": ("Credited volume", "已计交易量"),
    "wear": ("What the rounds have cost", "磨损"),
    "pause": ("No new rounds", "暂停新的轮次"),
    "resume": ("Go on", "继续"),
    "drain": ("Finish the rounds under way, then end", "完成当前轮次后结束"),
    "stop": ("Stop", "停止"),
    "clear": ("Let a stopped user start anew", "解除用户锁定"),
    "help": ("What can be asked", "帮助"),
}


class Ear:
    """Polls one bot, and hands what people ask to one door."""

    def __init__(self, bot: Bot, door: ChatDoor, clock: WallClock) -> None:
        self._bot = bot
        self._door = door
        self._clock = clock
        self._name = ""
        self._offset: int | None = None
        """Of the next poll; None before the first, whose backlog is dropped."""
        self._polled_ms = 0
        self._conflicts = 0
        self._quiet_polls = 0

    async def listen(self) -> None:
        """Relay until cancelled, through outages; raises NotDelivered for what does not pass."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                if self._offset is None:
                    await self._begin()
                await self._poll()
            except RefusedError as refused:
                self._bear(refused)
                wait = refused.retry_after_seconds or 0.0
            except NotDelivered:
                wait = 0.0
            else:
                pause = FIRST_PAUSE_SECONDS
                continue
            await trio.sleep(min(max(pause, wait), WAIT_SECONDS_MAX))
            pause = min(pause * 2, PAUSE_SECONDS_MAX)

    def _bear(self, refused: RefusedError) -> None:
        """Raise what no patience helps against."""
        if refused.code in (401, 404):
            raise NotDelivered("Telegram does not know this bot_token", pointless=True)
        if refused.code == 409:
            self._conflicts += 1
            self._quiet_polls = 0
            if self._conflicts >= CONFLICTS_MAX:
                problem = f"another program listens to this bot ({refused})"
                raise NotDelivered(problem, pointless=True)

    async def _begin(self) -> None:
        """Learn the bot's name, offer the commands, and drop what came before."""
        me = await self._bot.call("getMe")
        self._name = str(me.get("username", "")) if isinstance(me, dict) else ""
        for number, language in enumerate(("", "zh")):
            with suppress(NotDelivered):  # then without a menu
                await self._bot.call(
                    "setMyCommands",
                    commands=[
                        {"command": command, "description": words[number]}
                        for command, words in _COMMANDS.items()
                    ],
                    scope={"type": "all_private_chats"},
                    language_code=language,
                )
        # To ask for the newest alone makes Telegram forget all before it.
        newest = await self._updates(offset=-1, wait_seconds=0)
        self._polled_ms = self._clock.now_ms()
        self._offset = newest[-1].update_id + 1 if newest else 0

    async def _poll(self) -> None:
        asked_at, before_ms = trio.current_time(), self._polled_ms
        updates = await self._updates(offset=self._offset, wait_seconds=POLL_SECONDS)
        self._polled_ms = self._clock.now_ms()
        self._quiet_polls += 1
        if self._quiet_polls >= QUIET_POLLS:
            self._conflicts = 0
        for update in updates:
            # First of all: whatever comes of the question, it is not relayed again.
            self._offset = update.update_id + 1
            if (heard := heard_in(update, self._name, before_ms)) is not None:
                await self._relay(heard)
        if not updates and trio.current_time() - asked_at < FIRST_PAUSE_SECONDS:
            await trio.sleep(FIRST_PAUSE_SECONDS)  # whoever answered does not wait for news

    async def _updates(self, *, offset: int | None, wait_seconds: int) -> list[Update]:
        updates = await self._bot.call(
            "getUpdates",
            offset=offset,
            timeout=wait_seconds,
            limit=UPDATES_MAX,
            allowed_updates=("message", "callback_query"),
        )
        try:
            return msgspec.convert(updates, list[Update])
        except msgspec.ValidationError:
            raise NotDelivered("Telegram: getUpdates: nothing readable") from None

    async def _relay(self, heard: Heard) -> None:
        answer = await self._door.ask(heard.question)
        if answer is None:
            return
        if heard.press_id:
            with suppress(NotDelivered):  # the button looks busy for a while
                await self._bot.call("answerCallbackQuery", callback_query_id=heard.press_id)
        *first, last = answer_texts(answer)
        keyboard = {"reply_markup": button(answer.confirm)} if answer.confirm else {}
        with suppress(NotDelivered):  # whoever waits for it asks again
            for text in first:
                await self._bot.send(heard.question.chat_id, text)
            await self._bot.send(heard.question.chat_id, last, **keyboard)


@asynccontextmanager
async def open_ear(api_url: str, token: Secret, door: ChatDoor) -> AsyncIterator[Ear]:
    """Open an ear with a client of its own: a poll must not hold up a notice."""
    async with open_poster(POLL_SECONDS + 15) as poster:
        yield Ear(Bot(poster, api_url, token), door, SystemClock())
