"""A user whose records do not fit together, beside others whose records do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
import trio
from trio.testing import MockClock

from alphabot.config import Settings
from alphabot.core.records import Intended, Leg, Record, Settled
from alphabot.core.values import AlphaId
from alphabot.errors import HistoryDamaged
from alphabot.runtime.board import Ending, State
from alphabot.simulator.ledger import PrivateCall
from tests.runtime.world import TWO_USERS, World, open_world, seen, settings_of

AOP = AlphaId("ALPHA_382")
THREE_USERS = (
    TWO_USERS
    + """
[[strategies]]
strategy_id = "pipe"
target_token = "PIPE"
target_chain = "Solana"
target_volume = 30
user_ids = [2]
"""
)


def further(settings: Settings) -> Settings:
    """Return the same settings with targets that the first run has not reached."""
    strategies = tuple(replace(s, target_volume=s.target_volume * 2) for s in settings.strategies)
    return replace(settings, strategies=strategies)


async def garble(world: World, user_id: int, chosen: Callable[[Record], bool]) -> int:
    """Add one blank to the first of a user's records that is chosen, and end the owner."""
    records = await world.records(user_id)
    sequence = next(number for number, record in enumerate(records, 1) if chosen(record))
    with world.journal.database.guarded() as connection:
        guard = connection.execute(
            "SELECT sql FROM sqlite_schema WHERE name = 'records_never_change'"
        ).get
        connection.execute("DROP TRIGGER records_never_change")
        connection.execute(
            "UPDATE records SET record = record || ' ' WHERE user_id = ? AND sequence = ?",
            (user_id, sequence),
        )
        connection.execute(guard)
    world.killed()
    return sequence


def is_settled(alpha_id: str) -> Callable[[Record], bool]:
    """Return the question whether a record settles a BUY of a token's round."""
    intents: set[str] = set()

    def chosen(record: Record) -> bool:
        if isinstance(record, Intended) and record.alpha_id == alpha_id:
            intents.add(record.intent_id)
        return (
            isinstance(record, Settled)
            and record.intent_id in intents
            and record.leg is Leg.WORKING
        )

    return chosen


def private_calls(world: World, user_id: int) -> list[PrivateCall]:
    """Return every call of a user so far."""
    return [call for call in world.exchange.ledger.calls if call.user_id == user_id]


async def killed_with_open_pair(world: World, settings: Settings) -> None:
    """Run until user 1 has a pair of AOP at the exchange, and end the process there."""

    def placed() -> bool:
        open_orders = world.exchange.model.desk.open_of[1].values()
        return any(order.token.alpha_id == AOP for order in open_orders)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(world.run, settings)
        await seen(placed)
        await trio.sleep(0.1)
        nursery.cancel_scope.cancel()
    world.killed()


async def test_one_user_stops_and_the_others_trade_on(autojump_clock: MockClock) -> None:
    async with open_world() as world:
        await world.run()
        sequence = await garble(world, 1, is_settled(AOP))
        before = private_calls(world, 1)
        records = world.journal.position
        await world.run(further(settings_of()))
        for strategy_id in ("koge", "aop"):
            row = world.row(1, strategy_id)
            assert (row.ending, row.state) == (Ending.FAILED, State.ENDED)
            assert f"record {sequence} of user 1 does not match its hash" in row.reason
            assert "put a sound copy" in row.reason
            assert "alphabot journal verify" in row.reason
        assert world.row(2, "aop").ending is Ending.REACHED
        # Nothing is asked, sent or written for whom nothing is known of.
        assert private_calls(world, 1) == before
        with pytest.raises(HistoryDamaged, match=f"record {sequence} of user 1"):
            await world.records(1)
        assert world.journal.position > records


async def test_it_stays_so_until_somebody_acts(autojump_clock: MockClock) -> None:
    async with open_world() as world:
        await world.run()
        await garble(world, 1, is_settled(AOP))
        for _ in range(2):
            await world.run(further(settings_of()))
            world.killed()
        assert world.row(1, "koge").ending is Ending.FAILED
        assert world.row(2, "aop").ending is Ending.ALREADY_REACHED


async def test_records_that_tell_no_possible_story_stop_their_user_alone(
    autojump_clock: MockClock,
) -> None:
    async with open_world() as world:
        await world.run()
        (first, *_) = [r for r in await world.records(1) if isinstance(r, Settled)]
        await world.journal.append(1, first)  # type: ignore[arg-type]  # every hash fits
        world.killed()
        before = private_calls(world, 1)
        await world.run(further(settings_of()))
        assert "cannot follow those before it" in world.row(1, "koge").reason
        assert world.row(1, "aop").ending is Ending.FAILED
        assert world.row(2, "aop").ending is Ending.REACHED
        assert private_calls(world, 1) == before


@pytest.mark.parametrize("guard", [True, False])
async def test_where_the_damaged_may_have_an_order_no_other_trades(
    autojump_clock: MockClock, guard: bool
) -> None:
    settings = settings_of(THREE_USERS)
    settings = replace(settings, limits=replace(settings.limits, self_trade_guard=guard))
    async with open_world() as world:
        await killed_with_open_pair(world, settings)
        await garble(world, 1, lambda record: isinstance(record, Intended))
        orders = len(world.exchange.model.desk.orders_of[2])
        await world.run(settings)
        assert world.row(1, "aop").ending is Ending.FAILED
        # On a token of which the damaged user has nothing, nobody is held up.
        assert world.row(2, "pipe").ending is Ending.REACHED
        row = world.row(2, "aop")
        assert row.ending is (Ending.FAILED if guard else Ending.REACHED)
        if guard:
            assert row.reason == (
                "self_trade_guard: user 1, whose records are damaged, may have an order on"
                f" {AOP}USDT"
            )
            new = world.exchange.model.desk.orders_of[2][orders:]
            assert not [order for order in new if order.token.alpha_id == AOP]
        assert not world.exchange.ledger.self_crosses


@pytest.mark.parametrize(("total", "trades"), [(129, False), (131, True)])
async def test_the_damaged_counts_with_all_that_the_own_limit_allows(
    autojump_clock: MockClock, total: int, trades: bool
) -> None:
    settings = settings_of()
    limits = replace(
        settings.limits,
        max_exposure_usdt=Decimal(100),
        max_total_exposure_usdt=Decimal(total),
    )
    settings = replace(settings, limits=limits)
    async with open_world() as world:
        await world.run(settings)
        await garble(world, 1, is_settled(AOP))
        before = world.exchange.model.desk.account(2).bought_quote
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.run, further(settings))
            await trio.sleep(60)
            assert (world.exchange.model.desk.account(2).bought_quote > before) == trades
            ended = world.row(2, "aop").ending
            assert ended is (Ending.REACHED if trades else None)
            world.stop.request()
