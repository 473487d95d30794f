"""What the pages about plugins say is what happens: typed, run, and compared with the code."""

from __future__ import annotations

import inspect
import re
import shutil
from pathlib import Path

import pytest

from alphabot.builtin import PLUGINS
from alphabot.cli.init import init
from alphabot.hookspecs import API_VERSION, AlphabotHooks
from alphabot.plugins import Source, load_plugins
from alphabot.testing import load_plugin
from tests.pages import ROOT, blocks, follow, section

pytestmark = pytest.mark.outside

HOOKS = [name for name in vars(AlphabotHooks) if not name.startswith("_")]
TARGET = "target_volume = 20"


def small(folder: Path, *, language: str) -> None:
    """Let a folder's strategies end soon, and speak this language."""
    file = folder / "strategies.toml"
    text = re.sub(r"(?m)^target_volume = \d+", TARGET, file.read_text("utf-8"))
    file.write_text(re.sub(r'(?m)^language = "\w+"', f'language = "{language}"', text), "utf-8")


@pytest.mark.ceiling(180)
def test_the_tutorial_can_be_followed(tmp_path: Path) -> None:
    text = section("docs/plugins.md", "From an empty folder to a running rule")
    first, rest = text.split("```\n", 2)[0:2], text.split("```\n", 2)[2]
    assert follow("```\n".join([*first, ""]), tmp_path) == 0
    assert (tmp_path / "tests" / "test_my_rule.py").is_file()
    small(tmp_path, language="en")
    assert follow(rest, tmp_path) >= 6


@pytest.mark.ceiling(120)
@pytest.mark.parametrize(
    ("page", "heading", "language"),
    [
        ("README.md", "Add a rule of your own", "en"),
        ("README.zh-CN.md", "加入自己的规则", "zh"),
    ],
)
def test_the_readme_can_be_followed(page: str, heading: str, language: str, tmp_path: Path) -> None:
    shutil.copy(ROOT / "strategies.toml", tmp_path)
    shutil.copytree(ROOT / "plugins", tmp_path / "plugins")
    small(tmp_path, language=language)
    text = section(page, heading)
    assert {block.language for block in blocks(text)} == {"python", "toml", "console", "text"}
    assert follow(text, tmp_path) == 2


def test_a_page_that_is_wrong_is_noticed(tmp_path: Path) -> None:
    assert init(tmp_path, language="en") == 0
    with pytest.raises(AssertionError, match="no_such_command"):
        follow("x\n```sh\nalphabot no_such_command\n```\n", tmp_path)
    with pytest.raises(AssertionError, match="'never said' was to be seen"):
        follow("x\n```sh\nalphabot --version\n```\n\n```text\nnever said\n```\n", tmp_path)
    with pytest.raises(AssertionError, match="no_such_key is not in"):
        follow("x\n```toml\n[plugins]\nno_such_key = 1\n```\n", tmp_path)


# --- the hooks --------------------------------------------------------------------------------


def test_the_page_has_every_hook_and_no_other() -> None:
    page = (ROOT / "docs" / "hooks.md").read_text("utf-8")
    assert re.findall(r"(?m)^## (.*)$", page) == HOOKS
    assert f'ALPHABOT_API = "{API_VERSION}"' in page


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hooks_paragraph_is_true(
    hook: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = section("docs/hooks.md", hook)
    signature = str(inspect.signature(getattr(AlphabotHooks(), hook))).replace("'", "")
    shown, example = blocks(text)
    assert shown.text == f"{hook}{signature}"
    (tmp_path / "example.py").write_text(example.text, "utf-8")
    monkeypatch.setenv("A_TOKEN", "made-up-token")
    needed = 'chat = 1\nbot_token = { env = "A_TOKEN" }' if hook == "settings" else ""
    host = load_plugin(tmp_path / "example.py", needed)
    assert host.loaded["example"].hooks == (hook,)
    (user,) = re.findall(r"(?m)^Used by: `(\w+)`\.$", text)
    ours = {module.__name__.rpartition(".")[2] for module in PLUGINS}
    host = load_plugins(PLUGINS, [], [user] if user not in ours else [])
    assert hook in host.loaded[user].hooks
    assert host.loaded[user].found.source in (Source.BUILTIN, Source.SHIPPED)


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_has_its_tests(hook: str) -> None:
    tests = [*ROOT.glob("tests/plugins/test_*.py"), *ROOT.glob("plugins/test_*.py")]
    calls = {"register_notifiers": r"\.notifier\(", "settings": r"def settings\("}
    pattern = calls.get(hook, rf"def {hook}\(")
    assert any(re.search(pattern, path.read_text("utf-8")) for path in tests)
