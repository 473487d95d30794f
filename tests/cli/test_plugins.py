"""``alphabot plugins``, and what the other commands say of plugins."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Command, Done

CONFIG = """
language = "en"
[[strategies]]
strategy_id = "one"
target_token = "KOGE"
target_chain = "BSC"
target_volume = 20
user_ids = [1]
pricing = "mine"
[[strategies]]
strategy_id = "two"
target_token = "AOP"
target_chain = "BSC"
target_volume = 5
user_ids = [2]
[plugins]
paths = ["plugins"]
enabled = ["mine"]
"""
RULE = """
from decimal import Decimal
import msgspec
from alphabot import Proposal, hookimpl

class Settings(msgspec.Struct, frozen=True):
    percent: Decimal = Decimal(1)

@hookimpl
def settings():
    return Settings

@hookimpl
def register_pricing_rules(register, settings):
    def mine(request):
        step = request.quote.ask * settings.percent / 100
        return Proposal(request.quote.ask + step, request.quote.bid - step)
    register("mine", mine)
"""
TRAP = "raise SystemExit('imported')"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a person with a configuration and two drop-ins, one of them named."""
    (tmp_path / "plugins").mkdir()
    (tmp_path / "strategies.toml").write_text(CONFIG)
    (tmp_path / "plugins" / "mine.py").write_text(RULE)
    (tmp_path / "plugins" / "unnamed.py").write_text(TRAP)
    (tmp_path / "plugins" / "_hidden.py").write_text(TRAP)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def listed(done: Done) -> dict[str, Any]:
    """Return the plugins of ``plugins --json`` by name."""
    return {row["name"]: row for row in json.loads(done.out)["plugins"]}


# --- the list ---------------------------------------------------------------------------------


def test_the_list_shows_what_is_used_and_imports_nothing_else(
    folder: Path, command: Command
) -> None:
    done = command("plugins", "--json")
    assert (done.code, done.err) == (0, "")
    rows = listed(done)
    assert {"percent_offset", "mul_point", "mine", "unnamed"} <= rows.keys()
    assert "_hidden" not in rows
    mine = rows["mine"]
    assert (mine["state"], mine["source"]) == ("loaded", "drop-in")
    assert mine["where"] == str(folder / "plugins" / "mine.py")
    assert set(mine["hooks"]) == {"settings", "register_pricing_rules"}
    assert mine["offers"] == [{"kind": "pricing rule", "name": "mine", "used_by": ["one"]}]
    assert rows["unnamed"]["state"] == "unnamed"
    assert rows["notice_file"]["source"] == "shipped"
    (offer, *_) = rows["mul_point"]["offers"]
    assert offer == {"kind": "multiplier", "name": "divide", "used_by": ["one", "two"]}


def test_the_list_can_be_read(folder: Path, command: Command) -> None:
    out = command("plugins").out
    assert "mine  drop-in  loaded\n" in out
    assert "    pricing rule mine, used by one\n" in out
    assert "unnamed  drop-in  not enabled, not imported\n" in out


def test_the_list_says_why_one_is_refused(folder: Path, command: Command) -> None:
    (folder / "plugins" / "mine.py").write_text(TRAP)
    done = command("plugins", "--json")
    assert done.code == 1
    row = listed(done)["mine"]
    assert (row["state"], row["source"]) == ("refused", "drop-in")
    assert "SystemExit: imported" in row["reason"]
    assert "SystemExit: imported" in command("plugins").out


def test_plugins_can_be_left_out(folder: Path, command: Command) -> None:
    (folder / "plugins" / "mine.py").write_text(TRAP)
    row = listed(command("plugins", "--no-plugins", "--json"))["mine"]
    assert row["reason"] == "load: plugins are off (--no-plugins)"


# --- run and check ----------------------------------------------------------------------------


def test_a_run_goes_on_without_a_refused_plugin(folder: Path, command: Command) -> None:
    (folder / "plugins" / "mine.py").write_text("def broken(:")
    done = command("run", "--json")
    assert done.code == 1
    assert done.err.count("A plugin is not used, plugin=mine") == 1
    rows = {row["strategy_id"]: row for row in json.loads(done.out)}
    assert (rows["one"]["ending"], rows["two"]["ending"]) == ("failed", "reached")
    assert "plugin mine" in rows["one"]["reason"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("[plugins.mine]\npercnt = 2", "plugins.mine.percnt: unknown key (did you mean percent?)"),
        ("[plugins.mine]\npercent = 'a'", "plugins.mine.percent: a number was expected, was 'a'"),
    ],
)
def test_check_says_what_is_wrong_with_settings(
    folder: Path, command: Command, change: str, said: str
) -> None:
    (folder / "strategies.toml").write_text(CONFIG + change)
    done = command("check", "--json")
    assert done.code == 1
    facts = json.loads(done.out)
    assert facts["possible"] is False
    assert [each["strategy_id"] for each in facts["refused"]] == ["one"]
    assert [each["strategy_id"] for each in facts["strategies"]] == ["two"]
    assert f"strategies.toml:20: {said}" in done.err
    assert "refused: plugin mine" in " ".join(command("check").out.split())


