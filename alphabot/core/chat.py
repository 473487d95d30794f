"""What a person asks from a chat, and what the host answers.

A chat plugin relays, it decides nothing: whether this person may ask this, whether it is too old,
and whether it must be confirmed first is the host's to say.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ChatAnswer", "ChatQuestion"]


@dataclass(frozen=True, slots=True)
class ChatQuestion:
    """One message or pressed button, as the chat service delivered it."""

    sender_id: int
    chat_id: int
    private: bool
    """Nobody else reads this chat."""
    sent_at_ms: int
    text: str = ""
    """Such as ``/pause 2 koge``; empty when a button was pressed."""
    pressed: str = ""
    """The token of the :attr:`ChatAnswer.confirm` whose button was pressed."""


@dataclass(frozen=True, slots=True)
class ChatAnswer:
    """What is sent back to the chat it came from."""

    text: str
    confirm: str = ""
    """If not empty, a button that confirms is shown, and brings this token when pressed."""
