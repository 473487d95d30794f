"""Who may call: sessions, challenges and listen keys (protocol: authentication, listen key)."""

from __future__ import annotations

import hashlib
import re
from decimal import Decimal

import pytest
import trio
from trio.testing import MockClock

from alphabot.simulator import ExchangeSettings, credentials_for
from tests.simulator.samples import differences, sample
from tests.simulator.world import (
    CANCEL,
    HISTORY,
    KOGE_PAIR,
    LISTEN_KEY,
    PLACE,
    TRADES,
    USER,
    USER_VOLUME,
    Caller,
    World,
    grid,
    memory_world,
    plain_body,
)

_HOUR_SECONDS = 3600


def test_credentials_are_those_of_a_web_session() -> None:
    headers = credentials_for(1, 7)
    assert headers.keys() == {"Cookie", "csrftoken", "clienttype"}
    cr00 = re.search(r"cr00=([0-9a-f]+)", headers["Cookie"])
    assert cr00 is not None
    assert headers["csrftoken"] == hashlib.md5(cr00[1].encode()).hexdigest()  # noqa: S324  (the protocol's)
    assert headers == credentials_for(1, 7)
    assert len({str(credentials_for(seed, user)) for seed in (1, 2) for user in (1, 2)}) == 4


WRONG: dict[str, dict[str, str | None]] = {
    "no cookie": {"Cookie": None},
    "cookie of another exchange": {"Cookie": credentials_for(2, USER)["Cookie"]},
    "cookie of another user": {"Cookie": credentials_for(1, 8)["Cookie"]},
    "cookie cut": {"Cookie": credentials_for(1, USER)["Cookie"][:-1]},
    "session of another exchange": {**credentials_for(2, USER)},
    "no token": {"csrftoken": None},
    "token of another user": {"csrftoken": credentials_for(1, 8)["csrftoken"]},
    "no client type": {"clienttype": None},
}


@pytest.mark.parametrize("changes", WRONG.values(), ids=WRONG.keys())
async def test_a_wrong_session_has_expired(
    changes: dict[str, str | None], autojump_clock: MockClock
) -> None:
    headers = {**credentials_for(1, USER), **changes}
    async with memory_world() as world:
        present = {name: value for name, value in headers.items() if value is not None}
        reply = await Caller(world.net, world.addresses, present).get(USER_VOLUME)
        assert world.exchange.ledger.calls[0].user_id is None
    assert reply.status == 200
    assert reply.envelope == sample("error_100002001_login_expired.response")


async def test_a_session_can_expire_and_come_back(autojump_clock: MockClock) -> None:
    async with memory_world() as world:
        world.exchange.expire_session(USER)
        assert (await world.user.post(LISTEN_KEY)).code == "100002001"
        assert (await world.caller(8).post(LISTEN_KEY)).code == "000000"
        world.exchange.restore_session(USER)
        assert (await world.user.post(LISTEN_KEY)).code == "000000"


async def test_a_challenge_stops_every_private_call(autojump_clock: MockClock) -> None:
    async with memory_world() as world:
        world.exchange.raise_challenge(USER)
        reply = await world.user.post(PLACE, plain_body("BUY", Decimal("0.001"), Decimal(15000)))
        reads = await world.user.get(HISTORY)
        assert (await world.caller(8).get(HISTORY)).code == "000000"
        world.exchange.lift_challenge(USER)
        assert (await world.user.get(HISTORY)).code == "000000"
        calls = [(call.user_id, call.method) for call in world.exchange.ledger.calls]
    assert (reply.code, reads.code) == ("100001003", "100001003")
    assert differences(reply.envelope, sample("error_100001003_extra_verification.response")) == []
    assert reply.headers["risk_challenge_enable_flow"] == "true"
    assert reply.headers["risk_challenge_biz_no"]
    assert calls == [(7, "POST"), (7, "GET"), (8, "GET"), (7, "GET")]
    assert world.exchange.ledger.requests == []


async def resting_order(world: World) -> str:
    """Place an order that rests, and return its id."""
    price = grid(await world.last_price() / 2, "1e-8")
    body = plain_body("BUY", price, grid(30 / price, "0.01"))
    return str((await world.user.post(PLACE, body)).data)


async def test_users_know_nothing_of_each_other(autojump_clock: MockClock) -> None:
    async with memory_world() as world:
        order_id = await resting_order(world)
        other = world.caller(8)
        cancel = await other.post(CANCEL, {"orderId": order_id, "symbol": KOGE_PAIR})
        assert not cancel.envelope["success"]
        assert (await other.get(TRADES, orderId=order_id, symbol=KOGE_PAIR)).data == []
        assert (await other.get(HISTORY)).data == []
        assert world.exchange.model.desk.orders[int(order_id)].state.status == "NEW"


async def test_a_key_is_given_again_while_it_is_good(autojump_clock: MockClock) -> None:
    async with memory_world() as world:
        key = (await world.user.post(LISTEN_KEY)).data
        await trio.sleep(_HOUR_SECONDS - 10)
        assert (await world.user.post(LISTEN_KEY)).data == key
        # Asking for it has renewed it.
        await trio.sleep(_HOUR_SECONDS - 10)
        assert (await world.user.post(LISTEN_KEY)).data == key
        await trio.sleep(_HOUR_SECONDS + 10)
        assert (await world.user.post(LISTEN_KEY)).data != key
        assert (await world.caller(8).post(LISTEN_KEY)).data != key


async def test_a_new_key_each_time_leaves_the_old_one_good(autojump_clock: MockClock) -> None:
    async with memory_world(ExchangeSettings(listen_key_reuse=False)) as world:
        first, second = await world.orders(), await world.orders()
        await resting_order(world)
        one, two = await first.next(), await second.next()
    assert one["stream"] != two["stream"]
    assert one["data"] == two["data"]


async def test_a_dead_key_is_acked_and_silent(autojump_clock: MockClock) -> None:
    async with memory_world() as world:
        unknown = await world.listen(world.addresses.order_stream_url)
        assert await unknown.subscribe(f"alpha@{'0' * 32}") == {"result": None, "id": 1}
        expired = await world.orders()
        await trio.sleep(_HOUR_SECONDS + 1)
        alive = await world.orders()
        await resting_order(world)
        assert (await alive.data())["X"] == "NEW"
        for listener in (unknown, expired):
            with trio.move_on_after(60) as silence:
                await listener.next()
            assert silence.cancelled_caught


async def test_keys_can_be_made_dead(autojump_clock: MockClock) -> None:
    async with memory_world() as world:
        listener = await world.orders()
        world.exchange.expire_listen_keys(USER)
        await resting_order(world)
        with trio.move_on_after(60) as silence:
            await listener.next()
    assert silence.cancelled_caught


async def test_an_ended_subscription_is_silent(autojump_clock: MockClock) -> None:
    async with memory_world() as world:
        listener = await world.orders()
        key = (await world.user.post(LISTEN_KEY)).data
        await listener.send({"method": "UNSUBSCRIBE", "params": [f"alpha@{key}"], "id": 2})
        assert (await listener.next())["id"] == 2
        await resting_order(world)
        with trio.move_on_after(60) as silence:
            await listener.next()
    assert silence.cancelled_caught
