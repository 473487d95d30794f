"""``alphabot check``: what it says, in both languages, and with which exit code."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from alphabot.cli.check_words import LABELS, OBSTACLES, SENTENCES
from alphabot.config import SECTIONS
from alphabot.core.forecast import Pace
from tests.cli.conftest import Command, Done
from tests.cli.processes import ROOT, alphabot

pytestmark = pytest.mark.outside

ONE = """
language = "en"
{limits}
[[strategies]]
strategy_id = "koge"
target_token = "KOGE"
target_chain = "BSC"
target_volume = 100
user_ids = [1]
"""
AOP = """
[[strategies]]
strategy_id = "aop"
target_token = "AOP"
target_chain = "BSC"
target_volume = 20
user_ids = [1, 2]
"""


class Check:
    """Runs the command on a configuration in a folder of its own."""

    def __init__(self, command: Command, folder: Path) -> None:
        self._command = command
        self.folder = folder

    def __call__(self, text: str = ONE, *arguments: object, limits: str = "") -> Done:
        """Check a text with these lines under [limits]."""
        config = self.folder / "strategies.toml"
        config.write_text(text.replace("{limits}", f"[limits]\n{limits}"), "utf-8")
        done = self._command("check", "--config", config, *arguments)
        # Nothing is written, whatever is said.
        assert [path.name for path in self.folder.iterdir()] == ["strategies.toml"]
        return done

    def facts(self, text: str = ONE, *arguments: object, limits: str = "") -> dict[str, Any]:
        """Return what it says as JSON."""
        done = self(text, "--json", *arguments, limits=limits)
        assert done.err == ""
        facts: dict[str, Any] = json.loads(done.out)
        assert facts["possible"] is (done.code == 0)
        return facts

    def obstacles(self, text: str = ONE, *, limits: str) -> dict[str, dict[str, Any]]:
        """Return what stands in the way, by name."""
        return {found["name"]: found for found in self.facts(text, limits=limits)["obstacles"]}


@pytest.fixture
def check(command: Command, tmp_path: Path) -> Check:
    return Check(command, tmp_path)


def rows(text: str) -> dict[str, str]:
    """Return the labelled rows of a report, joined where they were folded."""
    joined = re.sub(r"\n {12}(?=\S)", " ", text)
    return dict(re.findall(r"(?m)^  (\S+) {2,}(\S.*)$", joined))


# --- in words -------------------------------------------------------------------------------------


def test_the_shipped_file_in_chinese(command: Command) -> None:
    done = command("check", "--config", ROOT / "strategies.toml")
    assert (done.code, done.err) == (0, "")
    assert max(map(cell_len, done.out.splitlines())) <= 80
    for words in ("koge_volume_boost", "12 轮", "倍数规则", "没有限额阻碍目标"):
        assert words in done.out


def test_in_english(check: Check) -> None:
    done = check()
    assert (done.code, done.err) == (0, "")
    assert max(map(cell_len, done.out.splitlines())) <= 80
    said = rows(done.out)
    assert re.match(r"100\.00 USDT credited: 4 rounds of 27\.\d\d", said["target"])
    assert re.search(r"\d\.\d\d USDT expected for 10[89]\.\d\d bought, \d+\.\d bp", said["cost"])
    assert re.match(r"3\.0\d USDT a round \(10\.0\d %\), 12\.0\d in all$", said["worst"])
    assert re.match(r"0\.00\d+ KOGE a round, 0\.0 bp \(max_dust_bp allows 10\)", said["dust"])
    assert said["time"].startswith("about 9.4 s: a round is taken to last 1.6 s")
    assert "1 without waiting for another, 13,500 one after another" in said["turn"]
    assert "mulPoint" not in said
    assert done.out.endswith("No limit stands in the way.\n")


def test_where_mul_point_is_not_one_every_rule_is_told(check: Check) -> None:
    out = check(ONE + AOP).out
    table = [line.split() for line in out.splitlines() if re.match(r" {12}\w+ ", line)]
    by_rule = {line[0]: line[-4] for line in table if line[0] in ("divide", "points", "flat")}
    assert by_rule == {"divide": "3", "points": "1", "flat": "1"}
    assert "aop: AOP (ALPHA_382) on BSC, for users 1, 2, the target for each" in out
    users = [line.split()[:3] for line in out.splitlines() if re.match(r"\d ", line)]
    assert users == [["1", "2", "7"], ["2", "1", "3"]]


def test_limits_that_hold_are_named(check: Check) -> None:
    out = check(ONE.replace("= 100", "= 1000"), limits="max_orders_per_minute = 5").out
    said = rows(out)
    assert said["worst"].endswith("max_daily_loss_usdt ends it at 20 per user and day")
    assert said["time"].endswith("max_orders_per_minute = 5 slows it down")


def test_users_of_one_token_take_turns(check: Check) -> None:
    text = ONE.replace("[1]", str(list(range(1, 13))))
    said = rows(check(text, "--round-seconds", "4").out)
    assert said["time"].endswith("users of one token take turns")
    assert "for users 1, 2, 3, 4, 5, 6, 7, 8, … (12)" in check(text).out
    unguarded = rows(check(text, limits="self_trade_guard = false").out)
    assert "turn" not in unguarded


def test_a_thin_book_is_told(check: Check) -> None:
    # More than all asks of the simulated book, which is a few thousand USDT deep.
    text = ONE.replace("user_ids", "single_trade_amount_usdt = 200000\nuser_ids")
    wide = "max_exposure_usdt = 1000000\nmax_total_exposure_usdt = 1000000\n"
    done = check(text, limits=wide + "max_daily_loss_usdt = 900000")
    assert "the book is too thin for the BUY" in done.out


def test_not_everybody_at_once(check: Check) -> None:
    text = ONE.replace("[1]", str(list(range(1, 21))))
    out = check(text, limits="max_total_exposure_usdt = 100").out
    assert rows(out)["note"].startswith("max_total_exposure_usdt = 100 has room for 3 round(s)")


def test_only_the_strategies_that_are_named(check: Check) -> None:
    out = check(ONE + AOP, "aop").out
    assert "aop: " in out
    assert "koge: " not in out


def test_foreign_names_are_not_obeyed(check: Check) -> None:
    text = ONE.replace('"koge"', '"koge.x-1"')
    assert "koge.x-1: KOGE" in check(text).out


# --- what stands in the way -----------------------------------------------------------------------


# The exchange inside trades on the machine's clock, so that its prices differ from run to run: what
# is tried here holds at any of them. The advice itself is tried in tests/core/test_obstacles.py.
@pytest.mark.parametrize(
    ("limits", "name", "line"),
    [
        ("max_rounds = 3", "max_rounds", 4),
        ("\nmax_daily_loss_usdt = 3.01", "max_daily_loss_usdt", 5),
        ("max_spread_bp = 0.01", "max_spread_bp", 4),
        ("max_round_loss_percent = 10.0", "max_round_loss_percent", 4),
    ],
)
def test_a_limit_that_makes_the_target_impossible(
    check: Check, limits: str, name: str, line: int
) -> None:
    found = check.obstacles(limits=limits)[name]
    assert (found["key"], found["line"]) == (name, line)
    more_than_enough = Decimal(found["needed"]) + 10
    assert check.obstacles(limits=f"{name} = {more_than_enough}") == {}
    done = check(limits=limits)
    assert done.code == 1
    said = re.sub(r"\s+", " ", done.out)
    assert re.search(rf"ERROR {limits.strip()[:-1]}\d* \(line {line}\): .* would do", said)


def test_an_error_in_words(check: Check) -> None:
    done = check(limits="max_rounds = 3")
    assert rows(done.out)["ERROR"] == ("max_rounds = 3 (line 4): 4 rounds are needed; 4 would do")
    assert done.out.endswith("Impossible as it stands: 1 error(s).\n")
    assert done.err == ""


def test_a_default_that_is_in_the_way(check: Check) -> None:
    text = ONE.replace("= 100", "= 100000")
    found = check.obstacles(text, limits="max_daily_loss_usdt = 20000")["max_rounds"]
    assert (found["line"], found["value"]) == (None, "2500")
    out = check(text, limits="max_daily_loss_usdt = 20000").out
    assert "max_rounds = 2500 (default): 3,6" not in out
    assert rows(out)["ERROR"].startswith("max_rounds = 2500 (default): 36")


def test_users_who_meet_the_same_limit_are_told_once(check: Check) -> None:
    text = ONE.replace("[1]", "[1, 2, 3]")
    found = check.obstacles(text, limits="max_daily_loss_usdt = 3.01")["max_daily_loss_usdt"]
    assert (found["user_ids"], found["strategy_id"]) == ([1, 2, 3], None)


def test_an_amount_below_what_the_exchange_accepts(check: Check) -> None:
    text = ONE.replace("user_ids", "single_trade_amount_usdt = 0.05\nuser_ids")
    found = check.obstacles(text, limits="")["single_trade_amount_usdt"]
    assert (found["strategy_id"], found["line"], found["needed"]) == ("koge", 10, "0.11")
    done = check(text)
    assert done.code == 1
    assert "less than the exchange accepts: 0.04" in re.sub(r"\s+", " ", done.out)
    # There is a price, but no round and nobody who could make one.
    assert set(rows(done.out)) == {"price", "ERROR"}
    enough = text.replace("0.05", found["needed"])
    assert "single_trade_amount_usdt" not in check.obstacles(enough, limits="")


PLUGIN = """
from decimal import Decimal
from alphabot import hookimpl

