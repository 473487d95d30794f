"""docs/multipliers.md: every figure of its example is what the rules really make of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import ROUND_CEILING, Decimal
from math import floor, log2
from pathlib import Path

import pytest

from alphabot.builtin import mul_point
from alphabot.builtin.percent_offset import percent_offset
from alphabot.core.exact import multiply
from alphabot.core.planning import plan_pair
from alphabot.core.values import PricingRequest
from alphabot.core.volume import credited_volume
from tests.core.samples import instrument, pair, quote

PAGE = (Path(__file__).parents[1] / "docs" / "multipliers.md").read_text("utf-8")
RULES: dict[str, Callable[[Decimal, int], Decimal]] = {
    "divide": mul_point.divide,
    "flat": mul_point.flat,
    "points": mul_point.points,
}
MUL_POINT = 4
ROW = r"^\| `{rule}` \|((?: [\d.,]+ \|){{5}})$"
OF = instrument(step="0.01")
PLAN = plan_pair(
    percent_offset(PricingRequest(quote("0.05"), OF, Decimal(30), Decimal(10), Decimal(10))),
    OF,
    Decimal(30),
)
COST = multiply(PLAN.quantity, Decimal("0.05"))


def credited(rule: str, basis: str = "filled") -> Decimal:
    intended = pair(quantity=PLAN.quantity, mul_point=MUL_POINT, volume_basis=basis)
    return credited_volume(intended, PLAN.quantity, COST, RULES[rule])


def rounds(rule: str, target: int) -> int:
    return int((target / credited(rule)).to_integral_value(ROUND_CEILING))


def test_the_round_of_the_example() -> None:
    assert (PLAN.buy_price, PLAN.quantity, COST) == (
        Decimal("0.055"),
        Decimal("545.45"),
        Decimal("27.2725"),
    )
    for figure in ("at 0.055", "545.45 tokens", "cost 27.2725 USDT"):
        assert figure in PAGE


@pytest.mark.parametrize("rule", RULES)
def test_the_table(rule: str) -> None:
    row = re.search(ROW.format(rule=rule), PAGE, re.M)
    assert row is not None
    told = [Decimal(cell.strip().replace(",", "")) for cell in row[1].split("|")[:-1]]
    count = rounds(rule, 1000)
    points_volume = mul_point.points(COST * count, MUL_POINT)
    assert told == [credited(rule), count, COST * count, points_volume, floor(log2(points_volume))]


def test_the_arithmetic_of_the_original_text() -> None:
    assert [credited(rule, "ordered") for rule in RULES] == [Decimal("7.5"), 30, 120]
    assert "credits 7.5, 30 or 120" in PAGE


def test_what_a_target_of_16384_means() -> None:
    cost = r"([\d,]+) rounds and ([\d,]+) USDT"
    said = re.search(rf"`points`: {cost}.*? {cost}, (\w+) times", PAGE)
    assert said is not None
    told = [int(figure.replace(",", "")) for figure in said.groups()[:4]]
    few, many = rounds("points", 16_384), rounds("divide", 16_384)
    assert told == [few, round(COST * few), many, round(COST * many)]
    assert (said[5], round(many / few)) == ("sixteen", MUL_POINT**2)


def test_volume_points() -> None:
    for volume, points in re.findall(r"([\d,]+) -> (\d+)", PAGE):
        assert floor(log2(int(volume.replace(",", "")))) == int(points)


def test_where_mul_point_is_one_the_rules_are_one() -> None:
    assert len({rule(COST, 1) for rule in RULES.values()}) == 1
