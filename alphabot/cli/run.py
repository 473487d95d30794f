"""``alphabot run``: trade until every target is reached or someone stops it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from alphabot.cli.settings import NoPlugins

__all__ = ["run"]


async def run(
    *strategies: str,
    config: Path = Path("strategies.toml"),
    seed: int | None = None,
    no_plugins: NoPlugins = False,
    json: bool = False,
    live: bool = False,
    yes_i_know: bool = False,
) -> int:
    """Trade until every target is reached.

    The first Ctrl+C lets the rounds under way finish, the second stops at once; the next run
    carries on where this one ended. With mode = "dry-run" prices are real and accounts are not.

    Parameters
    ----------
    strategies
        Run only these, by their strategy_id.
    config
        The file that says what to trade.
    seed
        Another run of the simulated exchange: its prices, fills and delays.
    no_plugins
        Leave out the plugins that the file enables; strategies that need one do not run.
    json
        Print the final figures as JSON; the log goes to standard error.
    live
        Place real orders; the file has to say mode = "live" as well, and you have to agree once.
    yes_i_know
        Agree to trade live for these users within these limits without being asked.
    """
    from alphabot import wiring
    from alphabot.cli.session import conduct
    from alphabot.cli.settings import load
    from alphabot.runtime.board import Board
    from alphabot.runtime.stop import Stop

    settings = load(config, no_plugins=no_plugins)
    if live and not settings.live:
        from alphabot.wiring.consent import refuse_flag

        refuse_flag(settings)
    if settings.live:
        from alphabot.cli.live import run_live

        return await run_live(settings, strategies, flag=live, known=yes_i_know, json=json)
    board = Board(dry_run=settings.dry_run)
    stop = Stop(settings.grace_seconds)
    trade = partial(wiring.trade, settings, only=strategies, stop=stop, board=board, seed=seed)
    return await conduct(trade, board=board, stop=stop, language=settings.language, json=json)
