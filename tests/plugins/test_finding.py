"""Where plugins may come from, and which places are not trusted."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from alphabot.builtin import PLUGINS
from alphabot.errors import PluginError
from alphabot.plugins import Source, load_plugins
from alphabot.plugins.finding import drop_ins, find

RULE = """
from alphabot import Proposal, hookimpl

@hookimpl
def register_pricing_rules(register):
    register("mine", lambda request: Proposal(request.quote.bid, request.quote.bid))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with one drop-in, ``mine``."""
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    (plugins / "mine.py").write_text(RULE)
    return plugins


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a folder on sys.path into which packages can be installed."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    before = set(sys.modules)
    yield site
    for module in set(sys.modules) - before:
        del sys.modules[module]


def install(site: Path, package: str, name: str, source: str = RULE) -> None:
    """Put a package there that offers a plugin."""
    module = f"{package}_module"
    (site / f"{module}.py").write_text(source)
    told = site / f"{package}-2.1.dist-info"
    told.mkdir()
    (told / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 2.1\n")
    (told / "entry_points.txt").write_text(f"[alphabot]\n{name} = {module}\n")


def refusal(*paths: Path, name: str = "mine") -> str:
    """Return why a plugin is refused."""
    with pytest.raises(PluginError) as refused:
        find(name, paths)
    assert refused.value.plugin == name
    assert "\n" not in refused.value.problem
    return refused.value.problem


# --- drop-in folders --------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [0o777, 0o775, 0o757, 0o1777])
def test_a_folder_that_others_can_write_to_is_not_trusted(folder: Path, mode: int) -> None:
    folder.chmod(mode)
    assert refusal(folder) == f"{folder} can be written by others (chmod go-w {folder})"


@pytest.mark.parametrize("mode", [0o666, 0o664, 0o646])
def test_nor_is_a_file(folder: Path, mode: int) -> None:
    (folder / "mine.py").chmod(mode)
    assert "mine.py can be written by others" in refusal(folder)


def test_nor_is_the_inner_folder_of_a_package(folder: Path) -> None:
    (folder / "mine.py").unlink()
    (folder / "mine").mkdir()
    (folder / "mine" / "__init__.py").write_text(RULE)
    assert find("mine", [folder]).file == folder / "mine" / "__init__.py"
    (folder / "mine").chmod(0o777)
    assert "mine can be written by others" in refusal(folder)


def test_a_file_of_another_user_is_not_trusted(folder: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can give a file away")
    os.chown(folder / "mine.py", 12345, -1)
    assert "mine.py belongs to another user" in refusal(folder)


def test_links_may_not_lead_outside(folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.py"
    elsewhere.write_text(RULE)
    (folder / "mine.py").unlink()
    (folder / "mine.py").symlink_to(elsewhere)
    assert refusal(folder) == f"{folder}/mine.py is a link that leads outside, to {elsewhere}"
    (folder / "mine.py").unlink()
    (folder / "mine.py").symlink_to("nowhere.py")
    assert "mine.py: No such file" in refusal(folder)
    (folder / "real.py").write_text(RULE)
    (folder / "mine.py").unlink()
    (folder / "mine.py").symlink_to("real.py")
    assert find("mine", [folder]).source is Source.DROP_IN


def test_nor_may_the_folder_itself(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    linked = tmp_path / "project" / "plugins"
    linked.symlink_to(folder)
    assert "is a link that leads outside" in refusal(linked)
    beside = tmp_path / "beside"
    beside.symlink_to(folder)
    assert find("mine", [beside]).source is Source.DROP_IN


def test_a_folder_that_is_missing_is_named(folder: Path, tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    assert f"{missing} (which is not a folder)" in refusal(folder, missing, name="other")
    assert find("mine", [missing, folder]).source is Source.DROP_IN
    (tmp_path / "a_file").write_text("")
    assert "a_file (which is not a folder)" in refusal(tmp_path / "a_file")


def test_hidden_names_are_skipped(folder: Path) -> None:
    for name in ("_mine.py", "test_mine.py", ".mine.py", "notes.txt"):
        (folder / name).write_text(RULE)
    assert [name for name, _ in drop_ins(folder)] == ["mine"]
    assert refusal(folder, name="_mine") == "files that begin with _ are no plugins"


def test_both_a_module_and_a_package_of_one_name_are_shown(folder: Path) -> None:
    (folder / "mine").mkdir()
    (folder / "mine" / "__init__.py").write_text(RULE)
    said = refusal(folder)
    assert f"{folder}/mine.py (drop-in) and {folder}/mine/__init__.py (drop-in)" in said


# --- installed packages -----------------------------------------------------------------------


def test_an_installed_package_offers_a_plugin_by_entry_point(site: Path) -> None:
    install(site, "rules_of_a_friend", "mine")
    host = load_plugins(PLUGINS, [], ["mine"])
    loaded = host.loaded["mine"]
    assert (loaded.found.source, loaded.version) == (Source.PACKAGE, "2.1")
    assert loaded.found.where == "rules_of_a_friend_module of rules_of_a_friend"
    assert host.pricing_rule("mine").__module__ == "rules_of_a_friend_module"


def test_one_that_nobody_named_is_not_imported(site: Path) -> None:
    install(site, "rules_of_a_stranger", "mine", "raise SystemExit('imported')")
    load_plugins(PLUGINS, [], [])
    assert "rules_of_a_stranger_module" not in sys.modules


def test_one_that_cannot_be_imported_is_refused_in_one_line(site: Path) -> None:
    install(site, "rules_that_break", "mine", "def broken(:")
    host = load_plugins(PLUGINS, [], ["mine"])
    assert "rules_that_break_module of rules_that_break: SyntaxError" in str(host.refused["mine"])


def test_a_package_and_a_drop_in_of_one_name_are_shown_both(site: Path, folder: Path) -> None:
    install(site, "rules_of_a_friend", "mine")
    said = refusal(folder)
    assert f"{folder}/mine.py (drop-in) and rules_of_a_friend_module of rules_of_a_fri" in said
