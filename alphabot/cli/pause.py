"""``alphabot pause``: begin no new round until resumed."""

from __future__ import annotations

from pathlib import Path

__all__ = ["pause"]


def pause(
    *, user: int | None = None, strategy: str | None = None, config: Path = Path("strategies.toml")
) -> int:
    """Begin no new round until resumed.

    The round under way goes on, what is left over is sold, and the streams stay; it lasts until
    alphabot resume or until the service ends.

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

    return steer("pause", user, strategy, config)
