"""Exact numbers. Fractions are the oracle: they know nothing of digits, contexts and rounding."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphabot.core.exact import (
    Exact,
    ceil_to,
    divide,
    exact,
    floor_places,
    floor_to,
    multiply,
    percent_of,
    plain,
    round_half_up,
)
from tests.strategies import amounts, numbers, steps


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("0.2082", "0.2082"),
        ("869.56000000", "869.56"),
        (".5", "0.5"),
        ("5.", "5"),
        ("+1", "1"),
        ("-0.00", "0"),
        ("5.619e-06", "0.000005619"),
        ("1E3", "1000"),
        (7, "7"),
        (Decimal("1.10"), "1.1"),
        ("9" * 40, "9" * 40),
        ("1e40", "1" + "0" * 40),
    ],
)
def test_a_number_is_read_as_it_is_written(value: Decimal | int | str, number: str) -> None:
    assert exact(value) == Decimal(number)
    assert plain(exact(value)) == number


@pytest.mark.parametrize("value", [0.1, 1.0, True, False, None, b"1", [1], 1j])
def test_what_is_no_exact_number_is_a_type_error(value: object) -> None:
    with pytest.raises(TypeError, match=type(value).__name__):
        exact(value)  # type: ignore[arg-type]  # that is the point


@pytest.mark.parametrize(
    "value",
    [
        *("", " ", " 1", "1 ", "1\n", "1_000", "1,000", "1.2.3", "--1", "0x10", "e5", ".", "+"),
        *("one", "١٢", "１", "½", "1e", "1e5.0", "$1", "{}", "1;2"),
        *("NaN", "nan", "sNaN", "inf", "Infinity", "-Infinity", Decimal("NaN"), Decimal("sNaN")),
        *(Decimal("Infinity"), Decimal("-Infinity")),
        *("1e41", "1e-41", "1e999", "1E+200000000", "1e-999", "9" * 41, "0." + "3" * 41, "1" * 65),
        *(10**41, Decimal("1E+200000000"), Decimal("1E-200000000")),
        *(Decimal("0E-200000000"), Decimal("0E+200000000"), "0e-999"),
    ],
)
def test_junk_and_absurd_numbers_are_a_value_error(value: Decimal | int | str) -> None:
    with pytest.raises(ValueError, match="was expected"):
        exact(value)


@given(numbers)
def test_plain_text_has_no_exponent_and_no_needless_zero(number: Decimal) -> None:
    text = plain(number)
    assert not set(text) - set("0123456789.-")
    assert Fraction(text) == Fraction(number)
    assert exact(text) == number
    assert "." not in text or not text.endswith(("0", "."))
    assert text != "-0"


@given(amounts, steps)
def test_floor_is_the_largest_multiple_not_above(value: Decimal, step: Decimal) -> None:
    floor = floor_to(value, step)
    assert Fraction(floor) == Fraction(value) // Fraction(step) * Fraction(step)
    assert floor <= value
    assert Fraction(value) - Fraction(floor) < Fraction(step)
    assert floor_to(floor, step) == ceil_to(floor, step) == floor


@given(amounts, steps)
def test_ceil_is_the_smallest_multiple_not_below(value: Decimal, step: Decimal) -> None:
    ceil = ceil_to(value, step)
    assert Fraction(ceil) == -(-Fraction(value) // Fraction(step)) * Fraction(step)
    assert ceil >= value
    assert Fraction(ceil) - Fraction(value) < Fraction(step)
    assert ceil_to(ceil, step) == floor_to(ceil, step) == ceil


@given(amounts, st.integers(0, 12), st.integers(0, 4))
def test_a_multiple_is_written_in_the_places_of_its_step(
    value: Decimal, places: int, zeros: int
) -> None:
    step = Decimal(1).scaleb(-places)
    padded = Decimal(f"{step:f}" + ("." if places == 0 else "") + "0" * zeros)
    for multiple in (floor_to(value, padded), ceil_to(value, padded)):
        assert multiple.as_tuple().exponent == -places


@pytest.mark.parametrize("rounded", [floor_to, ceil_to])
def test_a_grid_has_positive_steps_and_no_negative_values(rounded: type[object]) -> None:
    for value, step in (("1", "0"), ("1", "-1"), ("-1", "1"), ("-0.001", "1")):
        with pytest.raises(ValueError, match="was expected"):
            rounded(Decimal(value), Decimal(step))  # type: ignore[call-arg]  # either of the two


@given(numbers, numbers)
def test_a_product_is_exact(left: Decimal, right: Decimal) -> None:
    assert Fraction(multiply(left, right)) == Fraction(left) * Fraction(right)


@given(amounts, steps)
def test_a_quotient_is_cut_and_never_rounded_up(left: Decimal, right: Decimal) -> None:
    quotient, true = divide(left, right), Fraction(left) / Fraction(right)
    assert quotient <= true
    assert true - Fraction(quotient) <= abs(true) / 10**99


@given(amounts, st.decimals(-100, 1000, places=30))
def test_a_percentage_is_exact(value: Decimal, percent: Decimal) -> None:
    assert Fraction(percent_of(value, percent)) == Fraction(value) * (1 + Fraction(percent) / 100)


@given(numbers, st.integers(0, 12))
def test_places_are_cut(value: Decimal, places: int) -> None:
    cut = floor_places(value, places)
    assert cut.as_tuple().exponent == -places
    assert Fraction(cut) == int(Fraction(value) * 10**places) / Fraction(10**places)


@pytest.mark.parametrize(
    ("value", "places", "half_up", "cut"),
    [
        ("0.015190587", 8, "0.01519059", "0.01519058"),  # a SELL's fee, protocol section 7
        ("5.2938", 2, "5.29", "5.29"),  # a BUY's
        ("0.125", 2, "0.13", "0.12"),
        ("0.135", 2, "0.14", "0.13"),
        ("-0.125", 2, "-0.13", "-0.12"),
        ("99.99961499580", 8, "99.99961500", "99.99961499"),
    ],
)
def test_rounding_directions(value: str, places: int, half_up: str, cut: str) -> None:
    assert str(round_half_up(Decimal(value), places)) == half_up
    assert str(floor_places(Decimal(value), places)) == cut


@given(amounts, steps)
def test_the_program_wide_precision_does_not_matter(value: Decimal, step: Decimal) -> None:
    def figures() -> list[Decimal]:
        return [
            floor_to(value, step),
            ceil_to(value, step),
            multiply(value, step),
            divide(value, step),
            percent_of(value, step),
            floor_places(value, 8),
            round_half_up(value, 8),
        ]

    with localcontext(prec=3):
        coarse = figures()
    assert coarse == figures()


@dataclass(frozen=True, slots=True)
class Price(Exact):
    """A value with every kind of field."""

    amount: Decimal
    limit: Decimal | None = None
    levels: tuple[Decimal, ...] = ()


@dataclass(frozen=True, slots=True)
class NamedPrice(Price):
    """A value that inherits its exact fields and adds one."""

    name: str = ""
    fee: Decimal = Decimal(0)


@pytest.mark.parametrize("kind", [Price, NamedPrice])
def test_a_value_type_takes_decimals_alone(kind: type[Price]) -> None:
    assert kind(Decimal(1), None, (Decimal(2),)).amount == 1
    assert kind(Decimal(1), Decimal(3)).limit == 3
    for wrong in (1, 1.0, "1", None, True):
        with pytest.raises(TypeError, match=f"{kind.__name__}.amount: Decimal was expected"):
            kind(wrong)  # type: ignore[arg-type]  # that is the point
    with pytest.raises(TypeError, match="limit: Decimal was expected, was float"):
        kind(Decimal(1), 0.5)  # type: ignore[arg-type]  # that is the point
    for wild in ("NaN", "sNaN", "Infinity", "-Infinity"):
        with pytest.raises(ValueError, match="amount: must be finite"):
            kind(Decimal(wild))
        with pytest.raises(ValueError, match="limit: must be finite"):
            kind(Decimal(1), Decimal(wild))


def test_a_value_type_checks_the_fields_it_inherits_and_its_own() -> None:
    with pytest.raises(TypeError, match=r"NamedPrice\.fee: Decimal was expected, was float"):
        NamedPrice(Decimal(1), fee=0.1)  # type: ignore[arg-type]  # that is the point
