"""How notices read: cut by UTF-16 units, without what steers a screen, and linking nothing."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphabot import Notice, NoticeKind
from alphabot.core.values import StrategyId, UserId
from alphabot.core.wording import (
    bar,
    byline,
    headline,
    pages,
    shortened,
    tidy,
    units,
    unlinked,
)

TEXTS = st.text(st.characters(), max_size=60)
MIXED = st.text("ab😀 \n@.:/\u202e\ud800", max_size=60)


@given(TEXTS | MIXED)
def test_units_are_those_of_utf_16(text: str) -> None:
    assert units(text) == len(text.encode("utf-16-le", "surrogatepass")) // 2


@given(TEXTS | MIXED, st.integers(1, 70))
def test_what_is_cut_fits_and_begins_as_it_did(text: str, most: int) -> None:
    cut = shortened(text, most)
    assert units(cut) <= most
    assert cut == text or (cut.endswith("…") and text.startswith(cut[:-1]))
    if units(text) > most >= 2:
        assert units(cut) >= most - 1  # no more is lost than half a character


@given(TEXTS | MIXED)
def test_tidy_text_is_one_printable_line_of_the_same_length(text: str) -> None:
    tidied = tidy(text)
    assert tidied.isprintable()
    assert len(tidied) == len(text)
    tidied.encode()  # no half characters
    assert all(new in (old, " ") for new, old in zip(tidied, text, strict=True))


@given(st.lists(MIXED.map(tidy), max_size=12), st.integers(2, 50))
def test_pages_fit_and_hold_every_line_in_order(lines: list[str], most: int) -> None:
    texts = list(pages(lines, most))
    assert all(0 < units(text) <= most for text in texts)
    shown = [shortened(line, most) for line in lines]
    assert "".join(texts).replace("\n", "") == "".join(shown)


@pytest.mark.parametrize(
    ("text", "visible_links"),
    [
        ("see @everyone", "@everyone"),
        ("see https://evil.com/x", "https://"),
        ("buy at claim-airdrop.io", "airdrop.io"),
        ("t.me/joinchat", "t.me"),
    ],
)
def test_nothing_is_a_link_or_a_mention(text: str, visible_links: str) -> None:
    assert visible_links in text
    assert visible_links not in unlinked(text)
    assert unlinked(text).replace("\u2060", "") == text


@pytest.mark.parametrize("text", ["27.28 USDT", "a. b", "10:30", "1,000.5", "50 % @ 3", "…"])
def test_figures_stay_as_they_are(text: str) -> None:
    assert unlinked(text) == text


@pytest.mark.parametrize(
    ("progress", "shown"),
    [
        (0, "▱▱▱▱▱▱▱▱▱▱▱▱ 0 %"),
        (0.5968, "▰▰▰▰▰▰▰▱▱▱▱▱ 59.6 %"),
        (0.9999, "▰▰▰▰▰▰▰▰▰▰▰▱ 99.9 %"),
        (1, "▰▰▰▰▰▰▰▰▰▰▰▰ 100 %"),
        (1.02, "▰▰▰▰▰▰▰▰▰▰▰▰ 100 %"),
        (-1, "▱▱▱▱▱▱▱▱▱▱▱▱ 0 %"),
        (float("nan"), "▱▱▱▱▱▱▱▱▱▱▱▱ 0 %"),
        (float("inf"), "▰▰▰▰▰▰▰▰▰▰▰▰ 100 %"),
    ],
)
def test_the_bar_is_full_only_at_the_end(progress: float, shown: str) -> None:
    assert bar(progress) == shown


@pytest.mark.parametrize("kind", NoticeKind)
def test_each_kind_has_a_sign_of_its_own(kind: NoticeKind) -> None:
    others = {headline(Notice(k, "", 0, "x")) for k in NoticeKind if k is not kind}
    calm = headline(Notice(kind, "", 0, "x"))
    assert re.fullmatch(r"\S+ x", calm)
    assert calm not in others
    assert headline(Notice(kind, "", 0, "x", needs_human=True)) == f"❗{calm}"


def test_the_byline_names_whom_it_is_about() -> None:
    notice = Notice(NoticeKind.STARTED, "", 0, "x", user_id=UserId(7))
    assert byline(notice) == "👤 7"
    assert byline(Notice(NoticeKind.STARTED, "", 0, "x")) == ""
    both = Notice(NoticeKind.STARTED, "", 0, "x", user_id=UserId(7), strategy_id=StrategyId("a\nb"))
    assert byline(both) == "👤 7 · a b"
