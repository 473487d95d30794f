"""The log file: rotated, for its user alone, and nothing that happens to it reaches a caller."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from alphabot.log.file import LINES_WAITING_MAX, RotatedFile
from tests.disks import fill_up, small_disk


@pytest.fixture(autouse=True)
def open_mask() -> Iterator[None]:
    mask = os.umask(0)
    yield
    os.umask(mask)


class Troubles(list[str]):
    def file(self, path: Path, rotate_bytes: int = 1000, keep_files: int = 2) -> RotatedFile:
        return RotatedFile(
            path,
            rotate_bytes=rotate_bytes,
            keep_files=keep_files,
            on_trouble=self.append,
            dropped_line=lambda count: f"{count} missing",
        )


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_old_files_move_up_and_the_oldest_goes(tmp_path: Path) -> None:
    troubles = Troubles()
    path = tmp_path / "logs" / "a.log"
    file = troubles.file(path, rotate_bytes=100)
    for number in range(10):
        file(f"{number} " + "x" * 47)  # two of them fit
    file.close()
    names = sorted(each.name for each in path.parent.iterdir())
    assert names == ["a.log", "a.log.1", "a.log.2"]
    firsts = [(path.parent / name).read_text()[0] for name in names]
    assert firsts == ["8", "6", "4"]
    assert {mode(path.parent / name) for name in names} == {0o600}
    assert mode(path.parent) == 0o700
    assert troubles == []


def test_a_file_goes_on_where_it_ended_and_loses_its_open_mode(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("before\n")
    path.chmod(0o666)
    file = Troubles().file(path)
    file("after")
    file.close()
    assert path.read_text() == "before\nafter\n"
    assert mode(path) == 0o600


def test_without_old_files_there_is_one(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    file = Troubles().file(path, rotate_bytes=10, keep_files=0)
    for _ in range(5):
        file("12345678")
    file.close()
    assert [each.name for each in tmp_path.iterdir()] == ["a.log"]
    assert path.read_text() == "12345678\n"


@pytest.mark.parametrize("trouble", ["folder", "link", "full"])
def test_what_cannot_be_written_is_told_once(tmp_path: Path, trouble: str) -> None:
    path = tmp_path / "a.log"
    if trouble == "folder":
        path.mkdir()
    elif trouble == "link":
        (tmp_path / "victim").write_text("")
        path.symlink_to(tmp_path / "victim")
    else:
        path = Path("/dev/full")
        if not path.exists() or os.geteuid() == 0:
            pytest.skip("/dev/full is not to be had, or its mode would be changed")
    troubles = Troubles()
    file = troubles.file(path)
    for _ in range(3):
        file("line")
    file.close()
    assert len(troubles) == 1
    if trouble == "link":
        assert (tmp_path / "victim").read_text() == ""


def test_what_was_missed_is_counted_once_there_is_room(tmp_path: Path) -> None:
    troubles = Troubles()
    path = tmp_path / "logs" / "a.log"
    path.parent.touch()  # in the way of the folder
    file = troubles.file(path)
    file("one")
    file("two")
    while file._failed < 2:
        threading.Event().wait(0.01)
    path.parent.unlink()
    file("three")
    file.close()
    assert path.read_text() == "2 missing\nthree\n"


def test_a_full_disk_costs_lines_that_are_counted_and_spoils_no_other(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with small_disk(disk, "64k"):
        path = disk / "a.log"
        troubles = Troubles()
        file = troubles.file(path, rotate_bytes=10**9)
        file("before")
        while not path.exists() or not path.stat().st_size:
            threading.Event().wait(0.01)
        fill_up(disk / "ballast")
        lost = [f"{number} " + "x" * 1500 for number in range(9)]
        for line in lost:
            file(line)
        while file._failed < 4:
            threading.Event().wait(0.01)
        (disk / "ballast").unlink()
        file("after")
        file.close()
        first, *middle, missing, last = path.read_text().splitlines()
    assert (first, last) == ("before", "after")
    # Two fitted into the page that was begun; the third was cut off, and ends its line as well.
    *whole, cut = middle
    assert (whole, lost[2].startswith(cut), len(cut) < len(lost[2])) == (lost[:2], True, True)
    assert missing == "7 missing"
    assert len(troubles) == 1
    assert "space" in troubles[0]


def test_a_disk_that_stands_still_holds_nobody_up(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    moving = threading.Event()
    begun = threading.Event()

    def stuck(count: int) -> str:
        begun.set()
        moving.wait()
        return f"{count} missing"

    troubles = Troubles()
    file = RotatedFile(
        path, rotate_bytes=10**9, keep_files=1, on_trouble=troubles.append, dropped_line=stuck
    )
    path.mkdir()
    file("lost")
    while file._failed < 1:
        threading.Event().wait(0.01)
    path.rmdir()
    file("this one is written by a thread that then stands still")
    begun.wait()
    for number in range(LINES_WAITING_MAX + 7):
        file(f"line {number}")
    moving.set()
    while not file._lines.empty():
        threading.Event().wait(0.01)
    file("last")
    file.close()
    lines = path.read_text().splitlines()
    assert lines[0] == "1 missing"
    assert "7 missing" in lines
    assert lines[-1] == "last"
