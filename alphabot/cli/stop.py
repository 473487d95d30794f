"""``alphabot stop``: what the first Ctrl+C does."""

from __future__ import annotations

from pathlib import Path

__all__ = ["stop"]


def stop(
    *, user: int | None = None, strategy: str | None = None, config: Path = Path("strategies.toml")
) -> int:
    """Finish the round under way within grace_seconds, then end.

    What the first Ctrl+C does, for everyone or for a part.

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

    return steer("stop", user, strategy, config)
