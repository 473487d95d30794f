"""Who hears what: by kind, by user, quietly; what needs a human always."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alphabot.core.choosing import Wishes, is_wanted, wishes_of
from alphabot.core.notices import Notice, NoticeKind
from alphabot.core.values import UserId

PLAIN = Notice(kind=NoticeKind.PROGRESS, cause="c", at_ms=0, title="t", user_id=UserId(2))


@pytest.mark.parametrize("kind", NoticeKind)
def test_what_needs_a_human_is_always_wanted(kind: NoticeKind) -> None:
    notice = replace(PLAIN, kind=kind, needs_human=True)
    assert is_wanted(notice, Wishes(kinds=(), quiet=True))
    assert is_wanted(notice, Wishes(kinds=()))


@pytest.mark.parametrize("kind", NoticeKind)
def test_the_rest_is_chosen_by_kind_or_quiet(kind: NoticeKind) -> None:
    notice = replace(PLAIN, kind=kind)
    assert is_wanted(notice, Wishes())
    assert is_wanted(notice, Wishes(kinds=(kind,)))
    assert not is_wanted(notice, Wishes(kinds=tuple(k for k in NoticeKind if k is not kind)))
    assert is_wanted(notice, Wishes(quiet=True)) is (
        kind in (NoticeKind.DAILY_SUMMARY, NoticeKind.BEHIND)
    )


def test_a_user_has_wishes_of_its_own_or_those_of_all() -> None:
    everyone, own = Wishes(), Wishes(quiet=True)
    users = {UserId(2): own}
    assert wishes_of(UserId(2), everyone, users) is own
    assert wishes_of(UserId(1), everyone, users) is everyone
    assert wishes_of(None, everyone, users) is everyone
