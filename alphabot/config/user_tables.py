"""``[users.N]``: the tables of users, each with one for its limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from alphabot.config.complaints import KeyPath, shown
from alphabot.config.document import Document
from alphabot.config.key import Section
from alphabot.config.kinds import Misfit, Whole
from alphabot.config.settings import OwnSettings
from alphabot.config.user_keys import USER, USER_LIMITS
from alphabot.core.values import UserId

__all__ = ["read_users", "refuse_two_targets"]

_NUMBER = Whole(1, 999_999_999)
"""What a user is called in ``user_ids``."""
Given = Callable[[KeyPath, Section, Mapping[str, object]], dict[str, Any]]
"""Reads a table by its keys; the first argument is where it stands."""


def read_users(document: Document, given: Given) -> Mapping[UserId, OwnSettings]:
    """Return what the document says of single users; raises ConfigError."""
    users: dict[UserId, OwnSettings] = {}
    for name, value in _table(document, ("users",), document.data.get("users", {})).items():
        at: KeyPath = ("users", name)
        user_id = _user_id(document, at, name)
        table = _table(document, at, value, USER)
        own = {key: inner for key, inner in table.items() if key != "limits"}
        limits = _table(document, (*at, "limits"), table.get("limits", {}), USER_LIMITS)
        values = given(at, USER, own)
        refuse_two_targets(document, at, values)
        users[user_id] = OwnSettings(
            **values,
            limits=MappingProxyType(given((*at, "limits"), USER_LIMITS, limits)),
        )
    return MappingProxyType(users)


def refuse_two_targets(document: Document, at: KeyPath, given: Mapping[str, Any]) -> None:
    """Raise ConfigError where a table has both targets, or counts points in another way."""
    if "target_points" not in given:
        return
    place = (*at, "target_points")
    if "target_volume" in given:
        problem = "target_points and target_volume were given, one of the two was expected"
        raise document.complaint(place, problem)
    for name, counted in (("multiplier", "points"), ("volume_basis", "filled")):
        if given.get(name, counted) != counted:
            problem = f"points are counted by {name} = {shown(counted)}"
            hint = f"leave out {name}, or say target_volume"
            raise document.complaint((*at, name), problem, hint)


def _user_id(document: Document, at: KeyPath, name: str) -> UserId:
    try:
        # A key is text to TOML, and 02 is no other user than 2.
        if not (name.isascii() and name.isdecimal()) or name.startswith("0") or len(name) > 16:
            raise Misfit(f"{_NUMBER.expected} was expected as the key")
        return UserId(_NUMBER.read(int(name)))
    except Misfit as misfit:
        raise document.complaint(at, misfit.problem) from None


def _table(
    document: Document, at: KeyPath, value: object, section: Section = USER
) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise document.complaint(at, f"a table was expected, written {section.header}")
    return value
