"""What Telegram's updates say, and which of them are questions. Pure.

A question is what its sender wrote in that chat, or a button that was pressed there. What was
forwarded, sent by a bot, or in the name of a group or channel is none: nobody knows who meant it.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from alphabot import ChatQuestion

__all__ = ["Heard", "Update", "heard_in"]

_ADDRESSED: Final = re.compile(r"(/\w+)@(\w+)(.*)", re.DOTALL)


class Update(msgspec.Struct):
    """One of getUpdates' results; the kinds we asked for are read when their turn comes."""

    update_id: int
    message: Any = None
    callback_query: Any = None


@dataclass(frozen=True, slots=True)
class Heard:
    """A question, and the press to be acknowledged if it was one."""

    question: ChatQuestion
    press_id: str = ""


class _Sender(msgspec.Struct):
    id: int
    is_bot: bool = False


class _Chat(msgspec.Struct):
    id: int
    type: str


class _Message(msgspec.Struct):
    chat: _Chat
    date: int = 0
    sender: _Sender | None = msgspec.field(name="from", default=None)
    text: str = ""
    sender_chat: Any = None
    via_bot: Any = None
    forward_origin: Any = None
    forward_date: Any = None


class _Press(msgspec.Struct):
    id: str
    sender: _Sender = msgspec.field(name="from")
    message: _Message | None = None
    data: str = ""


def heard_in(update: Update, bot_name: str, before_ms: int) -> Heard | None:
    """Return the question in an update; None if there is none, or it cannot be read.

    ``before_ms`` dates a press: Telegram does not, but it was not there then.
    """
    with suppress(msgspec.ValidationError):
        if update.callback_query is not None:
            return _pressed(msgspec.convert(update.callback_query, _Press), before_ms)
        if update.message is not None:
            return _asked(msgspec.convert(update.message, _Message), bot_name)
    return None


def _pressed(press: _Press, before_ms: int) -> Heard | None:
    if press.message is None or not press.data or press.sender.is_bot:
        return None
    chat = press.message.chat
    question = ChatQuestion(
        press.sender.id, chat.id, chat.type == "private", before_ms, pressed=press.data
    )
    return Heard(question, press.id)


def _asked(message: _Message, bot_name: str) -> Heard | None:
    foreign = (message.sender_chat, message.via_bot, message.forward_origin, message.forward_date)
    if message.sender is None or message.sender.is_bot or any(mark is not None for mark in foreign):
        return None
    text: str | None = message.text
    if addressed := _ADDRESSED.fullmatch(message.text):
        command, name, rest = addressed.groups()
        text = command + rest if name.lower() == bot_name.lower() else None
    if not text:
        return None
    sent_at_ms = message.date * 1000
    private = message.chat.type == "private"
    return Heard(ChatQuestion(message.sender.id, message.chat.id, private, sent_at_ms, text))
