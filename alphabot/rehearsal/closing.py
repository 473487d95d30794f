"""The last look at a world: what the journal says against what the exchange did, to the digit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

import trio

from alphabot.core.progress import UserState
from alphabot.core.records import Credited, Intended, Latched, Leftover, Leg, Record, Settled
from alphabot.core.values import AlphaId, StrategyId, UserId
from alphabot.rehearsal.due import volume_due
from alphabot.rehearsal.profile import Mode, Profile
from alphabot.simulator.orders import Order
from alphabot.store import SqliteJournal

if TYPE_CHECKING:
    from alphabot.rehearsal.world import World

__all__ = ["in_doubt", "is_done", "judge", "latched"]

_ZERO = Decimal(0)
_TOLD = "SELECT cause, notifier FROM outbox WHERE delivered_at_ms IS NOT NULL"


async def state_of(journal: SqliteJournal, user_id: int) -> UserState:
    """Return what a user's records come to."""
    state = UserState()
    journal.users.ensure_simulated_user(UserId(user_id))
    for record in await journal.records(UserId(user_id)):
        state.apply(record)
    return state


async def is_done(journal: SqliteJournal, profile: Profile, life: int) -> bool:
    """Tell whether every target is reached, nothing is open, and all was heard that must be."""
    await trio.lowlevel.checkpoint()
    causes: list[str] = []
    for user_id in profile.user_ids:
        state = await state_of(journal, user_id)
        if state.open_intents or state.latched:
            return False
        causes += _halts(user_id, await journal.records(UserId(user_id)))
        for each in profile.strategies:
            strategy_id = StrategyId(profile.strategy_id(each, life))
            credited = state.strategy(strategy_id).credited
            if user_id in each.user_ids and credited < Decimal(each.target_volume):
                return False
    # A process may die between a halt and its row of the outbox; the next one tells it.
    told = set(journal.database.rows(_TOLD))
    due = {(cause, notifier) for cause in causes for notifier in profile.notifiers}
    return profile.mode is Mode.SAFETY or due <= told


async def latched(journal: SqliteJournal, profile: Profile) -> list[int]:
    """Return the users whom the journal keeps silent."""
    await trio.lowlevel.checkpoint()
    return [u for u in profile.user_ids if (await state_of(journal, u)).latched]


async def in_doubt(journal: SqliteJournal, profile: Profile) -> set[int]:
    """Return the users with an intent whose order is not known."""
    await trio.lowlevel.checkpoint()
    found = set()
    for user_id in profile.user_ids:
        state = await state_of(journal, user_id)
        if any(entry.placed is None for entry in state.open_intents.values()):
            found.add(user_id)
    return found


async def judge(world: World) -> None:
    """Compare both sides; in liveness mode everything must be over, and everything must agree."""
    await trio.lowlevel.checkpoint()
    world.exchange.catch_up()
    desk = world.exchange.model.desk
    for user_id in world.profile.user_ids:
        records = await world.journal.records(UserId(user_id))
        state = await state_of(world.journal, user_id)
        settled = [record for record in records if isinstance(record, Settled)]
        for record in settled:
            _judge_leg(world, user_id, record, desk.orders.get(int(record.order_id)))
        _judge_credit(world, user_id, records)
        ids = [record.order_id for record in settled]
        if len(set(ids)) != len(ids):
            world.referee.object_to("I-7", f"user {user_id}: an order was settled twice")
        if world.profile.mode is Mode.LIVENESS:
            _judge_end(world, user_id, state, {int(i) for i in ids})
            _judge_hearing(world, user_id, records)


def _halts(user_id: int, records: Sequence[Record]) -> Iterator[str]:
    """Yield what must be heard: the causes of all that ever stopped a user."""
    for record in records:
        match record:
            case Latched():
                yield f"latched/{user_id}/{record.at_ms}"
            case Leftover():
                yield f"leftover/{user_id}/{record.intent_id}/{record.at_ms}"
            case _:
                pass


def _judge_hearing(world: World, user_id: int, records: Sequence[Record]) -> None:
    """Look whether every halt was told by every notifier, and none over and over (I-27)."""
    for cause in _halts(user_id, records):
        for notifier in world.profile.notifiers:
            times = world.hearing.heard[notifier, cause]
            # Once more for each process that died between delivering and marking.
            if not 1 <= times <= 1 + world.unclean:
                world.referee.object_to("I-27", f"{notifier} told {cause} {times} times")


