"""The nursery of parts: which of several failures is told."""

from __future__ import annotations

import pytest
import trio

from alphabot.errors import FeedLost, NotAuthorised
from alphabot.exchange.parts import open_parts

BUG, REFUSAL, LOSS = ZeroDivisionError("bug"), NotAuthorised("refused"), FeedLost("lost")


async def fail_together(*errors: Exception) -> None:
    async def fail(error: Exception) -> None:
        await trio.lowlevel.cancel_shielded_checkpoint()
        raise error

    async with open_parts() as nursery:
        for error in errors:
            nursery.start_soon(fail, error)


@pytest.mark.parametrize(
    ("errors", "told"),
    [
        ([LOSS], LOSS),
        ([LOSS, REFUSAL], REFUSAL),
        ([REFUSAL, BUG, LOSS], BUG),
        ([LOSS, ExceptionGroup("several", [ExceptionGroup("more", [REFUSAL])])], REFUSAL),
    ],
    ids=["a loss", "a refusal before a loss", "a bug before all", "groups are looked into"],
)
async def test_the_failure_that_says_most_is_raised(
    errors: list[Exception], told: Exception
) -> None:
    with pytest.raises(type(told)) as raised:
        await fail_together(*errors)
    assert raised.value is told
    assert isinstance(raised.value.__context__, BaseExceptionGroup)


async def test_what_the_block_raises_leaves_as_itself() -> None:
    async def block() -> None:
        async with open_parts() as nursery:
            nursery.start_soon(trio.sleep_forever)
            raise REFUSAL

    with pytest.raises(NotAuthorised) as raised:
        await block()
    assert raised.value is REFUSAL


async def test_being_cancelled_is_no_failure() -> None:
    with trio.CancelScope() as scope:
        async with open_parts() as nursery:
            nursery.start_soon(trio.sleep_forever)
            nursery.start_soon(trio.sleep_forever)
            scope.cancel()
    assert scope.cancelled_caught


async def test_a_failure_while_being_cancelled_is_told() -> None:
    async def fail_in_the_end() -> None:
        try:
            await trio.sleep_forever()
        finally:
            raise BUG

    async def block() -> None:
        with trio.CancelScope() as scope:
            async with open_parts() as nursery:
                nursery.start_soon(fail_in_the_end)
                nursery.start_soon(trio.sleep_forever)
                scope.cancel()

    with pytest.raises(ZeroDivisionError):
        await block()
