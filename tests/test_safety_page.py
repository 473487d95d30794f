"""docs/safety.md names what exists: every invariant, every rule of the gate, and real tests."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from alphabot.core.limits import BUY_RULES, SELL_RULES

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "safety.md").read_text("utf-8")
REFERENCES = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", PAGE)))


def test_every_invariant_has_its_row() -> None:
    assert re.findall(r"^\| (I-\d+) \|", PAGE, re.M) == [f"I-{n}" for n in range(1, 28)]


@pytest.mark.parametrize(("path", "name"), REFERENCES)
def test_what_is_said_to_see_it_exists(path: str, name: str) -> None:
    source = (ROOT / path).read_text("utf-8")
    assert not name or re.search(rf"^(async )?def {name}\(", source, re.M)


def test_every_refusal_is_listed() -> None:
    section = PAGE[PAGE.index("## What a refusal") : PAGE.index("## Where it ends")]
    listed = re.findall(r"`(\w+)`", section.split(" Each is a log line")[0])
    assert set(listed) == {rule.name for rule in (*BUY_RULES, *SELL_RULES)}
    assert len(listed) == len(set(listed))
