"""From resolved names to users that are ready to run."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

import trio

from alphabot.config import Settings
from alphabot.core.values import UserId
from alphabot.exchange.account import Account, open_account
from alphabot.exchange.exchange_time import ExchangeTime
from alphabot.exchange.feed import UserFeed
from alphabot.exchange.market import PublicMarket
from alphabot.exchange.pace import Pause
from alphabot.log import register_secret
from alphabot.plugins import PluginHost
from alphabot.ports import WallClock
from alphabot.runtime.board import Board, Row
from alphabot.runtime.desk import Desk
from alphabot.runtime.identities import Identities
from alphabot.runtime.reconcile import Reconciler
from alphabot.runtime.recorder import Recorder
from alphabot.runtime.router import Router
from alphabot.runtime.stop import Stop
from alphabot.runtime.trade_loop import TradeLoop
from alphabot.runtime.turnstile import Turnstile
from alphabot.runtime.user import User
from alphabot.store import SqliteJournal
from alphabot.wiring.binding import Bound
from alphabot.wiring.venues import Venue

__all__ = ["Shared", "assemble"]


@dataclass(frozen=True, slots=True)
class Shared:
    """What all users of a service have in common."""

    settings: Settings
    venue: Venue
    plugins: PluginHost
    market: PublicMarket
    journal: SqliteJournal
    pause: Pause
    time: ExchangeTime
    clock: WallClock
    stop: Stop
    board: Board


async def assemble(stack: AsyncExitStack, shared: Shared, bound: Sequence[Bound]) -> list[User]:
    """Open every user's account and put their trade loops together, in the configured order.

    The accounts are closed by ``stack``.
    """
    await trio.lowlevel.checkpoint()
    user_ids = sorted({user_id for b in bound for user_id in b.settings.user_ids})
    recorders = {u: Recorder(shared.journal, u, shared.clock) for u in user_ids}
    turnstile = Turnstile(guard=shared.settings.limits.self_trade_guard)
    identities = Identities()
    settle_seconds = shared.settings.settle_seconds or shared.venue.settle_seconds
    users = []
    for user_id, recorder in recorders.items():
        shared.journal.users.ensure_simulated_user(user_id)
        await recorder.replay()
        account = await _open_account(stack, shared, user_id)
        router = Router()
        desk = Desk(
            user_id=user_id,
            exchange=account,
            market=shared.market,
            recorder=recorder,
            router=router,
            reconciler=Reconciler(account, recorder, router, settle_seconds),
            turnstile=turnstile,
            identities=identities,
            stop=shared.stop,
            limits=shared.settings.limits,
            everyone=tuple(recorders.values()),
            multiplier_of=shared.plugins.multiplier,
        )
        feed = UserFeed(account.listen_key, shared.venue.net, shared.venue.order_stream_url)
        loops = [_loop(b, desk, shared.board) for b in bound if user_id in b.settings.user_ids]
        users.append(User(desk, feed, loops))
    return users


async def _open_account(stack: AsyncExitStack, shared: Shared, user_id: UserId) -> Account:
    venue, credentials = shared.venue, shared.venue.credentials(user_id)
    for secret in (credentials.cookie, credentials.csrftoken, *credentials.headers.values()):
        register_secret(secret.reveal())
    opening = open_account(
        venue.net,
        venue.rest_url,
        credentials,
        pause=shared.pause,
        clock=shared.clock,
        settings=venue.pace,
        time=shared.time,
        stopping=shared.stop.requested.is_set,
    )
    return await stack.enter_async_context(opening)


def _loop(bound: Bound, desk: Desk, board: Board) -> TradeLoop:
    strategy = bound.settings
    row = Row(
        user_id=desk.user_id,
        strategy_id=strategy.strategy_id,
        token=bound.token.name,
        target=strategy.target_volume,
        alpha_id=bound.token.alpha_id,
    )
    board.rows.append(row)
    return TradeLoop(desk, strategy, bound.token, bound.rule, row)
