"""``alphabot clear``: let a user trade again whom something has stopped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from alphabot.core.exact import plain
from alphabot.errors import ConfigError

if TYPE_CHECKING:
    from alphabot.cli.words import Words
    from alphabot.config import Settings
    from alphabot.messages import Language
    from alphabot.runtime.status import UserStatus
    from alphabot.wiring import Standstill

__all__ = ["agreed", "clear"]

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
_FAILING: Words = (
    "用户 {user} 的策略 {strategy_id} 已连续失败 {times} 次，达到 max_consecutive_failures；"
    "解除后重新计数。",
    "Strategy {strategy_id} of user {user} has failed {times} times in a row, which is"
    " max_consecutive_failures; once cleared, it may try again.",
)
_QUESTION: Words = ("确认解除？[y/N] ", "Clear it? [y/N] ")
_KEPT: Words = ("未解除。", "Not cleared.")
_DONE: Words = (
    "已解除，下次启动时用户 {user} 先对账再交易。",
    "Cleared. At the next start user {user} is reconciled, then trades on.",
)
_STARTED: Words = (
    "已解除，用户 {user} 在运行中的服务里重新开始：先对账，再交易。",
    "Cleared. User {user} starts anew in the running service: it is reconciled, then trades on.",
)
_CHANGED: Words = (
    "未解除：用户 {user} 的情况刚刚有变，请再看一次。",
    "Not cleared: what stops user {user} has just changed, look again.",
)


def clear(user: int, *, config: Path = Path("strategies.toml"), yes: bool = False) -> int:
    """Let a user trade again whom something has stopped.

    Shows why the user was stopped and asks. Look at the account in the official app or page
    first: a login, a check of the exchange or an order may wait for you there. In a running
    service the user starts anew at once, and is reconciled before it trades.

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
    from alphabot.cli.asking import asked, ready
    from alphabot.runtime.control import Request

    settings = ready(config)
    if not yes and not sys.stdin.isatty():
        raise ConfigError("there is no terminal to ask on", hint="--yes clears without asking")
    reply = asked(settings, Request(command="status"))
    if reply is not None and reply.status is not None:
        running = next((u for u in reply.status.users if u.user_id == user), None)
        return _clear_running(settings, user, running, yes=yes)
    found = trio.run(wiring.standstill, settings, user)
    if found is None:
        return _tell(_NOTHING, user, settings.language)
    if not _is_agreed(found, user, settings.language, yes=yes):
        return 1
    found = trio.run(wiring.clear, settings, user)
    return _tell(_NOTHING if found is None else _DONE, user, settings.language)


def _clear_running(settings: Settings, user: int, running: UserStatus | None, *, yes: bool) -> int:
    """Let the running service clear a user, who is started anew there."""
    from alphabot.cli.asking import ask
    from alphabot.core.records import Latched
    from alphabot.core.values import AlphaId
    from alphabot.runtime.control import Request
    from alphabot.runtime.failing import failing_in
    from alphabot.wiring import Standstill

    latch = None if running is None else running.latched
    if running is not None:
        abandoned = {AlphaId(token): held for token, held in running.abandoned.items()}
        failing = failing_in(running)
        if latch is None and not abandoned and not failing:
            return _tell(_NOTHING, user, settings.language)
        latched = None
        if latch is not None:
            latched = Latched(at_ms=latch.at_ms, reason=latch.reason, clears=latch.clears)
        found = Standstill(latched, abandoned, failing)
        if not _is_agreed(found, user, settings.language, yes=yes):
            return 1
    at_ms = latch.at_ms if latch else None
    reply = ask(settings, Request(command="clear", user=user, latched_at_ms=at_ms))
    match reply.refused:
        case "nothing_to_clear":
            return _tell(_NOTHING, user, settings.language)
        case "changed":
            _tell(_CHANGED, user, settings.language)
            return 1
    return _tell(_STARTED if reply.started_anew else _DONE, user, settings.language)


def _is_agreed(found: Standstill, user: int, language: Language, *, yes: bool) -> bool:
    from alphabot.cli.session import emit
    from alphabot.cli.words import word

    emit("\n".join(_told(found, user, language)))
    if yes or agreed(word(_QUESTION, language)):
        return True
    emit(word(_KEPT, language))
    return False


def _tell(sentence: Words, user: int, language: Language) -> int:
    from alphabot.cli.session import emit
    from alphabot.cli.words import word

    emit(word(sentence, language).format(user=user))
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
    for strategy_id, times in found.failing.items():
        yield word(_FAILING, language).format(user=user, times=times, strategy_id=strategy_id)


def agreed(question: str) -> bool:
    """Return whether a person says yes to a question on the terminal."""
    try:
        return input(question).strip().casefold() in ("y", "yes")
    except EOFError:
        return False