@hookimpl
def register_multipliers(register):
    register("nothing", lambda volume, mul_point: Decimal(0))
    register("broken", lambda volume, mul_point: 1 / 0)
"""


def with_plugin(folder: Path, multiplier: str) -> str:
    """Return a configuration that credits by a rule of a drop-in plugin in this folder."""
    (folder / "rules.py").write_text(PLUGIN)
    plugins = f'[plugins]\npaths = ["{folder}"]\nenabled = ["rules"]\n'
    chosen = ONE.replace("user_ids", f'multiplier = "{multiplier}"\nuser_ids')
    return (chosen + AOP.replace("user_ids", f'multiplier = "{multiplier}"\nuser_ids')) + plugins


def test_a_multiplier_that_credits_nothing(
    check: Check, tmp_path_factory: pytest.TempPathFactory
) -> None:
    done = check(with_plugin(tmp_path_factory.mktemp("plugins"), "nothing"))
    assert done.code == 1
    assert rows(done.out)["ERROR"] == "the multiplier credits nothing"
    table = [line.split() for line in done.out.splitlines() if "nothing *" in line]
    assert table == [["nothing", "*", "0.00", "never", "0.00", "0.00", "0.00"]]


def test_a_multiplier_that_raises(check: Check, tmp_path_factory: pytest.TempPathFactory) -> None:
    done = check(with_plugin(tmp_path_factory.mktemp("plugins"), "broken"))
    assert (done.code, done.err) == (1, "")
    assert "every round is skipped: multiplier broken:" in " ".join(done.out.split())


# --- as JSON --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "warning"),
    [
        ("en", "WARNING does not fit into its day: about 13 h 53 min for 5,000 rounds"),
        ("zh", "警告 一天内完不成：需要约 13 h 53 min（5,000 轮）"),
    ],
)
def test_a_day_that_is_too_short_is_told(check: Check, language: str, warning: str) -> None:
    text = ONE.replace('"en"', f'"{language}"').replace("= 100", "= 150000")
    text = f'{text}volume_basis = "ordered"\nschedule = "daily"\nstart_time_utc = "12:00"\n'
    limits = "max_daily_loss_usdt = 100000\nmax_rounds = 10000"
    arguments = ("--round-seconds", "9")
    said = " ".join(check(text, *arguments, limits=limits).out.split())
    assert warning in said
    facts = check.facts(text, *arguments, limits=limits)
    (koge,) = facts["strategies"]
    assert facts["possible"] is True  # the next day goes on from zero
    assert koge["short_day"]["rounds"] < koge["short_day"]["needed_rounds"] == 5000
    early = text.replace("12:00", "06:00")
    assert check.facts(early, *arguments, limits=limits)["strategies"][0]["short_day"] is None


def test_json_has_everything(check: Check) -> None:
    facts = check.facts(ONE + AOP, "--seed", "7")
    assert facts["exchange"] == "embedded"
    assert facts["obstacles"] == []
    koge, aop = facts["strategies"]
    assert koge["by_multiplier"].keys() == {"divide"}
    assert aop["by_multiplier"].keys() == {"divide", "points", "flat"}
    assert koge["pace"].keys() == {field.name for field in fields(Pace)}
    assert [user["user_id"] for user in facts["users"]] == [1, 2]
    for strategy in facts["strategies"]:
        for name, figure in strategy["round"].items():
            assert isinstance(figure, str), name
            assert "e" not in figure.lower()


def test_prices_follow_the_seed(check: Check) -> None:
    prices = {check.facts(ONE, "--seed", seed)["strategies"][0]["price"]["last"] for seed in (1, 2)}
    assert len(prices) == 2


# --- bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ["nothing"],
        ["--round-seconds", "0"],
        ["--round-seconds", "x"],
        ["--round-seconds", "nan"],
        ["--seed", "x"],
        ["--cofnig", "x"],
    ],
)
def test_bad_input_is_one_line_and_exit_2(check: Check, arguments: list[str]) -> None:
    done = check(ONE, *arguments)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("target_volume", "target_volumn", r":9: strategies\.target_volumn: unknown key"),
        ('"KOGE"', '"KOGEE"', r":7: strategies\.target_token: the exchange lists no token"),
        ("user_ids", 'pricing = "x"\nuser_ids', r":10: strategies\.pricing: there is no"),
    ],
)
def test_a_mistake_in_the_file_is_named_with_its_line(
    check: Check, old: str, new: str, said: str
) -> None:
    done = check(ONE.replace(old, new))
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert re.search(said, done.err)


def test_an_exchange_that_does_not_answer(check: Check) -> None:
    nowhere = """
