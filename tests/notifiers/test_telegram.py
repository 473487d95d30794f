"""The Telegram notifier against a Bot API that others wrote, over real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

from alphabot import ChatAnswer, ChatQuestion, NoticeKind
from alphabot.ports import ChatListener
from plugins.telegram import Settings, open_telegram
from tests.notifiers.emulator import Emulator
from tests.notifiers.samples import CHAT, GROUP, Door, notice, secret

ANSWERS = {
    "/status": ChatAnswer("user 1: waiting for the buy\nuser 2: paused"),
    "/stop": ChatAnswer("Stop everyone?", confirm="k3-abc"),
    "k3-abc": ChatAnswer("Stopping."),
}


def settings(emulator: Emulator, *chat_ids: int, listen: bool = True) -> Settings:
    return Settings(
        bot_token=secret(emulator.token),
        chat_ids=chat_ids or (CHAT,),
        listen=listen,
        api_url=emulator.url,
    )


@asynccontextmanager
async def listening(emulator: Emulator, door: Door) -> AsyncIterator[None]:
    """Listen, from when the backlog was dropped."""
    async with open_telegram(settings(emulator)) as telegram, trio.open_nursery() as nursery:
        assert isinstance(telegram, ChatListener)
        nursery.start_soon(telegram.listen, door)
        # What is asked before the start is dropped, so this asks until something is heard.
        with trio.move_on_after(0) as quiet:
            quiet.deadline = trio.current_time() + 10
            while True:
                await emulator.write("/ready?", chat=CHAT)
                with trio.move_on_after(0.3):
                    await door.next()
                    break
        await trio.sleep(0.3)
        door.rest()
        yield
        nursery.cancel_scope.cancel()


async def test_a_notice_arrives_in_every_chat(emulator: Emulator) -> None:
    async with open_telegram(settings(emulator, CHAT, GROUP)) as telegram:
        await telegram.deliver(notice("A<b>&amp;@all: https://evil.com", progress=0.5))
        for chat in (CHAT, GROUP):
            (shown,) = await emulator.read(chat)
            assert shown.text.startswith(
                "<b>🎯 A&lt;b&gt;&amp;amp;@\u2060all: https:\u2060//evil.\u2060com</b>\n"
            )
            assert "volume: <code>16384 USDT</code>" in shown.text
            assert shown.fields["parse_mode"] == "HTML"
            assert shown.fields["link_preview_options"] == {"is_disabled": True}


async def test_what_is_told_in_passing_makes_no_sound(emulator: Emulator) -> None:
    async with open_telegram(settings(emulator)) as telegram:
        for kind, needs_human in ((NoticeKind.PROGRESS, False), (NoticeKind.PROGRESS, True)):
            await telegram.deliver(notice(kind=kind, needs_human=needs_human))
        await telegram.deliver(notice(kind=NoticeKind.LATCHED, needs_human=True))
        silent = [shown.fields["disable_notification"] for shown in await emulator.read(CHAT, 3)]
        assert silent == [True, False, False]


async def test_a_question_is_relayed_and_answered(emulator: Emulator) -> None:
    door = Door(ANSWERS)
    async with listening(emulator, door):
        await emulator.write("/status", chat=CHAT)
        (shown,) = await emulator.read(CHAT)
        assert shown.text == "user 1: waiting for the buy\nuser 2: paused"
        assert "parse_mode" not in shown.fields
        assert await door.next() == ChatQuestion(7, CHAT, True, 1_800_000_000_000, "/status")


async def test_a_button_brings_its_token_back(emulator: Emulator) -> None:
    door = Door(ANSWERS)
    async with listening(emulator, door):
        await emulator.write("/stop", chat=CHAT)
        (shown,) = await emulator.read(CHAT)
        assert (shown.text, shown.button) == ("Stop everyone?", "k3-abc")
        await emulator.press(shown.button, chat=CHAT)
        assert [s.text for s in await emulator.read(CHAT)] == ["Stopping."]
        asked, pressed = door.rest()
        assert (pressed.pressed, pressed.text, pressed.sender_id) == ("k3-abc", "", 7)
        assert pressed.private
        assert pressed.sent_at_ms > asked.sent_at_ms - 10**12  # by the machine's clock


async def test_a_group_is_not_private_and_a_stranger_gets_nothing(emulator: Emulator) -> None:
    door = Door(ANSWERS)
    async with listening(emulator, door):
        await emulator.write("/status@TestNameBot 2", chat=GROUP, kind="supergroup")
        await emulator.write("/status@OtherBot", chat=GROUP, kind="supergroup")
        await emulator.write("/status", chat=CHAT, sender=666)
        await emulator.press("k3-abc", chat=GROUP, sender=666, kind="group")
        await emulator.write("/status", chat=CHAT)
        assert len(await emulator.read(CHAT)) == 1
        assert await emulator.glance(GROUP) == []
        assert [(q.sender_id, q.chat_id, q.private, q.text) for q in door.rest()] == [
            (7, GROUP, False, "/status 2"),
            (666, CHAT, True, "/status"),
            (666, GROUP, False, ""),
            (7, CHAT, True, "/status"),
        ]


NOT_THEIR_OWN: list[dict[str, object]] = [
    {"forward_origin": {"type": "user"}},
    {"forward_date": 1_800_000_000},
    {"sender_chat": {"id": GROUP}},
    {"via_bot": {"id": 5}},
    {"from": {"id": 7, "is_bot": True}},
    {"from": None},
    {"from": {"id": "7"}},
    {"chat": {"id": CHAT}},
    {"text": 5},
    {"text": ""},
    {"date": "yesterday"},
]


async def test_nothing_but_the_sender_s_own_words_is_relayed(emulator: Emulator) -> None:
    door = Door(ANSWERS)
    async with listening(emulator, door):
        for fields in NOT_THEIR_OWN:
            await emulator.write("/stop", chat=CHAT, other=fields)
        await emulator.write("/status", chat=CHAT)
        assert (await emulator.read(CHAT))[0].text.startswith("user 1")
        assert [question.text for question in door.rest()] == ["/status"]


async def test_the_backlog_is_dropped(emulator: Emulator) -> None:
    door = Door(ANSWERS)
    await emulator.write("/stop", chat=CHAT)
    await emulator.press("k3-abc", chat=CHAT)
    async with listening(emulator, door):
        await emulator.write("/status", chat=CHAT)
        assert len(await emulator.read(CHAT)) == 1
        assert [question.text for question in door.rest()] == ["/status"]


async def test_who_does_not_want_questions_has_no_ear(emulator: Emulator) -> None:
    async with open_telegram(settings(emulator, listen=False)) as telegram:
        assert not isinstance(telegram, ChatListener)
