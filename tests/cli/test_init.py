"""``alphabot init``: a start that works, and never at the cost of what is there."""

from __future__ import annotations

import json
import os
import re
import shlex
from pathlib import Path

import pytest

from alphabot.cli.init import init
from alphabot.config import load
from alphabot.config.schema import schema
from alphabot.errors import ConfigError
from tests.cli.conftest import Command
from tests.cli.processes import ROOT, alphabot

pytestmark = pytest.mark.outside

SHIPPED = (ROOT / "strategies.toml").read_text("utf-8")


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_is_written_is_what_a_clone_has(
    command: Command, tmp_path: Path, language: str
) -> None:
    done = command("init", tmp_path, "--language", language)
    assert (done.code, done.err) == (0, "")
    assert files(tmp_path) >= {"strategies.toml", "strategies.schema.json", "plugins/README.md"}
    assert load(tmp_path / "strategies.toml").language == language
    written = (tmp_path / "strategies.toml").read_text("utf-8")
    expected = SHIPPED.replace('language = "zh"', f'language = "{language}"', 1)
    assert written.splitlines()[1:] == expected.splitlines()[1:]
    named = re.match(r"#:schema \./(\S+)\n", written)
    assert named is not None
    assert json.loads((tmp_path / named[1]).read_text("utf-8")) == schema()
    readme = (tmp_path / "plugins/README.md").read_text("utf-8")
    assert readme == (ROOT / "plugins/README.md").read_text("utf-8")
    for step in ("strategies.toml", "alphabot check", "alphabot run", f"cd {tmp_path}"):
        assert step in done.out
    assert ("Next" in done.out) == (language == "en")


def test_a_plugins_own_files_come_along_and_its_tests_do_not(
    command: Command, tmp_path: Path
) -> None:
    command("init", tmp_path)
    drop_ins = {
        f"plugins/{path.relative_to(ROOT / 'plugins').as_posix()}"
        for path in (ROOT / "plugins").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    tests = {name for name in drop_ins if Path(name).name.startswith("test_")}
    assert {name for name in files(tmp_path) if name.startswith("plugins/")} == drop_ins - tests


def test_a_folder_is_made_if_need_be(command: Command, tmp_path: Path) -> None:
    folder = tmp_path / "with a space" / "deeper"
    done = command("init", folder)
    assert done.code == 0
    assert load(folder / "strategies.toml").strategies
    assert f"cd {shlex.quote(str(folder))}" in done.out


def test_a_configuration_is_never_overwritten(command: Command, tmp_path: Path) -> None:
    config = tmp_path / "strategies.toml"
    config.write_text("mine")
    done = command("init", tmp_path)
    assert (done.code, done.out) == (2, "")
    assert done.err == f"{config}: is there already and was left as it is\n"
    assert config.read_text() == "mine"
    assert files(tmp_path) == {"strategies.toml"}


def test_nor_is_a_link_that_leads_nowhere(command: Command, tmp_path: Path) -> None:
    (tmp_path / "strategies.toml").symlink_to(tmp_path / "elsewhere")
    assert command("init", tmp_path).code == 2
    assert not (tmp_path / "elsewhere").exists()


def test_other_files_that_are_there_are_left_and_named(command: Command, tmp_path: Path) -> None:
    readme = tmp_path / "plugins" / "README.md"
    readme.parent.mkdir()
    readme.write_text("mine")
    (tmp_path / "plugins" / "my_rules.py").write_text("mine too")
    done = command("init", tmp_path, "--language", "en")
    assert (done.code, readme.read_text()) == (0, "mine")
    assert "left as it was: plugins/README.md." in done.out


def test_where_nothing_can_be_written(command: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below", "/proc/alphabot"):
        done = command("init", folder)
        assert (done.code, done.out) == (2, "")
        assert re.fullmatch(r".+: cannot be written: .+\n", done.err)


def test_a_file_system_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unsupported(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", unsupported)
    assert init(tmp_path) == 0
    assert load(tmp_path / "strategies.toml").strategies
    (tmp_path / "strategies.toml").write_text("mine")
    with pytest.raises(ConfigError):
        init(tmp_path)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_an_interrupted_start_leaves_no_half_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        init(tmp_path)
    assert files(tmp_path) == set()


@pytest.mark.parametrize("arguments", [["--language", "fr"], [".", "."]])
def test_bad_input(command: Command, arguments: list[str]) -> None:
    done = command("init", *arguments)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)


def test_two_commands_in_an_empty_folder(tmp_path: Path) -> None:
    started = alphabot("init", "--language", "en", cwd=tmp_path)
    assert (started.returncode, started.stderr) == (0, "")
    assert "  cd " not in started.stdout
    assert {oct(path.stat().st_mode & 0o077) for path in tmp_path.rglob("*")} == {"0o0"}
    checked = alphabot("check", cwd=tmp_path)
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "12 rounds" in checked.stdout
