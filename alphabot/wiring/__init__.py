"""Who is who: the only place that names concrete classes, from settings to a running service.

The order in which things are opened is the order in which a mistake is still free: strategies,
plugins and rules are resolved first, then the exchange is opened and asked whether it lists the
tokens, and only then is the journal opened. Nothing was written when any of that fails.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

from alphabot.clocks import SystemClock
from alphabot.config import Settings
from alphabot.errors import InvariantBroken
from alphabot.ports import WallClock
from alphabot.runtime.board import Board
from alphabot.runtime.stop import Stop
from alphabot.store import open_journal
from alphabot.wiring.at_rest import Standstill, clear, last_known, reset, standstill
from alphabot.wiring.binding import RefusedStrategy, resolve
from alphabot.wiring.copies import Restoration, back_up, restore
from alphabot.wiring.inspection import Prospect, prospects, token_costs
from alphabot.wiring.journals import ServiceJournal
from alphabot.wiring.looking import JournalView, UserView, journal_file, look
from alphabot.wiring.plugging import Offer, PluginRow, PluginState, plugin_rows, plugin_schemas
from alphabot.wiring.serving import Summary, freeze_what_is_loaded, serve, summary_of
from alphabot.wiring.steering import Steering, in_memory, on_this_machine, socket_path
from alphabot.wiring.unwrapping import unwrapped
from alphabot.wiring.venues import Venue, folder_of, open_venue, simulated_venue

__all__ = [
    "JournalView",
    "Offer",
    "PluginRow",
    "PluginState",
    "Prospect",
    "RefusedStrategy",
    "Restoration",
    "ServiceJournal",
    "Standstill",
    "Steering",
    "Summary",
    "UserView",
    "Venue",
    "back_up",
    "clear",
    "in_memory",
    "journal_file",
    "last_known",
    "look",
    "plugin_rows",
    "plugin_schemas",
    "prospects",
    "reset",
    "resolve",
    "restore",
    "run_on",
    "simulated_venue",
    "socket_path",
    "standstill",
    "token_costs",
    "trade",
]


async def trade(
    settings: Settings,
    *,
    only: Sequence[str] = (),
    stop: Stop,
    board: Board,
    seed: int | None = None,
) -> Summary:
    """Trade as the settings say, on a simulated exchange, until every strategy has ended.

    Live mode has a way of its own, :mod:`alphabot.wiring.live`, with more to ask first. Raises
    ConfigError and PluginError before anything was written, JournalError when the journal could
    not be kept.
    """
    if settings.live:
        raise InvariantBroken("real orders were to be placed without anybody's consent")
    names = resolve(settings, only)
    clock = SystemClock()
    with unwrapped():
        async with open_venue(settings, clock, seed) as venue:
            journal = open_journal(
                folder_of(settings),
                venue.identity,
                fresh=venue.identity.embedded,
                clock=clock,
                on_network_disk=settings.journal_on_network_disk,
            )
            steering = on_this_machine(settings)
            freeze_what_is_loaded()
            await serve(venue, settings, names, journal, steering, clock, stop, board)
    return summary_of(board)


async def run_on(
    venue: Venue,
    settings: Settings,
    *,
    only: Sequence[str] = (),
    journal: AbstractContextManager[ServiceJournal],
    clock: WallClock,
    stop: Stop,
    board: Board,
    steering: Steering | None = None,
) -> None:
    """Run the service against a venue; ``journal`` is opened once nothing can be refused."""
    steered = nullcontext(steering or in_memory())
    await serve(venue, settings, resolve(settings, only), journal, steered, clock, stop, board)