def _judge_leg(world: World, user_id: int, record: Settled, order: Order | None) -> None:
    if order is None or order.user_id != user_id or order.order_id in world.referee.stakes.foreign:
        world.referee.object_to(
            "I-7", f"user {user_id} settled {record.order_id}, no order of its own"
        )
        return
    quote = sum((fill.quote for fill in order.fills), _ZERO)
    fees = sum((fill.fee for fill in order.fills), _ZERO)
    told = record.fee_base if record.leg is Leg.WORKING else record.fee_quote_usdt
    theirs = (str(order.state.status), order.state.executed, quote, fees)
    ours = (str(record.status), record.executed, record.quote_usdt, told)
    if theirs != ours and (order.state.executed or record.executed):
        world.referee.object_to("I-7", f"{record.order_id}: ours {ours}, theirs {theirs}")
    elif not order.state.status.is_final:
        world.referee.object_to("I-10", f"{order} was settled and is not over")


def _judge_credit(world: World, user_id: int, records: Sequence[Record]) -> None:
    """Reckon each BUY's volume again, and look whether one was begun beyond the target."""
    targets = {
        world.profile.strategy_id(each, life): Decimal(each.target_volume)
        for each in world.profile.strategies
        for life in (1, 2)
    }
    credited: defaultdict[str, Decimal] = defaultdict(Decimal)
    intents: dict[str, Intended] = {}
    settled: dict[str, Settled] = {}
    for record in records:
        match record:
            case Intended(buy_price=Decimal()):
                intents[record.intent_id] = record
                if credited[record.strategy_id] >= targets[record.strategy_id]:
                    what = f"user {user_id} began {record.intent_id} beyond its target"
                    world.referee.object_to("I-8", what)
            case Settled(leg=Leg.WORKING):
                settled[record.intent_id] = record
                if record.credited is not None:
                    credited[intents[record.intent_id].strategy_id] += record.credited
                    _judge_due(world, intents[record.intent_id], record, record.credited)
            case Credited():
                intended = intents[record.intent_id]
                credited[intended.strategy_id] += record.credited
                _judge_due(world, intended, settled[record.intent_id], record.credited)


def _judge_due(world: World, intended: Intended, settled: Settled, credited: Decimal) -> None:
    """Compare a credit, given at once or late, with what the exchange's own order counts."""
    due = volume_due(world.profile, world.exchange.model, intended, int(settled.order_id))
    if due is not None and credited != due:
        what = f"{intended.intent_id} credits {credited}, {due} is due"
        world.referee.object_to("I-7", what)


def _judge_end(world: World, user_id: int, state: UserState, settled: set[int]) -> None:
    object_to = world.referee.object_to
    profile = world.profile
    if state.open_intents:
        object_to("I-25", f"user {user_id}: {list(state.open_intents)} are still open")
    for each in profile.strategies:
        progress = state.strategy(StrategyId(profile.strategy_id(each, world.lives)))
        if user_id in each.user_ids and progress.credited < Decimal(each.target_volume):
            object_to(
                "I-25",
                f"user {user_id} came to {progress.credited} of {each.target_volume}"
                f" in {each.token}",
            )
    ours = [order for order in world.referee.stakes.ours() if order.user_id == user_id]
    for order in ours:
        if not order.state.status.is_final:
            object_to("I-25", f"{order} is still open")
        elif order.order_id not in settled:
            object_to("I-3", f"{order} is nobody's")
        else:
            settled_at = world.settled_at[order.order_id]
            calm_at = world.began_at + profile.faults_end_at
            world.referee.learns(order, settled_at, calm_at)
    bought = sum((o.state.quote for o in ours if world.referee.stakes.is_working(o)), _ZERO)
    counted = sum((p.volume_usdt for p in state.strategies.values()), _ZERO)
    if bought != counted:
        object_to("I-7", f"user {user_id}: {counted} counted, {bought} bought")
    account = world.exchange.model.desk.account(user_id)
    for alpha_id, balance in account.alpha.items():
        held = state.holding(AlphaId(alpha_id)).quantity
        if balance.total != held:
            object_to("I-21", f"user {user_id} holds {balance.total} {alpha_id}, journal {held}")
    _judge_wallet(world, user_id, ours)


def _judge_wallet(world: World, user_id: int, ours: list[Order]) -> None:
    """Compare the money in the wallets with what the orders moved."""
    account = world.exchange.model.desk.account(user_id)
    spent = sum((o.state.quote for o in ours if o.side == "BUY"), _ZERO)
    got = sum((f.quote - f.fee for o in ours if o.side == "SELL" for f in o.fills), _ZERO)
    there = account.funding.total + account.earn.total
    due = account.opening_usdt + world.deposits_usdt.get(user_id, _ZERO) - spent + got
    if there != due:
        world.referee.object_to("I-21", f"user {user_id} has {there} USDT, {due} are due")
