"""Whether a day is long enough for its target, at its edges."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from alphabot.core.day_fit import short_day
from alphabot.core.forecast import Forecast, forecast
from alphabot.core.goals import Goal
from tests.core.markets import undertaking
from tests.core.test_limits import LIMITS

NOON_MS = 12 * 3_600_000
CREDITED = Decimal("27.28")
PLENTY = 1000


def of_rounds(rounds: int, orders_a_minute: int = PLENTY) -> Forecast:
    """Return the forecast of so many rounds of two seconds, with pauses of one between them."""
    of = undertaking(target=str(rounds * CREDITED), credited={"divide": str(CREDITED)})
    limits = replace(LIMITS, max_orders_per_minute=orders_a_minute)
    (found,) = forecast([of], limits, round_seconds=2.0)
    assert found.way.rounds == rounds
    return found


@pytest.mark.parametrize(
    ("rounds", "start_ms", "orders_a_minute", "fit"),
    [
        (1, 0, PLENTY, None),
        (28_799, 0, PLENTY, None),  # two seconds of every day are waited for
        (28_800, 0, PLENTY, 28_799),
        (57_600, 0, PLENTY, 28_799),
        (14_399, NOON_MS, PLENTY, None),
        (14_400, NOON_MS, PLENTY, 14_399),
        (1_440, 0, 1, None),
        (1_441, 0, 1, 1_440),
        (2_880, 0, 1, 1_440),
        (20, NOON_MS + NOON_MS - 60_000, PLENTY, 19),
        (19, NOON_MS + NOON_MS - 60_000, PLENTY, None),
    ],
)
def test_what_fits_into_a_day(
    rounds: int, start_ms: int, orders_a_minute: int, fit: int | None
) -> None:
    found = of_rounds(rounds, orders_a_minute)
    short = short_day(Goal(found.undertaking.target_volume, daily=True, start_ms=start_ms), found)
    assert (short and short.rounds) == fit
    if short is not None:
        assert short.needed_rounds == rounds
        assert short.needed_seconds == found.pace.seconds > short.seconds
        assert short.seconds == 86_398 - start_ms / 1000
        assert short.credited == rounds_credit(fit)


def rounds_credit(rounds: int | None) -> Decimal:
    return CREDITED * (rounds or 0)


def test_what_is_of_no_day_has_none_to_fit_into() -> None:
    found = of_rounds(57_600)
    assert short_day(Goal(found.undertaking.target_volume), found) is None


def test_what_no_round_credits_is_not_a_matter_of_time() -> None:
    of = undertaking(target="100", credited={"divide": "0"})
    (found,) = forecast([of], LIMITS, round_seconds=2.0)
    assert short_day(Goal(of.target_volume, daily=True), found) is None
