"""What is read from a message in a chat, and the lines it is answered with; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, cast

from alphabot.messages import Language
from alphabot.notice_words import ANSWERS, COMMANDS, in_words
from alphabot.runtime.board import Ending, State
from alphabot.runtime.composing import bp, percent, usdt
from alphabot.runtime.control import Request
from alphabot.runtime.status import Status, StrategyStatus, UserStatus
from alphabot.runtime.words import ENDINGS, STATES, word

__all__ = ["Wish", "answer_lines", "help_lines", "requests_of", "whom", "wish_in"]

TEXT_CHARS_MAX = 200
"""Of a message that is read; no command of ours is longer."""
LINES_MAX = 40
"""Of an answer, for a screen in a hand."""
USERS_NAMED_MAX = 10
_CHANGING = ("/pause", "/resume", "/drain", "/stop", "/clear")
_Change = Literal["pause", "resume", "drain", "stop"]


@dataclass(frozen=True, slots=True)
class Wish:
    """A command, and whom it is about: everyone, a user, a strategy, or a strategy of a user."""

    command: str
    user: int | None = None
    strategy: str | None = None

    @property
    def changes(self) -> bool:
        """Whether anything is different afterwards, so that it must be confirmed."""
        return self.command in _CHANGING


def wish_in(text: str) -> Wish | None:
    """Return what a message such as ``/pause 2 koge`` asks for; None for no command of ours."""
    head, *words = text[:TEXT_CHARS_MAX].split() or [""]
    # In groups a bot is named behind the command; how a command is written is nobody's concern.
    command = head.partition("@")[0].lower()
    if command == "/start":
        return Wish("/help")
    if command not in COMMANDS:
        return None
    numbers = [int(each) for each in words if each.isascii() and each.isdecimal()]
    names = [each for each in words if not (each.isascii() and each.isdecimal())]
    if len(numbers) > 1 or len(names) > 1:
        return None
    return Wish(command, next(iter(numbers), None), next(iter(names), None))


def help_lines(language: Language, *, known: bool) -> Iterator[str]:
    """Yield the commands and what each does."""
    if not known:
        yield in_words(ANSWERS["unknown"], language)
    for command, meaning in COMMANDS.items():
        yield f"{command} - {in_words(meaning, language)}"
    yield in_words(ANSWERS["help"], language)


def answer_lines(
    wish: Wish, status: Status, about: Sequence[UserStatus], language: Language
) -> list[str]:
    """Return the answer to a question that changes nothing."""
    lines = list(_lines(wish, status, about, language))
    if len(lines) <= LINES_MAX:
        return lines
    more = in_words(ANSWERS["more"], language, count=len(lines) - LINES_MAX)
    return [*lines[:LINES_MAX], more]


def requests_of(wish: Wish, about: Sequence[UserStatus]) -> Iterator[Request]:
    """Yield what the control is asked for; one request a user, so that nobody else is meant."""
    if wish.command == "/clear":
        (user,) = about
        latched_at_ms = user.latched.at_ms if user.latched else None
        yield Request(command="clear", user=user.user_id, latched_at_ms=latched_at_ms)
        return
    command = cast(_Change, wish.command.removeprefix("/"))
    for user in about:
        yield Request(command=command, user=user.user_id, strategy=wish.strategy)


def whom(wish: Wish, about: Sequence[UserStatus], language: Language) -> str:
    """Return who is meant, in words."""
    users = ", ".join(str(user.user_id) for user in about[:USERS_NAMED_MAX])
    if len(about) > USERS_NAMED_MAX:
        users += f", … ({len(about)})"
    named = in_words(ANSWERS["whom"], language, users=users)
    return f"{named} {wish.strategy}" if wish.strategy else named


def _lines(
    wish: Wish, status: Status, about: Sequence[UserStatus], language: Language
) -> Iterator[str]:
    if status.dry_run:
        yield in_words(ANSWERS["dry_run"], language)
    if wish.command == "/status" and status.halted:
        yield in_words(ANSWERS["halted"], language, reason=status.halted)
    for user in about:
        if wish.command == "/status" and user.latched is not None:
            reason = user.latched.reason
            yield in_words(ANSWERS["latched"], language, user=user.user_id, reason=reason)
        for strategy in user.strategies:
            if wish.strategy in (None, strategy.strategy_id):
                yield _line(wish.command, user.user_id, strategy, language)


def _line(command: str, user_id: int, strategy: StrategyStatus, language: Language) -> str:
    return in_words(
        ANSWERS[command.removeprefix("/")],
        language,
        user=user_id,
        strategy=strategy.strategy_id,
        doing=_doing(strategy, language),
        percent=percent(strategy.credited, strategy.target),
        credited=usdt(strategy.credited),
        target=usdt(strategy.target),
        bought=usdt(strategy.volume_usdt),
        rounds=strategy.rounds,
        wear=usdt(strategy.wear_usdt),
        bp=bp(strategy.wear_usdt, strategy.volume_usdt),
    )


def _doing(strategy: StrategyStatus, language: Language) -> str:
    if strategy.ending is not None:
        return word(ENDINGS[Ending(strategy.ending)], language)
    return word(STATES[State(strategy.state)], language) if strategy.state else "-"
