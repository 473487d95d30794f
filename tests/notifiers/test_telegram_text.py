"""What the Telegram notifier writes is what Telegram accepts, and shows as it was meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphabot import ChatAnswer, Notice, NoticeKind
from alphabot.core.wording import bar, byline, headline, tidy, units
from plugins.telegram.text import answer_texts, button, page
from tests.notifiers.samples import notice
from tests.notifiers.telegram_html import Marked, length, parse

HOSTILE = st.text('<>&"/;=abcode@.: 😀\n\u202e\ud800', max_size=40) | st.text(
    st.characters(), max_size=40
)
LONG = st.builds(lambda text, times: text * times, HOSTILE, st.integers(0, 400))
FIGURES = st.lists(st.tuples(HOSTILE, HOSTILE), max_size=8).map(tuple)


def visible(text: str) -> str:
    """Return what a person sees: the joints that keep Telegram from linking are invisible."""
    return text.replace("\u2060", "")


@given(HOSTILE, FIGURES, st.none() | st.floats(0, 1), st.booleans(), st.sampled_from(NoticeKind))
def test_a_notice_is_shown_as_it_was_meant(
    title: str,
    figures: tuple[tuple[str, str], ...],
    progress: float | None,
    needs_human: bool,
    kind: NoticeKind,
) -> None:
    told = notice(title, kind=kind, figures=figures, progress=progress, needs_human=needs_human)
    text, marks = parse(page(told))
    lines = [headline(told), byline(told)]
    lines += [] if progress is None else [bar(progress)]
    lines += [f"{tidy(name)}: {tidy(value)}" for name, value in figures]
    assert visible(text) == visible("\n".join(lines))
    assert [mark.tag for mark in marks] == ["b", *["code"] * len(figures)]
    first = text.split("\n")[0]
    assert marks[0] == Marked("b", 0, length(first))
    shown = text.encode("utf-16-le")
    for mark, (_, value) in zip(marks[1:], figures, strict=True):
        part = shown[2 * mark.offset : 2 * (mark.offset + mark.length)].decode("utf-16-le")
        assert part == tidy(value)


@given(LONG, st.lists(st.tuples(LONG, LONG), max_size=60).map(tuple))
def test_whatever_is_told_telegram_accepts_it(
    title: str, figures: tuple[tuple[str, str], ...]
) -> None:
    parse(page(notice(title, figures=figures)))


def test_figures_that_do_not_fit_are_left_out_and_it_says_so() -> None:
    figures = tuple((f"figure {number}", "<" * 90) for number in range(100))
    text, _ = parse(page(notice(figures=figures)))
    assert text.endswith("\n…")
    assert "figure 5" in text
    assert "figure 99" not in text


@given(LONG | st.lists(HOSTILE, max_size=40).map("\n".join))
def test_an_answer_is_plain_text_in_messages_that_fit(text: str) -> None:
    messages = answer_texts(ChatAnswer(text))
    assert 1 <= len(messages) <= 5
    assert all(0 < units(message) <= 4096 for message in messages)
    assert all(message.encode() for message in messages)


def test_an_answer_keeps_its_lines() -> None:
    assert answer_texts(ChatAnswer("a\n\nb <c>\n/stop 2")) == ["a\n\nb <c>\n/stop 2"]


def test_an_empty_answer_is_still_one() -> None:
    assert answer_texts(ChatAnswer(" \n")) == ["…"]


def test_a_button_has_room_for_sixty_four_bytes() -> None:
    assert button("a" * 64)
    for token in ("", "a" * 65, "é" * 33):
        with pytest.raises(ValueError, match="1 to 64 bytes"):
            button(token)


def test_nobody_is_named_where_nobody_is_meant() -> None:
    told = Notice(NoticeKind.STARTED, "run", 0, "Started")
    assert page(told) == "<b>▶ Started</b>"
