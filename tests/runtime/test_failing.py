"""Who may not go on for failures in a row, as a status shows it."""

from __future__ import annotations

import pytest

from alphabot.core.limit_values import Limits
from alphabot.core.progress import UserState
from alphabot.core.records import RefusedRecord
from alphabot.core.standing import stake
from alphabot.core.values import FeeRate, IntentId, UserId
from alphabot.runtime.failing import failing_in
from alphabot.runtime.status import UserStatus, strategy_at_rest, user_status
from tests.core.samples import NOON_MS, STRATEGY, ZERO, fold, pair
from tests.runtime.world import settings_of


def shown(state: UserState, limits: Limits) -> UserStatus:
    """Return what a status shows of a user with one strategy."""
    (koge,) = (s for s in settings_of().strategies if s.strategy_id == STRATEGY)
    progress = state.strategy(STRATEGY)
    strategy = strategy_at_rest(STRATEGY, "KOGE", koge.goal, progress, limits, NOON_MS)
    at_stake = stake(state, NOON_MS, {}, FeeRate(ZERO, ZERO), ())
    return user_status(UserId(1), state, at_stake, limits, NOON_MS, [strategy])


@pytest.mark.parametrize("times", [0, 4, 5, 6])
def test_a_strategy_is_named_once_it_may_not_go_on(times: int) -> None:
    refused = [
        record
        for number in range(times)
        for record in (
            pair(f"1-{number}"),
            RefusedRecord(at_ms=NOON_MS, intent_id=IntentId(f"1-{number}"), code="1", message=""),
        )
    ]
    limits = settings_of().limits
    assert limits.max_consecutive_failures == 5
    found = failing_in(shown(fold(refused), limits))
    assert found == ({STRATEGY: times} if times >= 5 else {})
