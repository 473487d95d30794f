"""Who is who: the only place that names concrete classes, from settings to a running service.

The order in which things are opened is the order in which a mistake is still free: strategies,
plugins and rules are resolved first, then the exchange is opened and asked whether it lists the
tokens, and only then is the journal opened. Nothing was written when any of that fails.
"""

from __future__ import annotations

import gc
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from alphabot.clocks import SystemClock
from alphabot.config import Settings
from alphabot.exchange.exchange_time import ExchangeTime
from alphabot.exchange.http import open_http
from alphabot.exchange.market import PublicMarket
from alphabot.exchange.pace import Pause
from alphabot.log import say
from alphabot.ports import WallClock
from alphabot.runtime.board import Board, Ending
from alphabot.runtime.service import run_service
from alphabot.runtime.stop import Stop
from alphabot.store import open_journal
from alphabot.wiring.assembly import Shared, assemble
from alphabot.wiring.at_rest import Standstill, clear, last_known, reset, standstill
from alphabot.wiring.binding import Names, RefusedStrategy, bind, resolve
from alphabot.wiring.inspection import Prospect, prospects, token_costs
from alphabot.wiring.journals import ServiceJournal
from alphabot.wiring.looking import JournalView, UserView, journal_file, look
from alphabot.wiring.plugging import Offer, PluginRow, PluginState, plugin_rows, plugin_schemas
from alphabot.wiring.steering import Steering, in_memory, on_this_machine, socket_path
from alphabot.wiring.telling import chat_door, notices_of
from alphabot.wiring.unwrapping import unwrapped
from alphabot.wiring.venues import Venue, folder_of, open_venue, simulated_venue

__all__ = [
    "JournalView",
    "Offer",
    "PluginRow",
    "PluginState",
    "Prospect",
    "RefusedStrategy",
    "ServiceJournal",
    "Standstill",
    "Steering",
    "Summary",
    "UserView",
    "Venue",
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
    "run_on",
    "simulated_venue",
    "socket_path",
    "standstill",
    "token_costs",
    "trade",
]


@dataclass(frozen=True, slots=True)
class Summary:
    """How a service ended, besides what its board says."""

    failed: bool


async def trade(
    settings: Settings,
    *,
    only: Sequence[str] = (),
    stop: Stop,
    board: Board,
    seed: int | None = None,
) -> Summary:
    """Trade as the settings say until every strategy has ended.

    Raises ConfigError and PluginError before anything was written, JournalError when the journal
    could not be kept.
    """
    names = resolve(settings, only)
    clock = SystemClock()
    with unwrapped():
        async with open_venue(settings, clock, seed) as venue:
            say("service.started", mode=settings.exchange.mode, exchange=venue.rest_url)
            journal = open_journal(
                folder_of(settings),
                venue.identity,
                fresh=venue.identity.embedded,
                clock=clock,
                on_network_disk=settings.journal_on_network_disk,
            )
            steering = on_this_machine(settings)
            # What is loaded by now stays: a full collection that looks at it all is a stall.
            gc.collect()
            gc.freeze()
            await _serve(venue, settings, names, journal, steering, clock, stop, board)
    return Summary(failed=any(row.ending in (Ending.FAILED, Ending.LATCHED) for row in board.rows))


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
    await _serve(venue, settings, resolve(settings, only), journal, steered, clock, stop, board)


async def _serve(
    venue: Venue,
    settings: Settings,
    names: Names,
    journal: AbstractContextManager[ServiceJournal],
    steering: AbstractContextManager[Steering],
    clock: WallClock,
    stop: Stop,
    board: Board,
) -> None:
    pause, time = Pause(), ExchangeTime(clock)
    async with open_http(venue.net, venue.rest_url, time=time) as http:
        market = PublicMarket(http, venue.net, venue.market_stream_url, clock, pause, time)
        bound = await bind(settings, names, market)
        with journal as opened, steering as steered:
            say("journal.opened", venue=str(venue.identity))
            for used in names.brought():
                say("plugin.used", **used)
            shared = Shared(
                settings=settings,
                venue=venue,
                plugins=names.plugins,
                market=market,
                journal=opened,
                pause=pause,
                time=time,
                clock=clock,
                stop=stop,
                board=board,
                brake=steered.brake,
                notices=notices_of(settings, names, opened.outbox, clock),
            )
            assembled = await assemble(shared, bound, names.refused)
            control = steered.control(assembled.roster, shared)
            door = chat_door(settings, control, clock)
            beside = steered.beside(assembled.roster, control)
            async with shared.notices.open(
                stop, door=door, halts=assembled.halts, days=assembled.days
            ):
                await run_service(assembled.roster, market, beside)
