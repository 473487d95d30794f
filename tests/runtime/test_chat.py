"""Asking in a chat: who may, how old it may be, and that nothing changes without its button."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import count

import pytest
import trio
from trio.testing import MockClock

from alphabot.core.chat import ChatAnswer, ChatQuestion
from alphabot.core.values import UserId
from alphabot.messages import Language
from alphabot.runtime.board import Ending, State
from alphabot.runtime.chat import CONFIRM_SECONDS, QUESTIONS_A_MINUTE_MAX, ChatHost
from alphabot.runtime.chat_text import Wish, answer_lines, wish_in
from alphabot.runtime.status import Status, StrategyStatus, UserStatus
from tests.runtime.steered import steered
from tests.runtime.test_control import long_run
from tests.runtime.world import World, open_world, seen

OWNER, ANN, STRANGER = 900, 902, 666
COMMANDS = (
    *("/status", "/volume", "/wear", "/pause", "/resume", "/drain"),
    *("/stop", "/clear", "/help"),
)


@dataclass
class Chat:
    """A chat with a running service, in which ANN has the account of user 2."""

    world: World
    host: ChatHost
    began_ms: int

    async def say(self, text: str, sender: int = OWNER, **other: object) -> ChatAnswer | None:
        question = ChatQuestion(
            sender_id=sender,
            chat_id=sender,
            private=True,
            sent_at_ms=self.world.clock.now_ms(),
            text=text,
        )
        return await self.host.ask(replace(question, **other))  # type: ignore[arg-type]  # each test names what it needs

    async def press(self, token: str, sender: int = OWNER, **other: object) -> str:
        answer = await self.say("", sender, pressed=token, **other)
        return answer.text if answer else ""

    async def asked(self, text: str, sender: int = OWNER) -> ChatAnswer:
        answer = await self.say(text, sender)
        assert answer is not None
        return answer

    def paused(self) -> set[tuple[int, str]]:
        return {
            (row.user_id, row.strategy_id)
            for row in self.world.board.rows
            if self.world.stop.child(row.user_id).child(row.strategy_id).paused
        }


@asynccontextmanager
async def chatting(
    language: Language = "en", owners: Sequence[int] = (OWNER,)
) -> AsyncIterator[Chat]:
    tokens = count(1)
    async with open_world() as world, steered(world, long_run()) as asked:
        began_ms = world.clock.now_ms()
        host = ChatHost(
            asked.control,
            owners=owners,
            users={ANN: [UserId(2)]},
            language=language,
            clock=world.clock,
            new_token=lambda: f"token-{next(tokens)}",
        )
        await seen(lambda: all(row.rounds for row in world.board.rows))
        yield Chat(world, host, began_ms)
        world.stop.now()


EVERYONE = {(1, "koge"), (1, "aop"), (2, "aop")}


# --- questions --------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["/status", "/volume", "/wear"])
def test_the_answer_of_a_dry_run_says_so_first(command: str) -> None:
    nothing = Decimal(0)
    koge = StrategyStatus(
        strategy_id="koge",
        target=Decimal(100),
        credited=nothing,
        volume_usdt=nothing,
        wear_usdt=nothing,
        rounds=0,
    )
    user = UserStatus(user_id=1, strategies=(koge,))
    for venue, first in (("dry-run http://x", "Dry run: real"), ("live http://x", "User 1 koge")):
        status = Status(running=True, venue=venue, now_ms=0, users=(user,))
        lines = answer_lines(Wish(command), status, status.users, "en")
        assert lines[0].startswith(first)


async def test_questions_are_answered_about_those_whom_one_may_ask_about(
    autojump_clock: MockClock,
) -> None:
    async with chatting() as chat:
        for command in ("/status", "/volume", "/wear"):
            answer = await chat.asked(command)
            assert [line.split(":")[0] for line in answer.text.split("\n")] == [
                "User 1 koge",
                "User 1 aop",
                "User 2 aop",
            ]
            assert answer.confirm == ""
            assert (await chat.asked(f"{command} 1 koge")).text.startswith("User 1 koge: ")
            own = await chat.asked(command, ANN)
            assert [line.split(":")[0] for line in own.text.split("\n")] == ["User 2 aop"]
            assert (await chat.asked(f"{command} 1", ANN)).text == "No such user or strategy"
        row = chat.world.row(1, "koge")
        assert f"{row.rounds} rounds" in (await chat.asked("/volume 1 koge")).text


async def test_help_names_every_command_in_the_language_of_the_service(
    autojump_clock: MockClock,
) -> None:
    async with chatting("zh") as chat:
        text = (await chat.asked("/help")).text
        for command in [
            "/status",
            "/volume",
            "/wear",
            "/pause",
            "/resume",
            "/drain",
            "/stop",
            "/clear",
            "/help",
        ]:
            assert f"{command} - " in text
        assert "暂停" in text
        assert (await chat.asked("sell everything")).text.startswith("没有这个命令")
        assert "用户1 koge：" in (await chat.asked("/STATUS@some_bot")).text


# --- changes ----------------------------------------------------------------------------------


async def test_nothing_changes_before_its_button_is_pressed_and_only_once(
    autojump_clock: MockClock,
) -> None:
    async with chatting() as chat:
        offer = await chat.asked("/pause 1 koge")
        assert offer.confirm
        assert chat.paused() == set()
        assert await chat.press(offer.confirm) == "/pause: done for user 1 koge"
        assert chat.paused() == {(1, "koge")}
        resume = await chat.asked("/resume")
        assert await chat.press(offer.confirm) == "No longer valid: send the command again"
        await chat.press(resume.confirm)
        assert chat.paused() == set()
        assert chat.paused() == set()


@pytest.mark.parametrize(
    ("sender", "text", "meant"),
    [
        (OWNER, "/pause", EVERYONE),
        (OWNER, "/pause 1", {(1, "koge"), (1, "aop")}),
        (OWNER, "/pause aop", {(1, "aop"), (2, "aop")}),
        (ANN, "/pause", {(2, "aop")}),
        (ANN, "/pause aop", {(2, "aop")}),
        (ANN, "/pause 2 aop", {(2, "aop")}),
    ],
)
async def test_those_are_meant_whom_the_sender_may_mean(
    sender: int, text: str, meant: set[tuple[int, str]], autojump_clock: MockClock
) -> None:
    async with chatting() as chat:
        offer = await chat.asked(text, sender)
        await chat.press(offer.confirm, sender)
        assert chat.paused() == meant


@pytest.mark.parametrize("text", ["/pause 1", "/stop 1", "/clear 1", "/drain koge", "/pause 1 2"])
async def test_a_user_changes_nothing_of_another(text: str, autojump_clock: MockClock) -> None:
    async with chatting() as chat:
        answer = await chat.asked(text, ANN)
        assert answer.confirm == ""


async def test_a_button_is_the_senders_in_that_chat_and_expires(autojump_clock: MockClock) -> None:
    async with chatting() as chat:
        offer = await chat.asked("/pause")
        assert "No longer valid" in await chat.press(offer.confirm, ANN)
        assert "No longer valid" in await chat.press(offer.confirm, chat_id=5)
        assert await chat.press(offer.confirm, STRANGER) == ""
        assert "No longer valid" in await chat.press("token-99")
        assert chat.paused() == set()
        await chat.press(offer.confirm)
        assert chat.paused() == EVERYONE, "others who pressed it have not used it up"
        late = await chat.asked("/resume")
        await trio.sleep(CONFIRM_SECONDS + 1)
        assert "No longer valid" in await chat.press(late.confirm)
        assert chat.paused() == EVERYONE


async def test_drain_and_stop_end_what_is_meant(autojump_clock: MockClock) -> None:
    async with chatting() as chat:
        await chat.press((await chat.asked("/drain 1 koge")).confirm)
        await chat.press((await chat.asked("/stop", ANN)).confirm, ANN)
        await seen(lambda: chat.world.row(2, "aop").ending is not None)
        await seen(lambda: chat.world.row(1, "koge").ending is Ending.STOPPED)
        assert chat.world.row(1, "aop").ending is None


async def test_who_has_ended_before_is_not_said_to_be_stopped(autojump_clock: MockClock) -> None:
    async with chatting() as chat:
        await chat.press((await chat.asked("/stop 1 koge")).confirm)
        await seen(lambda: chat.world.row(1, "koge").ending is not None)
        told = await chat.press((await chat.asked("/pause 1 koge")).confirm)
        assert "ended before" in str(told)


async def test_clear_shows_why_and_lets_the_user_start_anew(autojump_clock: MockClock) -> None:
    async with chatting() as chat:
        assert (await chat.asked("/clear")).text == "Name the user: /clear 2"
        assert (await chat.asked("/clear 2", ANN)).text == "User 2 has nothing to clear"
        chat.world.exchange.raise_challenge(2)
        await seen(lambda: chat.world.row(2, "aop").ending is Ending.LATCHED)
        assert "User 2 is stopped: " in (await chat.asked("/status", ANN)).text
        offer = await chat.asked("/clear 2", ANN)
        assert "challenge" in offer.text
        chat.world.exchange.lift_challenge(2)
        assert await chat.press(offer.confirm, ANN) == "User 2 is cleared and starts anew"
        await seen(lambda: chat.world.row(2, "aop").ending is None)
        await seen(lambda: chat.world.row(2, "aop").state is State.WAITING_SELL)


# --- who is not answered ----------------------------------------------------------------------


async def test_strangers_groups_and_the_past_meet_silence(autojump_clock: MockClock) -> None:
    async with chatting() as chat:
        now_ms = chat.world.clock.now_ms()
        silent: list[dict[str, object]] = [
            {"sender": STRANGER},
            {"private": False},
            {"private": 1},
            {"sent_at_ms": now_ms - 61_000},
            {"sent_at_ms": now_ms + 61_000},
            {"sent_at_ms": 0},
        ]
        for number, other in enumerate(silent, 1):
            for text in ("/status", "/help", "/stop", "nonsense"):
                assert await chat.say(text, **other) is None, other  # type: ignore[arg-type]  # as above
            assert chat.host.turned_away == 4 * number
        assert now_ms - chat.began_ms < 50_000
        assert await chat.say("/status", sent_at_ms=chat.began_ms - 1) is None, "before the start"
        assert await chat.say("/status", sent_at_ms=chat.began_ms) is not None
        assert chat.paused() == set()


async def test_without_anybody_named_nobody_is_answered(autojump_clock: MockClock) -> None:
    async with chatting(owners=()) as chat:
        assert await chat.say("/status", OWNER) is None
        assert await chat.say("/status", 0) is None


async def test_ten_thousand_questions_a_minute_are_silence_after_the_first(
    autojump_clock: MockClock,
) -> None:
    async with chatting() as chat:
        answers = [await chat.say("/status") for _ in range(10_000)]
        assert sum(answer is not None for answer in answers) == QUESTIONS_A_MINUTE_MAX
        assert await chat.say("/status", ANN) is not None
        await trio.sleep(61)
        assert await chat.say("/status") is not None


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("/pause 2 koge", Wish("/pause", 2, "koge")),
        ("  /Pause@bot\tkoge   2", Wish("/pause", 2, "koge")),
        ("/start", Wish("/help")),
        ("/pause 1 2", None),
        ("/pause a b", None),
        ("/sell", None),
        ("", None),
        ("pause", None),
        ("/pause ٢", Wish("/pause", None, "٢")),
        ("/pause " + "9" * 5000, None),
        ("/pause '; DROP TABLE users", None),
    ],
)
def test_what_is_read_from_a_message(text: str, wish: Wish | None) -> None:
    if text.endswith("9" * 100):
        found = wish_in(text)
        assert found is not None
        assert found.user is not None
    else:
        assert wish_in(text) == wish