[exchange]
mode = "simulated"
rest_url = "http://127.0.0.1:1"
order_stream_url = "ws://127.0.0.1:1/w3w/stream"
market_stream_url = "ws://127.0.0.1:1/w3w/wsa/stream"
"""
    done = check(ONE + nowhere)
    assert (done.code, done.out, done.err.count("\n")) == (1, "", 1)


def test_as_a_process(tmp_path: Path) -> None:
    (tmp_path / "strategies.toml").write_text(ONE.replace("{limits}", ""))
    done = alphabot("check", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert [path.name for path in tmp_path.iterdir()] == ["strategies.toml"]


# --- the words ------------------------------------------------------------------------------------


def test_everything_is_said_in_both_languages_with_the_same_figures() -> None:
    for words in (LABELS, SENTENCES, OBSTACLES):
        for key, (chinese, english) in words.items():
            assert english.isascii(), key
            figures = [sorted(set(re.findall(r"\{\w+\}", text))) for text in (chinese, english)]
            assert figures[0] == figures[1], key
            if key not in ("mul_point", "one_user"):  # a name, and a number alone
                assert re.search(r"[\u4e00-\u9fff]", chinese), key


def test_every_limit_that_can_be_in_the_way_has_words() -> None:
    waits = {"max_orders_per_minute", "max_consecutive_failures", "self_trade_guard"}
    waits |= {"max_exit_loss_percent"}  # it bounds a SELL; for a BUY it is in the round's loss
    built = {key.name for key in SECTIONS["limits"].keys if key.unbuilt is None}
    assert built - waits <= OBSTACLES.keys()
