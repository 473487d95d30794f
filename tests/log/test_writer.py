"""Writing lines: whoever reads them, or does not, cannot hold up or end what they report on."""

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import TextIO

import pytest

from alphabot.log import LineWriter, let_go

CHATTY = """
import sys
from alphabot.log import configure, say
configure("zh")
for number in range(1000):
    say("round.failed", number=number)
print("still here", file=sys.stderr)
"""


@pytest.fixture
def pipe() -> Iterator[tuple[int, TextIO]]:
    reader, writer = os.pipe()
    with ExitStack() as stack:
        stack.callback(_close, reader)
        stream = stack.enter_context(open(writer, "w", encoding="utf-8"))
        stack.callback(let_go, stream)
        yield reader, stream


def _close(number: int) -> None:
    with suppress(OSError):
        os.close(number)


def test_a_line_is_written_at_once(pipe: tuple[int, TextIO]) -> None:
    reader, stream = pipe
    LineWriter(lambda: stream)("一行")
    assert os.read(reader, 100).decode() == "一行\n"


def test_a_reader_that_is_gone_ends_nothing(pipe: tuple[int, TextIO]) -> None:
    reader, stream = pipe
    os.close(reader)
    write = LineWriter(lambda: stream)
    write("first")
    write("second")
    stream.write("print() does not raise either")
    stream.flush()


def test_a_reader_that_falls_behind_misses_lines_and_is_told_how_many(
    pipe: tuple[int, TextIO],
) -> None:
    reader, stream = pipe
    write = LineWriter(lambda: stream)
    line = "x" * 999
    for _ in range(100):  # a pipe holds 65 of them
        write(line)
    received = os.read(reader, 1_000_000).decode().splitlines()
    assert set(received) == {line}
    write("back again")
    told, back = os.read(reader, 1_000_000).decode().splitlines()
    assert told.endswith(f"lines={100 - len(received)}")
    assert back == "back again"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "gbk"])
def test_a_terminal_without_the_characters_gets_codes(encoding: str) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    LineWriter(lambda: stream)("买单 é 🙂")
    assert raw.getvalue().decode(encoding).isprintable() is False  # the line's end alone
    assert len(raw.getvalue()) > 8


def test_a_closed_stream_ends_nothing() -> None:
    stream = io.StringIO()
    stream.close()
    LineWriter(lambda: stream)("line")


def test_a_process_whose_reader_left_goes_on_and_ends_well() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", CHATTY], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout
    assert process.stderr
    process.stdout.readline()
    process.stdout.close()
    told = process.stderr.read()
    process.stderr.close()
    assert (process.wait(), told) == (0, b"still here\n")
