"""Credited volume: the original figures, partial fills, and multiplier rules gone wrong."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphabot.builtin.mul_point import divide, flat, points
from alphabot.core.exact import round_half_up
from alphabot.core.volume import basis_usdt, credited_volume
from tests.core.samples import pair

WHOLE = Decimal("13636.36")
FILLED_AT_MARKET = Decimal("27.27272")  # 13636.36 bought at 0.002, under a limit of 0.0022


def credit(
    basis: str,
    mul_point: int = 1,
    executed: Decimal = WHOLE,
    quote_usdt: Decimal = FILLED_AT_MARKET,
    rule: Callable[[Decimal, int], Decimal] = divide,
) -> Decimal:
    intended = pair(volume_basis=basis, mul_point=mul_point)
    return credited_volume(intended, executed, quote_usdt, rule)


def test_a_full_round_of_the_original_arithmetic() -> None:
    assert credit("ordered", mul_point=1) == 30
    assert credit("ordered", mul_point=4) == Decimal("7.5")
    percent = credit("ordered", mul_point=1) / 16384 * 100
    assert str(round_half_up(percent, 2)) == "0.18"


def test_the_filled_basis_counts_what_the_exchange_reports() -> None:
    assert credit("filled") == FILLED_AT_MARKET
    assert credit("filled", mul_point=4) == Decimal("6.81818")


@pytest.mark.parametrize(
    ("executed", "basis"),
    [
        ("13636.36", "30"),
        ("6818.18", "15"),
        ("3409.09", "7.5"),
        ("1", "0.0022"),
        ("77.77", "0.17109404"),  # 0.1710940456...
        ("0", "0"),
    ],
)
def test_the_ordered_basis_counts_the_filled_fraction(executed: str, basis: str) -> None:
    assert basis_usdt(pair(volume_basis="ordered"), Decimal(executed), Decimal(1)) == Decimal(basis)
    assert basis_usdt(pair(volume_basis="filled"), Decimal(executed), Decimal(1)) == 1


@pytest.mark.parametrize(
    ("rule", "mul_point", "volume"),
    [
        (divide, 1, "30"),
        (divide, 2, "15"),
        (divide, 4, "7.5"),
        (divide, 7, "4.28571428"),
        (points, 1, "30"),
        (points, 4, "120"),
        (flat, 1, "30"),
        (flat, 4, "30"),
    ],
)
def test_the_multiplier_rules(
    rule: Callable[[Decimal, int], Decimal], mul_point: int, volume: str
) -> None:
    assert credit("ordered", mul_point, rule=rule) == Decimal(volume)


@given(
    st.decimals(0, WHOLE, places=2),
    st.decimals(0, 40, places=8),
    st.sampled_from(["filled", "ordered"]),
    st.sampled_from([1, 2, 4]),
)
def test_no_rule_of_ours_credits_more_than_was_traded(
    executed: Decimal, quote_usdt: Decimal, basis: str, mul_point: int
) -> None:
    traded = quote_usdt if basis == "filled" else 30 * executed / WHOLE
    assert 0 <= credit(basis, mul_point, executed, quote_usdt) <= traded
    assert credit(basis, mul_point, executed, quote_usdt, flat) <= traded
    assert credit(basis, mul_point, executed, quote_usdt, points) <= traded * mul_point
    assert credit(basis, mul_point, executed, quote_usdt).as_tuple().exponent == -8


@pytest.mark.parametrize("answer", [30.0, 30, "30", None, True, [Decimal(30)], Decimal])
def test_an_answer_that_is_no_decimal_is_a_type_error(answer: object) -> None:
    with pytest.raises(TypeError, match=type(answer).__name__):
        credit("filled", rule=lambda volume, mul_point: answer)  # type: ignore[arg-type,return-value]  # hostile


@pytest.mark.parametrize(
    "answer",
    ["NaN", "sNaN", "-NaN", "Infinity", "-Infinity", "-1", "-0.00000001", "1e41", "1E+200000000"],
)
def test_an_answer_that_is_no_volume_is_a_value_error(answer: str) -> None:
    with pytest.raises(ValueError, match="was expected"):
        credit("filled", rule=lambda volume, mul_point: Decimal(answer))


def test_a_rule_that_raises_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        credit("filled", mul_point=0)


def test_an_answer_is_cut_to_the_places_of_the_exchange() -> None:
    assert credit("filled", rule=lambda volume, mul_point: Decimal("1.999999999")) == Decimal(
        "1.99999999"
    )
