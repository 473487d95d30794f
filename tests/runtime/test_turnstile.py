"""The turnstile: one user a token, first come first served, and no turn is ever lost."""

from __future__ import annotations

from decimal import Decimal

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from alphabot.core.values import AlphaId, OrderId, UserId
from alphabot.runtime.turnstile import Turnstile
from tests.core.samples import KOGE

BR = AlphaId("ALPHA_118")
ANN, BOB, CAT = UserId(1), UserId(2), UserId(3)


@pytest.fixture
def turnstile() -> Turnstile:
    return Turnstile(guard=True)


async def may_pass(turnstile: Turnstile, user_id: UserId, alpha_id: AlphaId = KOGE) -> bool:
    """Return whether a user would get the turn at this moment."""
    with trio.move_on_after(0.1):
        with await turnstile.take(alpha_id, user_id):
            return True
    return False


async def test_one_user_at_a_time_in_the_order_they_came(
    turnstile: Turnstile, autojump_clock: MockClock
) -> None:
    went: list[tuple[UserId, float]] = []

    async def trade(user_id: UserId) -> None:
        with await turnstile.take(KOGE, user_id):
            went.append((user_id, trio.current_time()))
            await trio.sleep(10)

    async with trio.open_nursery() as nursery:
        for user_id in (CAT, ANN, BOB):
            nursery.start_soon(trade, user_id)
            await wait_all_tasks_blocked()
    assert went == [(CAT, 0), (ANN, 10), (BOB, 20)]


async def test_who_comes_back_at_once_waits_behind_the_others(
    turnstile: Turnstile, autojump_clock: MockClock
) -> None:
    went: list[UserId] = []

    async def trade(user_id: UserId) -> None:
        for _ in range(3):
            with await turnstile.take(KOGE, user_id):
                went.append(user_id)
                await trio.sleep(1)

    async with trio.open_nursery() as nursery:
        for user_id in (ANN, BOB, CAT):
            nursery.start_soon(trade, user_id)
            await wait_all_tasks_blocked()
    assert went == [ANN, BOB, CAT] * 3


async def test_tokens_have_turns_of_their_own(
    turnstile: Turnstile, autojump_clock: MockClock
) -> None:
    with await turnstile.take(KOGE, ANN):
        assert not await may_pass(turnstile, BOB)
        assert await may_pass(turnstile, BOB, BR)
    assert await may_pass(turnstile, BOB)


async def test_a_turn_given_back_twice_lets_one_in(
    turnstile: Turnstile, autojump_clock: MockClock
) -> None:
    with await turnstile.take(KOGE, ANN) as turn:
        turn.give_back()
        turn.give_back()
        with await turnstile.take(KOGE, BOB):
            turn.give_back()
            assert not await may_pass(turnstile, CAT)
    assert await may_pass(turnstile, CAT)


async def test_the_end_of_a_block_does_not_take_the_turn_of_the_next(
    turnstile: Turnstile, autojump_clock: MockClock
) -> None:
    first = await turnstile.take(KOGE, ANN)
    with first:
        first.give_back()
        second = await turnstile.take(KOGE, BOB)
    assert not await may_pass(turnstile, CAT)
    second.give_back()
    assert await may_pass(turnstile, CAT)


async def test_an_error_inside_gives_the_turn_back(
    turnstile: Turnstile, autojump_clock: MockClock
) -> None:
    with pytest.raises(ValueError, match="from inside"), await turnstile.take(KOGE, ANN):
        raise ValueError("from inside")
    assert await may_pass(turnstile, BOB)


async def test_who_stops_waiting_loses_no_turn(
    turnstile: Turnstile, autojump_clock: MockClock
) -> None:
    with await turnstile.take(KOGE, ANN):
        assert not await may_pass(turnstile, BOB)
    assert await may_pass(turnstile, CAT)


async def test_a_turn_and_a_cancel_of_the_same_moment_lose_nothing(
    turnstile: Turnstile, autojump_clock: MockClock
) -> None:
    turn = await turnstile.take(KOGE, ANN)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(may_pass, turnstile, BOB)
        await wait_all_tasks_blocked()
        turn.give_back()
        nursery.cancel_scope.cancel()
    assert await may_pass(turnstile, CAT)


