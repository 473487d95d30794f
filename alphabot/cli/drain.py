"""``alphabot drain``: finish the round under way, however long it takes, then end."""

from __future__ import annotations

from pathlib import Path

__all__ = ["drain"]


def drain(
    *, user: int | None = None, strategy: str | None = None, config: Path = Path("strategies.toml")
) -> int:
    """Finish the round under way, however long it takes, then end.

    What was told to stop before still ends by its deadline.

    The service ends once every strategy has. A stop may still follow.

    Parameters
    ----------
    user
        Only this user's strategies.
    strategy
        Only this strategy, by its strategy_id.
    config
        The file that the service was started with.
    """
    from alphabot.cli.steering import steer

    return steer("drain", user, strategy, config)
