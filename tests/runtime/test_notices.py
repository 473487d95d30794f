"""People and a running service: what they are told of it, in what words, and how often."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import trio
from trio.testing import MockClock

import alphabot.rehearsal
from alphabot.clocks import TrioClock
from alphabot.config import Settings
from alphabot.core.choosing import Wishes
from alphabot.core.events import DayOfUser
from alphabot.core.notices import Notice, NoticeKind
from alphabot.core.progress import DAY_MS
from alphabot.core.records import Latched
from alphabot.core.values import UserId
from alphabot.rehearsal.hearing import HEARING, Hearing
from alphabot.runtime.board import Ending
from alphabot.runtime.notices import Notices
from alphabot.runtime.stop import Stop
from alphabot.simulator import ExchangeSettings
from alphabot.store import memory_journal
from alphabot.wiring import resolve
from tests.runtime.steered import steered
from tests.runtime.world import TWO_USERS, World, open_world, seen, settings_of

PLUGINS = Path(alphabot.rehearsal.__file__).parent / "messengers"
HEAD = f"""
language = "en"

[plugins]
paths = ["{PLUGINS}"]
enabled = ["messengers"]

[notices]
notifiers = ["messenger", "notifier_dead"]
"""


class People:
    """Those whom the messenger of a service reaches."""

    def __init__(self) -> None:
        self.told: list[Notice] = []
        self.are_reached = False
        """Whether also those tell that otherwise misbehave."""
        hearing = Hearing(
            is_dead=lambda: False,
            is_faulty=lambda: not self.are_reached,
            on_fault=lambda name: None,
            on_notice=lambda name, notice: self.told.append(notice),
        )
        HEARING.set(hearing)

    def of(self, kind: NoticeKind, user: int | None = None) -> list[Notice]:
        return [n for n in self.told if n.kind is kind and user in (None, n.user_id)]


def told_settings(**wishes: object) -> Settings:
    settings = settings_of(HEAD + TWO_USERS)
    everyone = Wishes(**wishes)  # type: ignore[arg-type]  # each test names what it needs
    return replace(settings, notices=replace(settings.notices, everyone=everyone))


@asynccontextmanager
async def people_of(seed: int = 0) -> AsyncIterator[tuple[World, People]]:
    async with open_world(ExchangeSettings(seed=seed)) as world:
        yield world, People()


async def test_a_run_is_told_from_its_start_to_its_target(autojump_clock: MockClock) -> None:
    async with people_of() as (world, people):
        board = await world.run(told_settings(progress_step_percent=25))
        assert {row.ending for row in board.rows} == {Ending.REACHED}
        assert {(n.user_id, n.strategy_id) for n in people.of(NoticeKind.STARTED)} == {
            (row.user_id, row.strategy_id) for row in board.rows
        }
        reached = people.of(NoticeKind.TARGET_REACHED)
        assert len(reached) == len(board.rows)
        koge = next(n for n in reached if n.strategy_id == "koge")
        row = world.row(1, "koge")
        figures = dict(koge.figures)
        assert koge.title == "User 1: koge has reached its target"
        assert figures["rounds"] == str(row.rounds)
        assert figures["wear"].startswith(f"{round(row.wear_usdt, 2)} USDT (")
        assert koge.progress == 1.0
        progress = people.of(NoticeKind.PROGRESS)
        assert progress
        assert all(0.25 <= (n.progress or 0) < 1 for n in progress)
        # Tokens whose SELL is on its way are not left over.
        left = [dict(n.figures).get("not sold", "0 KOGE") for n in progress]
        assert all(Decimal(each.split()[0]) < 1 for each in left)
        assert not any(n.needs_human for n in people.told)


async def test_who_wants_quiet_hears_of_halts_and_of_nothing_else(
    autojump_clock: MockClock,
) -> None:
    settings = told_settings(quiet=True)
    async with people_of() as (world, people), steered(world, settings):
        await seen(lambda: all(row.rounds for row in world.board.rows))
        world.exchange.raise_challenge(2)
        await seen(lambda: bool(people.told))
        (halt,) = people.told
        assert (halt.kind, halt.user_id, halt.needs_human) == (NoticeKind.LATCHED, 2, True)
        assert halt.title == "User 2 is stopped: a person must look"
        assert "alphabot clear 2" in dict(halt.figures).values()
        world.stop.now()


async def test_one_user_may_have_other_wishes(autojump_clock: MockClock) -> None:
    settings = told_settings()
    own = {UserId(2): Wishes(kinds=(NoticeKind.STARTED,))}
    settings = replace(settings, notices=replace(settings.notices, users=own))
    async with people_of() as (world, people):
        await world.run(settings)
        assert {n.kind for n in people.told if n.user_id == 2} == {NoticeKind.STARTED}
        assert people.of(NoticeKind.TARGET_REACHED, 1)


async def test_a_lost_stream_and_its_return_are_told(autojump_clock: MockClock) -> None:
    async with people_of() as (world, people), steered(world, told_settings()):
        await seen(lambda: world.row(2, "aop").rounds >= 1)
        world.exchange.hub.hangs_up(2)
        await seen(lambda: bool(people.of(NoticeKind.STREAM_BACK, 2)))
        world.stop.now()


async def test_a_stop_is_told_before_the_service_is_gone(autojump_clock: MockClock) -> None:
    async with people_of() as (world, people):
        async with steered(world, told_settings()):
            await seen(lambda: all(row.rounds for row in world.board.rows))
            world.stop.request()
        assert len(people.of(NoticeKind.STOPPED)) == 3


async def test_what_nobody_could_be_told_is_told_at_the_next_start_and_only_once(
    autojump_clock: MockClock,
) -> None:
    settings = replace_notifiers(told_settings(), "notifier_dead")
    async with people_of() as (world, people):
        async with steered(world, settings) as asked:
            await seen(lambda: all(row.rounds for row in world.board.rows))
            world.exchange.raise_challenge(2)
            await seen(lambda: world.row(2, "aop").ending is Ending.LATCHED)
            await trio.sleep(20)
            status = (await asked.status()).notices
            (dead,) = status.notifiers
            assert (status.undelivered, dead.state) == (1, "backing_off")
            assert dead.problem == "nobody answers"
            world.stop.now()
        assert people.told == []
        people.are_reached = True
        for _ in range(3):
            world.killed()
            await world.run(settings)
        (halt,) = people.of(NoticeKind.LATCHED)
        assert HEARING.get().heard["notifier_dead", halt.cause] == 1


async def test_a_halt_whose_process_died_at_once_is_told_by_the_next(
    autojump_clock: MockClock,
) -> None:
    async with people_of() as (world, people):
        latched = Latched(at_ms=5, reason="challenge", clears="alphabot clear 2")
        world.journal.users.ensure_simulated_user(UserId(2))
        await world.journal.append(UserId(2), latched)
        await world.run(told_settings())
        (halt,) = people.of(NoticeKind.LATCHED)
        assert (halt.cause, dict(halt.figures)["why"]) == ("latched/2/5", "challenge")


async def test_an_outbox_that_cannot_be_written_stops_nobody(autojump_clock: MockClock) -> None:
    async with people_of() as (world, people):
        with world.journal.database.guarded() as connection:
            connection.execute("DROP TRIGGER what_was_told_stays_told")
            connection.execute(
                "CREATE TRIGGER no_row BEFORE INSERT ON outbox"
                " BEGIN SELECT RAISE(ABORT, 'no room'); END"
            )
        async with steered(world, told_settings()) as asked:
            await seen(lambda: all(row.rounds for row in world.board.rows))
            world.exchange.raise_challenge(2)
            await seen(lambda: bool(people.of(NoticeKind.LATCHED)))
            await seen(lambda: world.row(1, "koge").ending is Ending.REACHED)
            assert (await asked.status()).notices.notifiers[0].delivered >= 1


async def test_the_day_is_told_after_midnight_about_those_who_wish_it(
    autojump_clock: MockClock,
) -> None:
    people, clock = People(), TrioClock(start_ms=1_799_999_999_000 // DAY_MS * DAY_MS + 5_000)
    names = resolve(replace_notifiers(told_settings(), "messenger"), ())
    only_started = Wishes(kinds=(NoticeKind.STARTED,))
    notices = Notices(
        names.notifiers,
        outbox=memory_journal(clock).outbox,
        everyone=Wishes(quiet=True),
        users={UserId(2): only_started},
        language="en",
        clock=clock,
    )
    asked: list[int] = []

    def days(day: int) -> list[DayOfUser]:
        asked.append(day)
        return [DayOfUser(UserId(n), Decimal(100), Decimal("0.1"), 3) for n in (1, 2, 3)]

    today = clock.now_ms() // DAY_MS
    async with notices.open(Stop(0), door=None, halts=(), days=days):
        await trio.sleep(DAY_MS / 1000 - 10)
        assert people.told == []
        await trio.sleep(20)
        (day,) = people.told
        assert (asked, day.kind) == ([today], NoticeKind.DAILY_SUMMARY)
        assert [name for name, _ in day.figures] == ["user 1", "user 3", "total"]
        await trio.sleep(DAY_MS / 1000)
        assert asked == [today, today + 1]


def replace_notifiers(settings: Settings, *names: str) -> Settings:
    return replace(settings, notices=replace(settings.notices, notifiers=names))
