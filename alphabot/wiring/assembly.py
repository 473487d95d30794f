"""From resolved names to seats whose users are ready to run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial

import trio

from alphabot.config import Settings, StrategySettings
from alphabot.core.events import DayOfUser, Event
from alphabot.core.exact import plain
from alphabot.core.shown_volume import Purchases
from alphabot.core.values import UserId
from alphabot.exchange.account import open_account
from alphabot.exchange.exchange_time import ExchangeTime
from alphabot.exchange.feed import UserFeed
from alphabot.exchange.market import PublicMarket
from alphabot.exchange.pace import Pause
from alphabot.log import say
from alphabot.plugins import PluginHost
from alphabot.ports import Exchange, WallClock
from alphabot.runtime.bench import Bench
from alphabot.runtime.board import Board, Row
from alphabot.runtime.brake import Brake
from alphabot.runtime.desk import Desk
from alphabot.runtime.identities import Identities
from alphabot.runtime.notices import Notices
from alphabot.runtime.reconcile import Reconciler
from alphabot.runtime.recorder import Recorder
from alphabot.runtime.roster import Roster
from alphabot.runtime.router import Router
from alphabot.runtime.seat import Seat
from alphabot.runtime.stop import Stop
from alphabot.runtime.teller import Teller
from alphabot.runtime.trade_loop import TradeLoop
from alphabot.runtime.turnstile import Turnstile
from alphabot.runtime.user import User
from alphabot.wiring.binding import Bound, RefusedStrategy
from alphabot.wiring.histories import Bars, replay_all
from alphabot.wiring.journals import ServiceJournal
from alphabot.wiring.masking import mask
from alphabot.wiring.venues import Venue

__all__ = ["Assembled", "Shared", "assemble"]


@dataclass(frozen=True, slots=True)
class Shared:
    """What all users of a service have in common."""

    settings: Settings
    venue: Venue
    plugins: PluginHost
    market: PublicMarket
    journal: ServiceJournal
    pause: Pause
    time: ExchangeTime
    clock: WallClock
    stop: Stop
    board: Board
    brake: Brake
    notices: Notices


@dataclass(frozen=True, slots=True)
class _Everyone:
    """What the users of one service see of each other, and of those who do not trade in it."""

    recorders: Sequence[Recorder]
    turnstile: Turnstile
    identities: Identities
    bars: Bars
    bench: Bench
    purchases: Mapping[UserId, Purchases]
    readings: dict[UserId, Reconciler] = field(default_factory=dict)

    @contextmanager
    def reading(self, user_id: UserId, reconciler: Reconciler) -> Iterator[None]:
        """Let all see what is read of a user's account, until the block ends or another is."""
        self.readings[user_id] = reconciler
        try:
            yield
        finally:
            if self.readings.get(user_id) is reconciler:
                del self.readings[user_id]


@dataclass(frozen=True, slots=True)
class Assembled:
    """Everyone in the service, and what people are to be told of them."""

    roster: Roster
    halts: Sequence[Event]
    """Of the past, that somebody must have heard of."""
    tellers: Sequence[Teller]

    def days(self, day: int) -> list[DayOfUser]:
        """Return what each user who traded on a day since 1970-01-01 UTC has done."""
        days = (teller.day(day) for teller in self.tellers)
        return [each for each in days if each is not None]


async def assemble(
    shared: Shared, bound: Sequence[Bound], refused: Sequence[RefusedStrategy] = ()
) -> Assembled:
    """Read every user's journal and prepare their seats, in the order of their ids.

    A refused strategy has its row and its past like any other, and ends where it would trade.
    """
    await trio.lowlevel.checkpoint()
    everything = (*(b.settings for b in bound), *(each.strategy for each in refused))
    named = {user_id for strategy in everything for user_id in strategy.user_ids}
    user_ids = sorted(named - shared.venue.absent)
    recorders = [Recorder(shared.journal, user_id, shared.clock) for user_id in user_ids]
    tellers = [_teller(shared.notices, recorder) for recorder in recorders]
    guard = shared.settings.guards()
    turnstile = Turnstile(guard=guard)
    purchases = {recorder.user_id: Purchases() for recorder in recorders}
    for recorder in recorders:
        recorder.onlookers.append(purchases[recorder.user_id].take)
    bystanders = _bystanders(shared, user_ids)
    bars = await replay_all(shared.journal, [*recorders, *bystanders], guard=guard)
    concerned = [recorder for recorder in bystanders if _may_meet_others(recorder)]
    for each in refused:
        bars.refuse(each.strategy.strategy_id, each.reason)
    bench = Bench(
        shared.settings.plugins.bench_after, shared.plugins.plugin_of, shared.notices.benched
    )
    everyone = _Everyone((*recorders, *concerned), turnstile, Identities(), bars, bench, purchases)
    seats = []
    halts = []
    for recorder, teller in zip(recorders, tellers, strict=True):
        user_id = recorder.user_id
        strategies = [
            replace(b, settings=shared.settings.strategy_of(b.settings, user_id))
            for b in bound
            if user_id in b.settings.user_ids
        ]
        rows = [_row(b, user_id) for b in strategies]
        rows += [
            _refused_row(shared.settings.strategy_of(r.strategy, user_id), user_id)
            for r in refused
            if user_id in r.strategy.user_ids
        ]
        shared.board.rows.extend(rows)
        stop = shared.stop.child(user_id)
        for row in rows:
            stop.child(row.strategy_id)
            row.show(recorder.state, recorder.now_ms())
        halts += teller.begin(rows)
        open_user = partial(_open_user, shared, everyone, strategies, teller)
        seats.append(Seat(recorder, rows, stop, shared.brake, open_user))
    return Assembled(Roster(seats, shared.stop, concerned), halts, tellers)


