"""docs/pricing.md: it has a row for every rule on every market, and its figures are the rules'."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from alphabot.builtin import PLUGINS
from alphabot.builtin.book_touch import REQUOTE_SECONDS
from alphabot.builtin.patient import FOLLOW_SECONDS, PATIENCE_SECONDS
from alphabot.core.pricing import NoPrice, wants_depth
from alphabot.plugins import load_plugins
from benchmarks.pricing import MARKETS, RULES, measured, table
from tests.builtin.test_pricing_rules import BOOK, asked

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "pricing.md").read_text("utf-8")
ROW = re.compile(r"^\| (\w+) \| `(\w+)` \| (-?[\d.]+) \|.*\| (\d+) \|$", re.M)


def test_every_rule_has_its_row_on_every_market() -> None:
    rows = ROW.findall(PAGE)
    assert [(market, rule) for market, rule, *_ in rows] == [
        (market, rule) for market in MARKETS for rule in RULES
    ]
    assert all(int(rounds) > 0 for *_, rounds in rows)
    host = load_plugins(PLUGINS)
    assert all(host.pricing_rule(rule) for rule in RULES)


def test_its_head_is_that_of_the_table_which_the_command_makes() -> None:
    head, line, *_ = table([])
    assert f"{head}\n{line}\n" in PAGE
    assert "\npricing *ARGS: _setup\n" in (ROOT / "justfile").read_text("utf-8")


def test_the_seconds_are_those_of_the_rules() -> None:
    assert f"| {REQUOTE_SECONDS} s, then along with the book |" in PAGE
    assert f"| the bid; after {PATIENCE_SECONDS} s like" in PAGE
    assert f"| {FOLLOW_SECONDS} s at a price |" in PAGE


@pytest.mark.ceiling(180)
def test_the_same_seed_gives_the_same_figures() -> None:
    first, second = (measured([1], 25) for _ in range(2))
    assert first == second
    assert [(run.market, run.rule) for run in first] == [(m, r) for m in MARKETS for r in RULES]
    assert {run.ending for run in first} == {"reached"}
    assert len(table(first)) == 2 + len(MARKETS) * len(RULES)


def test_the_rule_of_the_page_works(tmp_path: Path) -> None:
    (source,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    (tmp_path / "mine.py").write_text(source)
    rule: Any = load_plugins(PLUGINS, [tmp_path], ["mine"]).pricing_rule("my_rule")
    assert wants_depth(rule)
    assert rule(asked()).wait_seconds == 10
    assert rule(asked(waited_seconds=Decimal(20))).buy_price == 101
    assert rule(asked(unsold=Decimal(1))).sell_price == 99
    with pytest.raises(NoPrice, match="no_book"):
        rule(asked(BOOK.__class__(BOOK.last, BOOK.bid, BOOK.ask, "test", 0.0)))
