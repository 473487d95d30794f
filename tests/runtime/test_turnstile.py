"""The turnstile: one user a token, first come first served, and no turn is ever lost."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from alphabot.core.values import AlphaId, UserId
from alphabot.runtime.turnstile import Turnstile
from tests.core.samples import KOGE

BR = AlphaId("ALPHA_118")
ANN, BOB, CAT = UserId(1), UserId(2), UserId(3)


@pytest.fixture
def turnstile() -> Turnstile:
    return Turnstile(guard=True)


async def may_pass(turnstile: Turnstile, alpha_id: AlphaId = KOGE) -> bool:
    """Return whether another user would get the turn at this moment."""
    with trio.move_on_after(0.1):
        with await turnstile.take(alpha_id):
            return True
    return False


async def test_one_user_at_a_time_in_the_order_they_came(
    turnstile: Turnstile, autojump_clock: MockClock
) -> None:
    went: list[tuple[UserId, float]] = []

    async def trade(user_id: UserId) -> None:
        with await turnstile.take(KOGE):
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
            with await turnstile.take(KOGE):
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
    with await turnstile.take(KOGE):
        assert not await may_pass(turnstile)
        assert await may_pass(turnstile, BR)
    assert await may_pass(turnstile)


async def test_a_turn_given_back_twice_lets_one_in(
    turnstile: Turnstile, autojump_clock: MockClock
) -> None:
    with await turnstile.take(KOGE) as turn:
        turn.give_back()
        turn.give_back()
        with await turnstile.take(KOGE):
            turn.give_back()
            assert not await may_pass(turnstile)
    assert await may_pass(turnstile)


async def test_the_end_of_a_block_does_not_take_the_turn_of_the_next(
    turnstile: Turnstile, autojump_clock: MockClock
) -> None:
    first = await turnstile.take(KOGE)
    with first:
        first.give_back()
        second = await turnstile.take(KOGE)
    assert not await may_pass(turnstile)
    second.give_back()
    assert await may_pass(turnstile)


async def test_an_error_inside_gives_the_turn_back(
    turnstile: Turnstile, autojump_clock: MockClock
) -> None:
    with pytest.raises(ValueError, match="from inside"), await turnstile.take(KOGE):
        raise ValueError("from inside")
    assert await may_pass(turnstile)


async def test_who_stops_waiting_loses_no_turn(
    turnstile: Turnstile, autojump_clock: MockClock
) -> None:
    with await turnstile.take(KOGE):
        assert not await may_pass(turnstile)
    assert await may_pass(turnstile)


async def test_a_turn_and_a_cancel_of_the_same_moment_lose_nothing(
    turnstile: Turnstile, autojump_clock: MockClock
) -> None:
    turn = await turnstile.take(KOGE)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(may_pass, turnstile)
        await wait_all_tasks_blocked()
        turn.give_back()
        nursery.cancel_scope.cancel()
    assert await may_pass(turnstile)


async def test_without_the_guard_everyone_may_pass(autojump_clock: MockClock) -> None:
    turnstile = Turnstile(guard=False)
    with await turnstile.take(KOGE), await turnstile.take(KOGE):
        assert await may_pass(turnstile)


@pytest.mark.parametrize("guard", [True, False])
async def test_taking_a_turn_is_a_checkpoint(guard: bool) -> None:
    turnstile = Turnstile(guard=guard)
    with trio.testing.assert_checkpoints():
        turn = await turnstile.take(KOGE)
    turn.give_back()
