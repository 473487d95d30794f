"""What happens to a world at moments drawn: to accounts, streams, the exchange, and the process."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

import trio
from trio.testing import MockClock

from alphabot.rehearsal.profile import Moment
from alphabot.simulator.amounts import floor_money, floor_to_grid, plain
from alphabot.simulator.faults import CUT_OFF, Direction, Fault, FaultKind
from alphabot.simulator.misbehaviour import Oddity
from alphabot.simulator.oddities import ODDITIES
from alphabot.simulator.refusals import Refusal
from alphabot.simulator.tokens import Token

if TYPE_CHECKING:
    from alphabot.rehearsal.world import World

__all__ = ["happen"]

_HOUR = 3600.0
_LOOKS, _LOOK_SECONDS = 100, 0.15
"""How long a person waits for an order that can be closed, and looks again."""
_DOWN_SECONDS = 25.0
_STALL_SECONDS = 40.0
_HALT_SECONDS = 60.0
_HELD_SECONDS = 20.0
_DEPOSIT_USDT = Decimal("123.45")


async def happen(world: World) -> None:
    """Have each moment of the world's profile come about at its time; count those that did."""
    async with trio.open_nursery() as nursery:
        for moment in world.profile.moments:
            nursery.start_soon(_happens, world, moment)


async def _happens(world: World, moment: Moment) -> None:
    await trio.sleep_until(world.began_at + moment.at_seconds)
    if world.calm:
        return
    # From here to what it does nobody else runs: faults that have ended must not begin again.
    if moment.kind in _AT_ONCE:
        struck = _AT_ONCE[moment.kind](world, moment)
    else:
        struck = await _LASTING[moment.kind](world, moment)
    if struck:
        world.counters.add("fault", moment.kind)
        world.trace(f"moment: {moment}")


def _session_expired(world: World, moment: Moment) -> bool:
    world.exchange.expire_session(moment.user_id)
    return True


def _risk_challenge(world: World, moment: Moment) -> bool:
    world.exchange.raise_challenge(moment.user_id)
    return True


def _keys_dead(world: World, moment: Moment) -> bool:
    world.exchange.expire_listen_keys(moment.user_id)
    return True


def _streams_cut(world: World, moment: Moment) -> bool:
    heard = world.exchange.hub.hears(moment.user_id)
    world.exchange.hub.hangs_up(moment.user_id)
    return heard


def _cut_after_fill(world: World, moment: Moment) -> bool:
    world.cut_at_fill.add(moment.user_id)
    return False  # counted when it strikes


def _stream_silent(world: World, moment: Moment) -> bool:
    world.net.strike(Fault(FaultKind.HELD, Direction.IN), port=world.stream_port)
    return True


async def _closed_in_the_app(world: World, moment: Moment) -> bool:
    await trio.lowlevel.checkpoint()
    model = world.exchange.model
    for _ in range(_LOOKS):
        if world.calm:
            break
        world.exchange.catch_up()
        for order in list(model.desk.open_of[moment.user_id].values()):
            if order.state.status.is_live and order.order_id not in world.referee.stakes.foreign:
                body = json.dumps({"orderId": str(order.order_id)}).encode()
                world.by_hand(partial(model.cancel, moment.user_id, body))
                world.exchange.catch_up()
                return True
        await trio.sleep(_LOOK_SECONDS)
    return False


def _foreign_order(world: World, moment: Moment) -> bool:
    """A person's BUY far below the market, which will never fill."""
    world.exchange.catch_up()
    model = world.exchange.model
    token = next(iter(model.tokens.values()))
    price = floor_to_grid(model.market(token.alpha_id).last_price / 2, token.tick)
    quantity = floor_to_grid(Decimal(6) / price, token.step)
    amount = plain(floor_money(price, quantity))
    body = {
        "baseAsset": token.alpha_id,
        "quoteAsset": "USDT",
        "side": "BUY",
        "price": plain(price),
        "quantity": plain(quantity),
        "paymentDetails": [{"amount": amount, "paymentWalletType": "CARD"}],
    }
    try:
        placement = world.by_hand(lambda: model.place(moment.user_id, json.dumps(body).encode()))
    except Refusal:
        return False
    world.referee.stakes.foreign |= {order.order_id for order in placement.orders}
    world.exchange.catch_up()
    return True