# --- turns that an earlier run left to keep -------------------------------------------------------


async def test_a_reserved_turn_waits_for_its_user(
    turnstile: Turnstile, autojump_clock: MockClock
) -> None:
    turnstile.reserve(KOGE, ANN)
    assert not await may_pass(turnstile, BOB)
    assert await may_pass(turnstile, BOB, BR)
    with await turnstile.take(KOGE, ANN):
        assert not await may_pass(turnstile, BOB)
    assert await may_pass(turnstile, BOB)


async def test_a_cancel_does_not_lose_a_reserved_turn(
    turnstile: Turnstile, autojump_clock: MockClock
) -> None:
    turnstile.reserve(KOGE, ANN)
    with trio.CancelScope() as stopped:
        stopped.cancel()
        await turnstile.take(KOGE, ANN)
    assert stopped.cancelled_caught
    assert await may_pass(turnstile, ANN)
    assert await may_pass(turnstile, BOB)


async def test_of_two_tasks_of_one_user_one_gets_the_reserved_turn_and_the_other_waits(
    turnstile: Turnstile, autojump_clock: MockClock
) -> None:
    turnstile.reserve(KOGE, ANN)
    went: list[float] = []

    async def trade() -> None:
        with await turnstile.take(KOGE, ANN):
            went.append(trio.current_time())
            await trio.sleep(10)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(trade)
        nursery.start_soon(trade)
    assert went == [0, 10]


async def test_two_users_may_have_left_a_buy_behind(
    turnstile: Turnstile, autojump_clock: MockClock
) -> None:
    turnstile.reserve(KOGE, ANN)
    turnstile.reserve(KOGE, BOB)
    turnstile.reserve(KOGE, ANN)
    assert not await may_pass(turnstile, BOB)
    with await turnstile.take(KOGE, ANN):
        assert not await may_pass(turnstile, BOB)
    assert await may_pass(turnstile, BOB)
    assert await may_pass(turnstile, ANN)


# --- SELLs that stay ------------------------------------------------------------------------------


def test_the_lowest_sell_of_the_others_is_the_floor(turnstile: Turnstile) -> None:
    assert turnstile.foreign_sell_floor(KOGE, ANN) is None
    turnstile.rest(KOGE, BOB, OrderId("1"), Decimal("0.0020"))
    turnstile.rest(KOGE, CAT, OrderId("2"), Decimal("0.0019"))
    turnstile.rest(KOGE, ANN, OrderId("3"), Decimal("0.0001"))
    turnstile.rest(BR, BOB, OrderId("4"), Decimal("0.00001"))
    floors = {user: turnstile.foreign_sell_floor(KOGE, user) for user in (ANN, BOB, CAT)}
    assert floors == {ANN: Decimal("0.0019"), BOB: Decimal("0.0001"), CAT: Decimal("0.0001")}
    turnstile.gone(KOGE, OrderId("2"))
    turnstile.gone(KOGE, OrderId("2"))
    assert turnstile.foreign_sell_floor(KOGE, ANN) == Decimal("0.0020")
    turnstile.gone(KOGE, OrderId("1"))
    assert turnstile.foreign_sell_floor(KOGE, ANN) is None


async def test_without_the_guard_everyone_may_pass(autojump_clock: MockClock) -> None:
    turnstile = Turnstile(guard=False)
    turnstile.reserve(KOGE, ANN)
    with await turnstile.take(KOGE, BOB), await turnstile.take(KOGE, CAT):
        assert await may_pass(turnstile, ANN)


@pytest.mark.parametrize("guard", [True, False])
async def test_taking_a_turn_is_a_checkpoint(guard: bool) -> None:
    turnstile = Turnstile(guard=guard)
    for reserved in (False, True):
        if reserved:
            turnstile.reserve(KOGE, ANN)
        with trio.testing.assert_checkpoints():
            turn = await turnstile.take(KOGE, ANN)
        turn.give_back()
