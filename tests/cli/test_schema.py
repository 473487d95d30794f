"""``alphabot schema``."""

from __future__ import annotations

import json

from alphabot.config.schema import as_text, schema
from tests.cli.conftest import Command
from tests.cli.processes import alphabot


def test_it_prints_the_schema_and_nothing_else(command: Command) -> None:
    done = command("schema")
    assert (done.code, done.err) == (0, "")
    assert done.out == as_text()


def test_as_a_process() -> None:
    done = alphabot("schema")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.isascii()
    assert json.loads(done.stdout) == schema()


def test_it_takes_no_arguments(command: Command) -> None:
    assert command("schema", "x").code == 2
