"""``alphabot reset``: set a strategy's progress back to zero, so that it starts over."""

from __future__ import annotations

from pathlib import Path

__all__ = ["reset"]


async def reset(
    strategy: str, *, user: int | None = None, config: Path = Path("strategies.toml")
) -> int:
    """Set a strategy's progress back to zero.

    What was traded stays in the journal; the next run counts from here.

    Parameters
    ----------
    strategy
        Which one, by its strategy_id.
    user
        For this user only, instead of every user of the strategy.
    config
        The file that names the strategy.
    """
    from alphabot import wiring
    from alphabot.config import load
    from alphabot.log import configure, say

    settings = load(config)
    configure(settings.language)
    await wiring.reset(settings, strategy, user)
    say("strategy.reset", strategy_id=strategy, user_id="all" if user is None else user)
    return 0
