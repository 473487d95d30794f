"""``alphabot users list | show | check``: what may be seen of a user; nothing of it is secret."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from alphabot.cli.users import CONFIG, opened, tell, users

if TYPE_CHECKING:
    from alphabot.config import Settings
    from alphabot.exchange.secret import Credentials
    from alphabot.wiring.sealed_users import SealedUser

__all__ = ["check", "list_", "show", "users"]

_EXIT_CODES = {"valid": 0, "unreachable": 1, "unclear": 1, "expired": 2, "challenge": 3}


@users.command(name="list")
def list_(*, config: Path = CONFIG, json: bool = False) -> int:
    """Print every user: id, name, whether it is traded for, since when its session is kept.

    Parameters
    ----------
    config
        The file that names the exchange.
    json
        Print the same as JSON.
    """
    from alphabot.cli.asking import ready

    settings = ready(config)
    with opened(settings) as known:
        everyone = known.all()
    if json:
        _emit_json([_as_json(user) for user in everyone])
    elif not everyone:
        tell(settings, "none")
    else:
        for user in everyone:
            _tell_line(settings, user)
    return 0


@users.command
def show(user: str, *, config: Path = CONFIG, json: bool = False) -> int:
    """Print a user, with the names of the headers and cookies that are kept; no value.

    Parameters
    ----------
    user
        By id or name.
    config
        The file that names the exchange.
    json
        Print the same as JSON.
    """
    from alphabot.cli.asking import ready

    settings = ready(config)
    with opened(settings) as known:
        found = known.find(user)
        kept = found.sealed_at_ms is not None
        credentials = known.credentials(found.user_id) if kept else None
    headers, cookies = _names(credentials)
    if json:
        _emit_json(_as_json(found) | {"headers": headers, "cookies": cookies})
        return 0
    _tell_line(settings, found)
    if credentials is not None:
        tell(settings, "headers", headers=", ".join(headers))
        tell(settings, "cookies", cookies=", ".join(cookies))
    return 0


@users.command
async def check(user: str, *, config: Path = CONFIG, json: bool = False) -> int:
    """Ask the exchange with one harmless read, of the balances, whether a session is good.

    Exit code 0: it is valid. 1: nobody knows, the exchange cannot be reached or understood.
    2: it has expired. 3: the exchange wants a check that a person has to finish.

    Parameters
    ----------
    user
        By id or name.
    config
        The file that names the exchange.
    json
        Print what was found as JSON.
    """
    from alphabot.cli import cells
    from alphabot.cli.asking import ready
    from alphabot.cli.session import emit
    from alphabot.cli.users_words import STANDINGS
    from alphabot.cli.words import word
    from alphabot.log import redact
    from alphabot.wiring.consent import refuse_key_log
    from alphabot.wiring.session_check import check_session

    settings = ready(config)
    refuse_key_log()
    with opened(settings) as known:
        found = known.find(user)
        finding = await check_session(settings, known, found.user_id)
    reason = redact(finding.reason)
    if json:
        _emit_json(_as_json(found) | {"standing": finding.standing, "reason": reason})
    else:
        said = word(STANDINGS[finding.standing], settings.language)
        name = cells.name(found.name)
        emit(said.format(user=found.user_id, name=name, reason=cells.name(reason)))
    return _EXIT_CODES[finding.standing]


def _tell_line(settings: Settings, user: SealedUser) -> None:
    from alphabot.cli.users_words import SAID
    from alphabot.cli.words import word

    since = _moment(user.sealed_at_ms)
    state = "gone" if since is None else "yes" if user.enabled else "no"
    said = word(SAID[state], settings.language)
    tell(settings, "line", user, state=said, since=since or "-")


def _as_json(user: SealedUser) -> dict[str, Any]:
    return {
        "user_id": user.user_id,
        "name": user.name,
        "enabled": user.enabled,
        "added_at": _moment(user.added_at_ms),
        "sealed_at": _moment(user.sealed_at_ms),
    }


def _names(credentials: Credentials | None) -> tuple[list[str], list[str]]:
    """Return the names of the headers and of the cookies."""
    if credentials is None:
        return [], []
    parts = (part.partition("=") for part in credentials.cookie.reveal().split(";"))
    cookies = [name.strip() for name, _, _ in parts if name.strip()]
    return ["cookie", "csrftoken", *sorted(credentials.headers)], cookies


def _moment(at_ms: int | None) -> str | None:
    from datetime import UTC, datetime

    if at_ms is None:
        return None
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _emit_json(value: object) -> None:
    import json

    from alphabot.cli.session import emit

    emit(json.dumps(value, ensure_ascii=False))
