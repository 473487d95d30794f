"""What a person does about a world: looks after it, mends it, starts the service again."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

import trio

from alphabot.core.values import UserId
from alphabot.runtime.board import Ending
from alphabot.runtime.recorder import Recorder
from alphabot.simulator.book import Side

if TYPE_CHECKING:
    from alphabot.rehearsal.world import World

__all__ = ["calm_down", "looks", "watches"]

_FILL_DELAY_MS = (50, 500)
_WATCH_SECONDS = 200.0
_LOOKS_AWAY = 0.3
"""How often a person starts the service again without having looked what it said."""
_REACHED = (Ending.REACHED, Ending.ALREADY_REACHED)


async def watches(world: World) -> None:
    """Start the service again when some strategy has come to a bad end and others go on."""
    await trio.lowlevel.checkpoint()
    while trio.current_time() < world.began_at + world.ends_at:
        await trio.sleep(_WATCH_SECONDS)
        close_sales(world)
        endings = {row.ending for row in world.board.rows}
        if endings - {None, *_REACHED}:
            world.hand.stop_once()


async def looks(world: World) -> None:
    """Log in again, pass the checks, clear what has latched, between two lives."""
    await trio.lowlevel.checkpoint()
    if not world.calm and world.random.random() < _LOOKS_AWAY:
        return
    if world.calm:
        close_sales(world)
    for user_id in world.profile.user_ids:
        world.exchange.restore_session(user_id)
        world.exchange.lift_challenge(user_id)
        recorder = Recorder(world.journal, UserId(user_id), world.clock)
        world.journal.users.ensure_simulated_user(UserId(user_id))
        await recorder.replay()
        state = recorder.state
        abandoned = any(holding.abandoned for holding in state.holdings.values())
        if state.latched or abandoned or state.failing(1):
            await recorder.clear("a person")
            world.counters.add("recovery", "cleared")
        world.referee.cleared(user_id)


def calm_down(world: World) -> None:
    """End every fault, and have a person put right what faults have left."""
    world.calm = True
    world.misbehaviour.paused = True
    world.misbehaviour.everywhere = None
    world.faults.paused = True
    world.faults.down = False
    world.clock.set_right()
    world.hand.resume()
    world.hand.lift_halt()
    world.cut_at_fill.clear()
    world.trace("faults end")
    for user_id in world.profile.user_ids:
        world.exchange.restore_session(user_id)
        world.exchange.lift_challenge(user_id)
        account = world.exchange.model.desk.account(user_id)
        account.funding.credit(account.earn.free)
        account.earn.free = Decimal(0)
        close_foreign(world, user_id)
    for token in world.profile.exchange["tokens"]:
        world.exchange.catch_up()
        world.exchange.model.relist(token)
    # What was slow to fill fills again; the exchange's other ways of being stay as they are.
    model = world.exchange.model
    model.settings = replace(model.settings, fill_delay_ms=_FILL_DELAY_MS)


def close_foreign(world: World, user_id: int) -> None:
    """Take back what a person had ordered beside the service."""
    model = world.exchange.model
    world.exchange.catch_up()
    for order in list(model.desk.open_of[user_id].values()):
        if order.order_id in world.referee.stakes.foreign:
            body = json.dumps({"orderId": str(order.order_id)}).encode()
            world.by_hand(partial(model.cancel, user_id, body))
    world.exchange.catch_up()


def close_sales(world: World) -> None:
    """Close SELLs in the app at whose limits nobody will ever buy, where there are such.

    One whose BUY was still on its way when the faults ended is open only later.
    """
    if "sells never fill" not in world.profile.faults:
        return
    model = world.exchange.model
    world.exchange.catch_up()
    for user_id in world.profile.user_ids:
        for order in list(model.desk.open_of[user_id].values()):
            if order.side is Side.SELL and order.state.status.is_live:
                body = json.dumps({"orderId": str(order.order_id)}).encode()
                world.by_hand(partial(model.cancel, user_id, body))
    world.exchange.catch_up()
