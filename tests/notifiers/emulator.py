"""A Telegram of other people's making: the npm package telegram-test-api, in a process of its own.

It knows sendMessage, getMe, getUpdates and answerCallbackQuery, shows people what the bot wrote,
and takes what they write. It does not wait for news (a poll is answered at once), knows no 429, and
has no setMyCommands. Where it is missing (`just peers` fetches it, with npm) its tests are skipped.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import trio

HERE: Final = Path(__file__).parent
MODULES: Final = HERE.parents[1] / ".cache" / "peers" / "node_modules"
LOOK_SECONDS: Final = 0.05
NOTHING: Final[Mapping[str, object]] = {}


@dataclass(frozen=True)
class Shown:
    """A message of the bot's, as a person sees it."""

    text: str
    button: str = ""
    """What the button's press would bring back; empty without one."""
    fields: Mapping[str, object] = field(default_factory=dict)


class Emulator:
    """What people do at the other side."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.token = token
        self._client = httpx.AsyncClient(base_url=url, trust_env=False)

    async def write(
        self,
        text: str,
        *,
        chat: int,
        sender: int = 7,
        kind: str = "private",
        other: Mapping[str, object] = NOTHING,
    ) -> None:
        """Write a message to the bot; ``other`` fields replace those it usually has."""
        usual = self._common(chat, sender, kind) | {"text": text}
        await self._post("sendMessage", {**usual, **other})

    async def press(
        self, button: str, *, chat: int, sender: int = 7, kind: str = "private"
    ) -> None:
        """Press a button of one of the bot's messages."""
        common = self._common(chat, sender, kind)
        await self._post("sendCallback", common | {"message": common, "data": button})

    async def read(self, chat: int, count: int = 1) -> list[Shown]:
        """Return the bot's next messages in this chat, once there are so many."""
        shown: list[Shown] = []
        while len(shown) < count:
            shown += await self.glance(chat)
            await trio.sleep(LOOK_SECONDS)
        return shown

    async def glance(self, chat: int) -> list[Shown]:
        """Return what the bot has written to this chat and nobody has read."""
        answer = await self._post("getUpdates", {"token": self.token, "chatId": chat})
        return [_shown(update["message"]) for update in answer["result"]]

    async def aclose(self) -> None:
        """Close the people's own client."""
        await self._client.aclose()

    def _common(self, chat: int, sender: int, kind: str) -> dict[str, object]:
        return {
            "botToken": self.token,
            "from": {"id": sender, "is_bot": False, "first_name": "Ann"},
            "chat": {"id": chat, "type": kind},
            "date": 1_800_000_000,
        }

    async def _post(self, path: str, message: Mapping[str, object]) -> Any:
        answer = await self._client.post(f"/{path}", json=message)
        return answer.raise_for_status().json()


def _shown(message: Mapping[str, Any]) -> Shown:
    keyboard = message.get("reply_markup", {}).get("inline_keyboard", [[]])
    button = keyboard[0][0]["callback_data"] if keyboard[0] else ""
    return Shown(message["text"], button, message)


@contextmanager
def emulator_process() -> Iterator[str]:
    """Start one on a port of its own, and give its address; skips where it is not installed."""
    node = shutil.which("node")
    if node is None or not (MODULES / "telegram-test-api").is_dir():
        pytest.skip("telegram-test-api is not installed: `just peers` fetches it (needs npm)")
    # It ends when its standard input does, whatever becomes of this process.
    with subprocess.Popen(
        [node, str(HERE / "emulator.js")],
        env={"NODE_PATH": str(MODULES)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


@asynccontextmanager
async def open_emulator(url: str, token: str) -> AsyncIterator[Emulator]:
    """Open the people's side of one bot."""
    emulator = Emulator(url, token)
    try:
        yield emulator
    finally:
        with trio.move_on_after(1, shield=True):
            await emulator.aclose()
