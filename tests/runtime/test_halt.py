"""The file of a halt: what counts as one, and how it is made."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest

from alphabot.errors import HaltError
from alphabot.runtime.halt import Halt, HaltFile, folder_beside


@pytest.fixture
def halt(tmp_path: Path) -> HaltFile:
    folder = folder_beside(tmp_path / "strategies.toml")
    folder.mkdir()
    return HaltFile(folder)


def test_a_halt_is_in_force_from_its_writing_to_its_lifting(halt: HaltFile) -> None:
    assert (halt.reason(), halt.read()) == ("", None)
    halt.write("a test\x1b[31m", 1_800_000_000_000)
    assert halt.read() == Halt("a test\x1b[31m", 1_800_000_000_000)
    assert halt.reason() == "a test\x1b[31m; alphabot halt --lift ends it"
    assert stat.S_IMODE(halt.path.stat().st_mode) == 0o600
    halt.write("another", 1)
    assert halt.reason().startswith("another")
    halt.lift()
    assert halt.reason() == ""
    halt.lift()
    assert [path.name for path in halt.path.parent.iterdir()] == []


def test_a_folder_is_made_where_there_is_none_yet(tmp_path: Path) -> None:
    halt = HaltFile(tmp_path / ".alphabot")
    halt.write("before the first run", 1)
    assert halt.reason()
    assert stat.S_IMODE(halt.path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[1]", b"{}", b'{"reason":1e999,"at_ms":"x"}', b"\xff", b"[" * 9999]
)
def test_whatever_lies_there_is_a_halt(halt: HaltFile, text: bytes) -> None:
    halt.path.write_bytes(text)
    assert halt.reason().startswith("halted")
    assert halt.read() == Halt("halted")


def test_a_long_reason_is_cut(halt: HaltFile) -> None:
    halt.write("x" * 100_000, 1)
    assert 0 < len(halt.reason()) < 1000


@pytest.mark.parametrize("kind", ["a folder", "a pipe", "a link to nothing", "a link to itself"])
def test_so_is_what_is_no_file_at_all(halt: HaltFile, kind: str) -> None:
    match kind:
        case "a folder":
            halt.path.mkdir()
        case "a pipe":
            os.mkfifo(halt.path)
        case "a link to nothing":
            halt.path.symlink_to("nothing")
        case "a link to itself":
            halt.path.symlink_to(halt.path)
    files = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    for _ in range(5):
        assert halt.reason().startswith("halted")
    if files:
        assert len(os.listdir("/proc/self/fd")) == files


def test_what_cannot_be_looked_at_is_a_halt(tmp_path: Path) -> None:
    assert "is gone" in HaltFile(tmp_path / "nowhere").reason()
    (tmp_path / "file").write_text("")
    assert "cannot be looked at" in HaltFile(tmp_path / "file").reason()
    assert "cannot be looked at" in HaltFile(tmp_path / ("x" * 300)).reason()


def test_where_a_reason_has_no_room_an_empty_file_halts(
    halt: HaltFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: int, text: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    halt.write("no room for this", 1)
    assert halt.reason().startswith("halted")
    assert [path.name for path in halt.path.parent.iterdir()] == ["halted"]


def test_who_cannot_halt_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HaltError, match="cannot be written"):
        HaltFile(tmp_path / "file").write("why", 1)


def test_looking_costs_microseconds(halt: HaltFile) -> None:
    began = time.thread_time()
    for _ in range(1000):
        halt.reason()
    assert time.thread_time() - began < 0.1


def test_a_reason_that_is_no_text_can_be_told(halt: HaltFile) -> None:
    halt.write("bad \udcff byte", 1)
    assert halt.read() == Halt("bad ? byte", 1)
    halt.path.write_text('{"reason":"\\ud800","at_ms":1}')
    halt.reason().encode()


@pytest.mark.parametrize("at_ms", ["1e999", "-1e999", '"soon"', "[]", "NaN"])
def test_a_time_that_is_none_is_a_halt_all_the_same(halt: HaltFile, at_ms: str) -> None:
    halt.path.write_text(f'{{"reason":"x","at_ms":{at_ms}}}')
    assert halt.reason()
    assert halt.read() == Halt("halted")
