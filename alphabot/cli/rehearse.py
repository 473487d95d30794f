"""``alphabot rehearse``: what one's own strategies.toml would do over a day."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from alphabot.cli.settings import NoPlugins

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alphabot.rehearsal.day import Day

__all__ = ["rehearse"]

Count = Annotated[int, Parameter(validator=Number(gte=1, lte=1000))]


def rehearse(
    *strategies: str,
    config: Path = Path("strategies.toml"),
    faults: Literal["none", "few", "many"] = "none",
    seeds: Count = 8,
    first_seed: int = 1,
    no_plugins: NoPlugins = False,
    json: bool = False,
) -> int:
    """Show what your strategies would do over a day, without waiting for it.

    The whole service runs against the simulated exchange in virtual time, once for each seed:
    other prices, other fills, other faults. The range over the seeds builds up as they come in.
    Nothing is written, and nothing leaves this machine.

    Parameters
    ----------
    strategies
        Rehearse only these, by their strategy_id.
    config
        The file that says what to trade.
    faults
        How much goes wrong with network and exchange: none, few or many.
    seeds
        How many days to rehearse.
    first_seed
        The seed of the first day; the others follow.
    no_plugins
        Leave out the plugins that the file enables; strategies that need one do not run.
    json
        Print the days as JSON.
    """
    from alphabot.cli.rehearse_text import Showing, as_json
    from alphabot.cli.session import emit
    from alphabot.cli.settings import load
    from alphabot.log import LineWriter, configure
    from alphabot.rehearsal.day import FaultLevel, rehearse_days
    from alphabot.wiring import resolve

    settings = load(config, no_plugins=no_plugins)
    configure(settings.language, sink=LineWriter(lambda: sys.stderr))
    resolve(settings, strategies)  # complains before any process is started
    chosen = range(first_seed, first_seed + seeds)
    days: list[Day] = []
    with Showing(settings.language, len(chosen), quiet=json) as showing:
        level = FaultLevel(faults)
        for day in rehearse_days(config, strategies, level, chosen, no_plugins=no_plugins):
            days.append(day)
            showing.show(days)
    if json:
        emit(as_json(days))
    return _exit_code(days)


def _exit_code(days: Sequence[Day]) -> int:
    """Return 1 where some strategy failed or was latched in some day."""
    bad = {"failed", "latched"}
    return 1 if any(each.ending in bad for day in days for each in day.stretches) else 0
