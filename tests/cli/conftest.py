"""Commands run in the process of the test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from alphabot.__main__ import main
from alphabot.log import configure

Command = Callable[..., "Done"]


class Done(NamedTuple):
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Iterator[Command]:
    """Run a command to its end."""

    def run(*arguments: object) -> Done:
        return Done(main([str(argument) for argument in arguments]), *capsys.readouterr())

    mask = os.umask(0o077)
    yield run
    os.umask(mask)
    configure("zh")
