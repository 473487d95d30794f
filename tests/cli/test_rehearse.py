"""``alphabot rehearse``: a day in a moment, the range over its seeds, and what it says of it."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from rich.cells import cell_len

from alphabot.cli.layout import printed
from alphabot.cli.rehearse_text import as_json, ranges
from alphabot.messages import Language
from alphabot.rehearsal.day import Day, Stretch
from tests.cli.boards import HOSTILE
from tests.cli.processes import alphabot

pytestmark = pytest.mark.outside

ONE = """
language = "en"

[[strategies]]
strategy_id = "koge"
target_token = "KOGE"
target_chain = "BSC"
target_volume = 50
user_ids = [1]
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "strategies.toml"
    path.write_text(ONE)
    return path


def day(seed: int, ending: str = "reached", *, name: str = "koge") -> Day:
    stretch = Stretch(
        user_id=1,
        strategy_id=name,
        token="KOGE",
        target=Decimal(50),
        credited=Decimal(54),
        volume_usdt=Decimal(54) + seed,
        rounds=2,
        seconds=60.0 * seed,
        wear_usdt=Decimal("0.04") * seed,
        leftover_cost_usdt=Decimal(0),
        ending=ending,
    )
    return Day(seed, (stretch,), incidents=3)


@pytest.mark.ceiling(120)
def test_a_day_in_a_pipe(config: Path) -> None:
    done = alphabot("rehearse", "--config", str(config), "--seeds", "2")
    assert (done.returncode, done.stderr) == (0, "")
    first, second, *_, last = done.stdout.splitlines()
    assert first == "day 1 of 2 (seed 1): 0 faults, target reached"
    assert second.startswith("day 2 of 2 (seed 2)")
    assert "koge, user 1 (KOGE): target reached on 2 of 2 days" in done.stdout
    assert last.lstrip().startswith("wear")
    assert sorted(path.name for path in config.parent.iterdir()) == ["strategies.toml"]


@pytest.mark.ceiling(120)
def test_as_json_with_faults(config: Path) -> None:
    done = alphabot(
        *("rehearse", "--config", str(config), "--seeds", "1", "--faults", "many", "--json")
    )
    (found,) = json.loads(done.stdout)
    assert found["seed"] == 1
    assert found["incidents"] > 0
    (stretch,) = found["stretches"]
    assert Decimal(stretch["volume_usdt"]) > 50


@pytest.mark.ceiling(120)
def test_without_plugins_who_needs_one_fails(config: Path) -> None:
    folder = str(config.parent)
    assert alphabot("plugins", "new", "pricing", "mine", "--folder", folder).returncode == 0
    enabled = '[plugins]\npaths = ["plugins"]\nenabled = ["mine"]\n'
    config.write_text(ONE.replace("\n[[", f"\n{enabled}[[") + 'pricing = "mine"\n')
    rehearsal = ("rehearse", "--config", str(config), "--seeds", "1")
    done = alphabot(*rehearsal)
    assert (done.returncode, done.stderr) == (0, "")
    done = alphabot(*rehearsal, "--no-plugins")
    assert done.returncode == 1
    assert "plugin=mine" in done.stderr
    assert "target reached on 0 of 1 days" in done.stdout


def test_a_wrong_name_is_told_before_anything_runs(config: Path) -> None:
    done = alphabot("rehearse", "kogi", "--config", str(config))
    assert (done.returncode, done.stdout) == (2, "")
    assert "did you mean koge?" in done.stderr


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_range_is_lowest_to_highest(language: Language) -> None:
    text = printed([ranges([day(1), day(2, "failed"), day(3)], language)])
    assert "55.00–57.00 USDT" in text
    assert "0.04–0.12 USDT" in text
    assert "2" in text
    assert max(map(cell_len, text.splitlines())) <= 80


def test_what_was_not_sold_is_a_cost_too() -> None:
    sold = printed([ranges([day(1), day(2)], "en")])
    assert "unsold" not in sold
    (stretch,) = day(3).stretches
    kept = Day(3, (replace(stretch, leftover_cost_usdt=Decimal("27.28")),), incidents=0)
    text = printed([ranges([day(1), kept], "en")])
    assert "tokens that cost 0.00–27.28 USDT" in text


def test_foreign_text_is_text() -> None:
    text = printed([ranges([day(1, name=HOSTILE)], "en")])
    assert "\x1b" not in text


def test_json_has_amounts_as_text() -> None:
    (found,) = json.loads(as_json([day(1)]))
    assert found["stretches"][0]["wear_usdt"] == "0.04"
