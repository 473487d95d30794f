"""The order feed: against the simulated exchange, and against peers that misbehave on purpose."""

from __future__ import annotations

import pytest
import trio

from alphabot.core.values import OrderReport, OrderStatus
from alphabot.errors import FeedLost, NotAuthorised
from alphabot.exchange.feed import UserFeed
from alphabot.ports import FeedGap, FeedItem, FeedLive
from tests.exchange.peers import Lines, scripted
from tests.exchange.simulated import World, simulated
from tests.exchange.test_account import pair_near_market

pytestmark = pytest.mark.usefixtures("autojump_clock")


async def test_v(autojump_clock):
    async with simulated() as world, trio.open_nursery() as nursery:
        lines = Lines(world.net)
        feed = UserFeed(world.account.listen_key, lines, world.net.addresses.order_stream_url)
        send, receive = trio.open_memory_channel[FeedItem](100)
        await nursery.start(feed.run, send)
        print(feed)
        await world.account.place_pair(pair_near_market(world))
        await trio.sleep(10)
        while True:
            try: print(receive.receive_nowait())
            except trio.WouldBlock: break
        lines.latest(8080).silence()
        t=trio.current_time()
        print(await receive.receive(), trio.current_time()-t, feed)
        print(await receive.receive(), trio.current_time()-t, feed)
        lines.latest(8080).cut()
        t=trio.current_time()
        print(await receive.receive(), trio.current_time()-t, feed)
        print(await receive.receive(), trio.current_time()-t, feed)
        nursery.cancel_scope.cancel()
