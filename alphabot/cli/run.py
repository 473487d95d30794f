"""``alphabot run``: trade until every target is reached or someone stops it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from alphabot.cli.settings import NoPlugins

if TYPE_CHECKING:
    from alphabot.config import Settings

__all__ = ["run"]


async def run(
    *strategies: str,
    config: Path = Path("strategies.toml"),
    seed: int | None = None,
    no_plugins: NoPlugins = False,
    json: bool = False,
    log_json: bool = False,
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
    log_json
        Write every line of the log as one JSON object, as json = true in [log] does.
    live
        Place real orders; the file has to say mode = "live" as well, and you have to agree once.
    yes_i_know
        Agree to trade live for these users within these limits without being asked.
    """
    from alphabot.cli.kept_log import kept_log
    from alphabot.cli.settings import load

    settings = load(config, no_plugins=no_plugins)
    if live and not settings.live:
        from alphabot.wiring.consent import refuse_flag

        refuse_flag(settings)
    with kept_log(settings.log, json=log_json):
        if settings.live:
            from alphabot.cli.live import run_live

            return await run_live(settings, strategies, flag=live, known=yes_i_know, json=json)
        return await _run_unreal(settings, strategies, seed=seed, json=json)


async def _run_unreal(
    settings: Settings, only: Sequence[str], *, seed: int | None, json: bool
) -> int:
    from alphabot import wiring
    from alphabot.cli.session import conduct
    from alphabot.runtime.board import Board
    from alphabot.runtime.stop import Stop

    board = Board(dry_run=settings.dry_run)
    stop = Stop(settings.grace_seconds)
    trade = partial(wiring.trade, settings, only=only, stop=stop, board=board, seed=seed)
    return await conduct(trade, board=board, stop=stop, language=settings.language, json=json)
