"""``alphabot clear``: let a user trade again whom something has stopped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from alphabot.core.exact import plain
from alphabot.errors import ConfigError

if TYPE_CHECKING:
    from alphabot.cli.words import Words
    from alphabot.messages import Language
    from alphabot.wiring import Standstill

__all__ = ["clear"]

_NOTHING: Words = (
    "用户 {user} 没有被停止，无需解除。",
    "User {user} is not stopped: nothing to clear.",
)
_LATCHED: Words = (
    "用户 {user} 自 {since} UTC 起停止交易：{reason}",
    "User {user} has been stopped since {since} UTC: {reason}",
)
_ABANDONED: Words = (
    "用户 {user} 持有 {quantity} 枚 {token}，其卖单并非由我们结束；解除后将按限额卖出。",
    "User {user} holds {quantity} {token} whose SELL was not ended by us; once cleared, it is"
    " sold within the limits.",
)
_QUESTION: Words = ("确认解除？[y/N] ", "Clear it? [y/N] ")
_KEPT: Words = ("未解除。", "Not cleared.")
_DONE: Words = (
    "已解除，下次启动时用户 {user} 先对账再交易。",
    "Cleared. At the next start user {user} is reconciled, then trades on.",
)


def clear(user: int, *, config: Path = Path("strategies.toml"), yes: bool = False) -> int:
    """Let a user trade again whom something has stopped.

    Shows why the user was stopped and asks. Look at the account in the official app or page
    first: a login, a check of the exchange or an order may wait for you there.

    Parameters
    ----------
    user
        Which one, by the id in user_ids.
    config
        The file that names the exchange.
    yes
        Do not ask; needed where there is no terminal to ask on.
    """
    import sys

    import trio

    from alphabot import wiring
    from alphabot.cli.session import emit
    from alphabot.cli.words import word
    from alphabot.config import load
    from alphabot.log import LineWriter, configure

    settings = load(config)
    configure(settings.language, sink=LineWriter(lambda: sys.stderr))
    if not yes and not sys.stdin.isatty():
        raise ConfigError("there is no terminal to ask on", hint="--yes clears without asking")
    found = trio.run(wiring.standstill, settings, user)
    if found is not None:
        emit("\n".join(_told(found, user, settings.language)))
        if not (yes or _agreed(word(_QUESTION, settings.language))):
            emit(word(_KEPT, settings.language))
            return 1
        found = trio.run(wiring.clear, settings, user)
    emit(word(_NOTHING if found is None else _DONE, settings.language).format(user=user))
    return 0


def _told(found: Standstill, user: int, language: Language) -> Iterator[str]:
    from datetime import UTC, datetime

    from alphabot.cli import cells
    from alphabot.cli.words import word

    if found.latched is not None:
        since = datetime.fromtimestamp(found.latched.at_ms / 1000, UTC)
        reason = cells.name(found.latched.reason)
        yield word(_LATCHED, language).format(
            user=user, since=f"{since:%Y-%m-%d %H:%M:%S}", reason=reason
        )
    for token, quantity in found.abandoned.items():
        yield word(_ABANDONED, language).format(user=user, quantity=plain(quantity), token=token)


def _agreed(question: str) -> bool:
    try:
        return input(question).strip().casefold() in ("y", "yes")
    except EOFError:
        return False
