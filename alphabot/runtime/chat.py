"""What people ask in a chat: who may, how old it may be, and what must be confirmed first.

A chat plugin relays; everything is decided here, and done by the same control that the socket
serves. Nobody is known unless the configuration names the sender, and nobody is answered but in a
chat that nobody else reads: to all others this is silent.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import trio

from alphabot.core.chat import ChatAnswer, ChatQuestion
from alphabot.core.values import UserId
from alphabot.errors import JournalError
from alphabot.log import say
from alphabot.messages import Language
from alphabot.notice_words import ANSWERS, in_words
from alphabot.ports import WallClock
from alphabot.runtime.chat_text import (
    Wish,
    answer_lines,
    help_lines,
    requests_of,
    whom,
    wish_in,
)
from alphabot.runtime.control import Control, Request
from alphabot.runtime.failing import failing_in
from alphabot.runtime.status import Status, UserStatus

__all__ = ["CONFIRM_SECONDS", "QUESTION_AGE_SECONDS_MAX", "ChatHost"]

QUESTION_AGE_SECONDS_MAX = 60.0
"""Older, or sent before the service started, or from a future like that, is not answered."""
CONFIRM_SECONDS = 60.0
"""How long a confirmation may be pressed."""
CONFIRMATIONS_MAX = 16
"""That are open at a time; the oldest goes."""
QUESTIONS_A_MINUTE_MAX = 30
"""Of one sender; beyond that there is silence, for a chat is no place to hold up a loop from."""
STRANGERS_NAMED_MAX = 8
"""Senders that the log names once each; further ones are counted."""


@dataclass(frozen=True, slots=True)
class _Confirmation:
    """What is done once its button is pressed by who asked, where it was asked."""

    sender_id: int
    chat_id: int
    expires_at: float
    requests: tuple[Request, ...]
    command: str
    whom: str


class ChatHost:
    """An :class:`alphabot.ports.ChatDoor` to one service.

    ``owners`` may ask everything, ``users`` what is about their own accounts. ``new_token`` returns
    a text that nobody can guess.
    """

    def __init__(
        self,
        control: Control,
        *,
        owners: Sequence[int],
        users: Mapping[int, Sequence[UserId]],
        language: Language,
        clock: WallClock,
        new_token: Callable[[], str],
    ) -> None:
        self._control = control
        self._owners = frozenset(owners)
        self._users = users
        self._language: Language = language
        self._clock = clock
        self._new_token = new_token
        self._started_ms = clock.now_ms()
        self._confirmations: dict[str, _Confirmation] = {}
        self._asked: dict[int, deque[float]] = {}
        self._strangers: set[int] = set()
        self.turned_away = 0
        """Questions of strangers, in groups, too old, or too many."""

    def __repr__(self) -> str:
        return f"<ChatHost for {len(self._owners) + len(self._users)}>"

    async def ask(self, question: ChatQuestion) -> ChatAnswer | None:
        """Return the answer, or None when nothing is to be answered."""
        await trio.lowlevel.checkpoint()
        if not self._is_heard(question):
            self.turned_away += 1
            return None
        try:
            if question.pressed:
                return await self._confirmed(question)
            return await self._asked_for(question)
        except JournalError:
            # Whatever else needs the journal says so as well; a plugin is not told our errors.
            return self._say("failed")

    # --- who is heard --------------------------------------------------------------------------

    def _is_heard(self, question: ChatQuestion) -> bool:
        sender_id = question.sender_id
        if sender_id not in self._owners and sender_id not in self._users:
            if len(self._strangers) < STRANGERS_NAMED_MAX and sender_id not in self._strangers:
                self._strangers.add(sender_id)
                say("chat.stranger", sender_id=sender_id)
            return False
        if question.private is not True:
            return False
        now_ms = self._clock.now_ms()
        age_ms = abs(now_ms - question.sent_at_ms)
        if age_ms > QUESTION_AGE_SECONDS_MAX * 1000 or question.sent_at_ms < self._started_ms:
            return False
        return self._has_patience(sender_id)

    def _has_patience(self, sender_id: int) -> bool:
        now = trio.current_time()
        times = self._asked.setdefault(sender_id, deque())
        while times and times[0] <= now - 60:
            times.popleft()
        if len(times) >= QUESTIONS_A_MINUTE_MAX:
            return False
        times.append(now)
        return True

    # --- what is asked -------------------------------------------------------------------------

    async def _asked_for(self, question: ChatQuestion) -> ChatAnswer:
        await trio.lowlevel.checkpoint()
        wish = wish_in(question.text)
        if wish is None or wish.command == "/help":
            return ChatAnswer("\n".join(help_lines(self._language, known=wish is not None)))
        status = (await self._control.obey(Request(command="status"))).status
        if status is None:
            return self._say("failed")
        about = self._about(question.sender_id, wish, status)
        if not about:
            return self._say("nobody")
        if wish.changes:
            return self._offer(question, wish, about)
        return ChatAnswer("\n".join(answer_lines(wish, status, about, self._language)))

    def _about(self, sender_id: int, wish: Wish, status: Status) -> list[UserStatus]:
        """Return the users that are meant, of those whom the sender may ask about."""
        return [
            user
            for user in status.users
            if (sender_id in self._owners or user.user_id in self._users.get(sender_id, ()))
            and wish.user in (None, user.user_id)
            and (wish.strategy is None or wish.strategy in (s.strategy_id for s in user.strategies))
        ]

    # --- what must be confirmed ----------------------------------------------------------------

    def _offer(self, question: ChatQuestion, wish: Wish, about: Sequence[UserStatus]) -> ChatAnswer:
        """Ask back before anything is changed."""
        if wish.command == "/clear":
            if wish.user is None:
                return self._say("which_user")
            (user,) = about
            failing = failing_in(user)
            if user.latched is None and not user.abandoned and not failing:
                return self._say("nothing_to_clear", user=user.user_id)
            reason = user.latched.reason if user.latched else ", ".join((*user.abandoned, *failing))
            text = in_words(
                ANSWERS["confirm_clear"],
                self._language,
                user=user.user_id,
                reason=reason,
                seconds=int(CONFIRM_SECONDS),
            )
        else:
            text = in_words(
                ANSWERS["confirm"],
                self._language,
                command=wish.command,
                whom=whom(wish, about, self._language),
                seconds=int(CONFIRM_SECONDS),
            )
        while len(self._confirmations) >= CONFIRMATIONS_MAX:
            del self._confirmations[next(iter(self._confirmations))]
        token = self._new_token()
        self._confirmations[token] = _Confirmation(
            sender_id=question.sender_id,
            chat_id=question.chat_id,
            expires_at=trio.current_time() + CONFIRM_SECONDS,
            requests=tuple(requests_of(wish, about)),
            command=wish.command,
            whom=whom(wish, about, self._language),
        )
        return ChatAnswer(text, confirm=token)

    async def _confirmed(self, question: ChatQuestion) -> ChatAnswer:
        await trio.lowlevel.checkpoint()
        found = self._confirmations.get(question.pressed)
        if found is None or (found.sender_id, found.chat_id) != (
            question.sender_id,
            question.chat_id,
        ):
            return self._say("expired")
        del self._confirmations[question.pressed]
        if trio.current_time() > found.expires_at:
            return self._say("expired")
        say("chat.confirmed", command=found.command, sender_id=question.sender_id)
        reached = 0
        for request in found.requests:
            reply = await self._control.obey(request)
            reached += len(reply.meant)
            if reply.refused in ("nobody", "changed", "nothing_to_clear"):
                return self._say(reply.refused, user=request.user)
            if reply.refused:
                return self._say("failed")
            if request.command == "clear":
                return self._say("anew" if reply.started_anew else "cleared", user=request.user)
        key = "done" if reached else "ended_before"
        return self._say(key, command=found.command, whom=found.whom)

    def _say(self, key: str, /, **filled: object) -> ChatAnswer:
        return ChatAnswer(in_words(ANSWERS[key], self._language, **filled))
