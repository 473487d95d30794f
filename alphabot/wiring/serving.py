"""From a venue and resolved names to a running service."""

from __future__ import annotations

import gc
from contextlib import AbstractContextManager
from dataclasses import dataclass

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
from alphabot.wiring.assembly import Shared, assemble
from alphabot.wiring.binding import Names, bind
from alphabot.wiring.folding import fold_away
from alphabot.wiring.journals import ServiceJournal
from alphabot.wiring.steering import Steering
from alphabot.wiring.telling import chat_door, notices_of
from alphabot.wiring.venues import Venue

__all__ = ["Summary", "freeze_what_is_loaded", "serve", "summary_of"]


@dataclass(frozen=True, slots=True)
class Summary:
    """How a service ended, besides what its board says."""

    failed: bool


def summary_of(board: Board) -> Summary:
    """Return how a service ended that showed its rows on this board."""
    return Summary(failed=any(row.ending in (Ending.FAILED, Ending.LATCHED) for row in board.rows))


def freeze_what_is_loaded() -> None:
    """Have what is loaded by now stay: a full collection that looks at it all is a stall."""
    gc.collect()
    gc.freeze()


async def serve(
    venue: Venue,
    settings: Settings,
    names: Names,
    journal: AbstractContextManager[ServiceJournal],
    steering: AbstractContextManager[Steering],
    clock: WallClock,
    stop: Stop,
    board: Board,
) -> None:
    """Run the service; ``journal`` and ``steering`` are opened once nothing can be refused."""
    pause, time = Pause(), ExchangeTime(clock)
    async with open_http(venue.net, venue.rest_url, time=time) as http:
        market = PublicMarket(http, venue.net, venue.market_stream_url, clock, pause, time)
        bound = await bind(settings, names, market)
        with journal as opened, steering as steered:
            say("journal.opened", venue=str(venue.identity))
            say("service.started", mode=settings.exchange.mode, exchange=venue.rest_url)
            await fold_away(opened, clock.now_ms())
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
            alpha_ids = tuple(dict.fromkeys(b.token.alpha_id for b in bound))
            attending = await venue.attend(market, alpha_ids, opened)
            assembled = await assemble(shared, bound, names.refused)
            control = steered.control(assembled.roster, shared)
            door = chat_door(settings, control, clock)
            beside = [*steered.beside(assembled.roster, control), *venue.beside, *attending]
            async with shared.notices.open(
                stop, door=door, halts=assembled.halts, days=assembled.days
            ):
                await run_service(assembled.roster, market, beside)
