"""The keys of ``[notices]``: what people are told, by whom, and who may ask back in a chat.

``[notices.users.2]`` says otherwise for one user, ``[notices.chat]`` names who is heard.
"""

from __future__ import annotations

from dataclasses import replace

from alphabot.config.key import Key, Section
from alphabot.config.kinds import Choice, Flag, ListOf, Text, Whole
from alphabot.core.notices import NoticeKind

__all__ = ["ACCOUNTS", "CHAT", "NOTICES", "OF_USER", "SENDER"]

_WISHES = (
    Key(
        "kinds",
        ListOf(Choice(tuple(kind.value for kind in NoticeKind))),
        "what is told; what needs a human always is",
        [kind.value for kind in NoticeKind],
    ),
    Key(
        "quiet",
        Flag(),
        "only the daily summary, behind, and what needs a human",
        False,
    ),
    Key("progress_step_percent", Whole(1, 100), "of the target, from one notice to the next", 10),
)

NOTICES = Section(
    "[notices]",
    "What people are told, and who may ask in a chat.",
    (
        Key(
            "notifiers",
            ListOf(Text(r"[A-Za-z_]\w{0,63}", "a notifier's name such as telegram")),
            "how people are reached, by the names that plugins register",
            [],
        ),
        *_WISHES,
    ),
)

OF_USER = Section(
    "[notices.users.NUMBER]",
    "What is told of one user; what is left out is as for all.",
    tuple(replace(key, default=None) for key in _WISHES),
)

SENDER = Whole(1, 2**53)
"""A chat service's id of a person."""
ACCOUNTS = ListOf(Whole(1, 999_999_999), least=1)
"""The users of the service that a person may ask about."""

CHAT = Section(
    "[notices.chat]",
    "Who may ask in a private chat; without it nobody is answered.",
    (Key("owners", ListOf(SENDER), "senders who may ask about everyone", []),),
)
