"""What people are told of a service, and how they ask it in a chat."""

from __future__ import annotations

import secrets

from alphabot.config import Settings
from alphabot.ports import ChatDoor, Outbox, WallClock
from alphabot.runtime.chat import ChatHost
from alphabot.runtime.control import Control
from alphabot.runtime.notices import Notices
from alphabot.wiring.binding import Names

__all__ = ["chat_door", "notices_of"]

_TOKEN_BYTES = 16
"""Of chance in a confirmation; as text it is short enough for a button of any service."""


def notices_of(settings: Settings, names: Names, outbox: Outbox, clock: WallClock) -> Notices:
    """Return what tells people as the settings say."""
    return Notices(
        names.notifiers,
        outbox=outbox,
        everyone=settings.notices.everyone,
        users=settings.notices.users,
        language=settings.language,
        clock=clock,
        dry_run=settings.dry_run,
    )


def chat_door(settings: Settings, control: Control, clock: WallClock) -> ChatDoor | None:
    """Return what answers in chats, or None where nobody may ask."""
    chat = settings.notices.chat
    if not (chat.owners or chat.users):
        return None
    return ChatHost(
        control,
        owners=chat.owners,
        users=chat.users,
        language=settings.language,
        clock=clock,
        new_token=lambda: secrets.token_urlsafe(_TOKEN_BYTES),
    )
