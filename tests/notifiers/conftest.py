"""One Telegram for all tests of a process; each test has a bot of its own there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from itertools import count

import pytest

from tests.notifiers.emulator import Emulator, emulator_process, open_emulator
from tests.notifiers.samples import TOKEN

_numbers = count(1)


@pytest.fixture(scope="session")
def emulator_url() -> Iterator[str]:
    """Start the emulator; skips the test where there is none."""
    with emulator_process() as url:
        yield url


@pytest.fixture
async def emulator(emulator_url: str) -> AsyncIterator[Emulator]:
    """Open the people's side of a bot that nobody has spoken to."""
    async with open_emulator(emulator_url, f"{TOKEN}{next(_numbers)}") as emulator:
        yield emulator
