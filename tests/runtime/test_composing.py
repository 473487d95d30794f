"""Events in words: the figures a person wants, in both languages, and nothing obeyed in them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from alphabot.core.coalescing import Waiting
from alphabot.core.events import DayOfUser, Event, Figures, progress_step, seconds_left
from alphabot.core.notices import Notice, NoticeKind
from alphabot.core.values import StrategyId, UserId
from alphabot.messages import Language
from alphabot.notice_words import ANSWERS, COMMANDS, ENDED, FIGURES, TITLES
from alphabot.runtime.composing import notice_of, told_together

FIGURED = Figures(
    token="KOGE",
    target=Decimal(320),
    credited=Decimal(160),
    volume_usdt=Decimal("640.5"),
    wear_usdt=Decimal("0.512"),
    rounds=21,
    leftover=Decimal("0.25"),
    seconds_left=4000.0,
)
EVENT = Event(
    kind=NoticeKind.PROGRESS,
    cause="c",
    at_ms=1,
    user_id=UserId(2),
    strategy_id=StrategyId("koge"),
    figures=FIGURED,
)


def test_progress_says_what_a_person_wants_to_know() -> None:
    notice = notice_of(EVENT, "en")
    assert notice.title == "User 2: koge is at 50 %"
    assert notice.figures == (
        ("token", "KOGE"),
        ("volume / target", "160 / 320 USDT (50 %)"),
        ("bought", "640.5 USDT"),
        ("wear", "0.51 USDT (8 bp)"),
        ("rounds", "21"),
        ("not sold", "0.25 KOGE"),
        ("time left", "1 h 7 min"),
    )
    assert notice.progress == 0.5
    assert (notice.user_id, notice.strategy_id) == (UserId(2), StrategyId("koge"))
    assert notice_of(EVENT, "zh").title == "用户2：策略koge已完成50%"


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kind", NoticeKind)
def test_every_kind_has_words_and_leaves_no_brace(kind: NoticeKind, language: Language) -> None:
    subject = "stopped" if kind is NoticeKind.STOPPED else "KOGE"
    notice = notice_of(replace(EVENT, kind=kind, subject=subject, reason="why"), language)
    assert notice.kind is kind
    assert notice.title
    assert not {"{", "}"} & set(notice.title)
    assert "why" in dict(notice.figures).values()


def test_what_is_filled_in_is_no_format() -> None:
    hostile = replace(EVENT, strategy_id=StrategyId("{user.__class__}"), reason="{0} %s {}")
    notice = notice_of(hostile, "en")
    assert "{user.__class__}" in notice.title
    assert ("why", "{0} %s {}") in notice.figures


def test_a_halt_names_what_is_held_and_open_and_what_to_do() -> None:
    halt = Event(
        kind=NoticeKind.LATCHED,
        cause="c",
        at_ms=1,
        user_id=UserId(1),
        reason="challenge",
        held="5 ALPHA_22",
        open="1-7",
        clears="alphabot clear 1",
        needs_human=True,
    )
    notice = notice_of(halt, "en")
    assert notice.needs_human
    assert notice.figures == (
        ("why", "challenge"),
        ("held", "5 ALPHA_22"),
        ("open", "1-7"),
        ("what to do", "alphabot clear 1"),
    )


def test_a_day_is_a_line_a_user_and_a_total() -> None:
    days = tuple(
        DayOfUser(UserId(n), Decimal(100 * n), Decimal("0.1") * n, n) for n in range(1, 23)
    )
    day = Event(kind=NoticeKind.DAILY_SUMMARY, cause="c", at_ms=1, subject="2026-11-22", days=days)
    notice = notice_of(day, "en")
    assert notice.figures[0] == ("user 1", "100 USDT, wear 0.1 USDT (10 bp), 1 rounds")
    assert notice.figures[20:] == (
        ("other users (2)", "4300 USDT, wear 4.3 USDT (10 bp), 43 rounds"),
        ("total", "25300 USDT, wear 25.3 USDT (10 bp), 253 rounds"),
    )


def test_a_notice_that_stands_for_others_says_so() -> None:
    notice = notice_of(EVENT, "en")
    other = Notice(
        kind=NoticeKind.PROGRESS, cause="o", at_ms=0, title="aop", strategy_id=StrategyId("aop")
    )
    assert told_together(Waiting(notice), "en") == notice.figures
    together = told_together(Waiting(notice, 2, (other,)), "en")
    assert together[-2:] == (("aop", "aop"), ("notices in this one", "3"))


@pytest.mark.parametrize(
    ("credited", "step"),
    [("0", 0), ("99.9", 0), ("100", 1), ("250", 2), ("1000", 10), ("2000", 10)],
)
def test_steps_of_progress(credited: str, step: int) -> None:
    assert progress_step(Decimal(credited), Decimal(1000), 10) == step


def test_time_left_goes_by_the_pace_of_the_run() -> None:
    assert seconds_left(FIGURED, Decimal(80), 100) == 200
    assert seconds_left(FIGURED, Decimal(0), 100) is None


def test_every_text_is_in_both_languages() -> None:
    for catalogue in (TITLES, ENDED, FIGURES, COMMANDS, ANSWERS):
        for zh, en in catalogue.values():
            assert zh
            assert en
            assert all(ord(char) < 0x3000 for char in en)


@pytest.mark.parametrize(("language", "mark"), [("zh", "［演练］"), ("en", "[dry run] ")])
def test_what_cost_nobody_anything_is_marked(language: Language, mark: str) -> None:
    real = notice_of(EVENT, language)
    assert notice_of(EVENT, language, dry_run=True) == replace(real, title=mark + real.title)
