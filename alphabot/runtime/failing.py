"""Which strategies have failed so often in a row that a person has to let them try again."""

from __future__ import annotations

from alphabot.core.values import StrategyId
from alphabot.runtime.status import UserStatus

__all__ = ["failing_in"]


def failing_in(user: UserStatus) -> dict[StrategyId, int]:
    """Return the strategies at ``max_consecutive_failures``, with how often they have failed."""
    return {
        StrategyId(strategy.strategy_id): int(limit.used)
        for strategy in user.strategies
        for limit in strategy.limits
        if limit.name == "max_consecutive_failures" and not limit.headroom
    }
