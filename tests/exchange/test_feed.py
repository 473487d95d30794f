"""The order feed: at the simulated exchange, and with peers that misbehave on purpose.

All of it in virtual time: a number of seconds below is a promise of the feed, not a wait.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count, pairwise

import pytest
import trio
from trio.testing import MockClock
from trio_websocket import WebSocketConnection

from alphabot.core.values import ListenKey, OrderReport, OrderStatus
from alphabot.errors import ConfigError, FeedLost, NotAuthorised, NotSent, RateLimited
from alphabot.exchange.feed import UserFeed
from alphabot.exchange.lifeline import Phase
from alphabot.ports import FeedGap, FeedItem, FeedLive, Net
from alphabot.simulator import ExchangeSettings
from tests.exchange.peers import Lines, Script, scripted
from tests.exchange.simulated import USER, World, simulated
from tests.exchange.test_account import pair_near_market
from tests.wire.recorded import body

STREAM_PORT = 8080
REPORT = body("ws_execution_report_oto_working_new.frame")
URL = "ws://peer.test/w3w/stream"
MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Listening:
    """A feed that runs, and the end at which its items come out."""

    feed: UserFeed
    items: trio.MemoryReceiveChannel[FeedItem]

    async def gap(self) -> str:
        """Return the reason of the next item, which is a gap."""
        item = await self.items.receive()
        assert isinstance(item, FeedGap), item
        return item.reason

    async def live(self) -> None:
        """Return once the next item says that the feed is live."""
        item = await self.items.receive()
        assert isinstance(item, FeedLive), item

    async def report(self) -> OrderReport:
        """Return the next item, which is a report."""
        item = await self.items.receive()
        assert isinstance(item, OrderReport), item
        return item

    def waiting(self) -> list[FeedItem]:
        """Return what has come and was not read."""
        found = []
        while self.items.statistics().current_buffer_used:
            found.append(self.items.receive_nowait())
        return found


@asynccontextmanager
async def listening(
    listen_key: Callable[[], Awaitable[ListenKey]], net: Net, url: str, *, room: int = 100
) -> AsyncIterator[Listening]:
    """Run a feed during the block, from its first subscription on."""
    feed = UserFeed(listen_key, net, url)
    send, receive = trio.open_memory_channel[FeedItem](room)
    async with trio.open_nursery() as nursery:
        await nursery.start(feed.run, send)
        yield Listening(feed, receive)
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def at_exchange(
    settings: ExchangeSettings | None = None, *, room: int = 100
) -> AsyncIterator[tuple[World, Lines, Listening]]:
    """Run a feed at the simulated exchange, over lines that can be cut."""
    async with simulated(settings) as world:
        lines = Lines(world.net)
        url = world.net.addresses.order_stream_url
        async with listening(world.account.listen_key, lines, url, room=room) as found:
            await found.live()
            yield world, lines, found


def keys(*values: str) -> Callable[[], Awaitable[ListenKey]]:
    """Return a listen-key question that answers these, one after the other, then the last."""
    numbers = count()

    async def ask() -> ListenKey:
        await trio.lowlevel.checkpoint()
        return ListenKey(values[min(next(numbers), len(values) - 1)])

    return ask


async def confirm(connection: WebSocketConnection) -> dict[str, object]:
    """Answer the next request as the private host does, and return it."""
    request: dict[str, object] = json.loads(await connection.get_message())
    await connection.send_message(json.dumps({"result": None, "id": request["id"]}))
    return request


def saying(
    *messages: str | bytes, then: Callable[[], Awaitable[None]] = trio.sleep_forever
) -> Script:
    """Return a script that confirms the subscription and then sends these."""

    async def script(connection: WebSocketConnection) -> None:
        await confirm(connection)
        for message in messages:
            await connection.send_message(message)
        await then()

    return script


# At the exchange


async def test_a_pairs_reports_come_as_they_happen(autojump_clock: MockClock) -> None:
    async with at_exchange() as (world, _, found):
        placed = await world.account.place_pair(pair_near_market(world))
        statuses: dict[str, list[OrderStatus]] = {}
        while statuses.get(placed.pending_order_id, [])[-1:] != [OrderStatus.FILLED]:
            report = await found.report()
            statuses.setdefault(report.order_id, []).append(report.status)
        assert statuses[placed.working_order_id][0] is OrderStatus.NEW
        assert statuses[placed.working_order_id][-1] is OrderStatus.FILLED
        assert statuses[placed.pending_order_id][:2] == [OrderStatus.PENDING, OrderStatus.NEW]


async def test_after_a_loss_comes_a_gap_then_a_new_key_then_live(autojump_clock: MockClock) -> None:
    settings = ExchangeSettings(listen_key_reuse=False)
    async with at_exchange(settings) as (world, lines, found):
        lines.latest(STREAM_PORT).cut()
        cut_at = trio.current_time()
        await found.gap()
        assert found.feed.state.phase is Phase.LOST
        assert trio.current_time() == cut_at
        await found.live()
        assert str(found.feed.state.phase) == "live"
        assert 1 < trio.current_time() - cut_at < 1.1
        await world.account.place_pair(pair_near_market(world))
        assert (await found.report()).status is OrderStatus.NEW


@pytest.mark.parametrize("quiet_seconds", [0, 1.3, 3.9, 4.98, 5.02, 244])
async def test_a_line_that_went_silent_is_noticed_within_fifteen_seconds(
    autojump_clock: MockClock, quiet_seconds: float
) -> None:
    async with at_exchange() as (_, lines, found):
        await trio.sleep(quiet_seconds)
        lines.latest(STREAM_PORT).silence()
        silent_at = trio.current_time()
        assert "ping" in await found.gap()
        assert trio.current_time() - silent_at <= 15
        await found.live()


async def test_a_quiet_line_is_not_lost(autojump_clock: MockClock) -> None:
    async with at_exchange() as (_, lines, found):
        await trio.sleep(24 * MINUTE)
        assert found.waiting() == []
        assert [port for _, port in lines.opened_at] == [STREAM_PORT]


async def test_a_renewed_key_that_is_the_same_changes_nothing(autojump_clock: MockClock) -> None:
    async with at_exchange() as (world, _, found):
        await trio.sleep(130 * MINUTE)
        assert found.waiting() == []
        await world.account.place_pair(pair_near_market(world))
        assert (await found.report()).status is OrderStatus.NEW


async def test_a_key_that_changed_is_a_gap_and_no_event_comes_twice(
    autojump_clock: MockClock,
) -> None:
    async with at_exchange(ExchangeSettings(listen_key_reuse=False)) as (world, lines, found):
        changed_at = trio.current_time()
        assert "key" in await found.gap()
        assert trio.current_time() - changed_at == pytest.approx(25 * MINUTE, abs=1)
        await found.live()
        await world.account.place_pair(pair_near_market(world))
        await trio.sleep(10)
        event_ids = [item.event_id for item in found.waiting() if isinstance(item, OrderReport)]
        assert len(event_ids) >= 6
        assert len(set(event_ids)) == len(event_ids)
        assert [port for _, port in lines.opened_at] == [STREAM_PORT]


async def test_a_dead_key_is_silent_until_the_next_one(autojump_clock: MockClock) -> None:
    async with at_exchange() as (world, _, found):
        world.exchange.expire_listen_keys(USER)
        await world.account.place_pair(pair_near_market(world))
        await trio.sleep(20 * MINUTE)
        assert found.waiting() == []
        assert "key" in await found.gap()
        await found.live()
        await world.account.place_pair(pair_near_market(world))
        assert (await found.report()).status is OrderStatus.NEW


async def test_a_listener_that_falls_behind_loses_the_connection(autojump_clock: MockClock) -> None:
    async with at_exchange(room=2) as (world, lines, found):
        await world.account.place_pair(pair_near_market(world))
        await trio.sleep(MINUTE)
        assert found.feed.state.phase is Phase.LOST
        assert [port for _, port in lines.opened_at] == [STREAM_PORT]
        await found.report()
        await found.report()
        assert "behind" in await found.gap()
        await found.live()
        await world.account.place_pair(pair_near_market(world))
        assert (await found.report()).status is OrderStatus.NEW


async def test_a_listener_that_has_gone_ends_the_feed(autojump_clock: MockClock) -> None:
    async with simulated() as world, trio.open_nursery() as nursery:
        feed = UserFeed(world.account.listen_key, world.net, world.net.addresses.order_stream_url)
        send, receive = trio.open_memory_channel[FeedItem](10)
        await nursery.start(feed.run, send)
        receive.close()
        await world.account.place_pair(pair_near_market(world))


async def test_the_wait_doubles_while_the_exchange_is_away(autojump_clock: MockClock) -> None:
    async with at_exchange() as (_, lines, found):
        lines.refusing = True
        lines.latest(STREAM_PORT).cut()
        await found.gap()
        lost = found.feed.state
        await trio.sleep(5 * MINUTE)
        times = [at for at, _ in lines.opened_at[1:]]
        waits = [later - earlier for earlier, later in pairwise(times)]
        assert waits[:6] == pytest.approx([2, 4, 8, 16, 32, 60], abs=0.1)
        assert found.waiting() == []
        assert (found.feed.state.phase, found.feed.state.since) == (Phase.LOST, lost.since)
        lines.refusing = False
        await found.live()


async def test_a_connection_that_lasted_starts_the_waits_anew(autojump_clock: MockClock) -> None:
    async with at_exchange() as (_, lines, found):
        for expected in (1, 2, 4):
            lines.latest(STREAM_PORT).cut()
            cut_at = trio.current_time()
            await found.gap()
            await found.live()
            assert trio.current_time() - cut_at == pytest.approx(expected, abs=0.1)
        await trio.sleep(2 * MINUTE)
        lines.latest(STREAM_PORT).cut()
        cut_at = trio.current_time()
        await found.gap()
        await found.live()
        assert trio.current_time() - cut_at == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("trouble", ["expire_session", "raise_challenge"])
async def test_an_account_that_is_not_welcome_at_start(
    autojump_clock: MockClock, trouble: str
) -> None:
    async with simulated() as world:
        getattr(world.exchange, trouble)(USER)
        lines = Lines(world.net)
        feed = UserFeed(world.account.listen_key, lines, world.net.addresses.order_stream_url)
        send, _ = trio.open_memory_channel[FeedItem](10)
        with pytest.raises(NotAuthorised):
            await feed.run(send)
        assert feed.state.phase is Phase.LOST
        assert lines.opened_at == []


@pytest.mark.parametrize("cut", [True, False], ids=["at a reconnect", "at a renewal"])
async def test_an_account_that_is_no_longer_welcome(autojump_clock: MockClock, cut: bool) -> None:
    async with simulated() as world:
        lines = Lines(world.net)
        feed = UserFeed(world.account.listen_key, lines, world.net.addresses.order_stream_url)
        send, receive = trio.open_memory_channel[FeedItem](10)
        with pytest.RaisesGroup(NotAuthorised):
            async with trio.open_nursery() as nursery:
                await nursery.start(feed.run, send)
                world.exchange.expire_session(USER)
                if cut:
                    lines.latest(STREAM_PORT).cut()
                await trio.sleep_forever()
        assert len(lines.opened_at) == 1
        calls = len(world.exchange.ledger.calls)
        await trio.sleep(60 * MINUTE)
        assert len(world.exchange.ledger.calls) == calls
        receive.close()


async def test_it_is_gone_at_once_when_cancelled(autojump_clock: MockClock) -> None:
    async with at_exchange() as (_, lines, _found):
        lines.latest(STREAM_PORT).silence()
        ended_at = trio.current_time()
    assert trio.current_time() == ended_at


# At start, without an exchange that works


async def test_the_first_connection_must_be_had(autojump_clock: MockClock) -> None:
    async with simulated() as world:
        lines = Lines(world.net)
        lines.refusing = True
        feed = UserFeed(world.account.listen_key, lines, world.net.addresses.order_stream_url)
        send, receive = trio.open_memory_channel[FeedItem](10)
        with pytest.raises(FeedLost, match="the line is down"):
            await feed.run(send)
        assert feed.state.phase is Phase.LOST
        assert receive.statistics().current_buffer_used == 0


async def test_without_a_first_key_there_is_no_feed(autojump_clock: MockClock) -> None:
    async def refuse() -> ListenKey:
        raise NotSent("no network")

    async with scripted(saying()) as net:
        send, _ = trio.open_memory_channel[FeedItem](10)
        with pytest.raises(FeedLost, match="no network"):
            await UserFeed(refuse, net, URL).run(send)
        assert net.opened_at == []


async def test_a_key_that_never_comes_is_not_waited_for(autojump_clock: MockClock) -> None:
    async def never() -> ListenKey:
        await trio.sleep_forever()
        raise AssertionError

    async with scripted(saying()) as net:
        send, _ = trio.open_memory_channel[FeedItem](10)
        with trio.fail_after(11), pytest.raises(FeedLost, match="no listen key"):
            await UserFeed(never, net, URL).run(send)


async def test_a_wrong_path_is_refused(autojump_clock: MockClock) -> None:
    async with simulated() as world:
        url = world.net.addresses.order_stream_url + "/elsewhere"
        send, _ = trio.open_memory_channel[FeedItem](10)
        with trio.fail_after(2), pytest.raises(FeedLost, match="HTTP 404"):
            await UserFeed(world.account.listen_key, world.net, url).run(send)


@pytest.mark.parametrize("url", ["http://a/b", "ws://", "wss://a:b/", "ws://user@a/", "nonsense"])
def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(ConfigError):
        UserFeed(keys("k"), Lines(None), url)  # type: ignore[arg-type] # never used


# What peers may say


async def silent(connection: WebSocketConnection) -> None:
    """Take the subscription and answer nothing."""
    await connection.get_message()
    await trio.sleep_forever()


async def test_a_subscription_nobody_confirms_is_none(autojump_clock: MockClock) -> None:
    async with scripted(silent) as net:
        send, receive = trio.open_memory_channel[FeedItem](10)
        with trio.fail_after(12), pytest.raises(FeedLost, match="confirmed"):
            await UserFeed(keys("k"), net, URL).run(send)
        assert receive.statistics().current_buffer_used == 0


@pytest.mark.parametrize(
    "refusal",
    [
        {"error": {"code": 2, "msg": "no stream alpha@0123456789abcdef"}, "id": 1},
        {"msg": "no stream alpha@0123456789abcdef", "id": None},
    ],
)
async def test_a_subscription_that_is_refused(
    autojump_clock: MockClock, refusal: dict[str, object]
) -> None:
    async def refuse(connection: WebSocketConnection) -> None:
        await connection.get_message()
        await connection.send_message(json.dumps(refusal))
        await trio.sleep_forever()

    async with scripted(refuse) as net:
        send, _ = trio.open_memory_channel[FeedItem](10)
        with trio.fail_after(2), pytest.raises(FeedLost, match=r"no stream alpha@\*\*\*"):
            await UserFeed(keys("0123456789abcdef"), net, URL).run(send)


@pytest.mark.parametrize("variant", body("ws_ack_variants.frame"), ids=str)
async def test_both_acknowledgements_count(
    autojump_clock: MockClock, variant: dict[str, object]
) -> None:
    async def script(connection: WebSocketConnection) -> None:
        request = json.loads(await connection.get_message())
        assert request["params"] == ["alpha@k"]
        await connection.send_message(json.dumps({**variant, "id": request["id"]}))
        await trio.sleep_forever()

    async with scripted(script) as net, listening(keys("k"), net, URL) as found:
        await found.live()


async def test_a_report_may_come_before_the_acknowledgement(autojump_clock: MockClock) -> None:
    async def script(connection: WebSocketConnection) -> None:
        request = json.loads(await connection.get_message())
        await connection.send_message(json.dumps(REPORT))
        await connection.send_message(json.dumps({"id": 99}))
        await connection.send_message(json.dumps({"id": request["id"]}))
        await trio.sleep_forever()

    async with scripted(script) as net, listening(keys("k"), net, URL) as found:
        assert (await found.report()).order_id == "10000001"
        await found.live()


BAD = {**REPORT, "data": {**REPORT["data"], "X": "SOMETHING_NEW"}}


@pytest.mark.parametrize(
    "message",
    [
        "junk",
        b"\x00\x01",
        json.dumps(BAD),
        '{"stream": "s", "data": {"e": "executionReport"}}',
        '{"stream": "s", "data": {"e": "listenKeyExpired", "listenKey": "k"}}',
        '{"e": "listenKeyExpired"}',
        "[" * 200_000,
        '{"a":"' + "x" * 300_000 + '"}',
    ],
    ids=lambda message: repr(message[:60]),
)
async def test_a_message_that_may_hide_something_is_a_loss(
    autojump_clock: MockClock, message: str | bytes
) -> None:
    scripts = saying(message), saying(json.dumps(REPORT))
    async with scripted(*scripts) as net, listening(keys("k", "k2"), net, URL) as found:
        await found.live()
        with trio.fail_after(2):
            await found.gap()
            await found.live()
        assert (await found.report()).order_id == "10000001"


@pytest.mark.parametrize(
    "message",
    [
        '{"stream": "s", "data": {"e": "balanceUpdate"}}',
        '{"stream": "s", "data": {"e": "listenKeyExpired", "listenKey": "another"}}',
        '{"ping": 5}',
        "[]",
    ],
)
async def test_a_message_that_says_nothing_to_us_is_ignored(
    autojump_clock: MockClock, message: str
) -> None:
    script = saying(message, json.dumps(REPORT))
    async with scripted(script) as net, listening(keys("k"), net, URL) as found:
        await found.live()
        assert (await found.report()).order_id == "10000001"


async def test_a_new_key_is_subscribed_before_the_old_one_is_given_up(
    autojump_clock: MockClock,
) -> None:
    requests: list[tuple[object, object]] = []

    async def script(connection: WebSocketConnection) -> None:
        while True:
            request = await confirm(connection)
            requests.append((request["method"], request["params"]))

    async with scripted(script) as net, listening(keys("a", "a", "b"), net, URL) as found:
        await found.live()
        await found.gap()
        await found.live()
        await trio.sleep(1)
    assert requests == [
        ("SUBSCRIBE", ["alpha@a"]),
        ("SUBSCRIBE", ["alpha@b"]),
        ("UNSUBSCRIBE", ["alpha@a"]),
    ]


async def test_a_key_that_cannot_be_renewed_ends_the_connection_before_it_dies(
    autojump_clock: MockClock,
) -> None:
    asked_at: list[float] = []

    async def ask() -> ListenKey:
        asked_at.append(trio.current_time())
        await trio.lowlevel.checkpoint()
        if len(asked_at) == 1:
            return ListenKey("k")
        if len(asked_at) == 2:
            raise RateLimited("slowly", 300)
        raise NotSent("no network")

    async with scripted(saying()) as net, listening(ask, net, URL) as found:
        await found.live()
        assert "renewed" in await found.gap()
        assert trio.current_time() - asked_at[0] <= 50 * MINUTE + 1
        assert asked_at[1] - asked_at[0] == pytest.approx(25 * MINUTE, abs=1)
        assert asked_at[2] - asked_at[1] == pytest.approx(300, abs=1)
        assert asked_at[3] - asked_at[2] == pytest.approx(60, abs=1)


async def test_it_waits_as_long_as_the_exchange_asks(autojump_clock: MockClock) -> None:
    asked_at: list[float] = []

    async def ask() -> ListenKey:
        asked_at.append(trio.current_time())
        await trio.lowlevel.checkpoint()
        if len(asked_at) == 2:
            raise RateLimited("slowly", 240)
        return ListenKey("k")

    once = saying(then=trio.lowlevel.checkpoint)
    async with scripted(once, saying()) as net, listening(ask, net, URL) as found:
        await found.live()
        await found.gap()
        await found.live()
        assert asked_at[2] - asked_at[1] == 240


async def test_a_crowd_of_reports_comes_whole_and_in_order(autojump_clock: MockClock) -> None:
    def numbered(number: int) -> str:
        return json.dumps({**REPORT, "data": {**REPORT["data"], "id": number}})

    crowd = [numbered(number) for number in range(1000)]
    net_of = scripted(saying(*crowd))
    async with net_of as net, listening(keys("k"), net, URL, room=2000) as found:
        await found.live()
        assert [(await found.report()).event_id for _ in crowd] == list(range(1000))
