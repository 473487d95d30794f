"""``alphabot check``: what would run, what it would cost, and what stands in its way."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from alphabot.cli.settings import NoPlugins
from alphabot.core.forecast import ROUND_SECONDS

__all__ = ["check"]

Seconds = Annotated[float, Parameter(validator=Number(gt=0, lte=86_400))]


async def check(
    *strategies: str,
    config: Path = Path("strategies.toml"),
    round_seconds: Seconds = ROUND_SECONDS,
    seed: int | None = None,
    no_plugins: NoPlugins = False,
    json: bool = False,
) -> int:
    """Say what would run, what it would cost, and what stands in its way.

    Nothing is traded and nothing is written. The figures follow from the prices and books of this
    moment and count from zero, whatever the journal holds. Exit code 1 if a limit makes a target
    impossible, or a plugin that a strategy needs cannot be used.

    Parameters
    ----------
    strategies
        Look at these only, by their strategy_id.
    config
        The file that says what to trade.
    round_seconds
        How long a round is taken to last; as it stands, twice what a recorded BUY took to fill.
    seed
        Another run of the simulated exchange: its prices and books.
    no_plugins
        Leave out the plugins that the file enables.
    json
        Print the figures as JSON.
    """
    import sys

    from alphabot import wiring
    from alphabot.cli.check_figures import as_json, report_of
    from alphabot.cli.check_text import as_text
    from alphabot.cli.session import emit
    from alphabot.cli.settings import load
    from alphabot.log import LineWriter, configure

    settings = load(config, no_plugins=no_plugins)
    configure(settings.language, sink=LineWriter(lambda: sys.stderr))
    found, refused = await wiring.prospects(settings, strategies, seed)
    report = report_of(settings, found, refused, round_seconds)
    emit(as_json(report) if json else as_text(report))
    return 0 if report.possible else 1
