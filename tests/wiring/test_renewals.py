"""Sessions that the exchange renews are kept, and none that it has turned away."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock

from alphabot.core.values import UserId
from alphabot.errors import NotAuthorised, UnexpectedReply
from alphabot.exchange.secret import Credentials
from alphabot.wiring.renewals import KEEP_SECONDS, Renewals
from tests.exchange.scripted import Server
from tests.exchange.test_account_outcomes import account_at, success

USER = UserId(7)


class Kept:
    """A vault that only remembers what it was given."""

    def __init__(self) -> None:
        self.cookies: list[str] = []

    def __call__(self, user_id: UserId, credentials: Credentials) -> None:
        assert user_id == USER
        assert credentials.headers == {}  # the user supplied none; what we say is no secret
        self.cookies.append(credentials.cookie.reveal())


async def test_a_renewed_session_is_kept_within_minutes_and_at_the_end(
    autojump_clock: MockClock,
) -> None:
    kept = Kept()
    renewals = Renewals(kept)
    async with trio.open_nursery() as nursery:
        server = Server(
            nursery, lambda number: success([], ("set-cookie", f"s={number + 1}; Path=/"))
        )
        nursery.start_soon(renewals.run)
        async with account_at(server) as account:
            with renewals.follow(USER, account):
                await trio.sleep(3 * KEEP_SECONDS)
                assert kept.cookies == []  # nothing was renewed
                await account.open_orders()
                await trio.sleep(KEEP_SECONDS + 1)
                assert kept.cookies == ["s=2"]
                await trio.sleep(3 * KEEP_SECONDS)
                await account.open_orders()
            assert kept.cookies == ["s=2", "s=3"]
        await trio.sleep(3 * KEEP_SECONDS)
        assert kept.cookies == ["s=2", "s=3"]
        nursery.cancel_scope.cancel()


async def test_what_a_refusal_does_to_a_session_is_not_kept(autojump_clock: MockClock) -> None:
    kept = Kept()
    renewals = Renewals(kept)
    async with trio.open_nursery() as nursery:
        gone = ("set-cookie", "s=; Max-Age=0")
        server = Server(nursery, lambda number: success(None, gone, ("risk_challenge_biz_no", "1")))
        async with account_at(server) as account:
            with renewals.follow(USER, account), pytest.raises((NotAuthorised, UnexpectedReply)):
                await account.open_orders()
            assert account.silenced
            assert account.credentials.cookie.reveal() == ""
        assert kept.cookies == []
        nursery.cancel_scope.cancel()


async def test_a_user_who_was_cleared_has_two_accounts_and_the_later_one_counts(
    autojump_clock: MockClock,
) -> None:
    kept = Kept()
    renewals = Renewals(kept)
    async with trio.open_nursery() as nursery:
        first = Server(nursery, lambda _: success([], ("set-cookie", "s=first; Path=/")))
        later = Server(nursery, lambda _: success([], ("set-cookie", "s=later; Path=/")))
        async with account_at(first) as before, account_at(later) as after:
            with renewals.follow(USER, before):
                with renewals.follow(USER, after):
                    await before.open_orders()
                    await after.open_orders()
                assert kept.cookies == ["s=later"]
            assert kept.cookies == ["s=later"]
        nursery.cancel_scope.cancel()
