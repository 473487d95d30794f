"""Every hostile reply through the codec: the typed error that is due, or what a sound one says."""

from __future__ import annotations

from collections import Counter

import pytest

from alphabot.errors import UnexpectedReply
from alphabot.exchange.wire.envelope import Reply
from tests.hostile.frames import FRAMES, HostileFrame, Verdict, read, sound
from tests.hostile.replies import REPLIES, HostileReply


def test_the_corpus_is_as_large_as_promised_and_each_case_has_a_name() -> None:
    cases = (*REPLIES, *FRAMES)
    names = Counter(map(str, cases))
    assert len(cases) >= 500
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("case", REPLIES, ids=str)
def test_a_hostile_reply_is_a_typed_error_or_harmless(case: HostileReply) -> None:
    reply, question = case.reply, case.question
    if case.error is None:
        assert question.read(reply) == question.read(Reply(200, {}, question.text))
        return
    with pytest.raises(case.error) as caught:
        question.read(reply)
    assert type(caught.value) is case.error
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("case", FRAMES, ids=str)
def test_a_hostile_frame_is_refused_ignored_or_harmless(case: HostileFrame) -> None:
    match case.verdict:
        case Verdict.REFUSED:
            with pytest.raises(UnexpectedReply) as caught:
                read(case.message, case.text)
            assert type(caught.value) is UnexpectedReply
            assert len(str(caught.value)) < 1000
        case Verdict.IGNORED:
            assert read(case.message, case.text) is None
        case Verdict.SAME:
            assert read(case.message, case.text) == read(case.message, sound(case.message))
