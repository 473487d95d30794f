"""The conversation in docs/notifiers.md took place: a service that trades, on a Telegram of others.

Prices and fills follow the real clock there, so its figures are compared as figures are: one for
one, whatever they are. `python -m tests.notifiers.test_conversation` prints it anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest
import trio

from alphabot.clocks import SystemClock
from alphabot.config import Settings, loads
from alphabot.runtime.board import State
from alphabot.simulator import ExchangeSettings
from tests.notifiers.emulator import Emulator, Shown, emulator_process, open_emulator
from tests.notifiers.samples import CHAT, TOKEN
from tests.notifiers.telegram_html import parse
from tests.runtime.world import World, open_world, seen

pytestmark = pytest.mark.outside

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "notifiers.md"
WIDTH: Final = 60
FIGURE: Final = re.compile(r"-?\d+(\.\d+)?")
BAR: Final = re.compile(r"[▰▱]+")
OWNER: Final = 7
STRATEGY: Final = "koge_volume_boost"
CONFIGURATION: Final = """
language = "en"

[plugins]
paths = ["{plugins}"]
enabled = ["telegram"]

[plugins.telegram]
bot_token = {{ file = "telegram.secret" }}
chat_ids = [{chat}]
api_url = "{url}"

[notices]
notifiers = ["telegram"]
progress_step_percent = 50
chat.owners = [{owner}]

[[strategies]]
strategy_id = "{strategy}"
target_token = "KOGE"
target_chain = "BSC"
target_volume = 320
user_ids = [1]
"""


class Conversation:
    """What a person reads and writes, as it stands on the screen."""

    def __init__(self, emulator: Emulator, world: World) -> None:
        self._emulator = emulator
        self._world = world
        self._unread: list[Shown] = []
        self.lines = ["          alphabot bot", "-" * WIDTH]

    async def asks(self, text: str, expecting: str) -> Shown:
        """Write, and read the answer."""
        self.lines += [f"{text:>{WIDTH}}", ""]
        date = self._world.clock.now_ms() // 1000 + 1
        await self._emulator.write(text, chat=CHAT, sender=OWNER, other={"date": date})
        return await self.reads(expecting)

    async def presses(self, shown: Shown, expecting: str) -> None:
        """Press the button of a message, and read what comes of it."""
        self.lines += [f"{'(pressed)':>{WIDTH}}", ""]
        await self._emulator.press(shown.button, chat=CHAT, sender=OWNER)
        await self.reads(expecting)

    async def reads(self, expecting: str) -> Shown:
        """Read on until there is a message with this text; others before it are not shown."""
        while True:
            for shown in await self._emulator.read(CHAT):
                if expecting in shown.text:
                    self.lines += theirs(shown)
                    return shown


async def conversation(emulator: Emulator, folder: Path) -> str:
    """Trade, be told, ask and press; return what a person has on the screen in the end."""
    async with a_world() as world, trio.open_nursery() as nursery:
        nursery.start_soon(world.run, settings_of(emulator, folder))
        person = Conversation(emulator, world)
        await person.reads("started")
        await person.reads("is at")
        shown = await person.asks("/pause 1", "?")
        await person.presses(shown, "1")
        await seen(lambda: world.row(1, STRATEGY).state is State.PAUSED)
        await person.asks("/status", STRATEGY)
        shown = await person.asks("/resume 1", "?")
        await person.presses(shown, "1")
        await person.reads("reached")
    return "\n".join(person.lines).rstrip()


def a_world() -> AbstractAsyncContextManager[World]:
    """Return an exchange whose orders fill at once, so that nobody waits long for the end."""
    return open_world(ExchangeSettings(fill_delay_ms=(50, 100)), start_ms=SystemClock().now_ms())


def settings_of(emulator: Emulator, folder: Path) -> Settings:
    """Return the settings of one user who is told everything."""
    secret = folder / "telegram.secret"
    secret.touch(0o600)
    secret.write_text(emulator.token)
    text = CONFIGURATION.format(
        plugins=ROOT / "plugins", chat=CHAT, owner=OWNER, url=emulator.url, strategy=STRATEGY
    )
    return loads(text, folder / "strategies.toml")


def theirs(shown: Shown) -> Iterator[str]:
    """Yield the lines of a message of the bot's, as Telegram shows them."""
    html = shown.fields.get("parse_mode") == "HTML"
    text = parse(shown.text)[0] if html else shown.text
    yield from text.replace("\u2060", "").split("\n")
    if shown.button:
        yield "[ ✅ 确认 / Confirm ]"
    yield ""


def without_figures(text: str) -> str:
    """Return a text in which every figure and every bar looks the same."""
    return FIGURE.sub("#", BAR.sub("▰", text))


@pytest.mark.ceiling(120)
async def test_the_conversation_in_the_docs_took_place(emulator: Emulator, tmp_path: Path) -> None:
    took_place = without_figures(await conversation(emulator, tmp_path))
    assert f"```text\n{took_place}\n```" in without_figures(PAGE.read_text("utf-8"))


async def main() -> None:
    """Print the conversation."""
    with emulator_process() as url, TemporaryDirectory() as folder:
        async with open_emulator(url, TOKEN) as emulator:
            print(await conversation(emulator, Path(folder)))  # noqa: T201 - what it is for


if __name__ == "__main__":
    trio.run(main)