def test_check_without_plugins(folder: Path, command: Command) -> None:
    (folder / "plugins" / "mine.py").write_text(TRAP)
    assert "plugins are off" in command("check", "--no-plugins").err
    assert command("check", "two").code == 0


def test_the_schema_knows_the_settings_of_enabled_plugins(folder: Path, command: Command) -> None:
    schema = json.loads(command("schema", "--config", "strategies.toml").out)
    table = schema["properties"]["plugins"]["properties"]["mine"]
    assert table["properties"]["percent"] == {"type": "number", "default": 1.0}
    assert table["additionalProperties"] is False


# --- check FILE -------------------------------------------------------------------------------


def test_a_good_file_passes(folder: Path, command: Command) -> None:
    done = command("plugins", "check", "plugins/mine.py")
    assert done.code == 0
    assert done.out.count("ok    ") == 2
    assert "FAIL" not in done.out


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (RULE.replace("request.quote.ask + step", "None"), "pricing rule mine (/"),
        (RULE.replace("register_pricing_rules", "register_pricing_rule"), "did you mean register_"),
        (RULE.replace("mine(request)", "mine()"), "takes a PricingRequest was expected, takes ()"),
        (RULE.replace('register("mine", mine)', "pass"), "mine registers nothing"),
        (RULE.replace(" = Decimal(1)", ""), "plugins.mine.percent: it was expected, was missing"),
        (TRAP, "SystemExit: imported"),
    ],
)
def test_a_bad_file_fails_in_one_line(
    folder: Path, command: Command, source: str, said: str
) -> None:
    (folder / "plugins" / "mine.py").write_text(source)
    done = command("plugins", "check", "plugins/mine.py")
    assert (done.code, done.err) == (1, "")
    (failed,) = [line for line in done.out.splitlines() if line.startswith("FAIL  ")]
    assert said in failed


def test_a_file_is_checked_with_its_settings(folder: Path, command: Command) -> None:
    (folder / "plugins" / "mine.py").write_text(RULE.replace(" = Decimal(1)", ""))
    (folder / "strategies.toml").write_text(CONFIG + "[plugins.mine]\npercent = 2\n")
    done = command("plugins", "check", "plugins/mine.py", "--config", "strategies.toml")
    assert done.code == 0


def test_a_file_that_is_not_there(folder: Path, command: Command) -> None:
    done = command("plugins", "check", "plugins/nothing.py")
    assert (done.code, done.out) == (2, "")
    assert done.err.endswith("plugins/nothing.py: no such file\n")


# --- new --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["pricing", "multiplier", "notifier"])
def test_a_new_plugin_conforms(folder: Path, command: Command, kind: str) -> None:
    done = command("plugins", "new", kind, "my_rule")
    assert done.code == 0
    assert (folder / "tests" / "test_my_rule.py").is_file()
    assert command("plugins", "check", "plugins/my_rule.py").code == 0


def test_nothing_is_overwritten(folder: Path, command: Command) -> None:
    before = (folder / "plugins" / "mine.py").read_text()
    done = command("plugins", "new", "pricing", "mine")
    assert (done.code, done.err) == (
        2,
        "plugins/mine.py: is there already and was left as it is\n",
    )
    assert (folder / "plugins" / "mine.py").read_text() == before
    assert not (folder / "tests").exists()
    (folder / "tests").mkdir()
    (folder / "tests" / "test_other.py").write_text("")
    assert command("plugins", "new", "pricing", "other").code == 2
    assert not (folder / "plugins" / "other.py").exists()


@pytest.mark.parametrize("name", ["my-rule", "", "1st", "class", "_mine", "../mine", "test_mine"])
def test_a_name_that_can_be_none_is_refused(folder: Path, command: Command, name: str) -> None:
    done = command("plugins", "new", "pricing", name)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "a name such as my_rule was expected" in done.err


def test_an_unknown_kind_is_refused(folder: Path, command: Command) -> None:
    done = command("plugins", "new", "prcing", "mine")
    assert (done.code, done.err.count("\n")) == (2, 1)
