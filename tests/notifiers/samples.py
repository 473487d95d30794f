"""Notices, tokens and doors that the tests of the notifiers share."""

from __future__ import annotations

import trio

from alphabot import ChatAnswer, ChatQuestion, Notice, NoticeKind, Secret
from alphabot.core.values import StrategyId, UserId

TOKEN = "123456789:" + "CANARY-telegram-token-0123456789abc"
WEBHOOK_PATH = "/services/T0CANARY0/B0CANARY0/canaryslackcanaryslack"
CHAT = 42
GROUP = -1001234


def notice(
    title: str = "KOGE: target reached",
    *,
    kind: NoticeKind = NoticeKind.TARGET_REACHED,
    figures: tuple[tuple[str, str], ...] = (("volume", "16384 USDT"), ("wear", "12.41 USDT")),
    progress: float | None = 1.0,
    needs_human: bool = False,
    cause: str = "target:1:koge_volume_boost",
) -> Notice:
    """Return a notice about user 1's strategy."""
    return Notice(
        kind,
        cause,
        1_800_000_000_000,
        title,
        figures,
        progress,
        needs_human,
        UserId(1),
        StrategyId("koge_volume_boost"),
    )


def secret(text: str = TOKEN) -> Secret:
    """Return a secret."""
    return Secret(text)


class Door:
    """Answers by the text or the pressed token, and remembers what it was asked."""

    def __init__(self, answers: dict[str, ChatAnswer]) -> None:
        self._answers = answers
        self._send, self._asked = trio.open_memory_channel[ChatQuestion](100)

    async def ask(self, question: ChatQuestion) -> ChatAnswer | None:
        """Return the answer there is; strangers, whose id is not 7, get none."""
        await self._send.send(question)
        if question.sender_id != 7:
            return None
        return self._answers.get(question.text or question.pressed)

    async def next(self) -> ChatQuestion:
        """Return the next question, within the test's ceiling."""
        return await self._asked.receive()

    def rest(self) -> list[ChatQuestion]:
        """Return the questions that nobody looked at."""
        questions = []
        while True:
            try:
                questions.append(self._asked.receive_nowait())
            except trio.WouldBlock:
                return questions