@asynccontextmanager
async def _open_user(
    shared: Shared,
    everyone: _Everyone,
    bound: Sequence[Bound],
    teller: Teller,
    seat: Seat,
    rows: Sequence[Row],
) -> AsyncIterator[User]:
    """Put a user together that trades for these rows; its account closes with the block."""
    venue, door = shared.venue, shared.venue.account_door
    credentials = venue.credentials(seat.user_id)
    mask(credentials)
    async with AsyncExitStack() as stack:
        opening = open_account(
            door.net,
            door.rest_url,
            credentials,
            pause=shared.pause,
            clock=shared.clock,
            settings=venue.pace,
            # An exchange of ours tells our own time, which is no news of the real one's.
            time=shared.time if venue.accounts is None else None,
            forbidden=seat.forbidden,
        )
        account = await stack.enter_async_context(opening)
        stack.enter_context(venue.follow(seat.user_id, account))
        router = Router()
        reconciler = _reconciler(shared, account, seat.recorder, router)
        stack.enter_context(everyone.reading(seat.user_id, reconciler))
        desk = Desk(
            user_id=seat.user_id,
            exchange=account,
            market=shared.market,
            recorder=seat.recorder,
            router=router,
            reconciler=reconciler,
            turnstile=everyone.turnstile,
            identities=everyone.identities,
            stop=seat.stop,
            brake=shared.brake,
            limits=replace(
                shared.settings.limits_of(seat.user_id), self_trade_guard=shared.settings.guards()
            ),
            limits_of=shared.settings.limits_of,
            everyone=everyone.recorders,
            readings=everyone.readings,
            multiplier_of=shared.plugins.multiplier,
            bench=everyone.bench,
            teller=teller,
            halts_on_mismatch=shared.settings.on_volume_mismatch == "halt",
            purchases=everyone.purchases[seat.user_id],
        )
        feed = UserFeed(account.listen_key, door.net, door.order_stream_url)
        by_id = {b.settings.strategy_id: b for b in bound}
        free = everyone.bars.let_through(rows)
        yield User(desk, feed, [_loop(by_id[row.strategy_id], desk, row) for row in free])


def _reconciler(
    shared: Shared, exchange: Exchange, recorder: Recorder, router: Router
) -> Reconciler:
    settings = shared.settings
    settle_seconds = settings.settle_seconds or shared.venue.settle_seconds
    return Reconciler(
        exchange, recorder, router, settle_seconds, stream_required=settings.stream_required
    )


def _bystanders(shared: Shared, trading: Collection[UserId]) -> list[Recorder]:
    """Return recorders for the users of the journal who do not trade in this service."""
    known = {user.user_id for user in shared.journal.users.all()}
    bystanders = [
        Recorder(shared.journal, user_id, shared.clock)
        for user_id in sorted(known.difference(trading))
    ]
    for recorder in bystanders:
        recorder.still_since = trio.current_time()  # nobody follows their orders
    return bystanders


def _may_meet_others(recorder: Recorder) -> bool:
    """Whether a bystander holds something or has an order out, which is then said.

    An earlier run left it: the user was taken out of the configuration, or switched off.
    """
    state = recorder.state
    exposure_usdt = state.exposure_usdt()
    if recorder.damage is None and not state.open_intents and not exposure_usdt:
        return False
    say(
        "user.stands_by",
        user_id=recorder.user_id,
        open=", ".join(state.open_intents) or "-",
        exposure_usdt=plain(exposure_usdt),
    )
    return True


def _teller(notices: Notices, recorder: Recorder) -> Teller:
    step_percent = notices.wishes(recorder.user_id).progress_step_percent
    return Teller(recorder, notices.post, step_percent)


def _row(bound: Bound, user_id: UserId) -> Row:
    strategy = bound.settings
    return Row(
        user_id=user_id,
        strategy_id=strategy.strategy_id,
        token=bound.token.name,
        target=strategy.target_volume,
        goal=strategy.goal,
        alpha_id=bound.token.alpha_id,
    )


def _refused_row(strategy: StrategySettings, user_id: UserId) -> Row:
    return Row(
        user_id=user_id,
        strategy_id=strategy.strategy_id,
        token=strategy.target_token,
        target=strategy.target_volume,
        goal=strategy.goal,
    )


def _loop(bound: Bound, desk: Desk, row: Row) -> TradeLoop:
    return TradeLoop(desk, bound.settings, bound.token, bound.rule, row)
