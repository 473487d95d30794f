"""The forecast of a day: said when the pace does not do, and never on a guess."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphabot.core.outlook import ROUNDS_MIN, Sample, missing_at_midnight

MONEY = st.decimals("0.01", "100000", places=2)


@pytest.mark.parametrize(
    ("target", "credited", "rounds", "seconds", "seconds_left", "missing"),
    [
        ("1000", "100", 10, 100.0, 900.0, None),  # 10 a round, a round in 10 s: 900 more
        ("1000", "100", 10, 100.0, 800.0, "100"),
        ("1000", "100", 10, 100.0, 809.9, "100"),  # a round that does not end counts for nothing
        ("1000", "100", 10, 100.0, 890.0, None),  # ten are one percent
        ("1000", "100", 10, 100.0, 880.0, "20"),
        ("1000", "100", 10, 100.0, 0.0, "900"),
        ("1000", "100", 4, 100.0, 0.0, None),  # too few rounds to say
        ("1000", "1000", 10, 100.0, 0.0, None),
    ],
)
def test_examples(
    target: str,
    credited: str,
    rounds: int,
    seconds: float,
    seconds_left: float,
    missing: str | None,
) -> None:
    sample = Sample(rounds, Decimal(100), seconds)
    found = missing_at_midnight(Decimal(target), Decimal(credited), sample, seconds_left)
    assert found == (None if missing is None else Decimal(missing))


@given(MONEY, MONEY, MONEY, st.integers(0, 500), st.floats(1, 80_000), st.floats(0, 86_400))
def test_what_is_missing_is_what_the_rounds_leave(
    target: Decimal,
    credited: Decimal,
    gained: Decimal,
    rounds: int,
    seconds: float,
    seconds_left: float,
) -> None:
    found = missing_at_midnight(target, credited, Sample(rounds, gained, seconds), seconds_left)
    if rounds < ROUNDS_MIN or credited >= target:
        assert found is None
    if found is not None:
        assert 0 < found <= target - credited
        # More time never makes it worse, and a day that is over leaves all that is missing.
        sample = Sample(rounds, gained, seconds)
        later = missing_at_midnight(target, credited, sample, seconds_left * 2)
        assert later is None or later <= found
        assert missing_at_midnight(target, credited, sample, 0) == target - credited
