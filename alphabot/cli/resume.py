"""``alphabot resume``: begin rounds again."""

from __future__ import annotations

from pathlib import Path

__all__ = ["resume"]


def resume(
    *, user: int | None = None, strategy: str | None = None, config: Path = Path("strategies.toml")
) -> int:
    """Begin rounds again after a pause.

    A part may be resumed while the others stay paused.

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

    return steer("resume", user, strategy, config)
