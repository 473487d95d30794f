"""Listening through outages, limits and other listeners, in virtual time."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest
import trio
from trio.testing import MockClock

from alphabot import ChatAnswer, NotDelivered
from alphabot.clocks import TrioClock
from alphabot.webhook import Answer, Poster
from plugins.telegram import Bot, Ear
from plugins.telegram.ear import UPDATES_MAX
from tests.notifiers.samples import CHAT, TOKEN, Door, secret

Reply = Answer | NotDelivered
START_MS = 1_800_000_000_000


def yes(result: object) -> Answer:
    return Answer(200, msgspec.json.encode({"ok": True, "result": result}))


def no(code: int, description: str = "no", **parameters: object) -> Answer:
    answer = {"ok": False, "error_code": code, "description": description}
    return Answer(code, msgspec.json.encode(answer | {"parameters": parameters}))


def message(number: int, text: str = "/status") -> dict[str, object]:
    chat = {"id": CHAT, "type": "private"}
    return {
        "update_id": number,
        "message": {"chat": chat, "from": {"id": 7}, "date": 1_800_000_000, "text": text},
    }


def press(number: int) -> dict[str, object]:
    chat = {"id": CHAT, "type": "private"}
    query = {"id": "q", "from": {"id": 7}, "message": {"chat": chat}, "data": "k3"}
    return {"update_id": number, "callback_query": query}


class Telegram(Poster):
    """Answers polls in the order of a script, and then waits for news that never comes."""

    def __init__(self, *polls: Reply, backlog: Reply | None = None, menu: Reply | None = None):
        self._polls = iter(polls)
        self._answers = {
            "getMe": yes({"username": "my_bot"}),
            "setMyCommands": menu or yes(True),
            "sendMessage": yes({}),
            "answerCallbackQuery": yes(True),
        }
        self._backlog = backlog or yes([])
        self.asked: list[tuple[float, str, Mapping[str, Any]]] = []

    async def post(self, url: str, message: Mapping[str, object]) -> Answer:
        await trio.lowlevel.checkpoint()
        method = url.rpartition("/")[2]
        self.asked.append((trio.current_time(), method, message))
        if method != "getUpdates":
            reply: Reply | None = self._answers[method]
        elif message["offset"] == -1:
            reply = self._backlog
        else:
            reply = next(self._polls, None)
        if reply is None:
            await trio.sleep_forever()
        if isinstance(reply, NotDelivered):
            raise reply
        assert reply is not None
        return reply

    def of(self, method: str) -> list[Mapping[str, Any]]:
        """Return what this method was asked with."""
        return [fields for _, name, fields in self.asked if name == method]

    def polled_at(self) -> list[float]:
        """Return when updates were asked for, since the backlog was dropped."""
        return [at for at, name, f in self.asked if name == "getUpdates" and f["offset"] != -1]


async def hear(telegram: Telegram, door: Door, seconds: float = 1000) -> None:
    bot = Bot(telegram, "https://api.telegram.org", secret())
    with trio.move_on_after(seconds):
        await Ear(bot, door, TrioClock(START_MS)).listen()


@contextmanager
def gives_up() -> Iterator[Callable[[], str]]:
    """Expect that listening ends for good; give the reason."""
    with pytest.raises(NotDelivered) as raised:
        yield lambda: str(raised.value)
    assert raised.value.pointless
    assert TOKEN not in str(raised.value)


async def test_each_poll_confirms_the_one_before(autojump_clock: MockClock) -> None:
    telegram = Telegram(
        yes([message(42), message(43)]), yes([message(44)]), backlog=yes([message(41)])
    )
    door = Door({})
    await hear(telegram, door)
    polls = telegram.of("getUpdates")
    assert [(p["offset"], p["timeout"]) for p in polls] == [(-1, 0), (42, 25), (44, 25), (45, 25)]
    for poll in polls:
        assert poll["allowed_updates"] == ("message", "callback_query")
        assert poll["limit"] == UPDATES_MAX
    assert len(door.rest()) == 3  # 41 was there before


async def test_numbers_may_begin_anew(autojump_clock: MockClock) -> None:
    """After a week of silence Telegram draws the next number by chance."""
    telegram = Telegram(yes([message(7)]), backlog=yes([message(900)]))
    await hear(telegram, Door({}))
    assert [p["offset"] for p in telegram.of("getUpdates")] == [-1, 901, 8]


async def test_an_outage_is_waited_out_ever_more_patiently(autojump_clock: MockClock) -> None:
    lost = NotDelivered("no route")
    telegram = Telegram(yes([message(1)]), *[lost] * 9, yes([message(2)]), lost, yes([message(3)]))
    door = Door({})
    await hear(telegram, door)
    at = telegram.polled_at()
    assert [round(b - a) for a, b in itertools.pairwise(at)] == [
        0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 0, 1, 0
    ]  # fmt: skip
    assert len(door.rest()) == 3
    assert [p["offset"] for p in telegram.of("getUpdates")][-4:] == [2, 3, 3, 4]


async def test_an_outage_at_the_start_is_waited_out_too(autojump_clock: MockClock) -> None:
    telegram = Telegram(yes([message(2)]), backlog=NotDelivered("no route"))
    door = Door({})

    async def come_back() -> None:
        await trio.sleep(100)
        telegram._backlog = yes([message(1)])

    async with trio.open_nursery() as nursery:
        nursery.start_soon(come_back)
        await hear(telegram, door)
    assert len(door.rest()) == 1


@pytest.mark.parametrize(("asked", "waited"), [(100, 100), (10**6, 600), (0, 1), (-5, 1)])
async def test_telegram_says_how_long_to_wait(
    autojump_clock: MockClock, asked: int, waited: float
) -> None:
    telegram = Telegram(no(429, "Too Many Requests", retry_after=asked))
    await hear(telegram, Door({}))
    first, second = telegram.polled_at()
    assert second - first == waited


@pytest.mark.parametrize("code", [401, 404])
async def test_a_token_that_was_revoked_ends_it(autojump_clock: MockClock, code: int) -> None:
    with gives_up() as reason:
        await hear(Telegram(no(code, "Unauthorized")), Door({}))
    assert reason() == "Telegram does not know this bot_token"


async def test_another_listener_ends_it(autojump_clock: MockClock) -> None:
    conflict = no(409, "Conflict: terminated by other getUpdates request")
    telegram = Telegram(*[conflict, yes([message(1)])] * 4, conflict)
    with gives_up() as reason:
        await hear(telegram, Door({}))
    assert reason().startswith("another program listens to this bot (Telegram: getUpdates: 409")


async def test_listeners_that_went_away_are_forgotten(autojump_clock: MockClock) -> None:
    conflict = no(409, "Conflict: terminated by other getUpdates request")
    quiet = [yes([message(number)]) for number in range(20)]
    telegram = Telegram(*[conflict] * 4, *quiet, *[conflict] * 4)
    await hear(telegram, Door({}))
    assert len(telegram.polled_at()) == 29


@pytest.mark.parametrize("result", [None, {}, "x", [1], [{"update_id": "1"}], [{}]], ids=str)
async def test_what_is_no_list_of_updates_is_asked_for_again(
    autojump_clock: MockClock, result: object
) -> None:
    telegram = Telegram(yes(result), yes([message(2)]))
    door = Door({})
    await hear(telegram, door)
    assert len(door.rest()) == 1
    first, second, _ = telegram.polled_at()
    assert second - first == 1


async def test_one_that_cannot_be_read_holds_up_no_other(autojump_clock: MockClock) -> None:
    strange: list[object] = [
        {"update_id": 1},
        {"update_id": 2, "message": "x"},
        {"update_id": 3, "callback_query": {"id": 5}},
        {"update_id": 4, "callback_query": {"id": "q", "from": {"id": 7}, "data": "k"}},
        {"update_id": 5, "poll": {}},
        message(6),
    ]
    telegram, door = Telegram(yes(strange)), Door({})
    await hear(telegram, door)
    assert [question.text for question in door.rest()] == ["/status"]
    assert telegram.of("getUpdates")[-1]["offset"] == 7


async def test_whoever_does_not_wait_for_news_is_not_asked_without_pause(
    autojump_clock: MockClock,
) -> None:
    telegram = Telegram(*[yes([])] * 10)
    await hear(telegram, Door({}))
    at = telegram.polled_at()
    assert [b - a for a, b in itertools.pairwise(at)] == [1] * 10


async def test_a_press_is_dated_by_the_poll_before(autojump_clock: MockClock) -> None:
    """Telegram does not date it; one that waited out an outage must not pass for a fresh one."""
    lost = [NotDelivered("no route")] * 8
    telegram, door = Telegram(yes([press(1)]), *lost, yes([press(2)]), yes([press(3)])), Door({})
    await hear(telegram, door)
    first, second, third = (question.sent_at_ms - START_MS for question in door.rest())
    assert (first, second) == (0, 0)
    assert third == (1 + 2 + 4 + 8 + 16 + 32 + 60 + 60) * 1000


async def test_a_long_answer_is_several_messages_with_the_button_below(
    autojump_clock: MockClock,
) -> None:
    answer = ChatAnswer("\n".join(["x" * 100] * 100), confirm="k3")
    telegram, door = Telegram(yes([message(1)])), Door({"/status": answer})
    await hear(telegram, door)
    sent = telegram.of("sendMessage")
    assert ["reply_markup" in fields for fields in sent] == [False, False, True]
    assert {fields["chat_id"] for fields in sent} == {CHAT}


async def test_a_press_is_acknowledged_only_if_it_is_answered(autojump_clock: MockClock) -> None:
    telegram = Telegram(yes([press(1)]))
    await hear(telegram, Door({}))
    assert telegram.of("answerCallbackQuery") == []
    telegram = Telegram(yes([press(1)]))
    await hear(telegram, Door({"k3": ChatAnswer("done")}))
    assert telegram.of("answerCallbackQuery") == [{"callback_query_id": "q"}]


async def test_the_menu_is_offered_in_private_chats(autojump_clock: MockClock) -> None:
    telegram = Telegram()
    await hear(telegram, Door({}))
    for menu, language in zip(telegram.of("setMyCommands"), ("", "zh"), strict=True):
        assert menu["scope"] == {"type": "all_private_chats"}
        assert menu["language_code"] == language
        assert [c["command"] for c in menu["commands"]] == [
            "status", "volume", "wear", "pause", "resume", "drain", "stop", "clear", "help"
        ]  # fmt: skip
        assert all(1 <= len(c["description"]) <= 256 for c in menu["commands"])


async def test_it_listens_also_without_a_menu(autojump_clock: MockClock) -> None:
    telegram, door = Telegram(yes([message(1)]), menu=no(400)), Door({})
    await hear(telegram, door)
    assert len(door.rest()) == 1
