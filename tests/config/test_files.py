"""What is not a readable text file is refused before anything is parsed."""

import os
from pathlib import Path

import pytest

from alphabot.config import load
from alphabot.config.document import FILE_BYTES_MAX
from alphabot.errors import ConfigError

STRATEGY = (
    '[[strategies]]\nstrategy_id = "a"\ntarget_token = "KOGE"\ntarget_chain = "BSC"\n'
    "target_volume = 100\nuser_ids = [1]\n"
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "strategies.toml"


def complaint(path: Path) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert caught.value.path == path
    return caught.value


def test_missing(file: Path) -> None:
    assert complaint(file).problem == "no such file"


def test_directory(tmp_path: Path) -> None:
    assert complaint(tmp_path).problem == "a file was expected, was something else"


def test_below_a_file(file: Path) -> None:
    file.touch()
    assert complaint(file / "x").problem == "cannot be read: Not a directory"


def test_link_to_itself(file: Path) -> None:
    file.symlink_to(file)
    assert "cannot be read" in complaint(file).problem


def test_name_too_long(tmp_path: Path) -> None:
    assert "cannot be read" in complaint(tmp_path / ("x" * 5000)).problem


def test_name_with_nul(tmp_path: Path) -> None:
    assert "cannot be read" in complaint(tmp_path / "a\0b").problem


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_not_permitted(file: Path) -> None:
    file.touch(mode=0)
    assert complaint(file).problem == "cannot be read: Permission denied"


@pytest.mark.ceiling(5)
def test_pipe_is_not_waited_for(file: Path) -> None:
    os.mkfifo(file)
    assert complaint(file).problem == "a file was expected, was something else"


@pytest.mark.ceiling(5)
@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null"])
def test_device(device: str) -> None:
    assert complaint(Path(device)).problem == "a file was expected, was something else"


def test_size_at_the_bound(file: Path) -> None:
    file.write_text(STRATEGY + "#" * (FILE_BYTES_MAX - len(STRATEGY)))
    assert load(file).strategies
    file.write_text(STRATEGY + "#" * (FILE_BYTES_MAX - len(STRATEGY) + 1))
    assert complaint(file).problem == "at most 64 KiB were expected"


@pytest.mark.ceiling(5)
def test_size_is_known_without_reading_it_all(file: Path) -> None:
    with file.open("wb") as sparse:
        sparse.truncate(1 << 40)
    assert complaint(file).problem == "at most 64 KiB were expected"


@pytest.mark.parametrize(
    ("raw", "line", "byte"),
    [
        (b"\x80", 1, "0x80"),
        (b"# a\n# b\n# \xff\n", 3, "0xff"),
        (b"\xef\xbb\xbf\n\xe4\xb8", 2, "0xe4"),
        (STRATEGY.encode("utf-16"), 1, "0xff"),
        ("# 中文\n".encode("gbk"), 1, "0xd6"),
        (b"\x7fELF\x02\x01\x01\x00\xc0", 1, "0xc0"),
    ],
)
def test_not_utf_8(file: Path, raw: bytes, line: int, byte: str) -> None:
    file.write_bytes(raw)
    error = complaint(file)
    assert error.problem == f"UTF-8 text was expected, was byte {byte}"
    assert error.line == line


def test_line_numbers_survive_windows(file: Path) -> None:
    text = (STRATEGY + "[limits]\nmax_rounds = 0\n").replace("\n", "\r\n")
    file.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert complaint(file).line == 8
