"""Every hostile reply through the codec: the typed error that is due, or what a sound one says.

There are thousands, so each test takes all of one question or message, and names those that fail.
"""

from __future__ import annotations

from collections import Counter

import pytest

from alphabot.errors import ExchangeError, UnexpectedReply
from alphabot.exchange.wire.envelope import Reply
from tests.hostile.frames import FRAMES, HostileFrame, Message, Verdict, read, sound
from tests.hostile.questions import QUESTIONS
from tests.hostile.replies import REPLIES, HostileReply

_TOLD_MAX = 1000
"""Characters of an error's text, whatever was sent."""


def test_the_corpus_is_as_large_as_promised_and_each_case_has_a_name() -> None:
    cases = (*REPLIES, *FRAMES)
    names = Counter(map(str, cases))
    assert len(cases) >= 500
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_hostile_reply_is_a_typed_error_or_harmless(question: str) -> None:
    cases = [case for case in REPLIES if case.question.name == question]
    assert cases
    assert [(str(case), came) for case in cases if (came := misread_reply(case))] == []


@pytest.mark.parametrize("message", Message)
def test_a_hostile_frame_is_refused_ignored_or_harmless(message: Message) -> None:
    cases = [case for case in FRAMES if case.message is message]
    assert cases
    assert [(str(case), came) for case in cases if (came := misread_frame(case))] == []


def misread_reply(case: HostileReply) -> str:
    """Return what came instead of what is due, and nothing if that came."""
    question = case.question
    try:
        value = question.read(case.reply)
    except Exception as error:  # noqa: BLE001 - any but the one that is due is what came
        return misnamed(error, case.error)
    due = case.error is None and value == question.read(Reply(200, {}, question.text))
    return "" if due else f"{value!r:.200}"


def misread_frame(case: HostileFrame) -> str:
    """Return what came instead of what is due, and nothing if that came."""
    try:
        value = read(case.message, case.text)
    except Exception as error:  # noqa: BLE001 - any but the one that is due is what came
        return misnamed(error, UnexpectedReply if case.verdict is Verdict.REFUSED else None)
    match case.verdict:
        case Verdict.IGNORED:
            due = value is None
        case Verdict.SAME:
            due = value == read(case.message, sound(case.message))
        case Verdict.REFUSED:
            due = False
    return "" if due else f"{value!r:.200}"


def misnamed(error: Exception, due: type[ExchangeError] | None) -> str:
    """Return what is wrong with an error: another type than the one that is due, or its length."""
    if type(error) is not due:
        return f"{error!r:.200}"
    return "" if len(str(error)) < _TOLD_MAX else f"{len(str(error))} characters"
