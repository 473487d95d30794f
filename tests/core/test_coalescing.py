"""What waits to be told: short, the newest first to go out, and nothing lost that must be heard."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from alphabot.core.coalescing import Waiting, after_adding, after_returning
from alphabot.core.notices import Notice, NoticeKind
from alphabot.core.values import StrategyId, UserId

MOST = 4


def notice(
    kind: NoticeKind = NoticeKind.PROGRESS,
    cause: str = "",
    user: int = 1,
    strategy: str | None = "koge",
    *,
    needs_human: bool = False,
) -> Notice:
    return Notice(
        kind=kind,
        cause=cause or f"{kind}/{user}/{strategy}",
        at_ms=0,
        title=f"{kind} {strategy}",
        needs_human=needs_human,
        user_id=UserId(user),
        strategy_id=None if strategy is None else StrategyId(strategy),
    )


def added(*notices: Notice, most: int = MOST) -> tuple[tuple[Waiting, ...], int]:
    waiting: tuple[Waiting, ...] = ()
    total = 0
    for each in notices:
        waiting, dropped = after_adding(waiting, each, most=most)
        total += dropped
    return waiting, total


def test_several_of_one_user_become_one_and_the_newest_speaks() -> None:
    waiting, dropped = added(*(notice(cause=str(n)) for n in range(5)))
    assert [(w.notice.cause, w.merged, dropped) for w in waiting] == [("4", 4, 0)]


def test_lost_and_back_are_one_story() -> None:
    lost, back = notice(NoticeKind.STREAM_LOST), notice(NoticeKind.STREAM_BACK)
    ((only,), _) = added(lost, back)
    assert (only.notice, only.merged) == (back, 1)


def test_users_and_groups_stay_apart() -> None:
    waiting, _ = added(notice(), notice(user=2), notice(NoticeKind.ROUND_FAILED))
    assert [w.merged for w in waiting] == [0, 0, 0]


def test_the_other_strategies_of_a_user_are_not_forgotten() -> None:
    aop, pipe = notice(cause="a", strategy="aop"), notice(cause="p", strategy="pipe")
    ((only,), _) = added(notice(cause="k1"), aop, pipe, notice(cause="k2"))
    assert only.notice.cause == "k2"
    assert set(only.others) == {aop, pipe}


def test_one_cause_is_one_notice() -> None:
    halt = notice(NoticeKind.LATCHED, needs_human=True)
    waiting, _ = added(halt, halt)
    assert [w.notice for w in waiting] == [halt]


def test_the_oldest_that_may_be_dropped_goes_and_is_counted() -> None:
    halts = [notice(NoticeKind.LATCHED, f"h{n}", needs_human=True) for n in range(3)]
    others = [notice(NoticeKind.STARTED, f"s{n}") for n in range(3)]
    waiting, dropped = added(halts[0], *others, *halts[1:])
    assert [w.notice.cause for w in waiting] == ["h0", "s2", "h1", "h2"]
    assert dropped == 2


def test_what_could_not_be_delivered_is_first_again_or_part_of_a_newer_one() -> None:
    old, new = notice(cause="old"), notice(cause="new")
    (back,), _ = after_returning((), Waiting(old), most=MOST)
    assert back.notice is old
    (merged,), _ = after_returning((Waiting(new),), Waiting(old, 2), most=MOST)
    assert (merged.notice, merged.merged) == (new, 3)
    halt = notice(NoticeKind.LATCHED, needs_human=True)
    waiting, _ = after_returning((Waiting(new),), Waiting(halt), most=MOST)
    assert [w.notice for w in waiting] == [halt, new]


@given(
    st.lists(
        st.tuples(st.sampled_from(NoticeKind), st.integers(1, 3), st.booleans(), st.integers(0, 5)),
        max_size=40,
    )
)
def test_nothing_that_must_be_heard_is_lost_and_everything_is_counted(
    drawn: list[tuple[NoticeKind, int, bool, int]],
) -> None:
    notices = [
        notice(kind, f"{kind}/{user}/{human}/{number}", user, needs_human=human)
        for kind, user, human, number in drawn
    ]
    waiting, dropped = added(*notices)
    causes = {w.notice.cause for w in waiting}
    assert {n.cause for n in notices if n.needs_human} <= causes
    assert sum(not w.notice.needs_human for w in waiting) <= MOST
    told = sum(w.merged + 1 for w in waiting) + dropped
    assert len({n.cause for n in notices}) <= told <= len(notices)
