"""The conversation in docs/notifiers.md is one that took place, with a Telegram of others' making.

`python -m tests.notifiers.test_conversation` prints it anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import trio

from alphabot import ChatAnswer, Notice, NoticeKind
from alphabot.core.values import StrategyId, UserId
from plugins.telegram import ListeningTelegram, Settings, open_telegram
from tests.notifiers.emulator import Emulator, Shown, emulator_process, open_emulator
from tests.notifiers.samples import CHAT, TOKEN, Door, secret
from tests.notifiers.telegram_html import parse

PAGE: Final = Path(__file__).parents[2] / "docs" / "notifiers.md"
WIDTH: Final = 60

TOLD: Final = (
    Notice(
        NoticeKind.PROGRESS,
        "progress:1:koge_volume_boost:50",
        1_800_000_000_000,
        "Half of the target is credited",
        (("credited", "8192 of 16384 USDT"), ("wear", "6.21 USDT, 7.6 bp")),
        0.5,
        user_id=UserId(1),
        strategy_id=StrategyId("koge_volume_boost"),
    ),
    Notice(
        NoticeKind.LATCHED,
        "latched:2",
        1_800_000_060_000,
        "User 2 is stopped: the login has expired",
        (("open pair", "KOGE, SELL 27.28 USDT"), ("left over", "0.095 KOGE")),
        needs_human=True,
        user_id=UserId(2),
    ),
)
ANSWERS: Final = {
    "/status": ChatAnswer("1 koge_volume_boost: waiting for the sell, 50 %\n2: latched"),
    "/pause 1": ChatAnswer("No new round for user 1?", confirm="k3-7f2a"),
    "k3-7f2a": ChatAnswer("Paused: user 1. /resume goes on."),
}


async def conversation(emulator: Emulator) -> str:
    """Tell, ask and press; return what a person has on the screen then."""
    lines = ["          alphabot bot", "-" * WIDTH]
    settings = Settings(bot_token=secret(emulator.token), chat_ids=(CHAT,), api_url=emulator.url)
    async with open_telegram(settings) as telegram, trio.open_nursery() as nursery:
        assert isinstance(telegram, ListeningTelegram)
        for notice in TOLD:
            await telegram.deliver(notice)
            lines += theirs((await emulator.read(CHAT))[0])
        door = Door(ANSWERS)
        nursery.start_soon(telegram.listen, door)
        while not door.rest():  # what was written before it listened is dropped
            await emulator.write("/hello", chat=CHAT)
            await trio.sleep(0.5)
        for text in ("/status", "/pause 1"):
            await emulator.write(text, chat=CHAT)
            (shown,) = await emulator.read(CHAT)
            lines += [f"{text:>{WIDTH}}", "", *theirs(shown)]
        await emulator.press(shown.button, chat=CHAT)
        lines += [f"{'(pressed)':>{WIDTH}}", "", *theirs((await emulator.read(CHAT))[0])]
        nursery.cancel_scope.cancel()
    return "\n".join(lines).rstrip()


def theirs(shown: Shown) -> Iterator[str]:
    """Yield the lines of a message of the bot's, as Telegram shows them."""
    html = shown.fields.get("parse_mode") == "HTML"
    text = parse(shown.text)[0] if html else shown.text
    yield from text.replace("\u2060", "").split("\n")
    if shown.button:
        yield "[ ✅ 确认 / Confirm ]"
    yield ""


async def test_the_conversation_in_the_docs_took_place(emulator: Emulator) -> None:
    page = PAGE.read_text("utf-8")
    assert f"```text\n{await conversation(emulator)}\n```" in page


async def main() -> None:
    """Print the conversation."""
    with emulator_process() as url:
        async with open_emulator(url, TOKEN) as emulator:
            print(await conversation(emulator))  # noqa: T201 - what it is for


if __name__ == "__main__":
    trio.run(main)
