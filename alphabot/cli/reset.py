"""``alphabot reset``: set a strategy's progress back to zero, so that it starts over."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alphabot.cli.words import Words

__all__ = ["reset"]

_DONE: Words = (
    "{strategy}：用户 {user} 的进度已归零（原为 {credited} USDT）。",
    "{strategy}: progress of user {user} set back to zero (it was {credited} USDT).",
)


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
    import sys

    from alphabot import wiring
    from alphabot.cli import cells
    from alphabot.cli.session import emit
    from alphabot.cli.words import word
    from alphabot.config import load
    from alphabot.log import LineWriter, configure

    settings = load(config)
    configure(settings.language, sink=LineWriter(lambda: sys.stderr))
    credited = await wiring.reset(settings, strategy, user)
    for user_id, volume in credited.items():
        done = word(_DONE, settings.language)
        emit(done.format(strategy=cells.name(strategy), user=user_id, credited=cells.usdt(volume)))
    return 0
