"""``[notices]`` with the tables inside it: one for each user, and one for chats."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from alphabot.config.complaints import KeyPath
from alphabot.config.document import Document
from alphabot.config.key import Section
from alphabot.config.kinds import Misfit
from alphabot.config.notice_keys import ACCOUNTS, CHAT, NOTICES, OF_USER, SENDER
from alphabot.config.settings import ChatSettings, NoticeSettings
from alphabot.core.choosing import Wishes
from alphabot.core.notices import NoticeKind
from alphabot.core.values import UserId

__all__ = ["read_notices"]

_AT: KeyPath = ("notices",)
Given = Callable[[KeyPath, Section, Mapping[str, object]], dict[str, Any]]
"""Reads a table by its keys; the first argument is where it stands."""


def read_notices(document: Document, given: Given, complete: Given) -> NoticeSettings:
    """Return what the document says of notices; raises ConfigError.

    ``given`` returns what stands in a table, ``complete`` adds what is left out.
    """
    table = _table(document, _AT, NOTICES.header)
    own = {name: value for name, value in table.items() if name not in ("users", "chat")}
    values = complete(_AT, NOTICES, own)
    notifiers = values.pop("notifiers")
    everyone = _wishes(values)
    return NoticeSettings(
        notifiers=notifiers,
        everyone=everyone,
        users=MappingProxyType(dict(_users(document, given, values))),
        chat=_chat(document, complete),
    )


def _wishes(values: Mapping[str, Any]) -> Wishes:
    return Wishes(**{**values, "kinds": tuple(map(NoticeKind, values["kinds"]))})


def _users(
    document: Document, given: Given, everyone: Mapping[str, Any]
) -> list[tuple[UserId, Wishes]]:
    found = []
    at = (*_AT, "users")
    for name in _table(document, at, "[notices.users.NUMBER]"):
        place = (*at, name)
        values = given(place, OF_USER, _table(document, place, OF_USER.header))
        user_id = UserId(_number(document, place, name))
        found.append((user_id, _wishes({**everyone, **values})))
    return found


def _chat(document: Document, complete: Given) -> ChatSettings:
    at = (*_AT, "chat")
    table = _table(document, at, CHAT.header)
    values = complete(at, CHAT, {name: each for name, each in table.items() if name != "users"})
    users = {}
    for name, accounts in _table(document, (*at, "users"), "[notices.chat.users]").items():
        place = (*at, "users", name)
        try:
            users[_number(document, place, name)] = tuple(map(UserId, ACCOUNTS.read(accounts)))
        except Misfit as misfit:
            inside = (*place, *misfit.within)
            raise document.complaint(inside, misfit.problem, misfit.hint) from None
    return ChatSettings(owners=values["owners"], users=MappingProxyType(users))


def _number(document: Document, place: KeyPath, name: str) -> int:
    """Return the number that a key is, for keys that name people."""
    try:
        if not (name.isascii() and name.isdecimal()) or name.startswith("0") or len(name) > 16:
            raise Misfit(f"{SENDER.expected} was expected as the key")
        return int(SENDER.read(int(name)))
    except Misfit as misfit:
        raise document.complaint(place, misfit.problem) from None


def _table(document: Document, at: KeyPath, header: str) -> Mapping[str, object]:
    table: Mapping[str, object] = document.data
    for step in at:
        value = table.get(str(step), {})
        if not isinstance(value, Mapping):
            raise document.complaint(at, f"a table was expected, written {header}")
        table = value
    return table