def _money_moved(world: World, moment: Moment) -> bool:
    account = world.exchange.model.desk.account(moment.user_id)
    account.move_to_earn(account.funding.free)
    return True


def _deposit(world: World, moment: Moment) -> bool:
    world.deposit(moment.user_id, _DEPOSIT_USDT)
    return True


def _clock_ahead(world: World, moment: Moment) -> bool:
    world.clock.jump(_HOUR)
    return True


def _clock_back(world: World, moment: Moment) -> bool:
    world.clock.jump(-_HOUR)
    return True


def _stalled(world: World, moment: Moment) -> bool:
    """Nothing of the process runs while time goes on: a stalled loop, a suspended machine."""
    clock = trio.lowlevel.current_clock()
    if isinstance(clock, MockClock):
        clock.jump(_STALL_SECONDS)
    return True


def _stop_once(world: World, moment: Moment) -> bool:
    return world.hand.stop_once()


async def _stop_twice(world: World, moment: Moment) -> bool:
    stopped = world.hand.stop_once()
    await trio.sleep(0.4)
    if stopped:
        world.hand.stop_now()
    return stopped


async def _down(world: World, moment: Moment) -> bool:
    world.faults.down = True
    world.net.strike(CUT_OFF)
    await trio.sleep(_DOWN_SECONDS)
    world.faults.down = False
    return True


async def _portal(world: World, moment: Moment) -> bool:
    """Something between us and the exchange answers everything with its own page."""
    page = ODDITIES["gateway page, not done"].oddity
    world.misbehaviour.everywhere = Oddity("captive portal", page.answer, acts=False)
    await trio.sleep(_DOWN_SECONDS)
    world.misbehaviour.everywhere = None
    return True


async def _rounds_paused(world: World, moment: Moment) -> bool:
    paused = world.hand.pause()
    await trio.sleep(_HELD_SECONDS)
    world.hand.resume()
    return paused


async def _orders_halted(world: World, moment: Moment) -> bool:
    halted = world.hand.halt_orders()
    await trio.sleep(_HELD_SECONDS)
    world.hand.lift_halt()
    return halted


async def _halted(world: World, moment: Moment) -> bool:
    before = _first(world)
    _relist(world, replace(before, tradable=False))
    await trio.sleep(_HALT_SECONDS)
    _relist(world, replace(_first(world), tradable=True))
    return True


def _tick(world: World, moment: Moment) -> bool:
    token = _first(world)
    _relist(world, replace(token, tick=token.tick * 10))
    return True


def _step(world: World, moment: Moment) -> bool:
    token = _first(world)
    # The greater one leaves room for no order of ours at all.
    _relist(world, replace(token, step=token.step * (10 if moment.user_id != 2 else 10**6)))
    return True


def _multiplier(world: World, moment: Moment) -> bool:
    token = _first(world)
    _relist(world, replace(token, mul_point=token.mul_point % 4 + 1))
    return True


def _first(world: World) -> Token:
    return next(iter(world.exchange.model.tokens.values()))


def _relist(world: World, token: Token) -> None:
    world.exchange.catch_up()
    world.exchange.model.relist(token)


_AT_ONCE: dict[str, Callable[[World, Moment], bool]] = {
    "session expired": _session_expired,
    "risk challenge": _risk_challenge,
    "listen keys dead": _keys_dead,
    "streams cut": _streams_cut,
    "stream cut after a fill": _cut_after_fill,
    "stream silent": _stream_silent,
    "foreign order": _foreign_order,
    "money moved away": _money_moved,
    "deposit": _deposit,
    "clock an hour ahead": _clock_ahead,
    "clock an hour back": _clock_back,
    "loop stalled": _stalled,
    "stop once": _stop_once,
    "tick coarser": _tick,
    "step coarser": _step,
    "multiplier changed": _multiplier,
}
_LASTING: dict[str, Callable[[World, Moment], Awaitable[bool]]] = {
    "order closed in the app": _closed_in_the_app,
    "stop twice": _stop_twice,
    "rounds paused": _rounds_paused,
    "orders halted": _orders_halted,
    "exchange down": _down,
    "token halted": _halted,
    "captive portal": _portal,
}
